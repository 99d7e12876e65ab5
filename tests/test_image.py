"""median_filter: SciPy's results bit for bit, whatever the dtype, layout, window, border and number of threads."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import OnlyDLPack, misaligned
from scipy import ndimage

DTYPES = (np.uint8, np.uint16, np.float32, np.float64)
MODES: tuple[Any, ...] = ("reflect", "constant", "nearest", "mirror", "wrap")
ALIASES = {"grid-mirror": "reflect", "grid-constant": "constant", "grid-wrap": "wrap"}


def scipy_filter(image: np.ndarray, size: int | tuple[int, int], mode: Any = "reflect", cval: float = 0.0) -> np.ndarray:
    height, width = (size, size) if isinstance(size, int) else size
    if mode == "reflect" and any(
        side // 2 >= 4 * length for side, length in zip((height, width), image.shape[-2:], strict=True)
    ):
        # SciPy takes a pixel that is none of the image's where it comes upon the first one for the third time.
        return sorted_windows(image, (height, width), "symmetric")[..., height * width // 2]
    sizes = (*(1 for _ in image.shape[:-2]), height, width)
    return ndimage.median_filter(image, size=sizes, mode=mode, cval=cval)


def sorted_windows(image: np.ndarray, size: tuple[int, int], mode: Any) -> np.ndarray:
    """The values of each pixel's window in order, along a last axis."""
    around = [(0, 0)] * (image.ndim - 2) + [(side // 2, side - 1 - side // 2) for side in size]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, around, mode), size, (-2, -1))
    return np.sort(windows.reshape(*image.shape, -1), axis=-1)


def numbers(kind: str, shape: tuple[int, ...], dtype: Any, seed: int) -> np.ndarray:
    """Images of one kind or another; no zeros with a sign, which SciPy orders as they come."""
    random = np.random.default_rng(seed)
    if kind == "any bits":
        raw = random.integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8)
        image = raw.view(dtype)[..., 0].copy()
        if np.issubdtype(dtype, np.floating):
            image[~np.isfinite(image) | (image == 0)] = 1
        return image
    if kind == "few values":
        return random.integers(0, 4, shape).astype(dtype)
    if kind == "steps":
        return np.add.outer(np.arange(shape[-2]), np.arange(shape[-1])).astype(dtype) * np.ones(shape, dtype)
    if np.issubdtype(dtype, np.floating):
        tiny = np.finfo(dtype).smallest_subnormal
        return random.choice(np.array([-np.inf, np.inf, tiny, -tiny, 3 * tiny, 1, -1], dtype), shape)
    return random.choice(np.array([0, 1, np.iinfo(dtype).max], dtype), shape)


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, int], Any, float]:
    dtype = draw(st.sampled_from(DTYPES))
    stack = draw(st.sampled_from([(), (1,), (3,), (2, 2)]))
    shape = (*stack, draw(st.integers(1, 24)), draw(st.integers(1, 24) | st.integers(60, 140)))
    kind = draw(st.sampled_from(["any bits", "few values", "steps", "extremes"]))
    image = numbers(kind, shape, dtype, draw(st.integers(0, 2**32)))
    length = st.integers(1, 7) | st.integers(8, 27)
    cval = draw(st.sampled_from([0.0, 1.0, 255.0]))
    return image, (draw(length), draw(length)), draw(st.sampled_from(MODES)), cval


@settings(max_examples=60)
@given(problems())
def test_scipys_results(problem: tuple[np.ndarray, tuple[int, int], Any, float]) -> None:
    image, size, mode, cval = problem
    expected = scipy_filter(image, size, mode, cval)
    for threads in (1, 3):
        found = hk.median_filter(image, size, mode=mode, cval=cval, threads=threads)
        assert found.dtype == image.dtype
        assert found.shape == image.shape
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(45, 40), (40, 61), (3, 600)])
def test_large_windows(dtype: Any, size: tuple[int, int]) -> None:
    image = numbers("any bits", (22, 25), dtype, 1)
    for mode in MODES:
        found = hk.median_filter(image, size, mode=mode, cval=7)
        assert found.tobytes() == scipy_filter(image, size, mode, 7).tobytes()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 9, 25, 41, 42])
@pytest.mark.parametrize("dtype", DTYPES)
def test_windows_of_each_kernel(dtype: Any, size: int) -> None:
    image = numbers("any bits", (50, 70), dtype, size)
    expected = scipy_filter(image[:3], size) if size > 9 else scipy_filter(image, size)
    found = hk.median_filter(image[:3] if size > 9 else image, size)
    assert found.tobytes() == expected.tobytes()


