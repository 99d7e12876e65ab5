"""Python alone: loops of the interpreter's own."""

from __future__ import annotations

from array import array
from collections.abc import Buffer, Sequence


def add(a: int, b: int) -> int:
    return a + b


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


dot_of_lists = dot


def total(x: Buffer, count: int) -> float:
    result = 0.0
    for value in memoryview(x)[:count]:
        result += value
    return result


def total_of_copy(x: Buffer, count: int) -> float:
    own = array("d")
    own.frombytes(memoryview(x).cast("B"))
    return total(own, count)
