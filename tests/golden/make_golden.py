#!/usr/bin/env python3
"""Write the golden values of this folder with PyTorch: python3 make_golden.py [topic ...].

Everything is float64. Inputs are multiples of 1/256, so that they are exact in float32 too. The layout of
the files is described in README.md.
"""

import math
import sys

import torch
from torch import nn

from golden_adaptive import adaptive_softmax
from golden_bidirectional import bidirectional
from golden_attention import attention
from golden_averages import averages
from golden_cells import cells
from golden_conv import conv
from golden_ctc import ctc
from golden_custom_ops import custom_ops
from golden_example_cells import example_cells
from golden_functions import functions
from golden_losses import losses
from golden_more_functions import more_functions
from golden_more_losses import more_losses
from golden_writer import Random, write


# ---- recurrent layers ----------------------------------------------------------------------------------


def recurrent_case(layer, random, layers, sizes, bias):
    steps, batch, inputs, hidden = sizes
    net = layer(inputs, hidden, num_layers=layers, bias=bias)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(random.real(*parameter.shape, scale=0.75))
    is_lstm = layer is nn.LSTM
    x = random.real(steps, batch, inputs, scale=1.5).requires_grad_()
    names = ["h", "c"] if is_lstm else ["h"]
    start = [random.real(layers, batch, hidden).requires_grad_() for _ in names]
    output, final = net(x, tuple(start) if is_lstm else start[0])
    final = list(final) if is_lstm else [final]
    seeds = [random.real(*t.shape) for t in [output] + final]
    loss = sum((t * s).sum() for t, s in zip([output] + final, seeds))
    loss.backward()

    parameters = dict(net.named_parameters())
    case = {"layers": layers, "T": steps, "B": batch, "I": inputs, "H": hidden, "bias": bias}
    case["parameters"] = list(parameters)
    case |= parameters
    case["x"] = x
    case |= {f"{n}0": t for n, t in zip(names, start)}
    case["output"] = output
    case |= {f"{n}_n": t for n, t in zip(names, final)}
    case["seed.output"] = seeds[0]
    case |= {f"seed.{n}_n": t for n, t in zip(names, seeds[1:])}
    case["loss"] = loss.item()
    case["grad.x"] = x.grad
    case |= {f"grad.{n}0": t.grad for n, t in zip(names, start)}
    case |= {f"grad.{n}": p.grad for n, p in parameters.items()}
    return case


def recurrent(topic, layer, seed):
    random = Random(seed)
    cases = {}
    for layers in (1, 2):
        for sizes in ((5, 3, 4, 6), (1, 1, 2, 3), (7, 2, 5, 4)):
            for bias in (True, False):
                if not bias and sizes != (5, 3, 4, 6):
                    continue
                name = f"layers={layers} T={sizes[0]} B={sizes[1]} I={sizes[2]} H={sizes[3]}"
                name += "" if bias else " bias=false"
                cases[name] = recurrent_case(layer, random, layers, sizes, bias)
    write(topic, cases)


# ---- optimisers ----------------------------------------------------------------------------------------

KEPT_STEPS = (1, 2, 5, 10, 50, 100)


def objective(p1, p2, a, b, c):
    return (
        (p1.sin() * a).sum() + 0.5 * (p1**2 * b).sum() + ((p2 * c).tanh() ** 2).sum() + (p1[0, 0] * p2).sum()
    )


def optimiser_case(make, options, clip=None):
    random = Random(20)
    a, b, c = random.real(3, 4), random.real(3, 4).abs() + 0.25, random.real(5) + 1.5
    b[0, 0] = 4  # the last term of the objective has no lower bound: this keeps 100 steps tame
    p1 = random.real(3, 4, scale=2).requires_grad_()
    p2 = random.real(5).requires_grad_()
    optimiser = make([p1, p2], **options)
    used = {
        k: v for k, v in optimiser.defaults.items() if isinstance(v, (int, float)) and not isinstance(v, bool)
    }
    for key in ("nesterov", "amsgrad", "centered"):
        if key in optimiser.defaults:
            used[key] = optimiser.defaults[key]
    if "betas" in optimiser.defaults:
        used["beta1"], used["beta2"] = optimiser.defaults["betas"]
    case = {"optimiser": make.__name__} | used
    if clip:
        case[clip[0]] = clip[1]
    case |= {
        "A": a,
        "B": b,
        "c": c,
        "p1": p1.detach().clone(),
        "p2": p2.detach().clone(),
        "steps": list(KEPT_STEPS),
    }
    for step in range(1, max(KEPT_STEPS) + 1):
        optimiser.zero_grad()
        value = objective(p1, p2, a, b, c)
        value.backward()
        if step == 1:
            case |= {"objective": value.item(), "grad.p1": p1.grad.clone(), "grad.p2": p2.grad.clone()}
        if clip and clip[0] == "clip_norm":
            norm = nn.utils.clip_grad_norm_([p1, p2], clip[1]).item()
            if step == 1:
                case |= {"norm": norm, "clipped.p1": p1.grad.clone(), "clipped.p2": p2.grad.clone()}
        if clip and clip[0] == "clip_value":
            nn.utils.clip_grad_value_([p1, p2], clip[1])
        optimiser.step()
        if step in KEPT_STEPS:
            case |= {f"p1.{step}": p1.detach().clone(), f"p2.{step}": p2.detach().clone()}
    return case


