"""Cells that PyTorch has not, as loops over their papers' equations; nn.LSTM with proj_size from PyTorch."""

import torch
from torch import nn
from torch.nn import functional as F

from golden_writer import Random, write

STEPS, BATCH, INPUTS, HIDDEN = 4, 2, 3, 4


def finish(random, case, net, x, parameters, start):
    """Runs net(x, *start) -> (output, final states) and adds the values, and the gradients of a seeded sum."""
    leaves = {"x": x} | {f"{n}0": s for n, s in start.items()} | parameters
    for leaf in leaves.values():
        leaf.requires_grad_()
    output, final = net(x, *start.values())
    results = {"output": output} | {f"{n}_n": t for n, t in zip(start, final)}
    seeds = {f"seed.{n}": random.real(*t.shape) for n, t in results.items()}
    sum((t * s).sum() for t, s in zip(results.values(), seeds.values())).backward()
    case |= {"parameters": list(parameters)} | leaves | results | seeds
    return case | {f"grad.{n}": leaf.grad for n, leaf in leaves.items()}


def loop(step):
    """The layer of a step (x, states) -> states whose first part is the output."""

    def run(x, *states):
        outputs = []
        for x_t in x:
            states = step(x_t, *states)
            outputs.append(states[0])
        return torch.stack(outputs), states

    return run


def norm(s, p, name):
    """Layer normalisation written out."""
    centred = s - s.mean(-1, keepdim=True)
    variance = (centred**2).mean(-1, keepdim=True)
    return centred / (variance + 1e-5).sqrt() * p[f"norm_{name}.scale"] + p[f"norm_{name}.shift"]


def norms(random, names, size=HIDDEN):
    made = {}
    for name in names:
        made[f"norm_{name}.scale"] = random.real(size) + 1
        made[f"norm_{name}.shift"] = random.real(size)
    return made


def linear(random, name, inputs, hidden, bias=True):
    made = {f"{name}.weight": random.real(inputs, hidden, scale=0.75)}
    return made | ({f"{name}.bias": random.real(hidden)} if bias else {})


def lstm_case(random, peepholes, coupled, projection, normed):
    """Parameters have the names and shapes of the library's cell."""
    out = projection or HIDDEN
    gates = ["forget"] + ([] if coupled else ["input"]) + ["candidate", "output"]
    p = {}
    for gate in gates:
        p |= linear(random, gate, INPUTS + out, HIDDEN, bias=not normed)
    if peepholes:
        p |= {f"peephole_{g}": random.real(HIDDEN) for g in gates if g != "candidate"}
    if normed:
        p |= norms(random, gates + ["memory"])
    if projection:
        p |= linear(random, "projection", HIDDEN, projection)

    def gate(name, xh, c):
        s = xh @ p[f"{name}.weight"]
        if peepholes and name != "candidate":
            s = s + p[f"peephole_{name}"] * c
        return norm(s, p, name) if normed else s + p[f"{name}.bias"]

    def step(x, h, c):
        xh = torch.cat([x, h], -1)
        f = gate("forget", xh, c).sigmoid()
        i = 1 - f if coupled else gate("input", xh, c).sigmoid()
        c = f * c + i * gate("candidate", xh, c).tanh()
        o = gate("output", xh, c).sigmoid()
        h = o * (norm(c, p, "memory") if normed else c).tanh()
        return (h @ p["projection.weight"] + p["projection.bias"] if projection else h), c

    case = {"cell": "lstm", "peepholes": peepholes, "coupled": coupled, "projection": projection, "norm": normed}
    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    start = {"h": random.real(BATCH, out), "c": random.real(BATCH, HIDDEN)}
    return finish(random, case, loop(step), x, p, start)


def torch_projection_case(random, layers):
    """torch.nn.LSTM(proj_size=...), whose parameters are named as PyTorch does."""
    projection = 3
    net = nn.LSTM(INPUTS, HIDDEN, num_layers=layers, proj_size=projection)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(random.real(*parameter.shape, scale=0.75))
    case = {"cell": "torch_lstm", "layers": layers, "projection": projection}
    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    start = {"h": random.real(layers, BATCH, projection), "c": random.real(layers, BATCH, HIDDEN)}
    return finish(random, case, lambda x, h, c: net(x, (h, c)), x, dict(net.named_parameters()), start)


def gru_case(random, reset_after):
    p = {}
    for name, inputs in (
        ("reset", INPUTS + HIDDEN),
        ("update", INPUTS + HIDDEN),
        ("candidate", INPUTS),
        ("candidate_hidden", HIDDEN),
    ):
        p |= linear(random, name, inputs, HIDDEN, bias=False)
    p |= norms(random, ["reset", "update", "candidate", "candidate_hidden"])

    def step(x, h):
        xh = torch.cat([x, h], -1)
        r = norm(xh @ p["reset.weight"], p, "reset").sigmoid()
        z = norm(xh @ p["update.weight"], p, "update").sigmoid()
        recalled = norm((h if reset_after else r * h) @ p["candidate_hidden.weight"], p, "candidate_hidden")
        n = (norm(x @ p["candidate.weight"], p, "candidate") + (r * recalled if reset_after else recalled)).tanh()
        return ((1 - z) * n + z * h,)

    case = {"cell": "gru", "reset_after": reset_after}
    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    return finish(random, case, loop(step), x, p, {"h": random.real(BATCH, HIDDEN)})


