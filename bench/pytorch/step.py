"""The training step of training_step.cpp in PyTorch: the same model, the same options, the same answers to lines
on standard input. Custom cells are written as PyTorch's users write them: gates side by side in one Linear."""

import argparse
import statistics
import sys
import time

import torch
from torch import nn


def peak_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


class FourGateCell(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.gates = nn.Linear(inputs + hidden, 4 * hidden)
        self.use = nn.Linear(hidden, hidden)

    def forward(self, x, short_term, long_term):
        learn, ignore, forget, show = self.gates(torch.cat([x, short_term], -1)).chunk(4, -1)
        kept = long_term * torch.sigmoid(forget)
        remembered = kept + torch.tanh(learn) * torch.sigmoid(ignore)
        return torch.tanh(self.use(kept)) * torch.sigmoid(show), remembered


class LayerNormLSTMCell(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.gates = nn.Linear(inputs + hidden, 4 * hidden, bias=False)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(5))

    def forward(self, x, h, c):
        gates = self.gates(torch.cat([x, h], -1)).chunk(4, -1)
        f, i, n, o = (norm(gate) for norm, gate in zip(self.norms, gates))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(n)
        return torch.sigmoid(o) * torch.tanh(self.norms[4](c)), c


class Layers(nn.Module):
    """Cells one on the output of the other, as a loop over time."""

    def __init__(self, cell, layers, hidden, compiled):
        super().__init__()
        self.cells = nn.ModuleList(cell(hidden, hidden) for _ in range(layers))
        if compiled:
            for c in self.cells:
                c.compile()

    def forward(self, x):
        for cell in self.cells:
            h = c = x.new_zeros(x.shape[1], x.shape[2])
            ys = []
            for x_t in x:
                h, c = cell(x_t, h, c)
                ys.append(h)
            x = torch.stack(ys)
        return x, None


CELLS = {"four-gate": FourGateCell, "layer-norm": LayerNormLSTMCell}


class Model(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.embed = nn.Embedding(o.vocabulary, o.hidden)
        if o.cell == "lstm":
            self.rnn = nn.LSTM(o.hidden, o.hidden, o.layers)
        else:
            self.rnn = Layers(CELLS[o.cell], o.layers, o.hidden, o.compile)
        self.head = nn.Linear(o.hidden, o.vocabulary)

    def forward(self, ids):
        return self.head(self.rnn(self.embed(ids))[0])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cell", default="lstm")
    for name in ("layers", "hidden", "batch", "length", "vocabulary", "threads"):
        options.add_argument(f"--{name}", type=int, required=True)
    options.add_argument("--compile", action="store_true", help="compile the step of the custom cell")
    options.add_argument("--follow", action="store_true", help="there is no other way")
    o = options.parse_args()

    torch.set_num_threads(o.threads)
    before = peak_mib()
    model = Model(o)
    parameters = list(model.parameters())
    adam = torch.optim.Adam(parameters, lr=1e-3, fused=True)  # the fastest that PyTorch has
    count = o.length * o.batch
    ids, following = (
        ((torch.arange(count) + i) * 7919 % o.vocabulary).reshape(o.length, o.batch) for i in (0, 1)
    )

    def step():
        adam.zero_grad(set_to_none=True)
        logits = model(ids)
        loss = nn.functional.cross_entropy(logits.reshape(count, -1), following.reshape(count))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        adam.step()

    for _ in sys.stdin:
        step()
        samples = []
        while sum(samples) < 0.1:
            start = time.perf_counter()
            step()
            samples.append(time.perf_counter() - start)
        print(statistics.median(samples), before, peak_mib(), flush=True)


if __name__ == "__main__":
    main()