def optim():
    sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
    rmsprop, adagrad = torch.optim.RMSprop, torch.optim.Adagrad
    run = optimiser_case
    write(
        "optim",
        {
            "sgd": run(sgd, {"lr": 0.02}),
            "sgd momentum": run(sgd, {"lr": 0.005, "momentum": 0.9}),
            "sgd nesterov": run(sgd, {"lr": 0.005, "momentum": 0.9, "nesterov": True}),
            "sgd momentum weight_decay dampening": run(
                sgd, {"lr": 0.005, "momentum": 0.9, "weight_decay": 0.01, "dampening": 0.1}
            ),
            "adam": run(adam, {}),
            "adam lr": run(adam, {"lr": 0.05, "betas": (0.9, 0.99)}),
            "adam weight_decay": run(adam, {"lr": 0.05, "weight_decay": 0.01}),
            "adam amsgrad": run(adam, {"lr": 0.05, "betas": (0.9, 0.99), "amsgrad": True}),
            "adamw": run(adamw, {"lr": 0.05, "weight_decay": 0.01}),
            "rmsprop": run(rmsprop, {}),
            "rmsprop centered momentum weight_decay": run(
                rmsprop, {"lr": 0.002, "centered": True, "momentum": 0.9, "weight_decay": 0.01}
            ),
            "adagrad": run(adagrad, {}),
            "adagrad lr_decay weight_decay initial": run(
                adagrad, {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.01, "initial_accumulator_value": 0.1}
            ),
            "sgd clip_norm": run(sgd, {"lr": 0.05}, ("clip_norm", 0.5)),
            "adam clip_value": run(adam, {"lr": 0.02}, ("clip_value", 0.1)),
        },
    )


# ---- learning rate schedules ---------------------------------------------------------------------------


def schedule_case(make, options, losses=None):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = make(optimiser, **options) if make else None
    rates = []
    for step in range(100):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if losses is not None:
            schedule.step(losses[step])
        elif schedule:
            schedule.step()
    case = {"base": 0.1} | {k: v for k, v in options.items() if not callable(v)}
    if losses is not None:
        case["losses"] = torch.tensor(losses)
    return case | {"lr": torch.tensor(rates)}


def warm_up(first, length=10, total=100):
    def factor(t):
        if t < length:
            return (t + first) / length
        return 0.5 * (1 + math.cos(math.pi * (t - length) / (total - length)))

    return {"lr_lambda": factor, "warm_up": length, "total": total}


def plateau_losses():
    """A fall, a shelf, an improvement below the threshold, a fall in the cooldown, noise, a long shelf."""
    losses = [4 - 0.125 * t for t in range(12)]
    losses += [2.625] * 3 + [2.625 * (1 - 5e-5)] * 4
    losses += [2.5, 2.4375] + [2.5] * 9
    losses += [2 + 0.25 * ((7 * t) % 5) - t / 64 for t in range(30)]
    return losses + [1.0] * (100 - len(losses))


def random_plateaus():
    """Every mode, on numbers that wander, stand still, jump and are NaN or infinite at times."""
    cases = {}
    for seed in range(12):
        random = Random(100 + seed)
        falls = seed % 2 == 0
        losses = [4.0]
        for step in range(99):
            change = random.real(1, scale=0.25).item() if random.index(4, 1).item() else 0.0
            # Away from zero, where the relative margin of PyTorch has another sign.
            losses.append(max(losses[-1] + change + (-1 if falls else 1) / 64, 0.5))
        if seed >= 8:
            for value in (math.nan, math.inf, -math.inf if seed == 11 else math.nan):
                losses[random.index(100, 1).item()] = value
        options = {
            "mode": "min" if falls else "max",
            "patience": random.index(5, 1).item(),
            "factor": (0.1, 0.5, 0.75)[seed % 3],
            "threshold": (0.0137, 0.0, 0.0611)[random.index(3, 1).item()],
            "threshold_mode": "rel" if seed % 4 < 2 else "abs",
            "cooldown": random.index(4, 1).item(),
            "min_lr": (0.0, 1e-3)[random.index(2, 1).item()],
            "eps": 1e-8,
        }
        kind = torch.optim.lr_scheduler.ReduceLROnPlateau
        cases[f"plateau random {seed}"] = schedule_case(kind, options, losses)
    return cases


