"""The cells of examples/cells, written from their papers' equations as loops over time with PyTorch."""

import math

import torch
from torch.nn import functional as F

from golden_writer import Random, write

# Each cell: shapes(inputs, hidden) of its parameters, by the names that they have in examples/cells, and
# run(p, x, state) -> output of all steps, state after the last. Weights are [in, out].


def linear(p, name, x):
    return x @ p[f"{name}.weight"] + p.get(f"{name}.bias", 0)


def weights(*layers):
    """(name, in, out, has a bias) -> shapes."""
    shapes = {}
    for name, n, m, bias in layers:
        shapes[f"{name}.weight"] = (n, m)
        if bias:
            shapes[f"{name}.bias"] = (m,)
    return shapes


class Mogrifier:
    """Melis, Kocisky and Blunsom, 2020."""

    states = ("h", "c")

    def __init__(self, rounds):
        self.options = {"rounds": rounds}

    def shapes(self, n, m):
        sizes = [(m, n), (n, m)]  # odd rounds change x
        rounds = [(f"rounds.{i}", *sizes[i % 2], False) for i in range(self.options["rounds"])]
        gates = [(gate, n + m, m, True) for gate in ("forget", "input", "candidate", "output")]
        return weights(*rounds, *gates)

    def run(self, p, xs, state):
        h, c = state
        ys = []
        for x in xs:
            for i in range(self.options["rounds"]):
                if i % 2 == 0:
                    x = 2 * torch.sigmoid(linear(p, f"rounds.{i}", h)) * x
                else:
                    h = 2 * torch.sigmoid(linear(p, f"rounds.{i}", x)) * h
            xh = torch.cat([x, h], -1)
            f, i, o = (torch.sigmoid(linear(p, gate, xh)) for gate in ("forget", "input", "output"))
            c = f * c + i * torch.tanh(linear(p, "candidate", xh))
            h = o * torch.tanh(c)
            ys.append(h)
        return torch.stack(ys), (h, c)


class SRU:
    """Lei et al., 2018, equations 1 to 4, with the scaling of the highway."""

    states = ("h", "c")

    def __init__(self, bias):
        self.options = {"bias": bias}

    def shapes(self, n, m):
        shapes = weights(("value", n, m, False), ("forget", n, m, True), ("reset", n, m, True))
        shapes |= {"v_f": (m,), "v_r": (m,)}
        return shapes if n == m else shapes | weights(("skip", n, m, False))

    def run(self, p, xs, state):
        h, c = state
        scale = math.sqrt(1 + 2 * math.exp(self.options["bias"]))
        ys = []
        for x in xs:
            f = torch.sigmoid(linear(p, "forget", x) + p["v_f"] * c)
            r = torch.sigmoid(linear(p, "reset", x) + p["v_r"] * c)
            c = f * c + (1 - f) * linear(p, "value", x)
            h = r * c + (1 - r) * scale * (linear(p, "skip", x) if "skip.weight" in p else x)
            ys.append(h)
        return torch.stack(ys), (h, c)


class QRNN:
    """Bradbury et al., 2017: torch's masked convolution, then fo-pooling."""

    states = ("h", "c")

    def __init__(self, taps):
        self.options = {"taps": taps}

    def shapes(self, n, m):
        window = n * self.options["taps"]
        return weights(*((f"1.{gate}", window, m, True) for gate in ("candidate", "forget", "output")))

    def run(self, p, xs, state):
        taps = self.options["taps"]

        def convolve(gate):
            kernel = p[f"1.{gate}.weight"].reshape(taps, xs.shape[-1], -1)
            kernel = kernel.flip(0).permute(2, 1, 0)  # the newest last
            padded = F.pad(xs.permute(1, 2, 0), (taps - 1, 0))
            return F.conv1d(padded, kernel, p[f"1.{gate}.bias"]).permute(2, 0, 1)

        z = torch.tanh(convolve("candidate"))
        f, o = torch.sigmoid(convolve("forget")), torch.sigmoid(convolve("output"))
        h, c = state
        ys = []
        for t in range(len(xs)):
            c = f[t] * c + (1 - f[t]) * z[t]
            h = o[t] * c
            ys.append(h)
        return torch.stack(ys), (h, c)


class CfC:
    """Hasani et al., 2022, equation 4 with one hidden layer that the heads share."""

    states = ("h",)

    def __init__(self, backbone):
        self.options = {"backbone": backbone}

    def shapes(self, n, m):
        units = self.options["backbone"] or m
        heads = ((name, units, m, True) for name in ("rate", "near", "far"))
        return weights(("backbone", n - 1 + m, units, True), *heads)

    def run(self, p, xs, state):
        (h,) = state
        ys = []
        for x in xs:
            b = F.silu(linear(p, "backbone", torch.cat([x[:, :-1], h], -1)))
            s = torch.sigmoid(-linear(p, "rate", b) * x[:, -1:])
            h = s * torch.tanh(linear(p, "near", b)) + (1 - s) * torch.tanh(linear(p, "far", b))
            ys.append(h)
        return torch.stack(ys), (h,)


def cell_case(random, cell, sizes):
    steps, batch, inputs, hidden = sizes
    shapes = cell.shapes(inputs, hidden).items()
    p = {name: random.real(*shape, scale=0.75).requires_grad_() for name, shape in shapes}
    x = random.real(steps, batch, inputs, scale=1.5)
    if isinstance(cell, CfC):
        x[:, :, -1] = x[:, :, -1].abs() + 0.125  # times between steps
    x.requires_grad_()
    start = [random.real(batch, hidden).requires_grad_() for _ in cell.states]
    output, final = cell.run(p, x, start)
    seeds = [random.real(*t.shape) for t in (output, *final)]
    loss = sum((t * s).sum() for t, s in zip((output, *final), seeds))
    loss.backward()
    case = {"cell": type(cell).__name__, "T": steps, "B": batch, "I": inputs, "H": hidden} | cell.options
    case |= {"parameters": list(p)} | p | {"x": x}
    case |= {f"{name}0": t for name, t in zip(cell.states, start)}
    case |= {"output": output} | {f"{name}_n": t for name, t in zip(cell.states, final)}
    case |= {"seed.output": seeds[0]} | {f"seed.{name}_n": s for name, s in zip(cell.states, seeds[1:])}
    case |= {"loss": loss.item(), "grad.x": x.grad}
    for name, t in zip(cell.states, start):  # h of some cells is not read
        case[f"grad.{name}0"] = torch.zeros_like(t) if t.grad is None else t.grad
    return case | {f"grad.{name}": t.grad for name, t in p.items()}


def example_cells():
    random, cases = Random(80), {}
    for cell in (Mogrifier(5), Mogrifier(2), SRU(0.0), SRU(-1.5), QRNN(2), QRNN(3), CfC(0), CfC(5)):
        sizes = [(4, 3, 3, 4)] if not isinstance(cell, SRU) else [(4, 3, 3, 4), (4, 2, 3, 3)]
        for size in sizes:
            name = " ".join([type(cell).__name__] + [f"{k}={v}" for k, v in cell.options.items()])
            cases[f"{name} I={size[2]} H={size[3]}"] = cell_case(random, cell, size)
    write("example_cells", cases)
