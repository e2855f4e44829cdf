"""How the golden values are drawn and written; see README.md for the layout."""

import json
import math
import pathlib
import sys

import torch

FOLDER = pathlib.Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def number(value):
    """JSON has no infinities and no NaN: they become the strings "inf", "-inf" and "nan"."""
    return value if isinstance(value, int) or math.isfinite(value) else repr(value)


def plain(value):
    if isinstance(value, torch.Tensor):
        flat = value.detach().reshape(-1).tolist()
        return {"shape": list(value.shape), "data": [number(v) for v in flat]}
    if isinstance(value, bool):
        return value
    return number(value) if isinstance(value, (int, float)) else value


def write(topic, cases):
    """One line per entry keeps the files compact and their differences readable."""
    source = {
        "package": "torch",
        "version": torch.__version__,
        "dtype": "float64",
        "script": "make_golden.py",
    }
    blocks = []
    for name, case in cases.items():
        lines = [
            f"   {json.dumps(key)}: {json.dumps(plain(v), separators=(',', ':'))}" for key, v in case.items()
        ]
        blocks.append(f"  {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n  }")
    text = f'{{\n "source": {json.dumps(source)},\n "cases": {{\n' + ",\n".join(blocks) + "\n }\n}\n"
    json.loads(text, parse_constant=lambda word: sys.exit(f"{topic}: {word} is not JSON"))
    (FOLDER / f"{topic}.json").write_text(text)
    print(f"{topic}.json: {len(cases)} cases, {len(text)} bytes")


class Random:
    """Random multiples of 1/256 in [-scale, scale]."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def real(self, *shape, scale=1.0):
        limit = round(scale * 256)
        return torch.randint(-limit, limit + 1, shape, generator=self.generator).double() / 256

    def index(self, count, *shape):
        return torch.randint(0, count, shape, generator=self.generator)
