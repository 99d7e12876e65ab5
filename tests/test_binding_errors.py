"""The three classic errors of a binding, and that this one cannot make them.

Touching Python without the interpreter attached does not compile: tests/ci/test_misuse.py. Here are the others: a view that
outlives what it shows, and memory read as another type than it holds.
"""

from __future__ import annotations

import array
import ctypes
import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import hotkernels as hk
import numpy as np
import pytest


class Asked:
    """An exporter that does something of its own when it is asked for its buffer: by then the arguments before it are held."""

    def __init__(self, values: np.ndarray, act: Callable[[], object]) -> None:
        self.values, self.act = values, act

    def __buffer__(self, flags: int) -> memoryview:
        self.act()
        return memoryview(self.values)


TWO: dict[str, Callable[[Any, Any], object]] = {
    "dot": hk.dot,
    "cosine_similarity": hk.cosine_similarity,
}


class TestViewsDoNotOutliveTheirOwner:
    @pytest.mark.parametrize("name", TWO)
    @pytest.mark.parametrize("count", [4, 10_000])
    def test_an_argument_cannot_be_resized_during_the_call(self, name: str, count: int) -> None:
        owner = array.array("d", [1.0] * count)
        refused: list[bool] = []

        def resize() -> None:
            with pytest.raises(BufferError):
                owner.append(1.0)
            refused.append(True)

        assert TWO[name](owner, Asked(np.ones(count), resize)) == pytest.approx(count if name == "dot" else 1)
        assert refused
        owner.append(1.0)  # and afterwards it can: the call has let go of it
        assert len(owner) == count + 1

    @pytest.mark.parametrize("name", TWO)
    def test_an_argument_that_is_refused_is_let_go_of(self, name: str) -> None:
        owner = array.array("d", [1.0] * 4)
        for other, error in ((np.ones(5), ValueError), (np.ones(4, np.int32), TypeError), ("text", TypeError)):
            with pytest.raises(error):
                TWO[name](owner, other)
            with pytest.raises(error):
                TWO[name](other, owner)
        owner.append(1.0)

    def test_an_exporter_that_fails_is_an_error(self) -> None:
        def fail() -> None:
            raise RuntimeError("not now")

        owner = array.array("d", [1.0])
        with pytest.raises(BufferError, match=r"^b: Asked does not give its buffer: not now$"):
            hk.dot(owner, Asked(np.ones(1), fail))
        owner.append(1.0)

    def test_a_bytearray_cannot_be_resized_while_a_kernel_runs_detached(self, patience: int) -> None:
        owner = bytearray(8 * 500_000)
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                hk.sum(owner)

        thread = threading.Thread(target=read)
        thread.start()
        refused, deadline = False, time.monotonic() + 30 * patience
        try:
            while not refused and time.monotonic() < deadline:
                try:
                    owner.append(0)
                    owner.pop()
                except BufferError:
                    refused = True
        finally:
            stop.set()
            thread.join()
        assert refused
        owner.append(0)

    def test_a_view_of_a_vector_keeps_it(self) -> None:
        views: list[Any] = [memoryview(hk.Vector([1.0, 2.0, 3.0]))[1:], np.asarray(hk.Vector([1.0, 2.0, 3.0]))[1:]]
        gc.collect()
        filler = [hk.Vector([9.0, 9.0, 9.0]) for _ in range(1000)]
        assert [list(view) for view in views] == [[2.0, 3.0], [2.0, 3.0]]
        assert hk.dot(views[0], views[1]) == 13.0
        assert len(filler) == 1000

    def test_a_result_does_not_show_its_arguments(self) -> None:
        queries = np.eye(3)
        result = hk.cosine_matrix(queries)
        queries[:] = 7
        assert result.tolist() == np.eye(3).tolist()
        assert not np.shares_memory(result, queries)


class Pair(ctypes.Structure):
    _fields_ = (("a", ctypes.c_float), ("b", ctypes.c_float))


SWAPPED = ">" if np.little_endian else "<"
OTHER_ORDER = "__ctype_be__" if np.little_endian else "__ctype_le__"
WRONG: dict[str, Callable[[], Any]] = {
    "int32": lambda: np.ones(4, np.int32),
    "complex64, as wide as float64": lambda: np.ones(4, np.complex64),
    "datetime64, as wide as float64": lambda: np.ones(4, "M8[s]"),
    "float32 in the other byte order": lambda: np.ones(4, f"{SWAPPED}f4"),
    "float64 in the other byte order": lambda: np.ones(4, f"{SWAPPED}f8"),
    "structures of two float32": Pair * 4,
    "a ctypes array in the other byte order": getattr(ctypes.c_float, OTHER_ORDER) * 4,
    "bytes": lambda: b"\0" * 16,
    "characters": lambda: memoryview(bytearray(16)).cast("c"),
    "long double": lambda: np.ones(4, np.longdouble) if np.dtype(np.longdouble).itemsize > 8 else np.ones(4, np.int64),
}


class TestMemoryIsReadAsWhatItHolds:
    @pytest.mark.parametrize("name", TWO)
    @pytest.mark.parametrize("wrong", WRONG)
    def test_another_type_is_refused_by_name(self, name: str, wrong: str) -> None:
        for right in (np.ones(4), np.ones(4, np.float32)):
            with pytest.raises((TypeError, BufferError), match=r"^a(:| has dtype )"):
                TWO[name](WRONG[wrong](), right)
            with pytest.raises((TypeError, BufferError), match=r"^b(:| has dtype )"):
                TWO[name](right, WRONG[wrong]())

    @pytest.mark.parametrize("name", TWO)
    def test_two_types_do_not_mix(self, name: str) -> None:
        single, double = np.ones(4, np.float32), np.ones(4)
        for a, b in ((single, double), (double, single), (hk.Vector(single), double), (hk.Vector(double), hk.Vector(single))):
            with pytest.raises(TypeError, match=r"^a has dtype float\d\d and b has dtype float\d\d; one dtype"):
                TWO[name](a, b)

    def test_names_of_the_same_type_are_taken(self) -> None:
        values = np.arange(4.0)
        for letters in ("d", "@d", "=d", "<d" if np.little_endian else ">d"):
            raw = ctypes.create_string_buffer(values.tobytes(), values.nbytes)
            typed = np.frombuffer(raw, np.dtype(letters.lstrip("@")))
            assert hk.dot(typed, values) == 14.0
        assert hk.dot((ctypes.c_double * 4)(0, 1, 2, 3), values) == 14.0

    def test_memory_that_is_not_aligned_is_copied(self) -> None:
        raw = np.zeros(33, np.uint8)
        raw[1:] = np.frombuffer(np.arange(4.0).tobytes(), np.uint8)
        assert hk.dot(raw[1:].view(np.float64), np.arange(4.0)) == 14.0
