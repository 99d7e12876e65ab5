"""The GIL: never switched on, let go of by every kernel; and what threads do to each other's results: nothing."""

from __future__ import annotations

import _thread
import os
import random
import signal
import sys
import sysconfig
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import repeat
from typing import Any

import hotkernels as hk
import numpy as np
import pytest

FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()

big32 = np.random.default_rng(0).standard_normal(4_000_000).astype(np.float32)
big64 = big32.astype(np.float64)
rows = big32[:614_400].reshape(800, 768)
letters = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz ", k=40_000))
lines = [letters[start : start + 60] for start in range(0, 39_000, 13)]


def chart() -> bytes:
    """A renderer anew, its overview too."""
    renderer = hk.CandleRenderer(800, 400)
    renderer.set_candles(big64, big64, big64, big64)
    return bytes(renderer.generate_render_commands(0, len(big64)))


KERNELS: dict[str, Callable[[], Any]] = {
    "dot float32": lambda: hk.dot(big32, big32),
    "dot float64": lambda: hk.dot(big64, big64),
    "dot strided": lambda: hk.dot(big32[::2], big32[::2]),
    "cosine_similarity": lambda: hk.cosine_similarity(big64, big64),
    "cosine_similarity of Vectors": lambda: hk.Vector(big32[:100_000]).cosine_similarity(hk.Vector(big32[:100_000])),
    "cosine_matrix float32": lambda: hk.cosine_matrix(rows, threads=1),
    "cosine_matrix float64": lambda: hk.cosine_matrix(rows[:300].astype(np.float64), threads=1),
    "cosine_matrix int8": lambda: hk.cosine_matrix(rows.astype(np.int8), threads=1),
    "top_k": lambda: hk.top_k(rows, rows, 5, threads=1),
    "top_k of one": lambda: hk.top_k(rows[:1], rows, 5, threads=1),
    "median_filter uint8": lambda: hk.median_filter(rows.view(np.uint8), 9, threads=1),
    "median_filter float32": lambda: hk.median_filter(rows[:100], 61, threads=1),
    "sum float32": lambda: hk.sum(big32),
    "sum float64": lambda: hk.sum(big64),
    "sum int32": lambda: hk.sum(big32.view(np.int32)),
    "levenshtein_distance": lambda: hk.levenshtein_distance(letters[:20_000], letters[20_000:]),
    "osa_distance": lambda: hk.osa_distance(letters[:20_000], letters[20_000:]),
    "damerau_levenshtein_distance": lambda: hk.damerau_levenshtein_distance(letters[:1500], letters[-1500:]),
    "hamming_distance": lambda: hk.hamming_distance(letters, letters[1:]),
    "jaro_similarity": lambda: hk.jaro_similarity(letters, letters[::-1]),
    "jaccard_similarity": lambda: hk.jaccard_similarity(letters, letters[1:], 3),
    "grapheme clusters": lambda: hk.hamming_distance(letters + "\u0301", letters),
    "soundex": lambda: hk.soundex("a" * 100_000),
    "metaphone": lambda: hk.metaphone(letters),
    "nysiis": lambda: hk.nysiis(letters),
    "match_rating_codex": lambda: hk.match_rating_codex(letters),
    "cdist": lambda: hk.cdist(lines[:300], lines, "damerau_levenshtein", threads=1),
    "best_match": lambda: hk.best_match(lines[:300], lines, "damerau_levenshtein", threads=1),
    "cpdist": lambda: hk.cpdist(lines * 40, lines[::-1] * 40, "damerau_levenshtein", threads=1),
    "chart": chart,
}


def test_import_leaves_the_gil_alone() -> None:
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert FREE_THREADED, "importing hotkernels switched the GIL on"
    else:
        assert not FREE_THREADED


@contextmanager
def ticking() -> Iterator[list[int]]:
    """Another thread that counts whenever it gets to run, and holds the interpreter no longer than one count.

    With the switch interval at ten seconds nobody is made to let go: it runs only while a call lets go by itself.
    """
    count, stop = [0], threading.Event()

    def tick() -> None:
        while not stop.is_set():
            count[0] += 1
            time.sleep(0)

    before = sys.getswitchinterval()
    sys.setswitchinterval(10)
    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(before)


@pytest.mark.thread_unsafe(reason="sets the switch interval")
@pytest.mark.parametrize("name", KERNELS)
def test_another_thread_runs_meanwhile(name: str) -> None:
    kernel = KERNELS[name]
    with ticking() as count:
        before, deadline = count[0], time.monotonic() + 30
        while count[0] < before + 200:
            assert time.monotonic() < deadline, f"{count[0] - before} counts in 30 s: {name} holds the GIL"
            kernel()


if not FREE_THREADED:  # elsewhere there is no GIL to hold

    @pytest.mark.thread_unsafe(reason="sets the switch interval")
    def test_the_measure_sees_a_call_that_holds_the_gil() -> None:
        with ticking() as count:
            values = list(range(300_000))
            before = count[0]
            for _ in range(20):
                sorted(values, key=int)
            assert count[0] - before < 200


@pytest.mark.parametrize("name", KERNELS)
def test_many_threads_get_the_same(name: str) -> None:
    kernel = KERNELS[name]
    expected = np.asarray(kernel())
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: kernel(), range(4)):
            np.testing.assert_array_equal(result, expected)


