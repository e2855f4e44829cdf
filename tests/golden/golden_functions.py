"""Single functions: values and derivatives."""

import math

import torch
from torch.nn import functional as F

from golden_writer import Random, write

MAGNITUDES = (2**-20, 2**-10, 0.125, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20, 50, 100)
POSITIVE = torch.tensor(
    sorted(2.0**k for k in range(-30, 0, 2))
    + [0.75, 0.875, 1, 1.125, 1.25, 1.5, 2, 2.5, 3, 4, 5]
    + [6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 64, 80, 90, 100]
)
REAL = torch.tensor([-m for m in reversed(MAGNITUDES)] + list(MAGNITUDES))

# name: (function, points)
ELEMENTWISE = {
    "exp": (torch.exp, REAL),
    "expm1": (torch.expm1, REAL),
    "log": (torch.log, POSITIVE),
    "log1p": (
        torch.log1p,
        torch.cat([torch.tensor([-1 + 2**-10, -0.75, -0.5, -0.125, -(2**-20)]), POSITIVE[5:]]),
    ),
    "sqrt": (torch.sqrt, POSITIVE),
    "rsqrt": (torch.rsqrt, POSITIVE),
    "sin": (torch.sin, REAL),
    "cos": (torch.cos, REAL),
    "tanh": (torch.tanh, REAL),
    "sigmoid": (torch.sigmoid, REAL),
    # the default threshold of 20 would return x itself beyond it, which is wrong by up to 2e-9
    "softplus": (lambda x: F.softplus(x, threshold=500), REAL),
    "relu": (F.relu, REAL),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.01), REAL),
    "elu": (F.elu, REAL),
    "gelu": (F.gelu, REAL),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), REAL),
    "silu": (F.silu, REAL),
    "sign": (torch.sign, REAL),
    "abs": (torch.abs, REAL),
    "round": (torch.round, REAL),
    "square": (torch.square, REAL),
    "pow": (lambda x: torch.pow(x, 2.5), POSITIVE),
    "erf": (torch.erf, REAL),
}
PARAMETERS = {"leaky_relu": {"slope": 0.01}, "elu": {"alpha": 1.0}, "pow": {"exponent": 2.5}}


def elementwise_cases(cases):
    edges = torch.tensor([-math.inf, -1.0, 0.0, 1.0, math.inf, math.nan])
    for name, (function, points) in ELEMENTWISE.items():
        assert len(points) == 40, name
        for suffix, values in (("", points), (" edges", edges)):
            x = values.clone().requires_grad_()
            y = function(x)
            y.sum().backward()
            kind = {"kind": "edges" if suffix else "elementwise", "function": name}
            cases[name + suffix] = (
                kind | PARAMETERS.get(name, {}) | {"x": x, "value": y, "derivative": x.grad}
            )


def case(random, compute, inputs, **options):
    """Value of compute(*inputs) and, for each input, the gradient of sum(value * seed)."""
    leaves = {name: t.clone().requires_grad_() for name, t in inputs.items()}
    value = compute(*leaves.values())
    seed = random.real(*value.shape)
    (value * seed).sum().backward()
    return (
        options | inputs | {"value": value, "seed": seed} | {f"grad.{n}": t.grad for n, t in leaves.items()}
    )


def axis_cases(random, cases):
    x = random.real(3, 4, 5, scale=3)
    large = random.real(3, 4, scale=2)
    large[0, 0], large[0, 1], large[1, 2], large[2, :] = 50, -50, 50, -50
    for name, function in (
        ("softmax", torch.softmax),
        ("log_softmax", torch.log_softmax),
        ("logsumexp", torch.logsumexp),
    ):
        for axis in (-1, 1, 0):
            cases[f"{name} axis={axis}"] = case(
                random, lambda t: function(t, axis), {"x": x}, function=name, axis=axis
            )
        cases[f"{name} large"] = case(random, lambda t: function(t, -1), {"x": large}, function=name, axis=-1)
    for axis in (0, 1, -1):
        cases[f"cumsum axis={axis}"] = case(
            random, lambda t: torch.cumsum(t, axis), {"x": x}, function="cumsum", axis=axis
        )

    zeros = random.real(4, 5, scale=2)
    zeros[1, 2], zeros[2, 0], zeros[2, 3], zeros[3, :] = 0, 0, 0, 0  # none, one, two and only zeros in a row
    for axis in (-1, 0):
        cases[f"prod zeros axis={axis}"] = case(
            random, lambda t: t.prod(axis), {"x": zeros}, function="prod", axis=axis
        )
    for name, values in (
        ("prod all", random.real(2, 3, scale=2)),
        ("prod all one zero", zeros[1, :].clone()),
    ):
        cases[name] = case(random, torch.prod, {"x": values}, function="prod")

    weight, bias, rows = random.real(5, scale=2), random.real(5), random.real(3, 5, scale=3)
    rows[2, :] = 1.5  # no variance: epsilon alone
    cases["layer_norm"] = case(
        random,
        lambda t, w, b: F.layer_norm(t, (5,), w, b, 1e-5),
        {"x": rows, "weight": weight, "bias": bias},
        function="layer_norm",
        epsilon=1e-5,
    )
    cases["layer_norm 3d"] = case(
        random,
        lambda t, w, b: F.layer_norm(t, (5,), w, b, 1e-5),
        {"x": x, "weight": weight, "bias": bias},
        function="layer_norm",
        epsilon=1e-5,
    )


