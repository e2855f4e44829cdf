"""Convolutions over time, pooling and normalisation, in this library's layout: x [time, batch, channels]."""

import torch
from torch.nn import functional as F

from golden_writer import Random, write


def with_gradients(random, function, entries, inputs):
    """`function(*inputs)` with the gradients of sum(value * seed)."""
    leaves = [entries[name].clone().requires_grad_() for name in inputs]
    value = function(*leaves)
    seed = random.real(*value.shape)
    (value * seed).sum().backward()
    gradients = {f"grad.{name}": leaf.grad for name, leaf in zip(inputs, leaves)}
    return entries | {"value": value, "seed": seed} | gradients


def conv_cases(random, cases):
    def add(name, time, batch, channels, out, taps, padding, stride=1, dilation=1, groups=1):
        def function(x, w):
            steps = x.permute(1, 2, 0)
            if padding == "causal":
                steps = F.pad(steps, ((taps - 1) * dilation, 0))
            y = F.conv1d(
                steps,
                w.permute(2, 1, 0),
                padding="same" if padding == "same" else 0,
                stride=stride,
                dilation=dilation,
                groups=groups,
            )
            return y.permute(2, 0, 1)

        entries = {
            "function": "conv1d",
            "padding": padding,
            "stride": stride,
            "dilation": dilation,
            "groups": groups,
            "x": random.real(time, batch, channels),
            "w": random.real(taps, channels // groups, out),
        }
        cases[f"conv1d {name}"] = with_gradients(random, function, entries, ["x", "w"])

    for padding in ("valid", "same", "causal"):
        add(f"{padding}", 7, 2, 3, 4, 3, padding)
        add(f"{padding} even taps", 6, 2, 2, 3, 4, padding)
        add(f"{padding} dilation 2", 9, 1, 2, 2, 3, padding, dilation=2)
        add(f"{padding} groups 2", 6, 2, 4, 6, 2, padding, groups=2)
        add(f"{padding} depthwise", 6, 2, 18, 18, 3, padding, groups=18)
        add(f"{padding} one channel to many", 6, 2, 3, 6, 3, padding, groups=3)
    for padding in ("valid", "causal"):
        add(f"{padding} stride 2", 8, 2, 3, 2, 3, padding, stride=2)
        add(f"{padding} stride 3 dilation 2", 11, 2, 2, 3, 3, padding, stride=3, dilation=2)
        add(f"{padding} stride above taps", 9, 2, 2, 2, 2, padding, stride=4)
        add(f"{padding} stride 2 of one sequence", 8, 1, 3, 2, 3, padding, stride=2)
        add(f"{padding} stride 2 depthwise", 8, 2, 3, 3, 3, padding, stride=2, groups=3)
    add("causal shorter than the taps", 2, 2, 2, 2, 5, "causal")
    add("wide", 4, 1, 20, 33, 2, "causal")


def pool_cases(random, cases):
    kinds = {"max_pool": F.max_pool1d, "mean_pool": F.avg_pool1d}
    for function, torch_function in kinds.items():
        for time, window, stride in ((8, 2, 2), (7, 3, 3), (7, 3, 1), (9, 2, 4), (5, 5, 5), (8, 3, 2)):
            # All different, for the gradient of the largest among equals is another matter.
            x = torch.randperm(time * 2 * 3, generator=random.generator).double().reshape(time, 2, 3) / 16
            entries = {"function": function, "window": window, "stride": stride, "x": x}
            cases[f"{function} {time} {window} {stride}"] = with_gradients(
                random,
                lambda x: torch_function(x.permute(1, 2, 0), window, stride).permute(2, 0, 1),
                entries,
                ["x"],
            )


def norm_cases(random, cases):
    for shape in ((4, 6), (3, 2, 5), (2, 1)):
        entries = {"function": "rms_norm", "epsilon": 1e-5, "x": random.real(*shape, scale=3)}
        cases[f"rms_norm {len(cases)}"] = with_gradients(
            random, lambda x: F.rms_norm(x, x.shape[-1:], eps=1e-5), entries, ["x"]
        )
        entries = entries | {"weight": random.real(shape[-1])}
        cases[f"rms_norm weight {len(cases)}"] = with_gradients(
            random, lambda x, w: F.rms_norm(x, x.shape[-1:], w, eps=1e-5), entries, ["x", "weight"]
        )
    for shape, groups in (((3, 2, 6), 2), ((3, 2, 6), 3), ((4, 8), 1), ((2, 2, 4), 4)):
        # Over the channels of a group in each step: time and batch are both PyTorch's batch.
        def function(x, w, b):
            return F.group_norm(x.reshape(-1, shape[-1]), groups, w, b, eps=1e-5).reshape(x.shape)

        entries = {"function": "group_norm", "groups": groups, "epsilon": 1e-5}
        entries |= {"x": random.real(*shape, scale=3)}
        entries |= {"weight": random.real(shape[-1]), "bias": random.real(shape[-1])}
        cases[f"group_norm {len(cases)}"] = with_gradients(random, function, entries, ["x", "weight", "bias"])


def conv():
    random, cases = Random(93), {}
    for add in (conv_cases, pool_cases, norm_cases):
        add(random, cases)
    write("conv", cases)
