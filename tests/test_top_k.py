"""top_k: the rows that a sorted matrix of scores has first, without the matrix."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import OnlyDLPack, bfloat16_bits, values

DTYPES = (np.float32, np.float64, np.float16, np.uint16, np.int8)


def rows_of(numbers: np.random.Generator, shape: tuple[int, int], dtype: Any, levels: int = 255) -> np.ndarray:
    """Whole numbers of so many values: every sum of their products is exact, and many are equal where there are few."""
    drawn = numbers.integers(-(levels // 2), levels // 2 + 1, shape)
    return bfloat16_bits(drawn) if dtype is np.uint16 else drawn.astype(dtype)


def sorted_matrix(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest first, the lower row first of equals, NaN last."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


@settings(max_examples=40)
@given(
    dtype=st.sampled_from(DTYPES),
    m=st.integers(1, 14) | st.sampled_from([193, 200]),
    n=st.integers(1, 70) | st.sampled_from([192, 193, 700]),
    d=st.integers(1, 40) | st.sampled_from([400]),
    k=st.integers(0, 80),
    levels=st.sampled_from([1, 3, 255]),
    seed=st.integers(0, 2**32),
    threads=st.integers(1, 4),
)
def test_it_is_the_sorted_matrix(dtype: Any, m: int, n: int, d: int, k: int, levels: int, seed: int, threads: int) -> None:
    numbers = np.random.default_rng(seed)
    queries, corpus = rows_of(numbers, (m, d), dtype, levels), rows_of(numbers, (n, d), dtype, levels)
    k = min(k, n)
    indices, scores = hk.top_k(queries, corpus, k, threads=threads)
    assert indices.dtype == np.int64
    assert scores.dtype == (np.float64 if dtype is np.float64 else np.float32)
    expected = sorted_matrix(hk.cosine_matrix(queries, corpus), k)
    np.testing.assert_array_equal(indices, expected[0])
    np.testing.assert_array_equal(scores, expected[1])
    exact = values(queries).astype(np.float64) @ values(corpus).astype(np.float64).T
    expected = sorted_matrix(exact.astype(scores.dtype), k)
    indices, scores = hk.top_k(queries, corpus, k, metric="dot", threads=threads)
    np.testing.assert_array_equal(indices, expected[0])
    np.testing.assert_array_equal(scores, expected[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [1, 3, 5, 500])
def test_threads_change_nothing(dtype: Any, count: int) -> None:
    numbers = np.random.default_rng(1)
    queries, corpus = rows_of(numbers, (count, 300), dtype, 5), rows_of(numbers, (1500, 300), dtype, 5)
    expected = hk.top_k(queries, corpus, 20, threads=1)
    for threads in (2, 3, 7, 64, None):
        found = hk.top_k(queries, corpus, 20, threads=threads)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("count", [2, 9])
def test_nan_comes_last(dtype: Any, count: int) -> None:
    numbers = np.random.default_rng(2)
    queries, corpus = rows_of(numbers, (count, 30), dtype), rows_of(numbers, (50, 30), dtype)
    corpus[[3, 17, 18]] = np.nan
    corpus[40] = 0
    for metric in ("cosine", "dot"):
        indices, scores = hk.top_k(queries, corpus, 50, metric=metric)
        np.testing.assert_array_equal(indices[:, -3:], [[3, 17, 18]] * count)
        assert np.isnan(scores[:, -3:]).all()
        assert not np.isnan(scores[:, :-3]).any()
        np.testing.assert_array_equal(hk.top_k(queries, corpus, 48, metric=metric)[0], indices[:, :48])
    indices, _ = hk.top_k(np.full_like(queries, np.nan), corpus, 4)
    np.testing.assert_array_equal(indices, [[0, 1, 2, 3]] * count)


def test_dot_products_past_the_range_are_infinite() -> None:
    corpus = np.full((20, 3), 1e30, np.float32)
    corpus[7] *= -1
    corpus[9] = 1
    for count in (1, 6):
        indices, scores = hk.top_k(corpus[:count], corpus, 20, metric="dot")
        np.testing.assert_array_equal(indices[:, -2:], [[9, 7]] * count)
        assert (scores[:, -1] == -np.inf).all() if count > 4 else (scores[:, -1] < -1e38).all()
        assert (scores[:, 0] > 1e38).all()


def test_long_rows() -> None:
    numbers = np.random.default_rng(3)
    corpus = rows_of(numbers, (12, 70_000), np.float32, 3)
    exact = corpus[:5].astype(np.float64) @ corpus.T.astype(np.float64)
    np.testing.assert_array_equal(hk.top_k(corpus[:5], corpus, 5, metric="dot")[0], sorted_matrix(exact, 5)[0])
    wide = np.tile(rows_of(numbers, (6, 2000), np.int8), 70)
    exact = wide.astype(np.float64) @ wide.astype(np.float64).T
    indices, scores = hk.top_k(wide, wide, 6, metric="dot")
    np.testing.assert_array_equal(indices, sorted_matrix(exact, 6)[0])
    np.testing.assert_array_equal(scores, sorted_matrix(exact, 6)[1].astype(np.float32))


def test_layouts() -> None:
    numbers = np.random.default_rng(4)
    queries, corpus = rows_of(numbers, (9, 33), np.float32), rows_of(numbers, (30, 33), np.float32)
    expected, _ = hk.top_k(queries, corpus, 4)
    for q, c in (
        (np.asfortranarray(queries), corpus[::-1].copy()[::-1]),
        (OnlyDLPack(queries), memoryview(corpus)),
        (np.repeat(queries, 2, axis=0)[::2], np.repeat(corpus, 2, axis=1)[:, ::2]),
    ):
        np.testing.assert_array_equal(hk.top_k(q, c, 4)[0], expected)
    np.testing.assert_array_equal(hk.top_k(queries, corpus, np.int64(4))[0], expected)


@pytest.mark.thread_unsafe(reason="starts a process")
def test_memory_is_flat() -> None:
    """The scores of these would take 400 MB."""
    code = """