def ind_rnn_case(random, activation):
    p = {"weight": random.real(INPUTS, HIDDEN), "bias": random.real(HIDDEN), "recurrent": random.real(HIDDEN)}
    act = {"relu": torch.relu, "tanh": torch.tanh}[activation]

    def step(x, h):
        return (act(x @ p["weight"] + p["bias"] + p["recurrent"] * h),)

    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    case = {"cell": "ind_rnn", "activation": activation}
    return finish(random, case, loop(step), x, p, {"h": random.real(BATCH, HIDDEN)})


def positive(v):
    return torch.where(v >= 0, v + 0.5, v.sigmoid())


def min_gru_case(random, is_positive):
    p = linear(random, "update", INPUTS, HIDDEN) | linear(random, "candidate", INPUTS, HIDDEN)

    def step(x, h):
        z = (x @ p["update.weight"] + p["update.bias"]).sigmoid()
        n = x @ p["candidate.weight"] + p["candidate.bias"]
        return ((1 - z) * h + z * (positive(n) if is_positive else n),)

    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    case = {"cell": "min_gru", "positive": is_positive}
    return finish(random, case, loop(step), x, p, {"h": random.real(BATCH, HIDDEN)})


def min_lstm_case(random, is_positive):
    p = {}
    for name in ("forget", "input", "candidate"):
        p |= linear(random, name, INPUTS, HIDDEN)

    def step(x, h):
        f = (x @ p["forget.weight"] + p["forget.bias"]).sigmoid()
        i = (x @ p["input.weight"] + p["input.bias"]).sigmoid()
        n = x @ p["candidate.weight"] + p["candidate.bias"]
        return (f / (f + i) * h + i / (f + i) * (positive(n) if is_positive else n),)

    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    case = {"cell": "min_lstm", "positive": is_positive}
    return finish(random, case, loop(step), x, p, {"h": random.real(BATCH, HIDDEN)})


def slstm_case(random, heads, exponential_forget):
    """With stabilised gates, from a state in the middle of a sequence."""
    size = HIDDEN // heads
    gates = ("forget", "input", "candidate", "output")
    p = {}
    for gate in gates:
        p |= linear(random, gate, INPUTS, HIDDEN)
    p |= {f"recurrent_{gate}": random.real(heads, size, size, scale=0.75) for gate in gates}

    def gate(name, x, h):
        block = torch.block_diag(*p[f"recurrent_{name}"])
        return x @ p[f"{name}.weight"] + h @ block + p[f"{name}.bias"]

    def step(x, h, c, n, m):
        i, z, o = gate("input", x, h), gate("candidate", x, h).tanh(), gate("output", x, h).sigmoid()
        f = gate("forget", x, h) if exponential_forget else F.logsigmoid(gate("forget", x, h))
        scale = torch.maximum(f + m, i)
        c = torch.exp(f + m - scale) * c + torch.exp(i - scale) * z
        n = torch.exp(f + m - scale) * n + torch.exp(i - scale)
        return o * c / n, c, n, scale

    case = {"cell": "slstm", "heads": heads, "exponential_forget": exponential_forget}
    x = random.real(STEPS, BATCH, INPUTS, scale=1.5)
    start = {k: random.real(BATCH, HIDDEN) for k in "hcnm"}
    start["n"] = start["n"].abs() + 1
    return finish(random, case, loop(step), x, p, start)


def cells():
    random, cases = Random(60), {}
    for peepholes in (False, True):
        for coupled in (False, True):
            for projection in (0, 3):
                for normed in (False, True):
                    name = f"lstm peepholes={peepholes} coupled={coupled} projection={projection} norm={normed}"
                    cases[name] = lstm_case(random, peepholes, coupled, projection, normed)
    for layers in (1, 2):
        cases[f"torch lstm layers={layers}"] = torch_projection_case(random, layers)
    for flag in (True, False):
        cases[f"gru norm reset_after={flag}"] = gru_case(random, flag)
        cases[f"min_gru positive={flag}"] = min_gru_case(random, flag)
        cases[f"min_lstm positive={flag}"] = min_lstm_case(random, flag)
    for activation in ("relu", "tanh"):
        cases[f"ind_rnn {activation}"] = ind_rnn_case(random, activation)
    for heads in (1, 2, 4):
        for flag in (False, True):
            cases[f"slstm heads={heads} exponential_forget={flag}"] = slstm_case(random, heads, flag)
    write("cells", cases)
