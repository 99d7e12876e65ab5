"""Memory that another thread writes while a call reads it: whatever comes of it is within bounds, and nothing breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import hotkernels as hk
import numpy as np
import pytest

SECONDS = {"nightly": 30.0, "emulated": 0.1, "sanitized": 0.1}
"""Of each function, by Hypothesis's profile."""

bits = np.random.default_rng(7)


def noise(like: np.ndarray) -> list[np.ndarray]:
    """Contents of every kind: any bits, NaN and infinities among them, the largest numbers, nothing at all."""
    raw = [bits.integers(0, 256, like.nbytes, np.uint8).view(like.dtype).reshape(like.shape) for _ in range(2)]
    filled = [np.full_like(like, value) for value in (0, 1)]
    extremes = [np.full_like(like, value) for value in (np.nan, np.inf, -np.inf)] if like.dtype.kind == "f" else []
    return [*raw, *filled, *extremes]


@contextmanager
def written(array: np.ndarray) -> Iterator[None]:
    """Another thread writes the array again and again."""
    stop, contents = threading.Event(), noise(array)

    def write() -> None:
        number = 0
        while not stop.is_set():
            array[...] = contents[number % len(contents)]
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def f32(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def f64(*shape: int) -> np.ndarray:
    return np.ones(shape)


def is_number(_: np.ndarray, result: Any) -> None:
    assert isinstance(result, float | int)


def is_matrix(x: np.ndarray, result: Any) -> None:
    assert result.shape == (len(x), len(x))


def is_top(x: np.ndarray, result: Any) -> None:
    indices, scores = result
    assert indices.shape == scores.shape
    assert ((indices >= 0) & (indices < len(x))).all()
    # A row stands there once, whatever is in it.
    assert all(len(set(row)) == len(row) for row in indices.tolist())


def is_image(x: np.ndarray, result: Any) -> None:
    assert (result.shape, result.dtype) == (x.shape, x.dtype)


def is_chart(_: np.ndarray, result: Any) -> None:
    records = np.frombuffer(result, hk.CandleRenderer.dtype)
    assert len(records) <= 500 + 300
    for name in ("x", "y", "width", "height", "wick_top", "wick_bottom"):
        assert np.isfinite(records[name]).all(), name
    assert (records["x"] >= 0).all()
    assert (records["x"] <= 500).all()


def chart(x: np.ndarray) -> bytes:
    made = hk.CandleRenderer(500, 300)
    made.set_candles(x, x, x, x)
    made.update_last_candle(1, 2, 0, 1)
    return b"".join(bytes(made.generate_render_commands(start, len(x))) for start in (0, len(x) - 300))


def is_scores(x: np.ndarray, result: Any) -> None:
    assert result.shape == (len(x), 3)
    assert (result <= x.dtype.itemsize // 4).all()


def is_row(x: np.ndarray, result: Any) -> None:
    assert result.shape == (len(x),)
    assert (result <= x.dtype.itemsize // 4).all()


def is_best(x: np.ndarray, result: Any) -> None:
    indices, scores = result
    assert ((indices >= -1) & (indices < len(x))).all()
    assert len(indices) == len(scores) == 3


def names() -> np.ndarray:
    """Names as NumPy keeps them, which are written as numbers: characters, and what are none."""
    return np.array([f"somebody {n}" for n in range(400)])


WORK: dict[str, tuple[Callable[[], np.ndarray], Callable[[Any], Any], Callable[[np.ndarray, Any], None]]] = {
    "dot": (lambda: f32(70_000), lambda x: hk.dot(x, x), is_number),
    "dot, strided": (lambda: f64(60_000), lambda x: hk.dot(x[::3], x[1::3]), is_number),
    "cosine_similarity": (lambda: f64(40_000), lambda x: hk.cosine_similarity(x, x), is_number),
    "Vector": (lambda: f32(30_000), lambda x: hk.Vector(x).norm, is_number),
    "sum": (lambda: f32(90_000), hk.sum, is_number),
    "sum, float64": (lambda: f64(90_000), hk.sum, is_number),
    "sum, of integers": (lambda: np.ones(90_000, np.int64), hk.sum, is_number),
    "cosine_matrix": (lambda: f32(130, 90), lambda x: hk.cosine_matrix(x, threads=2), is_matrix),
    "cosine_matrix, float64": (lambda: f64(90, 70), lambda x: hk.cosine_matrix(x, x, threads=1), is_matrix),
    "cosine_matrix, float16": (lambda: np.ones((90, 70), np.float16), lambda x: hk.cosine_matrix(x, threads=1), is_matrix),
    "cosine_matrix, bfloat16": (lambda: np.ones((90, 70), np.uint16), lambda x: hk.cosine_matrix(x, threads=1), is_matrix),
    "cosine_matrix, int8": (lambda: np.ones((130, 90), np.int8), lambda x: hk.cosine_matrix(x, threads=2), is_matrix),
    "top_k": (lambda: f32(150, 60), lambda x: hk.top_k(x[:40], x, 150, threads=2), is_top),
    "top_k, of one": (lambda: f64(150, 60), lambda x: hk.top_k(x[:1], x, 99, metric="dot", threads=1), is_top),
    "top_k, int8": (lambda: np.ones((150, 60), np.int8), lambda x: hk.top_k(x, x, 20, threads=1), is_top),
    "median_filter, 3": (lambda: np.ones((90, 110), np.uint8), lambda x: hk.median_filter(x, 3, threads=1), is_image),
    "median_filter, a network": (lambda: f32(80, 90), lambda x: hk.median_filter(x, 7, mode="wrap", threads=2), is_image),
    "median_filter, histograms": (lambda: np.ones((90, 110), np.uint8), lambda x: hk.median_filter(x, 43, threads=1), is_image),
    "median_filter, ranks": (lambda: f64(60, 70), lambda x: hk.median_filter(x, 45, threads=2), is_image),
    "median_filter, of 16 bits": (lambda: np.ones((60, 70), np.uint16), lambda x: hk.median_filter(x, 47, threads=1), is_image),
    "median_filter, past the image": (lambda: f32(30, 40), lambda x: hk.median_filter(x, 301, threads=1), is_image),
    "CandleRenderer": (lambda: f64(60_000), chart, is_chart),
    "CandleRenderer, float32": (lambda: f32(60_000), chart, is_chart),
    "cdist": (names, lambda x: hk.cdist(x, ["somebody 7", "nobody", ""], threads=2), is_scores),
    "cpdist": (names, lambda x: hk.cpdist(x, ["somebody 7"] * len(x), threads=2), is_row),
    "best_match": (names, lambda x: hk.best_match(["somebody 7", "nobody", ""], x, threads=2), is_best),
}


@pytest.mark.parallel_threads(1)
@pytest.mark.parametrize("name", WORK)
def test_reading_what_another_thread_writes(name: str, pytestconfig: pytest.Config) -> None:
    make, work, check = WORK[name]
    array = make()
    # Of code points the numbers, so that what is no character comes too.
    memory = array.view(np.uint32) if array.dtype.kind == "U" else array
    seconds = SECONDS.get(pytestconfig.getoption("--hypothesis-profile") or "", 0.04)
    with written(memory):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            result = None
            with suppress(ValueError):  # infinities of both signs; a code point that is none
                result = work(array)
            if result is not None:
                check(array, result)
