"""The CTC loss and its gradient with PyTorch: the other side of ctc.py.

For every line on standard input it runs them for a moment and answers with the median seconds and, as bench_ctc does,
two figures of memory, which nobody reads."""

import argparse
import statistics
import sys
import time

import torch
from torch.nn import functional as F


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--log-probabilities", action="store_true", help="are there; log_softmax is not part of it")
    options.add_argument("--smoke", action="store_true")
    options.add_argument("--follow", action="store_true", help="there is no other way")
    o = options.parse_args()
    torch.set_num_threads(o.threads)

    # As in bench/ctc.cpp.
    steps, batch, classes, most = (12, 3, 7, 5) if o.smoke else (200, 32, 60, 50)
    counts = torch.tensor([most - b * 7 % 21 * most // 50 for b in range(batch)])
    targets = torch.tensor(
        [[1 + (i * 7919 + b * 31 + i * i % 13) % (classes - 1) for i in range(most)] for b in range(batch)]
    )
    lengths = torch.full((batch,), steps)
    x = torch.randn(steps, batch, classes) * 2
    if o.log_probabilities:
        x = x.log_softmax(-1)
    x.requires_grad_()

    def step():
        log_p = x if o.log_probabilities else x.log_softmax(-1)
        torch.autograd.grad(F.ctc_loss(log_p, targets, lengths, counts), x)

    for _ in sys.stdin:
        step()
        samples = []
        while sum(samples) < 0.1:
            start = time.perf_counter()
            step()
            samples.append(time.perf_counter() - start)
        print(statistics.median(samples), 0, 0, flush=True)


if __name__ == "__main__":
    main()