def test_many_threads_and_wide_images() -> None:
    image = numbers("any bits", (2, 130, 2300), np.uint8, 2)
    expected = hk.median_filter(image, (3, 5), threads=1)
    np.testing.assert_array_equal(expected[1], scipy_filter(image[1], (3, 5)))
    for threads in (2, 7, 64, None):
        np.testing.assert_array_equal(hk.median_filter(image, (3, 5), threads=threads), expected)


@pytest.mark.parametrize(("alias", "mode"), ALIASES.items())
def test_names_that_mean_the_same(alias: Any, mode: Any) -> None:
    image = numbers("any bits", (9, 9), np.uint8, 3)
    np.testing.assert_array_equal(hk.median_filter(image, 5, mode=alias), hk.median_filter(image, 5, mode=mode))


@pytest.mark.parametrize("dtype", DTYPES)
def test_layouts(dtype: Any) -> None:
    image = numbers("any bits", (14, 33), dtype, 4)
    expected = hk.median_filter(image, (3, 4))
    wide = np.repeat(np.repeat(image, 2, axis=0), 3, axis=1)
    frozen = image.copy()
    frozen.flags.writeable = False
    guises: list[Any] = [
        np.asfortranarray(image),
        wide[::2, ::3],
        image[::-1, ::-1].copy()[::-1, ::-1],
        misaligned(image.ravel()).reshape(image.shape),
        frozen,
        memoryview(image),
        OnlyDLPack(image),
        OnlyDLPack(np.asfortranarray(image), versioned=False),
    ]
    for guise in guises:
        np.testing.assert_array_equal(hk.median_filter(guise, (3, 4)), expected)
    still = np.broadcast_to(image[:1], image.shape)
    np.testing.assert_array_equal(hk.median_filter(still, 3), hk.median_filter(still.copy(), 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zeros_with_a_sign_and_nan(dtype: Any) -> None:
    """The rule is one order: -inf, numbers, -0.0, 0.0, numbers, inf, NaN."""
    image = np.random.default_rng(5).choice(np.array([-np.inf, -1, -0.0, 0.0, 1, np.inf, np.nan, -np.nan], dtype), (30, 40))
    for size in (1, 2, 3, 5, 9, 45):
        # NumPy keeps zeros as they come; a tiny number stands in for -0.0.
        tiny = -np.finfo(dtype).smallest_subnormal
        told = np.where((image == 0) & np.signbit(image), tiny, image)
        middle = sorted_windows(told, (size, size), "symmetric")[..., size * size // 2]
        expected = np.where(middle == tiny, dtype(-0.0), middle)
        found = hk.median_filter(image, size)
        np.testing.assert_array_equal(found, expected)
        numbers = ~np.isnan(found)
        np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))
        assert {bits.tobytes() for bits in found[~numbers]} <= {dtype(np.nan).tobytes()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cval_of_a_float_image(dtype: Any) -> None:
    image = numbers("any bits", (6, 7), dtype, 6)
    for cval in (0.1, -np.inf, 1e300):
        with np.errstate(over="ignore"):
            stands = dtype(cval)
        found = hk.median_filter(image, 5, mode="constant", cval=cval)
        np.testing.assert_array_equal(found, scipy_filter(image, 5, "constant", stands))
    assert np.isnan(hk.median_filter(image, 40, mode="constant", cval=np.nan)).all()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 4, 5), (3, 0, 5), (0, 0)])
def test_empty_images(shape: tuple[int, ...]) -> None:
    found = hk.median_filter(np.zeros(shape, np.float32), 3)
    assert found.shape == shape
    assert found.dtype == np.float32


@pytest.mark.parametrize("size", [3, (5, 2), [2, 5], np.int64(4), np.array([1, 3])])
def test_sizes(size: Any) -> None:
    image = numbers("any bits", (9, 11), np.uint16, 7)
    pair = (int(size), int(size)) if np.ndim(size) == 0 else (int(size[0]), int(size[1]))
    np.testing.assert_array_equal(hk.median_filter(image, size), scipy_filter(image, pair))


def test_a_window_beyond_all_images() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (hk.median_filter(image, (3 * 2**28, 2**30), mode="wrap") == 6).all()
    assert (hk.median_filter(image, 2**31, mode="constant", cval=9) == 9).all()


def test_out() -> None:
    image = numbers("any bits", (2, 8, 9), np.uint16, 8)
    expected = hk.median_filter(image, 3)
    out = np.empty_like(image)
    assert hk.median_filter(image, 3, out=out) is out
    np.testing.assert_array_equal(out, expected)
    raw = memoryview(bytearray(image.nbytes)).cast("H", image.shape)
    assert hk.median_filter(image, 3, out=raw) is raw
    np.testing.assert_array_equal(np.asarray(raw), expected)


