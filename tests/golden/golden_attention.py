"""Attention: context and weights with all gradients, time on axis 0 as in the library."""

import torch
from torch.nn import functional as F

from golden_writer import Random, write


def visible(mask, causal, queries, keys):
    """[batch, queries, keys]: what each query sees."""
    seen = mask.bool().t()[:, None, :].expand(-1, queries, -1)
    return seen & torch.ones(queries, keys).tril().bool() if causal else seen


def scores(kind, q, k, weights):
    """Of q [batch, queries, size] and k [batch, keys, size], as in the papers."""
    if kind == "additive":
        asked, known = q @ weights["query_weight"], k @ weights["key_weight"]
        return (asked[:, :, None] + known[:, None]).tanh() @ weights["score_weight"]
    return q @ (k @ weights["key_weight"] if kind == "general" else k).transpose(1, 2)


def attention_case(random, kind, sizes, scaled=False, masked=False, causal=False):
    queries_count, keys_count, batch, query_size, key_size, width, units = sizes
    shapes = {
        "additive": {"key_weight": (key_size, units), "query_weight": (query_size, units), "score_weight": (units,)},
        "general": {"key_weight": (key_size, query_size)},
        "dot": {},
    }[kind]
    weights = {name: random.real(*shape).requires_grad_() for name, shape in shapes.items()}
    inputs = {
        "queries": random.real(queries_count, batch, query_size, scale=2).requires_grad_(),
        "keys": random.real(keys_count, batch, key_size, scale=2).requires_grad_(),
        "values": random.real(keys_count, batch, width, scale=2).requires_grad_(),
    }
    mask = random.index(3, keys_count, batch) > 0 if masked else torch.ones(keys_count, batch).bool()
    mask[0] = True  # PyTorch gives NaN where nothing is there
    q, k, v = (x.transpose(0, 1) for x in inputs.values())
    seen = visible(mask, causal, queries_count, keys_count)
    scale = query_size**-0.5 if scaled else 1.0
    fit = (scores(kind, q, k, weights) * scale).masked_fill(~seen, float("-inf"))
    attended = fit.softmax(-1)
    context = attended @ v
    if kind == "dot":
        torch_context = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=scale)
        assert torch.allclose(context, torch_context, rtol=0, atol=1e-14)
        context = torch_context
    context, attended = context.transpose(0, 1), attended.transpose(0, 1)
    seeds = {"seed.context": random.real(*context.shape), "seed.weights": random.real(*attended.shape)}
    ((context * seeds["seed.context"]).sum() + (attended * seeds["seed.weights"]).sum()).backward()
    case = {"score": kind, "scaled": scaled, "causal": causal, "units": units if kind == "additive" else 0}
    case |= {"mask": mask.long()} | inputs | weights
    case |= {"context": context, "weights": attended} | seeds
    return case | {f"grad.{name}": x.grad for name, x in (inputs | weights).items()}


def attention():
    random, cases = Random(50), {}
    for kind in ("additive", "dot", "general"):
        key_size = 4 if kind == "dot" else 5
        across, within = (3, 6, 2, 4, key_size, 3, 7), (5, 5, 3, 4, key_size, 2, 4)
        for scaled in (False,) if kind == "additive" else (False, True):
            name = f"{kind} scaled" if scaled else kind
            cases[name] = attention_case(random, kind, across, scaled)
            cases[f"{name} masked"] = attention_case(random, kind, across, scaled, masked=True)
            cases[f"{name} causal"] = attention_case(random, kind, within, scaled, causal=True)
            cases[f"{name} causal masked"] = attention_case(
                random, kind, within, scaled, masked=True, causal=True
            )
    write("attention", cases)
