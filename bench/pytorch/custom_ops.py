"""The ops of examples/ops as one usually writes them with PyTorch: the other side of custom_ops.py.

For every line on standard input it runs one of them forward and backward for a moment and answers with the median
seconds and, as bench_custom_ops does, two figures of memory, which nobody reads."""

import argparse
import statistics
import sys
import time

import torch
from torch.nn import functional as F


def sparsemax(x):
    z = x.sort(-1, descending=True).values
    k = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    total = z.cumsum(-1)
    size = (1 + k * z > total).sum(-1, keepdim=True)
    tau = (total.gather(-1, size - 1) - 1) / size
    return (x - tau).clamp(min=0)


def crf(emissions, transitions):
    """A loop over time, for all sequences of the batch."""
    alpha = emissions[0]
    for e in emissions[1:]:
        alpha = e + torch.logsumexp(alpha.unsqueeze(-1) + transitions, -2)
    return torch.logsumexp(alpha, -1)


def soft_dtw(costs):
    """A loop over the antidiagonals, whose cells do not depend on each other; skewed[:, d, i] is costs[:, i, d - i]."""
    batch, n, m = costs.shape
    far = 1e10  # in place of infinity, whose gradient would be NaN
    rows = torch.arange(n)
    columns = torch.arange(n + m - 1).unsqueeze(1) - rows
    inside = (columns >= 0) & (columns < m)
    skewed = torch.where(inside, costs[:, rows, columns.clamp(0, m - 1)], far)
    before = costs.new_full((batch, n + 1), far)  # the antidiagonal before, and a row above the first
    two_before = before.clone()
    two_before[:, 0] = 0
    for costs_of_one in skewed.unbind(1):
        z = torch.stack([two_before[:, :-1], before[:, :-1], before[:, 1:]])
        r = costs_of_one - torch.logsumexp(-z, 0)
        two_before, before = before, F.pad(r, (1, 0), value=far)
    return before[:, -1]


def causal_conv(x, w):
    """x [batch, channels, time] and w [channels, 1, length], as PyTorch likes them."""
    return F.conv1d(F.pad(x, (w.shape[-1] - 1, 0)), w, groups=x.shape[1])


def gumbel_softmax(logits):
    return F.gumbel_softmax(logits, tau=0.5, hard=True)


class FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, step, low, high):
        v = x / step
        inside = (v >= low) & (v <= high)
        v = v.clamp(low, high)
        ctx.save_for_backward(inside, v)
        return v.round() * step

    @staticmethod
    def backward(ctx, dy):
        inside, v = ctx.saved_tensors
        return dy * inside, (dy * torch.where(inside, v.round() - v, v)).sum(), None, None


def fake_quantize(x, step):
    return FakeQuantize.apply(x, step, -128, 127)


def case(name, small):
    """The function and its inputs; the sizes are those in custom_ops.cpp."""
    size = 1 if small else 8
    return {
        "sparsemax": (sparsemax, [torch.randn(128 * size, 64 * size)]),
        "crf": (crf, [torch.randn(8 * size, 4 * size, 4 * size), torch.randn(4 * size, 4 * size)]),
        "soft_dtw": (soft_dtw, [torch.randn(4 * size, 8 * size, 8 * size)]),
        "causal_conv": (
            causal_conv,
            [torch.randn(2 * size, 8 * size, 64 * size), torch.randn(8 * size, 1, 16 * size)],
        ),
        "gumbel_softmax": (gumbel_softmax, [torch.randn(512 * size, 8 * size)]),
        "fake_quantize": (fake_quantize, [torch.randn(128 * size, 128 * size), torch.tensor(0.02)]),
    }[name]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--op", required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--smoke", action="store_true")
    options.add_argument("--follow", action="store_true", help="there is no other way")
    o = options.parse_args()

    torch.set_num_threads(o.threads)
    function, inputs = case(o.op, o.smoke)
    inputs = [x.requires_grad_() for x in inputs]
    dy = torch.randn(function(*inputs).shape)

    def step():
        torch.autograd.grad(function(*inputs), inputs, dy)

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
