"""CTC: the losses and the gradient with respect to the logits, through log_softmax."""

import torch
from torch.nn import functional as F

from golden_writer import Random, write


def ctc_case(logits, targets, input_lengths, target_lengths, seed, **options):
    """`none` has the weights `seed`."""
    entries = {
        "logits": logits,
        "targets": targets,
        "input_lengths": input_lengths,
        "target_lengths": target_lengths,
        "blank": options.get("blank", 0),
        "zero_infinity": options.get("zero_infinity", False),
        "seed": seed,
    }
    for reduction in ("mean", "sum", "none"):
        x = logits.clone().requires_grad_()
        value = F.ctc_loss(
            x.log_softmax(-1), targets, input_lengths, target_lengths, reduction=reduction, **options
        )
        (value * seed if reduction == "none" else value).sum().backward()
        entries |= {reduction: value, f"grad.{reduction}": x.grad}
    return entries


def labels(random, batch, most, classes, blank):
    """Random labels that are not the blank."""
    drawn = random.index(classes - 1, batch, most)
    return drawn + (drawn >= blank).long()


def ctc():
    random, cases = Random(50), {}

    def add(name, time, batch, classes, most, input_lengths, target_lengths, scale=3.0, targets=None, **options):
        x = random.real(time, batch, classes, scale=scale)
        y = labels(random, batch, most, classes, options.get("blank", 0)) if targets is None else targets
        cases[name] = ctc_case(
            x, y, torch.tensor(input_lengths), torch.tensor(target_lengths), random.real(batch), **options
        )

    add("plain", 12, 3, 5, 4, [12, 12, 12], [4, 4, 4])
    add("lengths", 15, 4, 6, 5, [15, 9, 12, 5], [5, 3, 1, 2])
    add("last blank", 10, 2, 4, 3, [10, 8], [3, 2], blank=3)
    add("middle blank", 10, 2, 5, 3, [9, 10], [1, 3], blank=2)
    add("repeats", 9, 2, 3, 4, [9, 9], [4, 3], targets=torch.tensor([[1, 1, 2, 2], [2, 2, 2, 1]]))
    add("just long enough", 4, 2, 4, 3, [4, 3], [3, 3], targets=torch.tensor([[1, 1, 2], [1, 2, 3]]))
    add("empty target", 6, 2, 4, 2, [6, 5], [0, 2])
    add("long", 40, 1, 6, 15, [40], [15])
    add("large logits", 12, 2, 5, 4, [12, 11], [4, 3], scale=60.0)
    add(
        "infeasible",
        5,
        3,
        4,
        4,
        [5, 4, 5],
        [4, 4, 3],
        targets=torch.tensor([[1, 1, 2, 2], [1, 2, 3, 1], [3, 3, 3, 0]]),
        zero_infinity=True,
    )
    write("ctc", cases)
