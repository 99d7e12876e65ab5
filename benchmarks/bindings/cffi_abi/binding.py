"""cffi in ABI mode: a library of C is opened, and told in C's own words what it has. No compiler; nothing checks the words."""

from __future__ import annotations

from collections.abc import Buffer, Sequence
from pathlib import Path
from typing import Any

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    int64_t add(int64_t a, int64_t b);
    double dot(const double *a, const double *b, size_t n);
    double total(const double *x, size_t n);
""")
library = ffi.dlopen(str(Path(__file__).with_name("libloops.so")))

add = library.add


def lent(x: Buffer) -> Any:
    """The buffer's own memory, read-only too."""
    view = memoryview(x)
    if view.format != "d" or view.ndim != 1:
        raise TypeError("one row of float64 is taken")
    return ffi.from_buffer("double[]", view)


def together(a: Any, b: Any) -> float:
    if len(a) != len(b):
        raise ValueError("the lengths differ")
    result: float = library.dot(a, b, len(a))
    return result


def dot(a: Buffer, b: Buffer) -> float:
    return together(lent(a), lent(b))


def dot_of_lists(a: Sequence[float], b: Sequence[float]) -> float:
    return together(ffi.new("double[]", a), ffi.new("double[]", b))


def total(x: Buffer, count: int) -> float:
    own = lent(x)
    result: float = library.total(own, min(count, len(own)))
    return result


def total_of_copy(x: Buffer, count: int) -> float:
    source = lent(x)
    own = ffi.new("double[]", len(source))
    ffi.memmove(own, source, ffi.sizeof(source))
    result: float = library.total(own, min(count, len(own)))
    return result
