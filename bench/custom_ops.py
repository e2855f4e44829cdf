#!/usr/bin/env python3
"""Times ops of one's own beside the usual PyTorch code for them: bench_custom_ops against pytorch/custom_ops.py, forward
and backward, in turns. Prints a Markdown table."""

import argparse
import os
import sys

from training_step import Contestant, header, row, times

HERE = os.path.dirname(os.path.abspath(__file__))
OPS = ["sparsemax", "crf", "soft_dtw", "causal_conv", "gumbel_softmax", "fake_quantize"]


def time(contestant):
    seconds = contestant.median()
    return f"{seconds * 1e3:.2f} ms"


def compete(commands, op, threads, options):
    """The contestants after their turns."""
    extra = [f"--op={op}"] + ["--smoke"] * options.smoke
    contestants = [Contestant([*command, *extra], (), threads, options.limit) for command in commands]
    for _ in range(options.turns):
        for contestant in contestants:
            contestant.turn()
    for contestant in contestants:
        contestant.close()
    return contestants


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sluice", required=True, help="the program bench_custom_ops")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--limit", type=float, default=60, help="seconds to the first answer, compiling included")
    parser.add_argument("--only", choices=OPS)
    parser.add_argument("--smoke", action="store_true", help="once and in small, to see that it works")
    options = parser.parse_args()
    if options.smoke:
        options.turns = 1

    commands = [[options.sluice], [sys.executable, os.path.join(HERE, "pytorch", "custom_ops.py")]]
    header(["op", "threads", "sluice", "PyTorch", "PyTorch / sluice"])
    for op in [options.only] if options.only else OPS:
        for threads in options.threads:
            ours, theirs = compete(commands, op, threads, options)
            row([op, str(threads), time(ours), time(theirs), times(theirs, ours)])


if __name__ == "__main__":
    main()