import resource, sys
import numpy as np, hotkernels as hk
numbers = np.random.default_rng(0)
queries, corpus = (numbers.standard_normal((count, 16), np.float32) for count in (2000, 50_000))
hk.top_k(queries[:10], corpus[:100], 5)
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
hk.top_k(queries, corpus, 5, threads=2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before)
"""
    used = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert used < 64 << 20


class TestRefusals:
    rows = np.ones((3, 4))

    @pytest.mark.parametrize("k", [-1, 4, 2**70])
    def test_numbers(self, k: int) -> None:
        hint = "; use min(k, len(corpus))" if k > 0 else ""
        message = f"k: an int from 0 to 3, the number of corpus rows, is taken, got {k}{hint}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            hk.top_k(self.rows, self.rows, k)

    @pytest.mark.parametrize("k", ["2", 1.5, None])
    def test_k_of_another_type(self, k: Any) -> None:
        with pytest.raises(TypeError, match=r"^k: an int from 0 to 3"):
            hk.top_k(self.rows, self.rows, k)

    def test_metrics(self) -> None:
        with pytest.raises(ValueError, match=r"""^metric: "cosine" or "dot" is taken, got 'euclidean'(; |$)"""):
            hk.top_k(self.rows, self.rows, 1, metric="euclidean")  # type: ignore[call-overload]
        with pytest.raises(TypeError, match=r"""^metric: "cosine" or "dot" is taken, got 3(; |$)"""):
            hk.top_k(self.rows, self.rows, 1, metric=3)  # type: ignore[call-overload]

    def test_arrays(self) -> None:
        with pytest.raises(TypeError, match=r"^queries has dtype int32; float32, float64, float16, int8 or"):
            hk.top_k(self.rows.astype(np.int32), self.rows, 1)
        with pytest.raises(TypeError, match=r"^queries has dtype float64 and corpus has dtype float32"):
            hk.top_k(self.rows, self.rows.astype(np.float32), 1)
        with pytest.raises(ValueError, match=r"^corpus has rows of 5 and queries rows of 4"):
            hk.top_k(self.rows, np.ones((2, 5)), 1)
        with pytest.raises(ValueError, match=r"^queries is empty, of shape \(0, 4\)"):
            hk.top_k(self.rows[:0], self.rows, 1)
        with pytest.raises(ValueError, match=r"^threads: a positive int or None"):
            hk.top_k(self.rows, self.rows, 1, threads=0)

    def test_no_numpy(self) -> None:
        code = """
import sys
sys.modules["numpy"] = None
import hotkernels as hk
rows = memoryview(bytearray(32)).cast("d", (2, 2))
try:
    hk.top_k(rows, rows, 1)
except ImportError as error:
    assert "hotkernels[numpy]" in str(error) and "out=" not in str(error), error
else:
    raise SystemExit("no ImportError")
"""
        subprocess.run([sys.executable, "-c", code], check=True)