def test_without_numpy() -> None:
    code = """
import sys
sys.modules["numpy"] = None
import hotkernels as hk
image = memoryview(bytes([1, 9, 2, 8, 3, 7])).cast("B", (2, 3))
out = memoryview(bytearray(6)).cast("B", (2, 3))
hk.median_filter(image, 3, mode="nearest", out=out)
assert out.tolist() == [[3, 3, 3], [8, 7, 7]], out.tolist()
try:
    hk.median_filter(image, 3)
except ImportError as error:
    assert "hotkernels[numpy]" in str(error) and "out=" in str(error), error
else:
    raise SystemExit("no ImportError")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


class TestRefusals:
    image = np.zeros((6, 7), np.uint8)

    @pytest.mark.parametrize("dtype", [np.int8, np.uint32, np.bool_, np.float16, np.complex64])
    def test_dtypes(self, dtype: Any) -> None:
        with pytest.raises(TypeError, match=r"^image has dtype .*; uint8, uint16, float32 or float64 is taken"):
            hk.median_filter(np.zeros((3, 3), dtype), 3)

    def test_dimensions(self) -> None:
        with pytest.raises(ValueError, match=r"^image has 1 dimension, of shape \(4,\); at least 2 are taken"):
            hk.median_filter(np.zeros(4), 3)

    @pytest.mark.parametrize("size", [0, -1, 2**31 + 1, (3, 0), (3,), (3, 3, 3), ()])
    def test_sizes(self, size: Any) -> None:
        with pytest.raises(ValueError, match=r"^size: a positive int up to 2\*\*31 or a pair .* is taken, got"):
            hk.median_filter(self.image, size)

    @pytest.mark.parametrize("size", [3.0, "33", None, (3, 2.5), {3, 4}])
    def test_sizes_of_another_type(self, size: Any) -> None:
        with pytest.raises(TypeError, match=r"^size: a positive int"):
            hk.median_filter(self.image, size)

    def test_modes(self) -> None:
        with pytest.raises(ValueError, match=r"^mode: \"reflect\", .* is taken, got 'edge'"):
            hk.median_filter(self.image, 3, mode="edge")  # type: ignore[call-overload]
        with pytest.raises(TypeError, match=r"^mode: \"reflect\", .* is taken, got 3"):
            hk.median_filter(self.image, 3, mode=3)  # type: ignore[call-overload]

    @pytest.mark.parametrize(("dtype", "cval"), [(np.uint8, 256), (np.uint8, -1), (np.uint16, 0.5), (np.uint16, np.nan)])
    def test_cvals(self, dtype: Any, cval: float) -> None:
        with pytest.raises(ValueError, match=r"^cval: an integer from 0 to \d+ is taken for uint\d+, got"):
            hk.median_filter(self.image.astype(dtype), 3, mode="constant", cval=cval)

    def test_cval_of_another_type(self) -> None:
        with pytest.raises(TypeError, match=r"^cval: a number is taken, got 'x'"):
            hk.median_filter(self.image, 3, cval="x")  # type: ignore[call-overload]

    def test_threads(self) -> None:
        with pytest.raises(ValueError, match=r"^threads: a positive int or None is taken, got 0"):
            hk.median_filter(self.image, 3, threads=0)

    @pytest.mark.parametrize(
        ("out", "error", "message"),
        [
            (np.zeros((6, 8), np.uint8), ValueError, r"^out has shape \(6, 8\); \(6, 7\), that of image, is taken"),
            (np.zeros((1, 6, 7), np.uint8), ValueError, r"^out has shape \(1, 6, 7\)"),
            (np.zeros((6, 7), np.uint16), TypeError, r"^out has dtype uint16; uint8, that of image, is taken"),
            (np.zeros((6, 14), np.uint8)[:, ::2], ValueError, r"^out has strides \[14, 2\]"),
            (np.zeros((7, 6), np.uint8).T, ValueError, r"^out has strides \[1, 6\]"),
            (memoryview(bytes(42)).cast("B", (6, 7)), TypeError, r"^out is read-only"),
            ([[0] * 7] * 6, TypeError, r"^out: a buffer"),
        ],
    )
    def test_outs(self, out: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            hk.median_filter(self.image, 3, out=out)

    def test_out_over_the_image(self) -> None:
        memory = np.zeros((8, 7), np.uint8)
        with pytest.raises(BufferError, match=r"^out shares memory with image"):
            hk.median_filter(memory[:6], 3, out=memory[2:])
        with pytest.raises(BufferError, match=r"^out shares memory with image"):
            hk.median_filter(memory, 3, out=memory)

    def test_misaligned_out(self) -> None:
        out = misaligned(np.zeros(42, np.uint16)).reshape(6, 7)
        with pytest.raises(ValueError, match=r"^out has strides .*; C-contiguous, aligned memory is taken"):
            hk.median_filter(np.zeros((6, 7), np.uint16), 3, out=out)