def lambda_case(options):
    case = schedule_case(torch.optim.lr_scheduler.LambdaLR, {"lr_lambda": options["lr_lambda"]})
    return {k: v for k, v in options.items() if k != "lr_lambda"} | case


def schedules():
    kinds = torch.optim.lr_scheduler
    plateau = {
        "mode": "min",
        "patience": 3,
        "factor": 0.5,
        "threshold": 1e-4,
        "threshold_mode": "rel",
        "cooldown": 2,
        "min_lr": 0.0,
        "eps": 1e-8,
    }
    write(
        "schedules",
        {
            "constant": schedule_case(None, {}),
            "step": schedule_case(kinds.StepLR, {"step_size": 30, "gamma": 0.1}),
            "exponential": schedule_case(kinds.ExponentialLR, {"gamma": 0.97}),
            "cosine": schedule_case(kinds.CosineAnnealingLR, {"T_max": 100, "eta_min": 1e-5}),
            "warm_up_cosine": lambda_case(warm_up(1)),
            "warm_up_cosine from zero": lambda_case(warm_up(0)),
            "plateau": schedule_case(kinds.ReduceLROnPlateau, plateau, plateau_losses()),
        }
        | random_plateaus(),
    )


# ---- initialisers --------------------------------------------------------------------------------------


def init():
    cases = {}
    for shape in ((64, 32), (32, 64), (10, 100), (512, 128)):
        fan_out, fan_in = shape
        for method, gain_of in (
            ("xavier", "linear"),
            ("xavier", "tanh"),
            ("kaiming", "relu"),
            ("kaiming", "leaky_relu"),
        ):
            gain = nn.init.calculate_gain(gain_of, 0.2 if gain_of == "leaky_relu" else None)
            for mode in ("average",) if method == "xavier" else ("fan_in", "fan_out"):
                fan = {"average": (fan_in + fan_out) / 2, "fan_in": fan_in, "fan_out": fan_out}[mode]
                std = gain / math.sqrt(fan)
                bound = math.sqrt(3) * std
                check_init(method, mode, gain, gain_of, shape, std, bound)
                cases[f"{method} {gain_of} {mode} {list(shape)}"] = {
                    "method": method,
                    "nonlinearity": gain_of,
                    "negative_slope": 0.2 if gain_of == "leaky_relu" else 0.0,
                    "mode": mode,
                    "shape": list(shape),
                    "fan_in": fan_in,
                    "fan_out": fan_out,
                    "gain": gain,
                    "std": std,
                    "bound": bound,
                }
    write("init", cases)


def check_init(method, mode, gain, gain_of, shape, std, bound):
    """The formulas above against PyTorch: one large draw has the bound and the deviation they promise."""
    torch.manual_seed(7)
    draws = []
    for kind in ("uniform_", "normal_"):
        fill = getattr(nn.init, f"{method}_{kind}")
        options = {"gain": gain} if method == "xavier" else {"a": 0.2, "mode": mode, "nonlinearity": gain_of}
        draws.append(torch.cat([fill(torch.empty(shape), **options).reshape(-1) for _ in range(100)]))
    assert draws[0].abs().max() <= bound < 1.001 * draws[0].abs().max()
    assert all(abs(draw.std() / std - 1) < 0.01 for draw in draws)


# ---- all -----------------------------------------------------------------------------------------------


def main():
    topics = {
        "rnn": lambda: recurrent("rnn", nn.RNN, 1),
        "lstm": lambda: recurrent("lstm", nn.LSTM, 2),
        "gru": lambda: recurrent("gru", nn.GRU, 3),
        "cells": cells,
        "optim": optim,
        "schedules": schedules,
        "losses": losses,
        "more_losses": more_losses,
        "functions": functions,
        "more_functions": more_functions,
        "init": init,
        "conv": conv,
        "custom_ops": custom_ops,
        "example_cells": example_cells,
        "adaptive_softmax": adaptive_softmax,
        "bidirectional": bidirectional,
        "attention": attention,
        "averages": averages,
        "ctc": ctc,
    }
    for topic in sys.argv[1:] or topics:
        topics[topic]()


if __name__ == "__main__":
    main()
