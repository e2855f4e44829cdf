"""Losses of sequences: class weights, soft targets, masks, divergences, quantiles; regularisers of outputs."""

import torch
from torch.nn import functional as F

from golden_losses import loss_case
from golden_writer import Random, write

REDUCTIONS = ("mean", "sum", "none")


def masked(losses, mask, reduction, denominators=None):
    """The reduction of the losses that the mask counts, of which PyTorch's own functions see only these."""
    if reduction == "none":
        return torch.where(mask, losses, torch.zeros_like(losses))
    total = losses[mask].sum()
    if reduction == "sum":
        return total
    return total / (mask.sum() if denominators is None else denominators[mask].sum())


def cross_entropy_cases(random, cases):
    logits, target = random.real(4, 3, 5, scale=3), random.index(5, 4, 3)
    weights = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0])
    target[0, 0], target[1, 1] = 2, -100  # one has weight zero, one is ignored
    mask = torch.tensor([[1, 1, 1], [1, 1, 1], [1, 0, 1], [0, 0, 1]]).bool()

    def add(name, reduction, smoothing, weight, use_mask, loss="cross_entropy"):
        def function(flat):
            x, y = flat.reshape(-1, 5), target.reshape(-1)
            options = {"weight": weight, "ignore_index": -100}
            if loss == "cross_entropy":
                options["label_smoothing"] = smoothing
            of = F.cross_entropy if loss == "cross_entropy" else F.nll_loss
            if not use_mask:
                value = of(x, y, reduction=reduction, **options)
                return value.reshape(target.shape) if reduction == "none" else value
            if reduction != "none":
                return of(x[mask.reshape(-1)], y[mask.reshape(-1)], reduction=reduction, **options)
            value = of(x, y, reduction="none", **options).reshape(target.shape)
            return torch.where(mask, value, torch.zeros_like(value))

        entries = {"loss": loss, "reduction": reduction, "label_smoothing": smoothing, "ignore_index": -100}
        entries |= {"input": logits, "target": target}
        if weight is not None:
            entries["weights"] = weight
        if use_mask:
            entries["mask"] = mask.long()
        cases[f"{loss} {name} {reduction}"] = loss_case(random, function, entries)

    for reduction in REDUCTIONS:
        add("weights", reduction, 0.0, weights, False)
        add("weights label_smoothing", reduction, 0.2, weights, False)
        add("mask", reduction, 0.0, None, True)
        add("mask label_smoothing", reduction, 0.2, None, True)
        add("mask weights label_smoothing", reduction, 0.2, weights, True)
        add("weights", reduction, 0.0, weights, False, "nll")
        add("mask weights", reduction, 0.0, weights, True, "nll")


def soft_cases(random, cases):
    logits, target = random.real(4, 3, 5, scale=3), random.real(4, 3, 5, scale=2).softmax(-1)
    target[0, 0] = torch.tensor([0.0, 0.25, 0.0, 0.75, 0.0])
    weights = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0])
    mask = torch.tensor([[1, 1, 1], [1, 1, 1], [1, 0, 1], [0, 0, 1]]).bool()
    for reduction in REDUCTIONS:
        for name, smoothing, weight, use_mask in (
            ("plain", 0.0, None, False),
            ("label_smoothing", 0.2, None, False),
            ("weights label_smoothing", 0.2, weights, False),
            ("mask weights", 0.0, weights, True),
        ):

            def function(flat):
                losses = F.cross_entropy(
                    flat.reshape(-1, 5),
                    target.reshape(-1, 5),
                    reduction=reduction if not use_mask else "none",
                    label_smoothing=smoothing,
                    weight=weight,
                )
                if use_mask:
                    return masked(losses.reshape(4, 3), mask, reduction)
                return losses.reshape(4, 3) if reduction == "none" else losses

            entries = {"loss": "soft_cross_entropy", "reduction": reduction, "label_smoothing": smoothing}
            entries |= {"input": logits, "target": target}
            if weight is not None:
                entries["weights"] = weight
            if use_mask:
                entries["mask"] = mask.long()
            cases[f"soft_cross_entropy {name} {reduction}"] = loss_case(random, function, entries)


