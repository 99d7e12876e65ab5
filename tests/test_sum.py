"""sum: math.fsum's answer over any buffer of floats, the exact int over any of integers, builtin sum's over lists."""

from __future__ import annotations

import array
import builtins
import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from inputs import guises

finite = st.floats(allow_nan=False, allow_infinity=False)
halves = st.floats(-1e300, 1e300)


def same(found: float, expected: float) -> bool:
    return (math.isnan(found) and math.isnan(expected)) or (
        found == expected and math.copysign(1, found) == math.copysign(1, expected)
    )


@given(st.lists(halves, max_size=400))
def test_float64(values: list[float]) -> None:
    assert same(hk.sum(np.array(values, np.float64)), math.fsum(values))


@given(hnp.arrays(np.float32, st.integers(0, 400), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_float32(values: np.ndarray) -> None:
    assert same(hk.sum(values), math.fsum(values.tolist()))


@given(st.lists(finite, max_size=60), st.randoms())
def test_whatever_the_order(values: list[float], random: object) -> None:
    """Negatives of all values, shuffled in: the exact sum is that of the one that has no partner."""
    mixed = [*values, *(-value for value in values), 0.1]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert hk.sum(np.array(mixed)) == 0.1


@given(st.lists(finite, min_size=1, max_size=100))
def test_against_fractions_where_fsum_overflows(values: list[float]) -> None:
    exact = builtins.sum(map(Fraction, values))
    try:
        expected = float(exact)
    except OverflowError:
        expected = math.inf if exact > 0 else -math.inf
    assert hk.sum(np.array(values)) == expected


@pytest.mark.parametrize("length", [1, 7, 4095, 4096, 4097, 100_003])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ill_conditioned(length: int, dtype: Any) -> None:
    numbers = np.random.default_rng(length)
    values = (numbers.standard_normal(length) * 10.0 ** numbers.integers(-30, 30, length)).astype(dtype)
    assert hk.sum(values) == math.fsum(values.tolist())
    both = np.concatenate([values, -values[::-1]])
    both[length] += dtype(1)
    assert hk.sum(both) == math.fsum(both.tolist())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_that_hangs_on_the_last_bit(dtype: Any) -> None:
    """Halfway between two numbers, and the smallest number more: rounds up, not to even."""
    tiny = np.finfo(dtype).smallest_subnormal
    for count in (3, 5000):
        values = np.zeros(count, dtype)
        if dtype is np.float64:
            values[:2] = 1, 2.0**-53
            assert hk.sum(values) == 1
            values[-1] = tiny
            assert hk.sum(values) == 1 + 2.0**-52
        else:
            values[:2] = 1, tiny
            assert hk.sum(values) == math.fsum(values.tolist())


@pytest.mark.parametrize("length", [3, 9000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("specials", [[math.inf], [-math.inf], [math.nan], [math.inf, math.inf], [math.inf, math.nan]])
def test_specials_as_fsum(length: int, dtype: Any, specials: list[float]) -> None:
    values = np.ones(length, dtype)
    values[: len(specials)] = specials
    assert same(hk.sum(values), math.fsum(values.tolist()))


@pytest.mark.parametrize("values", [[math.inf, -math.inf], [math.inf, 1.0, -math.inf, math.nan]])
def test_infinities_of_both_signs(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^-inf"):
        math.fsum(values)
    for x in (np.array(values), np.array(values, np.float32), values):
        with pytest.raises(ValueError, match=r"^x: "):
            hk.sum(x)


@pytest.mark.parametrize("values", [[], [0.0], [-0.0], [-0.0, -0.0], [0.0, -0.0]])
def test_zeros(values: list[float]) -> None:
    assert same(hk.sum(np.array(values, np.float64)), math.fsum(values))
    assert same(hk.sum(np.array(values, np.float32)), math.fsum(values))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_guise(dtype: Any) -> None:
    values = np.random.default_rng(1).standard_normal(3000).astype(dtype)
    expected = math.fsum(values.tolist())
    for name, x in guises(values):
        assert hk.sum(x) == expected, name


@given(
    hnp.arrays(
        st.sampled_from([np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=40),
    )
)
def test_integers(values: np.ndarray) -> None:
    if values.ndim == 0:
        values = values.reshape(1)
    found = hk.sum(values)
    assert found == builtins.sum(values.ravel().tolist())
    assert type(found) is int
    assert hk.sum(values.T[::-1]) == found


def test_integers_past_64_bits() -> None:
    assert hk.sum(np.full(5000, 2**64 - 1, np.uint64)) == 5000 * (2**64 - 1)
    assert hk.sum(np.full(5000, -(2**63), np.int64)) == -5000 * 2**63
    assert hk.sum(array.array("q", [-(2**63)])) == -(2**63)


@pytest.mark.parametrize("shape", [(30, 40), (3, 40, 10), (2, 3, 4, 50)])
def test_any_layout(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(2).standard_normal(shape)
    expected = math.fsum(values.ravel().tolist())
    for x in (values, np.asfortranarray(values), values[::-1], values.swapaxes(0, -1), np.repeat(values, 2, axis=-1)[..., ::2]):
        assert hk.sum(x) == expected


class TestLists:
    @given(st.lists(st.integers()))
    def test_ints(self, values: list[int]) -> None:
        assert hk.sum(values) == builtins.sum(values)
        assert type(hk.sum(values)) is int

    @given(
        st.lists(halves | st.integers(-(2**1000), 2**1000) | st.booleans(), min_size=1).filter(
            lambda values: any(isinstance(value, float) for value in values)
        )
    )
    def test_mixed(self, values: list[float]) -> None:
        assert hk.sum(values) == float(builtins.sum(map(Fraction, values)))

    @given(st.lists(halves, min_size=1))
    def test_floats(self, values: list[float]) -> None:
        assert same(hk.sum(values), math.fsum(values))
        assert same(hk.sum(tuple(values)), math.fsum(values))
        assert same(hk.sum(value for value in values), math.fsum(values))

    def test_scalars_of_others(self) -> None:
        assert hk.sum([np.float32(0.5), np.int64(2), Fraction(1, 4), Decimal("0.25")]) == 3.0

    def test_nothing(self) -> None:
        assert hk.sum([]) == 0
        assert type(hk.sum([])) is int

    def test_an_int_past_floats_beside_a_float(self) -> None:
        with pytest.raises(OverflowError):
            hk.sum([1.0, 10**400])
        assert hk.sum([10**400, 1]) == 10**400 + 1

    @pytest.mark.parametrize("bad", ["a", None, 1j, [1.0]])
    def test_other_items(self, bad: Any) -> None:
        with pytest.raises(TypeError, match=r"^x\[1\]: int or float is taken, got \w+"):
            hk.sum([1.0, bad])

    @pytest.mark.parametrize("bad", [1.0, None, object()])
    def test_no_iterable(self, bad: Any) -> None:
        with pytest.raises(TypeError, match=r"^x: an array or an iterable of int and float is taken, got \w+(; |$)"):
            hk.sum(bad)

    def test_errors_of_the_iterable_come_through(self) -> None:
        def items() -> Iterator[float]:
            yield 1.0
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            hk.sum(items())


@pytest.mark.parametrize("dtype", [np.float16, np.complex128, "S3", "M8[s]", ">f8" if np.little_endian else "<f8"])
def test_other_dtypes(dtype: Any) -> None:
    with pytest.raises((TypeError, BufferError), match=r"^x(:| has dtype)"):
        hk.sum(np.zeros(3, dtype))
