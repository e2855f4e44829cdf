"""Functions of several numbers, and moves of elements: values and gradients."""

import torch
from torch.nn import functional as F

from golden_functions import case
from golden_writer import Random, write


def more_functions():
    random, cases = Random(60), {}
    a = random.real(4, 5, scale=4)
    b = (random.real(5) + 1.5) * torch.tensor([1.0, -1, 1, -1, 1])
    cases["remainder"] = case(random, torch.remainder, {"a": a, "b": b}, function="remainder")
    cases["fmod"] = case(random, torch.fmod, {"a": a, "b": b}, function="fmod")
    edges = torch.tensor([-torch.inf, -2.0, 0.0, 1.5, torch.inf, torch.nan])
    for name, function in (("remainder", torch.remainder), ("fmod", torch.fmod)):
        cases[f"{name} edges"] = {
            "function": name,
            "a": edges.reshape(6, 1),
            "b": edges,
            "value": function(edges.reshape(6, 1), edges),
        }
    cases["log_sigmoid"] = case(
        random,
        F.logsigmoid,
        {"x": torch.cat([random.real(10, scale=4), random.real(10, scale=100)])},
        function="log_sigmoid",
    )

    x = random.real(3, 4, 5, scale=2)
    for name in ("var", "std"):
        reduce = getattr(torch, name)
        for correction in (1, 0):
            cases[f"{name} all correction={correction}"] = case(
                random,
                lambda t: reduce(t, correction=correction),
                {"x": x},
                function=name,
                correction=correction,
            )
            for axis in (0, -1):
                cases[f"{name} axis={axis} correction={correction}"] = case(
                    random,
                    lambda t: reduce(t, axis, correction=correction),
                    {"x": x},
                    function=name,
                    correction=correction,
                    axis=axis,
                )

    x = random.real(2, 3, 4)
    for shift, axis in ((1, 0), (1, -1), (-1, 1), (7, 2), (-9, 2), (0, 0)):
        cases[f"roll {shift} axis={axis}"] = case(
            random, lambda t: torch.roll(t, shift, axis), {"x": x}, function="roll", shift=shift, axis=axis
        )
    for times, axis in ((2, 0), (3, -1), (1, 1)):
        cases[f"repeat {times} axis={axis}"] = case(
            random,
            lambda t: torch.repeat_interleave(t, times, axis),
            {"x": x},
            function="repeat",
            times=times,
            axis=axis,
        )
    for times in ([2], [2, 1, 3], [1, 3], [2, 1, 2, 2]):
        cases[f"tile {times}"] = case(
            random, lambda t: torch.tile(t, times), {"x": x}, function="tile", times=times
        )
    for name, shape in (("vector", (4,)), ("square", (3, 3)), ("wide", (2, 4)), ("tall", (4, 2))):
        cases[f"diag {name}"] = case(random, torch.diag, {"x": random.real(*shape)}, function="diag")
    cases["diag batch"] = case(
        random, lambda t: torch.diagonal(t, dim1=-2, dim2=-1), {"x": x}, function="diag"
    )
    cases["diag_embed"] = case(random, torch.diag_embed, {"x": x}, function="diag_embed")
    cases["outer"] = case(random, torch.outer, {"a": random.real(3), "b": random.real(4)}, function="outer")
    write("more_functions", cases)