def tie_cases(random, cases):
    x = random.real(4, 5)
    x[0, :] = torch.tensor([1.0, 3, 3, -2, 3])
    x[1, :] = 0.5
    x[2, :] = torch.tensor([-4.0, -4, 2, 2, 0])
    for name in ("amax", "amin"):
        reduce = getattr(torch, name)
        for axis in (-1, 0):
            cases[f"{name} axis={axis}"] = case(
                random, lambda t: reduce(t, axis), {"x": x}, function=name, axis=axis
            )
        cases[f"{name} all"] = case(random, lambda t: reduce(t, (0, 1)), {"x": x}, function=name)
    for name in ("max", "min"):
        reduce = getattr(torch, name)
        for axis in (-1, 0):
            cases[f"{name} axis={axis}"] = case(
                random, lambda t: reduce(t, axis)[0], {"x": x}, function=name, axis=axis
            ) | {"index": reduce(x, axis)[1]}
    other = random.real(4, 5)
    other[0, :3], other[1, :] = x[0, :3], 0.5
    for name in ("maximum", "minimum"):
        cases[name] = case(random, getattr(torch, name), {"x": x, "other": other}, function=name)


def positive(x):
    """A symmetric positive definite matrix for any x."""
    return x @ x.mT + torch.eye(x.shape[-1])


def linear_algebra_cases(random, cases):
    batch, single, sides = random.real(2, 1, 4, 4, scale=2), random.real(4, 4, scale=2), random.real(3, 4, 2)
    cases["cholesky"] = case(
        random, lambda x: torch.linalg.cholesky(positive(x)), {"x": batch}, function="cholesky"
    )
    cases["inverse"] = case(random, torch.linalg.inv, {"x": batch}, function="inverse")
    cases["logdet"] = case(
        random, lambda x: torch.linalg.slogdet(x).logabsdet, {"x": batch}, function="logdet"
    )
    cases["logdet positive"] = case(
        random, lambda x: torch.logdet(positive(x)), {"x": batch}, function="logdet positive"
    )
    for name, a, b in (
        ("batch", batch, sides),
        ("single", single, sides),
        ("vector", single, random.real(4)),
    ):
        cases[f"solve {name}"] = case(random, torch.linalg.solve, {"a": a, "b": b}, function="solve")
    cases["solve positive"] = case(
        random,
        lambda x, b: torch.cholesky_solve(b, torch.linalg.cholesky(positive(x))),
        {"a": batch, "b": sides},
        function="solve positive",
    )
    triangles = random.real(2, 1, 4, 4, scale=0.5) + 2 * torch.eye(4)
    for lower in (True, False):
        for transpose in (False, True):
            for unit in (False, True):
                cases[f"solve_triangular {lower=} {transpose=} {unit=}"] = case(
                    random,
                    lambda a, b: torch.linalg.solve_triangular(
                        a.mT if transpose else a, b, upper=lower == transpose, unitriangular=unit
                    ),
                    {"a": triangles, "b": sides},
                    function="solve_triangular",
                    lower=lower,
                    transpose=transpose,
                    unit=unit,
                )


def functions():
    random, cases = Random(50), {}
    elementwise_cases(cases)
    axis_cases(random, cases)
    tie_cases(random, cases)
    ids = torch.tensor([[1, 4, 1], [6, 1, 0]])
    cases["embedding"] = case(
        random, lambda w: F.embedding(ids, w), {"weight": random.real(7, 3)}, function="embedding"
    ) | {"ids": ids}
    linear_algebra_cases(Random(51), cases)
    write("functions", cases)
