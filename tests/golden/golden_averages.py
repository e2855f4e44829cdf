"""Averages of weights over the steps of a training: torch.optim.swa_utils and torch.optim.ASGD."""

import torch
from torch import nn
from torch.optim import swa_utils

from golden_writer import Random, write

STEPS = 40


class Parameters(nn.Module):
    def __init__(self, *tensors):
        super().__init__()
        self.values = nn.ParameterList([nn.Parameter(t.clone()) for t in tensors])


def averages():
    """The problem of `optim`, whose parameters are p1 and p2, with the averages after some of the steps."""
    cases = {}
    # torch.optim.ASGD begins to average two steps after t0: the values of steps t0 + 2 and later have the
    # same weight.
    for name, kind, options in (
        ("ema", "ema", {"decay": 0.9}),
        ("swa", "swa", {}),
        ("asgd", "asgd", {"t0": 0}),
        ("asgd late", "asgd", {"t0": 10}),
    ):
        random = Random(20)
        a, b, c = random.real(3, 4), random.real(3, 4).abs() + 0.25, random.real(5) + 1.5
        b[0, 0] = 4
        model = Parameters(random.real(3, 4, scale=2), random.real(5))
        p1, p2 = model.values
        case = {"kind": kind} | options | {"lr": 0.05, "A": a, "B": b, "c": c}
        case |= {"p1": p1.detach().clone(), "p2": p2.detach().clone(), "steps": [1, 2, 3, 12, 13, STEPS]}
        average = None
        if kind == "asgd":
            optimiser = torch.optim.ASGD([p1, p2], lr=0.05, lambd=0, t0=options["t0"])
        else:
            optimiser = torch.optim.SGD([p1, p2], lr=0.05)
            rule = {"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.9)} if kind == "ema" else {}
            average = swa_utils.AveragedModel(model, **rule)
        for step in range(1, STEPS + 1):
            optimiser.zero_grad()
            value = (torch.sin(p1) * a).sum() + 0.5 * (p1**2 * b).sum() + (torch.tanh(p2 * c) ** 2).sum()
            (value + (p1[0, 0] * p2).sum()).backward()
            optimiser.step()
            if average:
                average.update_parameters(model)
            if step in case["steps"]:
                found = (
                    list(average.module.values) if average else [optimiser.state[p]["ax"] for p in (p1, p2)]
                )
                case |= {f"a1.{step}": found[0].detach().clone(), f"a2.{step}": found[1].detach().clone()}
        case |= {"p1.end": p1.detach().clone(), "p2.end": p2.detach().clone()}
        cases[name] = case
    write("averages", cases)
