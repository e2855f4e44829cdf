"""Golden values of bidirectional layers over sequences of different lengths."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from golden_writer import Random, write


def bidirectional_case(layer, random, layers, lengths, sizes):
    steps, inputs, hidden = sizes
    batch = len(lengths)
    net = layer(inputs, hidden, num_layers=layers, bidirectional=True)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(random.real(*parameter.shape, scale=0.75))
    is_lstm = layer is nn.LSTM
    x = random.real(steps, batch, inputs, scale=1.5).requires_grad_()
    names = ["h", "c"] if is_lstm else ["h"]
    start = [random.real(2 * layers, batch, hidden).requires_grad_() for _ in names]
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    packed_output, final = net(packed, tuple(start) if is_lstm else start[0])
    output, _ = pad_packed_sequence(packed_output, total_length=steps)
    final = list(final) if is_lstm else [final]
    seeds = [random.real(*t.shape) for t in [output] + final]
    loss = sum((t * s).sum() for t, s in zip([output] + final, seeds))
    loss.backward()

    parameters = dict(net.named_parameters())
    case = {"layers": layers, "T": steps, "B": batch, "I": inputs, "H": hidden}
    case["lengths"] = torch.tensor(lengths)
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


def bidirectional():
    random, cases = Random(60), {}
    for layer in (nn.LSTM, nn.GRU):
        for layers in (1, 2):
            name = f"{layer.__name__} layers={layers}"
            cases[name] = bidirectional_case(layer, random, layers, [3, 5, 1, 4], (5, 3, 4))
    write("bidirectional", cases)
