"""ctypes: a library of C is opened, and told from Python what its functions take. Nothing checks that this is so."""

from __future__ import annotations

import ctypes
from collections.abc import Buffer, Sequence
from pathlib import Path

library = ctypes.CDLL(str(Path(__file__).with_name("libloops.so")))

add = library.add
add.argtypes, add.restype = [ctypes.c_int64, ctypes.c_int64], ctypes.c_int64
library.dot.argtypes = [ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_double), ctypes.c_size_t]
library.dot.restype = ctypes.c_double
library.total.argtypes, library.total.restype = [ctypes.POINTER(ctypes.c_double), ctypes.c_size_t], ctypes.c_double


def lent(x: Buffer) -> ctypes.Array[ctypes.c_double]:
    """The buffer's own memory; from_buffer takes none that is read-only."""
    view = memoryview(x)
    if view.format != "d" or view.ndim != 1 or not view.c_contiguous:
        raise TypeError("one contiguous row of float64 is taken")
    return (ctypes.c_double * view.shape[0]).from_buffer(view)


def together(a: ctypes.Array[ctypes.c_double], b: ctypes.Array[ctypes.c_double]) -> float:
    if len(a) != len(b):
        raise ValueError("the lengths differ")
    result: float = library.dot(a, b, len(a))
    return result


def dot(a: Buffer, b: Buffer) -> float:
    return together(lent(a), lent(b))


def dot_of_lists(a: Sequence[float], b: Sequence[float]) -> float:
    return together((ctypes.c_double * len(a))(*a), (ctypes.c_double * len(b))(*b))


def total(x: Buffer, count: int) -> float:
    own = lent(x)
    result: float = library.total(own, min(count, len(own)))
    return result


def total_of_copy(x: Buffer, count: int) -> float:
    view = memoryview(x)
    own = (ctypes.c_double * view.shape[0]).from_buffer_copy(view)
    result: float = library.total(own, min(count, len(own)))
    return result
