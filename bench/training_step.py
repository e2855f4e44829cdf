"""Whole training steps of ours and of PyTorch, taking turns: prints the tables of docs/benchmarks.md.

Every contestant is a process of its own that runs steps when it is sent a line, and waits otherwise."""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# cell, layers, hidden, batch, length, vocabulary
MODELS = [
    ("lstm", 2, 128, 50, 50, 65),
    ("lstm", 2, 512, 64, 64, 65),
    ("lstm", 2, 200, 20, 20, 10000),
    ("lstm", 2, 650, 20, 35, 10000),
    ("lstm", 1, 1024, 32, 64, 65),
    ("lstm", 1, 32, 1, 200, 65),
    ("lstm", 1, 32, 16, 50, 65),
    ("lstm", 1, 32, 64, 96, 65),
]
CUSTOM = [(cell, 2, hidden, 50, 50, 65) for cell in ("four-gate", "layer-norm") for hidden in (128, 512)]
NAMES = ("cell", "layers", "hidden", "batch", "length", "vocabulary")


def text(model):
    return "{} {}x{} B={} T={} V={}".format(*model)


class Contestant:
    def __init__(self, command, model, threads, limit):
        """limit: seconds that it may take to its first answer, compiling included."""
        arguments = [f"--{name}={value}" for name, value in zip(NAMES, model)]
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(
            [*command, *arguments, f"--threads={threads}", "--follow"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.errors = []
        self.reader = threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True)
        self.reader.start()
        self.samples = []
        self.before = self.peak = 0.0
        alarm = threading.Timer(limit, self.process.kill)
        alarm.start()
        try:
            self.turn()
        finally:
            alarm.cancel()
        self.samples.clear()

    def turn(self):
        try:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.reader.join(timeout=1)
            raise RuntimeError(self.errors[-1].strip() if self.errors else "no answer in time")
        seconds, self.before, self.peak = map(float, answer.split())
        self.samples.append(seconds)

    def median(self):
        return statistics.median(self.samples)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compete(commands, model, threads, options):
    """The contestants after their turns; None in the place of one that does not work."""
    contestants = []
    for command in commands:
        try:
            contestants.append(Contestant(command, model, threads, options.limit))
        except (OSError, RuntimeError) as error:
            print(f"{' '.join(command)}: {text(model)}: {error}", file=sys.stderr)
            contestants.append(None)
    there = [c for c in contestants if c]
    start = time.perf_counter()
    turns = 0
    while turns < options.turns and (turns < 3 or time.perf_counter() - start < options.seconds):
        for contestant in there:
            time.sleep(0.01)  # threads of the one before fall asleep
            contestant.turn()
        turns += 1
    for contestant in there:
        contestant.close()
    return contestants


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def header(columns):
    row(columns)
    row(["---"] * len(columns))


def milliseconds(contestant):
    if not contestant:
        return "does not work"
    shown = contestant.median() * 1e3
    return f"{shown:.1f} ms" if shown >= 10 else f"{shown:.2f} ms"


def times(slower, faster):
    return f"{slower.median() / faster.median():.2f}" if slower and faster else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sluice", required=True, help="the program bench_training_step")
    parser.add_argument("--libtorch", help="pytorch/step.cpp, compiled")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=8, help="for every row")
    parser.add_argument("--limit", type=float, default=240, help="seconds to the first step, compiling included")
    parser.add_argument("--only", help="models whose text contains this")
    parser.add_argument("--smoke", action="store_true", help="one small model, to see that it works")
    options = parser.parse_args()

    models, custom = MODELS, CUSTOM
    if options.smoke:
        options.turns = 1
        models, custom = [("lstm", 1, 16, 3, 4, 10)], [("four-gate", 1, 16, 3, 4, 10)]
    if options.only:
        models, custom = ([m for m in some if options.only in text(m)] for some in (models, custom))
    sluice = [options.sluice]
    pytorch = [sys.executable, os.path.join(HERE, "pytorch", "step.py")]
    peaks = []

    if models:
        header(["model", "threads", "sluice", "PyTorch nn.LSTM", "libtorch", "PyTorch / sluice", "libtorch / sluice"])
    for model in models:
        for threads in options.threads:
            commands = [sluice, pytorch] + ([[options.libtorch]] if options.libtorch else [])
            ours, theirs, libtorch = (compete(commands, model, threads, options) + [None])[:3]
            row([text(model), str(threads), milliseconds(ours), milliseconds(theirs),
                 milliseconds(libtorch) if options.libtorch else "not there", times(theirs, ours), times(libtorch, ours)])
            peaks.append((model, threads, ours, theirs))
    if models:
        print("\nPeak memory of the process, and the part of it that came after the start of the program:\n")
        header(["model", "threads", "sluice", "PyTorch", "sluice, model and step", "PyTorch, model and step", "sluice / PyTorch"])
    for model, threads, ours, theirs in peaks:
        if ours and theirs:
            grown = [c.peak - c.before for c in (ours, theirs)]
            row([text(model), str(threads)] + [f"{mib:.0f} MiB" for mib in (ours.peak, theirs.peak, *grown)]
                + [f"{grown[0] / grown[1]:.2f}"])
    if custom:
        print("\nCustom cells, in PyTorch as a loop over time, eager and with the cell given to `torch.compile`:\n")
        header(["model", "threads", "sluice", "eager", "torch.compile", "eager / sluice", "torch.compile / sluice"])
    for model in custom:
        for threads in options.threads:
            ours, eager, compiled = compete([sluice, pytorch, pytorch + ["--compile"]], model, threads, options)
            row([text(model), str(threads), milliseconds(ours), milliseconds(eager), milliseconds(compiled),
                 times(eager, ours), times(compiled, ours)])


if __name__ == "__main__":
    main()
