"""Adaptive softmax: losses, gradients and the log-probabilities of all classes."""

import torch
from torch import nn

from golden_writer import Random, write


def adaptive_case(random, sizes, cutoffs, div_value, head_bias, rows):
    length, classes = sizes
    layer = nn.AdaptiveLogSoftmaxWithLoss(length, classes, cutoffs, div_value=div_value, head_bias=head_bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(random.real(*parameter.shape, scale=1.5))
    h = random.real(rows, length, scale=1.5).requires_grad_()
    target = random.index(classes, rows)
    target[0], target[1] = 0, classes - 1  # the most and the least frequent class
    losses = -layer(h, target).output
    seed = random.real(rows)
    (losses * seed).sum().backward()

    parameters = dict(layer.named_parameters())
    case = {"in": length, "classes": classes, "cutoffs": cutoffs}
    case |= {"div_value": div_value, "head_bias": head_bias}
    case |= parameters
    case |= {"h": h, "target": target, "losses": losses, "seed": seed, "mean": losses.mean().item()}
    case["log_probabilities"] = layer.log_prob(h)
    case["grad.h"] = h.grad
    # PyTorch leaves out the gradients of clusters of which there is no row.
    case |= {
        f"grad.{name}": torch.zeros_like(p) if p.grad is None else p.grad for name, p in parameters.items()
    }
    return case


def adaptive_softmax():
    random, cases = Random(50), {}
    for name, *arguments in (
        ("one cluster", (6, 9), [4], 2.0, False, 7),
        ("two clusters", (8, 15), [5, 9], 2.0, True, 9),
        ("three clusters", (9, 14), [3, 4, 9], 1.5, False, 8),
        ("a shortlist of one", (4, 6), [1, 3], 2.0, True, 5),
        ("two rows", (5, 8), [2, 5], 2.0, False, 2),
        ("clusters of one", (8, 6), [3, 4, 5], 2.0, True, 9),
        ("div_value 4", (17, 11), [4, 7], 4.0, False, 6),
    ):
        cases[name] = adaptive_case(random, *arguments)
    write("adaptive_softmax", cases)
