"""cffi in API mode: what Python sees of the compiled module."""

from __future__ import annotations

from collections.abc import Buffer, Sequence
from typing import Any

from _loops import ffi, lib

add = lib.add


def lent(x: Buffer) -> Any:
    """The buffer's own memory, read-only too."""
    view = memoryview(x)
    if view.format != "d" or view.ndim != 1:
        raise TypeError("one row of float64 is taken")
    return ffi.from_buffer("double[]", view)


def together(a: Any, b: Any) -> float:
    if len(a) != len(b):
        raise ValueError("the lengths differ")
    result: float = lib.dot(a, b, len(a))
    return result


def dot(a: Buffer, b: Buffer) -> float:
    return together(lent(a), lent(b))


def dot_of_lists(a: Sequence[float], b: Sequence[float]) -> float:
    return together(ffi.new("double[]", a), ffi.new("double[]", b))


def total(x: Buffer, count: int) -> float:
    own = lent(x)
    result: float = lib.total(own, min(count, len(own)))
    return result


def total_of_copy(x: Buffer, count: int) -> float:
    source = lent(x)
    own = ffi.new("double[]", len(source))
    ffi.memmove(own, source, ffi.sizeof(source))
    result: float = lib.total(own, min(count, len(own)))
    return result
