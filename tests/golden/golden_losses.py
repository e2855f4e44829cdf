"""Losses: value and gradient with respect to the input."""

import torch
from torch.nn import functional as F

from golden_writer import Random, write


def loss_case(random, function, entries):
    """`function(input)` with the gradient of sum(value * seed); the seed is 1 for a scalar value."""
    x = entries["input"].clone().requires_grad_()
    value = function(x)
    seed = random.real(*value.shape) if value.dim() else torch.tensor(1.0)
    (value * seed).sum().backward()
    return entries | {"value": value, "seed": seed, "grad.input": x.grad}


def cross_entropy_cases(random, cases):
    logits, target = random.real(6, 5, scale=3), random.index(5, 6)
    large = random.real(6, 5, scale=2)
    large[0, 0], large[0, 1], large[1, 2], large[2, :], large[3, 4] = 50, -50, 50, 50, -50
    ignoring = target.clone()
    ignoring[1], ignoring[4] = -100, -100
    sequence, sequence_target = random.real(4, 2, 5, scale=3), random.index(5, 4, 2)
    sequence_target[3, 0] = -100

    def add(name, x, y, reduction, smoothing=0.0, ignore=-100):
        def function(flat):
            classes = flat.shape[-1]
            loss = F.cross_entropy(
                flat.reshape(-1, classes),
                y.reshape(-1),
                reduction=reduction,
                label_smoothing=smoothing,
                ignore_index=ignore,
            )
            return loss.reshape(y.shape) if reduction == "none" else loss

        entries = {
            "loss": "cross_entropy",
            "reduction": reduction,
            "label_smoothing": smoothing,
            "ignore_index": ignore,
            "input": x,
            "target": y,
        }
        cases[f"cross_entropy {name} {reduction}"] = loss_case(random, function, entries)

    three = ignoring.clone()
    three[ignoring == -100] = 3
    for reduction in ("mean", "sum", "none"):
        add("plain", logits, target, reduction)
        add("large", large, target, reduction)
        add("label_smoothing", logits, target, reduction, smoothing=0.1)
        add("ignore", logits, ignoring, reduction)
        add("ignore class 3", logits, three, reduction, ignore=3)
        add("ignore label_smoothing", logits, ignoring, reduction, smoothing=0.1)
        add("large label_smoothing", large, target, reduction, smoothing=0.1)
        add("sequence", sequence, sequence_target, reduction)


def nll_cases(random, cases):
    scores, target = random.real(6, 5, scale=3).log_softmax(-1), random.index(5, 6)
    target[2] = -100
    for reduction in ("mean", "sum", "none"):
        cases[f"nll {reduction}"] = loss_case(
            random,
            lambda x: F.nll_loss(x, target, reduction=reduction),
            {"loss": "nll", "reduction": reduction, "ignore_index": -100, "input": scores, "target": target},
        )


def bce_cases(random, cases):
    x, target = random.real(4, 3, scale=3), random.real(4, 3).abs()
    target[0, :] = torch.tensor([0.0, 1.0, 0.0])
    large = x.clone()
    large[0, :] = torch.tensor([50.0, 50.0, -50.0])
    large[1, :] = torch.tensor([-50.0, 0.0, 50.0])
    weight = torch.tensor([0.5, 2.0, 3.25])
    for reduction in ("mean", "sum", "none"):
        for name, values, positive in (
            ("plain", x, None),
            ("large", large, None),
            ("pos_weight", x, weight),
            ("large pos_weight", large, weight),
        ):
            entries = {"loss": "bce_with_logits", "reduction": reduction, "input": values, "target": target}
            if positive is not None:
                entries["pos_weight"] = positive
            cases[f"bce_with_logits {name} {reduction}"] = loss_case(
                random,
                lambda v: F.binary_cross_entropy_with_logits(
                    v, target, reduction=reduction, pos_weight=positive
                ),
                entries,
            )


def regression_cases(random, cases):
    x, target = random.real(4, 3, scale=2), random.real(4, 3)
    target[0, 0] = x[0, 0]  # no error
    target[0, 1], target[0, 2] = x[0, 1] - 0.6875, x[0, 2] + 40  # just below delta, far above it
    kinds = {
        "mse": (F.mse_loss, {}),
        "l1": (F.l1_loss, {}),
        "huber": (F.huber_loss, {"delta": 0.7}),
        "smooth_l1": (F.smooth_l1_loss, {"beta": 0.7}),
    }
    for name, (function, options) in kinds.items():
        for reduction in ("mean", "sum", "none"):
            cases[f"{name} {reduction}"] = loss_case(
                random,
                lambda v: function(v, target, reduction=reduction, **options),
                {"loss": name, "reduction": reduction} | options | {"input": x, "target": target},
            )


def losses():
    random, cases = Random(40), {}
    for add in (cross_entropy_cases, nll_cases, bce_cases, regression_cases):
        add(random, cases)
    write("losses", cases)
