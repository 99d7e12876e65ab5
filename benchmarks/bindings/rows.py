"""The rows of the family bindings: a call on two integers, and a dot product of short and long arrays, each way."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import bindings
from benchmarks.bindings import building, cost, handover, ways
from benchmarks.measure import Work

LENGTHS = (1, 10_000, 100_000, 1_000_000)
"""Of arrays; with one element a call is nearly all there is."""

INTEGERS = (1000, 2345)
"""Of the length that most are, and no such sum is kept ready by the interpreter."""


def rows() -> Iterator[Work]:
    """All of it."""
    modules = bindings.load()
    for name, module in modules.items():
        bindings.check_tensor(module, name, np.arange(1000.0))
    first, second = INTEGERS
    yield Work(
        name="add(int, int)",
        unit="calls",
        amount=1,
        peer="C",
        note="every row is called by a lambda",
        engines={name: lambda f=module.add: f(first, second) for name, module in modules.items()}
        | {"an empty lambda": lambda: None},
    )
    numbers = np.random.default_rng(7)
    for length in LENGTHS:
        a, b = (array("d", numbers.standard_normal(length)) for _ in range(2))
        for kind, (x, y) in {"dot": (a, b), "dot_of_lists": (a.tolist(), b.tolist())}.items():
            calls = {name: getattr(module, kind) for name, module in modules.items()}
            if len(found := {call(x, y) for call in calls.values()}) != 1:
                raise ArithmeticError(f"{kind} of {length} is not the same everywhere: {found}")
            yield Work(
                name=f"{kind}, {length:,} float64",
                unit="elements",
                amount=length,
                peer="C",
                note="the same loop everywhere",
                engines={name: lambda f=call, x=x, y=y: f(x, y) for name, call in calls.items()},
            )


def beside(rounds: int) -> dict[str, Any]:
    """What is kept beside the rows: the hand-over of 1 GB, a pass for five rounds, and what each way costs to have."""
    return {
        "handover": handover.measured(max(1, rounds // 5)),
        "ways": [building.described(way) | {"lines": cost.lines(way)} for way in ways.ALL],
        "compilers": building.compilers(),
    }
