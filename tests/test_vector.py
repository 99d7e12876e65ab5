"""dot and cosine_similarity: right in every guise, exact to the bound, and clear about what they do not take."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from inputs import GUISES, guises

DTYPES = (np.float32, np.float64)
FUNCTIONS = (hk.dot, hk.cosine_similarity)


def exact_dot(a: np.ndarray, b: np.ndarray) -> Fraction:
    return sum((Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a, b, strict=True)), Fraction(0))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    dtype = draw(st.sampled_from(DTYPES))
    length = draw(st.integers(1, 70) | st.sampled_from([127, 128, 129, 1000]))
    limit = 2.0**50  # a float32 too
    numbers = st.floats(-limit, limit, width=32 if dtype is np.float32 else 64, allow_subnormal=True)
    vector = hnp.arrays(dtype, length, elements=numbers)
    return draw(vector), draw(vector)


@given(pairs())
def test_dot_is_within_its_bound(pair: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = pair
    size = exact_dot(np.abs(a), np.abs(b))
    # Besides the documented relative bound: products below the range of float64 are lost, at most one unit each.
    assert abs(Fraction(hk.dot(a, b)) - exact_dot(a, b)) <= size * Fraction(4.5e-15) + len(a) * Fraction(5e-324)


@given(pairs())
def test_cosine_is_within_its_bound(pair: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = pair
    squares = exact_dot(a, a) * exact_dot(b, b)
    found = hk.cosine_similarity(a, b)
    assert -1 <= found <= 1
    if squares == 0:
        assert found == 0
        return
    # sqrt of a Fraction of any size, to float64's precision and more: scaled to an integer first.
    scale = 1 << max(0, 2 * (200 - (squares.numerator.bit_length() - squares.denominator.bit_length()) // 2))
    norm = Fraction(math.isqrt(int(squares * scale * scale)), scale)
    if norm > Fraction(1e-150) and exact_dot(a, a) > Fraction(1e-290) and exact_dot(b, b) > Fraction(1e-290):
        assert abs(Fraction(found) - exact_dot(a, b) / norm) <= Fraction(1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-30, 1e30], ids=["small", "large"])
def test_cosine_survives_squares_outside_the_range(dtype: Any, scale: float) -> None:
    scale = scale if dtype is np.float32 else scale**6
    a = (np.array([3.0, 4.0, 0.0]) * scale).astype(dtype)
    b = (np.array([4.0, 3.0, 0.0]) * scale).astype(dtype)
    assert hk.cosine_similarity(a, b) == pytest.approx(0.96, rel=1e-6)
    assert hk.Vector(a).cosine_similarity(hk.Vector(b)) == pytest.approx(0.96, rel=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [1, 2, 31, 100, 5000])
def test_every_guise_gives_the_same(function: Any, dtype: Any, length: int) -> None:
    numbers = np.random.default_rng(length)
    a, b = numbers.standard_normal(length).astype(dtype), numbers.standard_normal(length).astype(dtype)
    expected = function(a, b)
    for (left, x), (right, y) in product(guises(a), guises(b)):
        # Two vectors keep their norms; dividing by them in another order may move the last digit.
        rounding = 1e-15 if left == right == "Vector" else 0
        assert function(x, y) == pytest.approx(expected, rel=rounding, abs=rounding), (left, right)


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_vectors_are_summed_in_pieces(dtype: Any) -> None:
    length = 600_001  # past two pieces, and a remainder
    a = np.ones(length, dtype)
    b = np.full(length, 2, dtype)
    b[-1] = 5
    assert hk.dot(a, b) == 2 * (length - 1) + 5
    assert hk.cosine_similarity(a, a) == 1
    assert hk.dot(a[::2], b[::2]) == 2 * (length // 2) + 5


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_have_no_direction(dtype: Any) -> None:
    zeros, ones = np.zeros(5, dtype), np.ones(5, dtype)
    assert hk.cosine_similarity(zeros, ones) == 0
    assert hk.cosine_similarity(ones, zeros) == 0
    assert hk.cosine_similarity(zeros, zeros) == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("length", [3, 40, 9000])
def test_nan_and_infinity_give_nan(dtype: Any, bad: float, length: int) -> None:
    a, b = np.ones(length, dtype), np.ones(length, dtype)
    a[-1] = bad
    assert math.isnan(hk.cosine_similarity(a, b))
    assert math.isnan(hk.cosine_similarity(b, a))
    assert math.isnan(hk.cosine_similarity(hk.Vector(a), hk.Vector(b)))
    assert hk.dot(a, b) == bad or math.isnan(bad)


@pytest.mark.parametrize("function", FUNCTIONS)
class TestRefusals:
    def test_lengths_that_differ(self, function: Any) -> None:
        with pytest.raises(ValueError, match=r"^a has 3 elements and b has 4; one length"):
            function(np.ones(3), np.ones(4))

    def test_nothing(self, function: Any) -> None:
        with pytest.raises(ValueError, match=r"^a is empty, of shape \(0,\); at least one element"):
            function(np.ones(0), np.ones(0))
        with pytest.raises(ValueError, match=r"^b is empty"):
            function(np.ones(1), np.ones(0))

    def test_dtypes_that_differ(self, function: Any) -> None:
        with pytest.raises(TypeError, match=r"^a has dtype float32 and b has dtype float64; one dtype"):
            function(np.ones(3, np.float32), np.ones(3))

    @pytest.mark.parametrize(
        "dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64, np.bool_, np.float16, np.complex64, "S4", "f4,i4"]
    )
    def test_other_dtypes(self, function: Any, dtype: Any) -> None:
        with pytest.raises(TypeError, match=r"^b has dtype .*; float32 or float64 is taken(; |$)"):
            function(np.ones(3), np.zeros(3, dtype))

    @pytest.mark.parametrize(("dtype", "name"), [(np.float32, "float32"), (np.float64, "float64")])
    def test_swapped_bytes(self, function: Any, dtype: Any, name: str) -> None:
        swapped = np.ones(3, dtype).astype(np.dtype(dtype).newbyteorder("S"))
        with pytest.raises(TypeError, match=rf"^a has dtype big-endian {name}; .*newbyteorder"):
            function(swapped, np.ones(3, dtype))

    @pytest.mark.parametrize("shape", [(), (3, 1), (1, 1, 3)])
    def test_other_dimensions(self, function: Any, shape: tuple[int, ...]) -> None:
        with pytest.raises((ValueError, BufferError), match=r"^a(:| has \d+ dimensions)"):
            function(np.ones(shape), np.ones(3))

    @pytest.mark.parametrize("value", [None, [1.0, 2.0], 3.0, "abc", object(), {1: 2}])
    def test_no_arrays(self, function: Any, value: Any) -> None:
        with pytest.raises(TypeError, match=r"^b: a buffer .* or a DLPack tensor is taken, got \w+(; |$)"):
            function(np.ones(2), value)

    def test_bytes(self, function: Any) -> None:
        with pytest.raises(TypeError, match=r"^a has dtype uint8; float32 or float64 is taken"):
            function(b"1234", b"1234")


def test_guises_cover_what_is_documented() -> None:
    assert len(GUISES) == 11
