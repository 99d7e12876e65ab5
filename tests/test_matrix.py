"""cosine_matrix: every cell right, whatever the layout, the number of threads, or where the result goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import OnlyDLPack, bfloat16_bits, values

DTYPES = (np.float32, np.float64)
NARROW = (np.float16, np.int8, np.uint16)  # uint16 is bfloat16's bits
SINGLES = (np.float32, np.float16, np.uint16)  # what is summed in float32
# Above what the kernel promises, so that a wrong tile shows and rounding does not.
TOLERANCE = {np.float32: 2e-6, np.float64: 4e-15, np.float16: 2e-6, np.uint16: 2e-6, np.int8: 4e-7}


def bound(dtype: Any, d: int) -> float:
    """What is promised for rows of d elements."""
    if dtype is np.int8:
        return 5 * 2.0**-24
    unit, more = (2.0**-53, 50) if dtype is np.float64 else (2.0**-24, 6)
    return (min(d, 128) + d / 128 + more) * unit


def reference(queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    q, c = unit_peaks(queries), unit_peaks(corpus)
    norms = np.sqrt((q * q).sum(1))[:, None] * np.sqrt((c * c).sum(1))[None, :]
    product = q @ c.T
    cosines: np.ndarray = np.divide(product, norms, out=np.zeros_like(product), where=norms != 0)
    return cosines


def unit_peaks(rows: np.ndarray) -> np.ndarray:
    """Rows whose largest element is near 1, so that no square leaves the range of any platform's longdouble."""
    wide = values(rows).astype(np.longdouble)
    peaks = np.abs(wide).max(1, keepdims=True)
    known = np.isfinite(peaks) & (peaks > 0)
    scaled: np.ndarray = np.ldexp(wide, np.where(known, -np.frexp(np.where(known, peaks, 1))[1], 0))
    return scaled


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray | None]:
    dtype = draw(st.sampled_from(DTYPES + NARROW))
    rows = st.integers(1, 40) | st.sampled_from([63, 64, 65, 130])
    m, n, d = draw(rows), draw(rows), draw(st.integers(1, 50) | st.sampled_from([255, 256, 257, 700]))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    queries = rows_of(numbers, (m, d), dtype)
    if draw(st.booleans()):
        queries[draw(st.integers(0, m - 1))] = 0
    corpus = None if draw(st.booleans()) else rows_of(numbers, (n, d), dtype)
    return queries, corpus


def rows_of(numbers: np.random.Generator, shape: tuple[int, int], dtype: Any) -> np.ndarray:
    """Random rows of any of the dtypes."""
    if dtype is np.int8:
        return numbers.integers(-128, 128, shape, dtype)
    drawn = numbers.standard_normal(shape)
    return bfloat16_bits(drawn) if dtype is np.uint16 else drawn.astype(dtype)


@settings(max_examples=50)
@given(problems(), st.integers(1, 4))
def test_every_cell(problem: tuple[np.ndarray, np.ndarray | None], threads: int) -> None:
    queries, corpus = problem
    found = hk.cosine_matrix(queries, corpus, threads=threads)
    assert found.dtype == (np.float64 if queries.dtype == np.float64 else np.float32)
    expected = reference(queries, queries if corpus is None else corpus)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[queries.dtype.type])
    assert np.abs(found).max() <= 1 + 1e-6
    if corpus is None:
        np.testing.assert_array_equal(found, found.T)
        np.testing.assert_array_equal(found.diagonal(), queries.any(axis=1))


@pytest.mark.parametrize("dtype", DTYPES + NARROW)
@pytest.mark.parametrize("alone", [True, False], ids=["with itself", "with a corpus"])
def test_threads_change_nothing(dtype: Any, alone: bool) -> None:
    numbers = np.random.default_rng(1)
    queries = rows_of(numbers, (201, 300), dtype)
    corpus = None if alone else rows_of(numbers, (450, 300), dtype)
    expected = hk.cosine_matrix(queries, corpus, threads=1)
    for threads in (2, 3, 7, 64, None):
        np.testing.assert_array_equal(hk.cosine_matrix(queries, corpus, threads=threads), expected)