def masked_cases(random, cases):
    x, target = random.real(4, 3, 2, scale=2), random.real(4, 3, 2)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).bool()
    each = mask[..., None].expand(x.shape)
    kinds = {
        "mse": (F.mse_loss, {}),
        "l1": (F.l1_loss, {}),
        "huber": (F.huber_loss, {"delta": 0.7}),
        "bce_with_logits": (F.binary_cross_entropy_with_logits, {}),
    }
    for name, (function, options) in kinds.items():
        y = target.abs() if name == "bce_with_logits" else target
        for reduction in REDUCTIONS:
            some = torch.roll(each, 1, 2) & each.flip(0)
            for form, of in (("mask of steps", mask), ("mask of elements", some)):
                counted = of[..., None].expand(x.shape) if of.dim() == 2 else of
                cases[f"{name} {form} {reduction}"] = loss_case(
                    random,
                    lambda v: masked(function(v, y, reduction="none", **options), counted, reduction),
                    {"loss": name, "reduction": reduction}
                    | options
                    | {"input": x, "target": y, "mask": of.long()},
                )


def kl_cases(random, cases):
    log_q, p = random.real(4, 3, 5, scale=3).log_softmax(-1), random.real(4, 3, 5, scale=3).softmax(-1)
    sparse = p.clone()
    sparse[1, 2] = torch.tensor([0.0, 0.5, 0.0, 0.5, 0.0])
    mask = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).bool()
    for reduction in REDUCTIONS:
        for name, target, log_target, use_mask in (
            ("plain", sparse, False, False),
            ("log_target", p.log(), True, False),
            ("mask", sparse, False, True),
        ):

            def function(v):
                losses = F.kl_div(v, target, reduction="none", log_target=log_target).sum(-1)
                if use_mask:
                    return masked(losses, mask, reduction)
                flat = v.reshape(-1, 5), target.reshape(-1, 5)
                if reduction == "mean":
                    return F.kl_div(*flat, reduction="batchmean", log_target=log_target)
                if reduction == "none":
                    return losses
                return F.kl_div(v, target, reduction="sum", log_target=log_target)

            entries = {"loss": "kl_div", "reduction": reduction, "log_target": log_target}
            entries |= {"input": log_q, "target": target}
            if use_mask:
                entries["mask"] = mask.long()
            cases[f"kl_div {name} {reduction}"] = loss_case(random, function, entries)


def quantile_cases(random, cases):
    target = random.real(4, 3)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).bool()
    for name, quantiles, x, use_mask in (
        ("one", [0.3], random.real(4, 3, scale=2), False),
        ("one on an axis", [0.8], random.real(4, 3, 1, scale=2), False),
        ("three", [0.1, 0.5, 0.9], random.real(4, 3, 3, scale=2), False),
        ("three mask", [0.1, 0.5, 0.9], random.real(4, 3, 3, scale=2), True),
    ):
        for reduction in REDUCTIONS:

            def function(v):
                d = target - v if v.dim() == 2 else target[..., None] - v
                q = torch.tensor(quantiles)
                losses = torch.where(d > 0, q * d, (q - 1) * d)
                if use_mask:
                    return masked(losses, mask[..., None].expand(losses.shape), reduction)
                return {"mean": losses.mean(), "sum": losses.sum(), "none": losses}[reduction]

            entries = {"loss": "quantile", "reduction": reduction, "quantiles": torch.tensor(quantiles)}
            entries |= {"input": x, "target": target}
            if use_mask:
                entries["mask"] = mask.long()
            cases[f"quantile {name} {reduction}"] = loss_case(random, function, entries)


def regularizer_cases(random, cases):
    """As in the language model of Merity et al., over the steps of each sequence that are there."""
    x = random.real(5, 3, 4)
    lengths = [5, 3, 1]
    sequences = [lambda v, b=b, n=n: v[:n, b] for b, n in enumerate(lengths)]

    def activation(v, parts):
        return 2.0 * torch.cat([part(v) for part in parts]).pow(2).mean()

    def temporal(v, parts):
        return 0.5 * torch.cat([part(v)[1:] - part(v)[:-1] for part in parts]).pow(2).mean()

    whole = [lambda v: v]
    for name, function in (("activation", activation), ("temporal_activation", temporal)):
        for form, parts in (("plain", whole), ("lengths", sequences)):
            entries = {"loss": name, "input": x}
            if parts is sequences:
                entries["lengths"] = torch.tensor(lengths)
            cases[f"{name} {form}"] = loss_case(random, lambda v: function(v, parts), entries)


def more_losses():
    random, cases = Random(60), {}
    for add in (
        cross_entropy_cases,
        soft_cases,
        masked_cases,
        kl_cases,
        quantile_cases,
        regularizer_cases,
    ):
        add(random, cases)
    write("more_losses", cases)
