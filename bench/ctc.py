#!/usr/bin/env python3
"""Times the CTC loss and its gradient beside PyTorch's: bench_ctc against pytorch/ctc.py, in turns. Prints a Markdown
table."""

import argparse
import os
import sys

from training_step import Contestant, header, row, times

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sluice", required=True, help="the program bench_ctc")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--limit", type=float, default=60, help="seconds to the first answer, compiling included")
    parser.add_argument("--smoke", action="store_true", help="once and in small, to see that it works")
    options = parser.parse_args()
    if options.smoke:
        options.turns = 1

    torch = [sys.executable, os.path.join(HERE, "pytorch", "ctc.py")]
    commands = [[options.sluice], torch, [*torch, "--log-probabilities"]]
    header(["threads", "sluice", "PyTorch", "its ctc_loss alone", "PyTorch / sluice", "alone / sluice"])
    for threads in options.threads:
        contestants = [
            Contestant([*command, *["--smoke"] * options.smoke], (), threads, options.limit) for command in commands
        ]
        for _ in range(options.turns):
            for contestant in contestants:
                contestant.turn()
        for contestant in contestants:
            contestant.close()
        ours, theirs, alone = contestants
        shown = [f"{contestant.median() * 1e3:.2f} ms" for contestant in contestants]
        row([str(threads), *shown, times(theirs, ours), times(alone, ours)])


if __name__ == "__main__":
    main()