@pytest.mark.parametrize("dtype", DTYPES + NARROW)
def test_layouts(dtype: Any) -> None:
    numbers = np.random.default_rng(2)
    queries, corpus = rows_of(numbers, (9, 33), dtype), rows_of(numbers, (14, 33), dtype)
    expected = hk.cosine_matrix(queries, corpus)
    wide = np.full((9, 80), 77, dtype)
    wide[:, 5:38] = queries
    frozen = corpus.copy()
    frozen.flags.writeable = False
    pairs: list[tuple[Any, Any]] = [
        (np.asfortranarray(queries), np.asfortranarray(corpus)),
        (wide[:, 5:38], corpus[::-1].copy()[::-1]),
        (np.repeat(queries, 2, axis=1)[:, ::2], frozen),
        (OnlyDLPack(queries), OnlyDLPack(corpus, versioned=False)),
        (OnlyDLPack(np.asfortranarray(queries)), memoryview(corpus)),
    ]
    for q, c in pairs:
        np.testing.assert_array_equal(hk.cosine_matrix(q, c), expected)
    one = np.broadcast_to(queries[0], (5, 33))  # rows that lie on each other: a stride of 0
    np.testing.assert_array_equal(hk.cosine_matrix(one, corpus), hk.cosine_matrix(one.copy(), corpus))


