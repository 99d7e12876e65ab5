"""Nothing is kept of a call: no reference, no block of Python's, no byte of the heap; the same for what is refused.

Some hundred calls each here, a million for a night (pytest --hypothesis-profile=nightly): a call that keeps something does so
again and again, what comes and goes does not.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import calls
import hotkernels as hk
import numpy as np
import pytest

ROUNDS = 3
"""A leak grows in each."""

REPEATS = {"emulated": 20, "sanitized": 20, "nightly": 500_000}
"""Calls of a round, by Hypothesis's profile; there are two at least."""

MANY = 2000
"""Calls of a round where fewer seem to keep something."""

KEPT = 8
"""Bytes a call; an allocator gives no fewer."""


class Heap(ctypes.Structure):
    """glibc's mallinfo2."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]
    ]


def heap() -> Callable[[], int] | None:
    """What the C library's allocator has given out, in bytes: Rust's memory, most of NumPy's. None where it is not told."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    if hasattr(library, "__sanitizer_get_current_allocated_bytes"):  # whose allocator has taken the place of the C library's
        counted = library.__sanitizer_get_current_allocated_bytes
        counted.restype = ctypes.c_size_t
        return lambda: int(counted())
    if not hasattr(library, "mallinfo2"):
        return None
    told = library.mallinfo2
    told.restype = Heap

    def given() -> int:
        found = told()
        return int(found.uordblks + found.hblkhd)

    return given


HEAP = heap()


GIVEN = {name: value for name, value in vars(calls).items() if not callable(value) and not name.startswith("_")}
"""What the calls are made with; functions and classes are not counted on every build."""


def growth(work: Callable[[], object], repeats: int) -> list[str]:
    """What grew in each round, and again with many more calls, as tables of Python do not; nothing where all is well."""
    return grown(work, repeats) and grown(work, max(repeats, MANY))


def grown(work: Callable[[], object], repeats: int) -> list[str]:
    """What grew in each round."""
    steps: dict[str, list[int]] = {}
    for number in range(1 + ROUNDS):
        references = {name: sys.getrefcount(value) for name, value in GIVEN.items()}
        heap = HEAP() if HEAP else 0
        # The blocks last, and then first: what is made here to count the others is no part of them.
        blocks = sys.getallocatedblocks()
        for _ in itertools.repeat(None, repeats):
            work()
        gc.collect()
        blocks = sys.getallocatedblocks() - blocks
        gained = {"blocks of Python's memory": blocks, "bytes of the heap": (HEAP() if HEAP else 0) - heap}
        gained |= {f"references to {name}": sys.getrefcount(value) - references[name] for name, value in GIVEN.items()}
        if number > 0:  # the first fills caches, and the allocator's bins
            for name, step in gained.items():
                steps.setdefault(name, []).append(step)
        if number > 0 and not any(step >= least(name, repeats) for name, step in gained.items()):
            return []
    return [f"{name}: {each} in rounds of {repeats} calls" for name, each in steps.items() if min(each) >= least(name, repeats)]


def least(name: str, repeats: int) -> int:
    """What is growth, of one round: half of what a call that keeps one thing keeps."""
    return KEPT * repeats if name.startswith("bytes") else max(1, repeats // 2)


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """What is there already is not looked at again by each of many collections."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def repeats(pytestconfig: pytest.Config) -> int:
    return REPEATS.get(pytestconfig.getoption("--hypothesis-profile") or "", 40)


def test_every_function_and_method_is_called() -> None:
    assert calls.public() - set(calls.COVERED) == set()
    assert {name for name in calls.COVERED if name.partition(".")[0] not in calls.public()} == set()


@pytest.mark.thread_unsafe(reason="counts the memory of the whole process")
@pytest.mark.parametrize("name", calls.CALLS)
def test_a_call_keeps_nothing(name: str, repeats: int) -> None:
    assert growth(calls.CALLS[name], repeats) == []


@pytest.mark.thread_unsafe(reason="counts the memory of the whole process")
@pytest.mark.parametrize("name", calls.REFUSED)
def test_what_is_refused_keeps_nothing(name: str, repeats: int) -> None:
    error, work = calls.REFUSED[name]
    assert growth(lambda: calls.attempt(work, error), repeats) == []


def forgotten(size: int) -> None:
    """Memory that nobody gives back."""
    ctypes.CDLL(None).malloc(ctypes.c_size_t(size))


kept: list[Any] = []


@pytest.mark.thread_unsafe(reason="counts the memory of the whole process")
@pytest.mark.parametrize(
    ("what", "work"),
    [
        ("references to f64", lambda: kept.append(calls.f64)),
        pytest.param(
            "blocks",
            lambda: kept.append(object()),
            marks=pytest.mark.skipif(sys.getallocatedblocks() == 0, reason="each object is an allocation of the C library's"),
        ),
        pytest.param(
            "bytes", lambda: forgotten(24), marks=pytest.mark.skipif(HEAP is None, reason="the heap's size is not told")
        ),
    ],
)
def test_a_leak_is_seen(what: str, work: Callable[[], object]) -> None:
    try:
        assert [found for found in growth(work, 60) if found.startswith(what)]
    finally:
        kept.clear()


def test_what_is_called_gives_the_same_each_time() -> None:
    """Or the calls would show less than they seem to: none depends on what was called before."""
    for name, work in calls.CALLS.items():
        if name.startswith("ThreadSafeCounter"):
            continue
        first, second = work(), work()
        if not isinstance(first, hk.Vector | hk.CandleRenderer):
            np.testing.assert_equal(first, second, err_msg=name)