def test_reading_while_another_writes_is_no_crash() -> None:
    values = np.ones((64, 512))
    stop = threading.Event()

    def write() -> None:
        bits = np.random.default_rng(1)
        while not stop.is_set():
            values[:] = bits.integers(0, 2**63, values.shape, np.uint64).view(np.float64)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(30):
            with suppress(ValueError):  # infinities of both signs, as the bits would have it
                hk.sum(values)
            hk.cosine_matrix(values)
            hk.median_filter(values, 3)
            hk.median_filter(values, 45)
            hk.dot(values[0], values[1])
    finally:
        stop.set()
        thread.join()


class TestCounter:
    def test_counts(self) -> None:
        counter = hk.ThreadSafeCounter()
        assert counter.get() == 0
        assert [counter.increment() for _ in range(3)] == [1, 2, 3]
        assert counter.get() == 3
        assert repr(counter) == "ThreadSafeCounter(3)"

    def test_loses_nothing_and_gives_nothing_twice(self) -> None:
        counter, threads, each = hk.ThreadSafeCounter(), 8, 20_000
        with ThreadPoolExecutor(threads) as pool:
            seen = pool.map(lambda _: [counter.increment() for _ in range(each)], range(threads))
            values = [value for part in seen for value in part]
        assert counter.get() == threads * each
        assert len(set(values)) == threads * each

    @pytest.mark.parallel_threads(1)
    def test_a_million_increments_of_each_of_eight_threads(self, patience: int) -> None:
        counter, threads, each = hk.ThreadSafeCounter(), 8, 1_000_000 // patience
        start = threading.Barrier(threads)

        def count() -> None:
            start.wait()
            increment = counter.increment
            for _ in repeat(None, each):
                increment()

        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(count) for _ in range(threads)]:
                done.result()
        assert counter.get() == threads * each
        assert counter.increment() == threads * each + 1

    def test_takes_no_arguments(self) -> None:
        with pytest.raises(TypeError):
            hk.ThreadSafeCounter(3)  # type: ignore[call-arg]


@pytest.mark.thread_unsafe(reason="signals go to the main thread")
@pytest.mark.parametrize(
    "kernel",
    [
        "cosine_matrix",
        "top_k",
        "median_filter",
        "sum",
        "dot",
        "levenshtein_distance",
        "damerau_levenshtein_distance",
        "cdist",
        "best_match",
    ],
)
def test_ctrl_c_stops_a_long_call(kernel: str, patience: int) -> None:
    # Seconds of work each, in memory that is there once.
    many = np.lib.stride_tricks.as_strided(big32, (30_000, 768), (128, 4))
    work = {
        "cosine_matrix": lambda: hk.cosine_matrix(np.lib.stride_tricks.as_strided(big32, (20_000, 768), (128, 4)), threads=2),
        "top_k": lambda: hk.top_k(many, many, 5, threads=2),
        "median_filter": lambda: [hk.median_filter(big32.reshape(2000, 2000), 61) for _ in range(100)],
        "sum": lambda: [hk.sum(big64) for _ in range(5000)],
        "dot": lambda: [hk.dot(big64, big64) for _ in range(5000)],
        "levenshtein_distance": lambda: hk.levenshtein_distance("ab" * 500_000, "ba" * 400_000 + "c"),
        "damerau_levenshtein_distance": lambda: hk.damerau_levenshtein_distance(letters * 40, letters[::-1] * 40),
        "cdist": lambda: hk.cdist(lines * 10, lines * 10, "damerau_levenshtein", dtype="uint8", threads=2),
        "best_match": lambda: hk.best_match(lines * 10, [line[::-1] for line in lines * 10], "damerau_levenshtein", threads=2),
    }[kernel]
    timer = threading.Timer(0.3, _thread.interrupt_main)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, previous)
    assert time.monotonic() - started < 5 * patience


@pytest.mark.thread_unsafe(reason="forks")
def test_after_fork_the_child_works() -> None:
    expected = hk.cosine_matrix(rows[:100], threads=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads about: what is tested
        child = os.fork()
    if child == 0:
        ok = np.array_equal(hk.cosine_matrix(rows[:100], threads=2), expected)
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.thread_unsafe(reason="forks")
def test_after_fork_in_the_middle_of_it_the_child_works() -> None:
    """The parent has threads in kernels, which the child has not: no lock that one of them held is left behind."""
    stop = threading.Event()
    renderer = hk.CandleRenderer(300, 200)
    renderer.set_candles(big64, big64, big64, big64)
    work: list[Callable[[], Any]] = [
        lambda: hk.cosine_matrix(rows[:100], threads=2),
        lambda: hk.cdist(lines[:100], lines, "osa", threads=2),
        lambda: hk.median_filter(rows[:60], 9, threads=2),
        lambda: hk.Vector(big32[:50_000]).norm,
    ]
    expected = [np.asarray(each()) for each in work]

    def again_and_again(each: Callable[[], Any]) -> None:
        while not stop.is_set():
            each()

    threads = [threading.Thread(target=again_and_again, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if child == 0:
                signal.alarm(60)  # of a child that hangs, the end
                right = all(np.array_equal(each(), known) for each, known in zip(work, expected, strict=True))
                right &= len(renderer.generate_render_commands(0, 1000)) > 0
                os._exit(0 if right else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