@pytest.mark.parametrize("dtype", DTYPES + NARROW)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_a_few_queries(dtype: Any, count: int) -> None:
    """They go another way through the corpus than many, and may differ in the last digits."""
    numbers = np.random.default_rng(6)
    queries, corpus = rows_of(numbers, (40, 300), dtype), rows_of(numbers, (500, 300), dtype)
    queries[1] = 0
    expected = hk.cosine_matrix(queries, corpus)[:count]
    for threads in (1, 2):
        found = hk.cosine_matrix(queries[:count], corpus, threads=threads)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_out(dtype: Any) -> None:
    queries = np.random.default_rng(3).standard_normal((7, 12)).astype(dtype)
    expected = hk.cosine_matrix(queries)
    out = np.full((7, 7), np.nan, dtype)
    assert hk.cosine_matrix(queries, out=out) is out
    np.testing.assert_array_equal(out, expected)
    wide = np.full((7, 20), np.nan, dtype)
    hk.cosine_matrix(queries, queries, out=wide[:, 3:10])
    np.testing.assert_allclose(wide[:, 3:10], expected, atol=1e-6)
    assert np.isnan(wide[:, :3]).all()
    assert np.isnan(wide[:, 10:]).all()
    raw = memoryview(bytearray(49 * out.itemsize)).cast("f" if dtype is np.float32 else "d", (7, 7))
    hk.cosine_matrix(queries, out=raw)
    np.testing.assert_array_equal(np.asarray(raw), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_accuracy_is_what_is_promised(dtype: Any) -> None:
    """Rows whose cosines are near 1, where no sum is small."""
    numbers = np.random.default_rng(7)
    for d in (1, 3, 768, 2000):
        queries = (1 + numbers.random((30, d)) / 8).astype(dtype)
        found = hk.cosine_matrix(queries, queries[:20])
        assert (np.abs(found - reference(queries, queries[:20])) <= bound(dtype, d)).all()


def in_float32(queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    """The cosines as NumPy computes them in float32."""
    q, c = values(queries).astype(np.float32), values(corpus).astype(np.float32)
    return q @ c.T / np.linalg.norm(q, axis=1)[:, None] / np.linalg.norm(c, axis=1)


def root_mean_square(errors: np.ndarray) -> float:
    return float(np.sqrt((errors.astype(np.float64) ** 2).mean()))


@pytest.mark.parametrize("dtype", SINGLES)
@pytest.mark.parametrize("kind", ["around 0", "above 0", "skewed"])
@settings(max_examples=8)
@given(d=st.sampled_from([64, 100, 384, 768, 1500]) | st.integers(3, 800), seed=st.integers(0, 2**32))
def test_more_accurate_than_numpy_in_float32(dtype: Any, kind: str, d: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    if dtype is np.float32:
        d = max(d, 64)  # without fused multiply-add, few products of float32 round more than their sum
    shape = (130, d)
    drawn = numbers.standard_normal(shape)
    if kind != "around 0":
        drawn = numbers.random(shape) if kind == "above 0" else numbers.lognormal(size=shape)
    rows = bfloat16_bits(drawn) if dtype is np.uint16 else drawn.astype(dtype)
    queries, corpus = rows[:60], rows[60:]
    exact = reference(queries, corpus)
    theirs = root_mean_square(in_float32(queries, corpus) - exact)
    assert root_mean_square(hk.cosine_matrix(queries, corpus) - exact) <= theirs
    indices, scores = hk.top_k(queries, corpus, len(corpus))
    assert root_mean_square(scores - np.take_along_axis(exact, indices, axis=1)) <= theirs


def misaligned(rows: np.ndarray) -> np.ndarray:
    memory = np.zeros(rows.nbytes + 1, np.uint8)
    memory[1:] = np.frombuffer(rows.tobytes(), np.uint8)
    return memory[1:].view(rows.dtype).reshape(rows.shape)


def apart(rows: np.ndarray) -> np.ndarray:
    memory = np.full((2 * rows.shape[0], 3 * rows.shape[1] + 1), 77, rows.dtype)
    view = memory[::2, 1::3]
    view[:] = rows
    return view


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rows backwards": lambda rows: rows[::-1].copy()[::-1],
    "columns backwards": lambda rows: rows[:, ::-1].copy()[:, ::-1],
    "column by column": np.asfortranarray,
    "apart": apart,
    "apart, backwards": lambda rows: apart(rows[::-1, ::-1])[::-1, ::-1],
    "misaligned": misaligned,
    "misaligned, backwards": lambda rows: misaligned(rows[::-1])[::-1],
    "a row again and again": lambda rows: np.broadcast_to(rows[0], rows.shape),
    "a column again and again": lambda rows: np.broadcast_to(rows[:, :1], rows.shape),
}
# Powers of two that rows are multiplied with: down to subnormal numbers, or near overflow.
EXPONENTS = {np.float32: (-148, 120), np.float64: (-1073, 1000), np.float16: (-23, 10), np.uint16: (-132, 120), np.int8: (0, 0)}


@st.composite
def hostile(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Rows of any magnitude, some of zeros, with infinities and NaN here and there."""
    dtype = draw(st.sampled_from(DTYPES + NARROW))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    m, n, d = draw(st.integers(1, 20)), draw(st.integers(1, 40)), draw(st.integers(1, 70) | st.sampled_from([128, 129, 300]))
    special = draw(st.sampled_from([0.0, 0.0, 0.01]))
    made = []
    for count in (m, n):
        if dtype is np.int8:
            rows = rows_of(numbers, (count, d), dtype)
        else:
            powers = numbers.integers(*EXPONENTS[dtype], (count, 1), endpoint=True)
            drawn = np.ldexp(numbers.uniform(-1, 1, (count, d)), powers)
            drawn[numbers.random(drawn.shape) < special] = np.inf
            drawn[numbers.random(drawn.shape) < special] = np.nan
            rows = bfloat16_bits(drawn) if dtype is np.uint16 else drawn.astype(dtype)
        rows[numbers.random(count) < 0.1] = 0
        made.append(rows)
    return made[0], made[1]


@settings(max_examples=60)
@given(hostile(), st.sampled_from(sorted(LAYOUTS)), st.sampled_from(sorted(LAYOUTS)))
def test_any_numbers_in_any_layout(problem: tuple[np.ndarray, np.ndarray], left: str, right: str) -> None:
    queries, corpus = LAYOUTS[left](problem[0]), LAYOUTS[right](problem[1])
    found = hk.cosine_matrix(queries, corpus)
    plain = np.ascontiguousarray(queries), np.ascontiguousarray(corpus)
    np.testing.assert_array_equal(found, hk.cosine_matrix(*plain))
    with np.errstate(invalid="ignore"):
        expected = reference(*plain)
    bad = ~np.isfinite(values(plain[0])).all(1)[:, None] | ~np.isfinite(values(plain[1])).all(1)
    np.testing.assert_array_equal(np.isnan(found), bad)
    assert (np.abs(found - expected)[~bad] <= bound(queries.dtype.type, queries.shape[1])).all()
    assert (np.abs(found[~bad]) <= 1).all()
    alone = hk.cosine_matrix(queries)
    np.testing.assert_array_equal(alone, alone.T)
    np.testing.assert_array_equal(alone, hk.cosine_matrix(plain[0]))


def test_narrow_accuracy_is_that_of_float32() -> None:
    numbers = np.random.default_rng(8)
    for dtype in (np.float16, np.uint16):
        queries = rows_of(numbers, (40, 768), dtype)
        wide = values(queries).astype(np.float32)
        np.testing.assert_array_equal(hk.cosine_matrix(queries), hk.cosine_matrix(wide))


def test_int8_is_exact() -> None:
    """Sums that float32 has no room for; rows longer than 32 bits have room for sums of."""
    numbers = np.random.default_rng(9)
    for rows, d in ((7, 1), (9, 3), (12, 5), (40, 1001), (6, 131_071), (6, 131_072), (6, 200_000)):
        queries = numbers.integers(-128, 128, (rows, d), np.int8)
        queries[0] = -128
        queries[1] = 127
        exact = queries.astype(np.int64) @ queries.astype(np.int64).T
        norms = np.sqrt(exact.diagonal().astype(np.longdouble))
        expected = exact / norms[:, None] / norms
        for found in (hk.cosine_matrix(queries, queries), hk.cosine_matrix(queries), hk.cosine_matrix(queries[:3], queries)):
            assert (np.abs(found - expected[: len(found)]) <= 5 * 2.0**-24 * np.abs(expected[: len(found)])).all()


def test_every_float16_is_read_right() -> None:
    every = np.arange(2**16, dtype=np.uint16)
    for bits, wide in ((every.view(np.float16), every.view(np.float16).astype(np.float32)), (every, values(every))):
        rows = np.stack([np.ones_like(wide), wide], axis=1)
        narrow = np.empty(rows.shape, bits.dtype)
        narrow[:, 0] = np.float16(1) if bits.dtype == np.float16 else bfloat16_bits(np.ones(1))
        narrow[:, 1] = bits
        for count in (1, 5):
            np.testing.assert_array_equal(hk.cosine_matrix(narrow[-count:], narrow), hk.cosine_matrix(rows[-count:], rows))


@pytest.mark.parametrize("dtype", [*DTYPES, np.float16])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_row_spoils_itself_alone(dtype: Any, bad: float) -> None:
    numbers = np.random.default_rng(4)
    queries, corpus = numbers.standard_normal((30, 40)).astype(dtype), numbers.standard_normal((50, 40)).astype(dtype)
    expected = hk.cosine_matrix(queries, corpus)
    queries[11, 7] = bad
    corpus[23, 0] = bad
    found = hk.cosine_matrix(queries, corpus)
    assert np.isnan(found[11]).all()
    assert np.isnan(found[:, 23]).all()
    rows, columns = np.arange(30) != 11, np.arange(50) != 23
    np.testing.assert_array_equal(found[np.ix_(rows, columns)], expected[np.ix_(rows, columns)])


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float32, 1e-30), (np.float32, 1e30), (np.float64, 1e-200), (np.float64, 1e200)]
)
def test_rows_whose_squares_leave_the_range(dtype: Any, scale: float) -> None:
    queries = np.random.default_rng(5).standard_normal((20, 30)).astype(dtype)
    expected = hk.cosine_matrix(queries)
    np.testing.assert_allclose(hk.cosine_matrix(queries * dtype(scale)), expected, atol=1e-5)


def test_without_numpy() -> None:
    code = """
import sys
sys.modules["numpy"] = None
import array, hotkernels as hk
rows = memoryview(bytearray(array.array("d", [1, 0, 3, 4]).tobytes())).cast("d", (2, 2))
out = memoryview(bytearray(32)).cast("d", (2, 2))
hk.cosine_matrix(rows, out=out)
assert out.tolist() == [[1.0, 0.6], [0.6, 1.0]], out.tolist()
try:
    hk.cosine_matrix(rows)
except ImportError as error:
    assert "hotkernels[numpy]" in str(error) and "out=" in str(error), error
else:
    raise SystemExit("no ImportError")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


class TestRefusals:
    queries = np.ones((3, 4))

    @pytest.mark.parametrize("threads", [0, -1, 2**70])
    def test_numbers_of_threads(self, threads: int) -> None:
        with pytest.raises(ValueError, match=rf"^threads: a positive int or None is taken, got {threads}(; |$)"):
            hk.cosine_matrix(self.queries, threads=threads)

    @pytest.mark.parametrize("threads", ["2", 1.5, [1]])
    def test_threads_of_another_type(self, threads: Any) -> None:
        with pytest.raises(TypeError, match=r"^threads: a positive int or None is taken, got"):
            hk.cosine_matrix(self.queries, threads=threads)

    def test_rows_of_another_length(self) -> None:
        with pytest.raises(ValueError, match=r"^corpus has rows of 5 and queries rows of 4"):
            hk.cosine_matrix(self.queries, np.ones((2, 5)))

    @pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
    def test_nothing(self, shape: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match=r"^queries is empty, of shape"):
            hk.cosine_matrix(np.ones(shape))
        with pytest.raises(ValueError, match=r"^corpus is empty, of shape"):
            hk.cosine_matrix(self.queries, np.ones(shape))

    def test_one_dimension(self) -> None:
        with pytest.raises(ValueError, match=r"^queries has 1 dimension, of shape \(4,\); 2 are taken"):
            hk.cosine_matrix(np.ones(4))

    def test_dtypes(self) -> None:
        with pytest.raises(
            TypeError, match=r"^queries has dtype int64; float32, float64, float16, int8 or bfloat16 \(as uint16\) is"
        ):
            hk.cosine_matrix(np.ones((2, 2), np.int64))
        with pytest.raises(TypeError, match=r"^corpus has dtype uint8; float32"):
            hk.cosine_matrix(np.ones((2, 2), np.int8), np.ones((2, 2), np.uint8))
        with pytest.raises(TypeError, match=r"^queries has dtype float16 and corpus has dtype uint16"):
            hk.cosine_matrix(np.ones((2, 2), np.float16), np.ones((2, 2), np.uint16))
        with pytest.raises(TypeError, match=r"^out has dtype float16; float32, the result's for float16, is taken"):
            hk.cosine_matrix(np.ones((2, 2), np.float16), out=np.ones((2, 2), np.float16))
        with pytest.raises(TypeError, match=r"^queries has dtype float64 and corpus has dtype float32"):
            hk.cosine_matrix(self.queries, self.queries.astype(np.float32))

    @pytest.mark.parametrize(
        ("out", "error", "message"),
        [
            (np.ones((3, 4)), ValueError, r"^out has shape \(3, 4\); \(3, 3\)"),
            (np.ones((3, 3), np.float32), TypeError, r"^out has dtype float32; float64"),
            (np.ones((3, 6))[:, ::2], ValueError, r"^out has strides \[48, 16\]"),
            (np.ones((3, 3)).T, ValueError, r"^out has strides \[8, 24\]"),
            (np.ones((3, 3))[::-1], ValueError, r"^out has strides \[-24, 8\]"),
            (np.broadcast_to(np.ones(3), (3, 3)), TypeError, r"^out is read-only"),
            (memoryview(bytes(72)).cast("d", (3, 3)), TypeError, r"^out is read-only"),
            ([[0.0] * 3] * 3, TypeError, r"^out: a buffer"),
            (OnlyDLPack(np.ones((3, 3))), TypeError, r"^out is read-only"),
        ],
    )
    def test_outs(self, out: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            hk.cosine_matrix(self.queries, out=out)

    def test_overlapping_rows(self) -> None:
        memory = np.ones(20)
        out = np.lib.stride_tricks.as_strided(memory, (3, 3), (8, 8))
        with pytest.raises(ValueError, match=r"^out has strides \[8, 8\]"):
            hk.cosine_matrix(self.queries, out=out)

    def test_out_over_the_inputs(self) -> None:
        memory = np.ones((6, 3))
        with pytest.raises(BufferError, match=r"^out shares memory with queries"):
            hk.cosine_matrix(memory[:3], out=memory[2:5])
        with pytest.raises(BufferError, match=r"^out shares memory with corpus"):
            hk.cosine_matrix(np.ones((3, 3)), memory[:3], out=memory[2:5])
        hk.cosine_matrix(memory[:3], out=memory[3:])
