"""The ops of examples/ops, written as one usually writes them with PyTorch."""

import math

import torch
from torch.nn import functional as F

from golden_functions import case
from golden_writer import Random, write


def sparsemax(x):
    z = x.sort(-1, descending=True).values
    k = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    total = z.cumsum(-1)
    size = (1 + k * z > total).sum(-1, keepdim=True)
    tau = (total.gather(-1, size - 1) - 1) / size
    return (x - tau).clamp(min=0)


def crf_log_partition(emissions, transitions):
    alpha = emissions[0]
    for e in emissions[1:]:
        alpha = e + torch.logsumexp(alpha.unsqueeze(-1) + transitions, -2)
    return torch.logsumexp(alpha, -1)


def crf_log_likelihood(tags):
    def compute(emissions, transitions):
        score = emissions.gather(-1, tags.unsqueeze(-1)).squeeze(-1).sum(0)
        score = score + transitions[tags[:-1], tags[1:]].sum(0)
        return score - crf_log_partition(emissions, transitions)

    return compute


def soft_dtw(gamma):
    def compute(costs):
        n, m = costs.shape[-2:]
        infinite = torch.full(costs.shape[:-2], math.inf)
        r = {(-1, -1): torch.zeros(costs.shape[:-2])}
        for i in range(n):
            for j in range(m):
                before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
                z = torch.stack([r.get(cell, infinite) for cell in before])
                r[i, j] = costs[..., i, j] - gamma * torch.logsumexp(-z / gamma, 0)
        return r[n - 1, m - 1]

    return compute


def causal_conv(x, w):
    """x [batch, time, channels], w [length, channels]."""
    padded = F.pad(x.mT, (len(w) - 1, 0))
    return F.conv1d(padded, w.T.flip(-1).unsqueeze(1), groups=x.shape[-1]).mT


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


def custom_ops():
    random, cases = Random(60), {}
    ties = random.real(3, 6)
    ties[0, :] = torch.tensor([0.5, 0.5, 0.25, 0.5, -2, 0.25])
    ties[1, :] = 0.75
    for name, x in (("sparsemax", random.real(4, 7, scale=2)), ("sparsemax ties", ties)):
        cases[name] = case(random, sparsemax, {"x": x}, function="sparsemax")
    for steps, batch, k in ((1, 2, 3), (7, 3, 4)):
        inputs = {
            "emissions": random.real(steps, batch, k, scale=4),
            "transitions": random.real(k, k, scale=2),
        }
        tags = random.index(k, steps, batch)
        cases[f"crf {steps=}"] = case(random, crf_log_likelihood(tags), inputs, function="crf") | {"tags": tags}
    for gamma in (0.125, 2.0):
        cases[f"soft_dtw {gamma=}"] = case(
            random, soft_dtw(gamma), {"costs": random.real(2, 4, 5, scale=3)}, function="soft_dtw", gamma=gamma
        )
    for length in (3, 8):
        inputs = {"x": random.real(2, 6, 3), "w": random.real(length, 3)}
        cases[f"causal_conv {length=}"] = case(random, causal_conv, inputs, function="causal_conv")
    step = torch.tensor(0.25)
    for bits in (2, 4):
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        cases[f"fake_quantize {bits=}"] = case(
            random,
            lambda x, step: FakeQuantize.apply(x, step, low, high),
            {"x": random.real(3, 8, scale=2), "step": step},
            function="fake_quantize",
            bits=bits,
        )
    write("custom_ops", cases)
