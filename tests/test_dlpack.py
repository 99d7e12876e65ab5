"""DLPack: taken once, given back once, refused where it is not on the CPU or not what it says."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from inputs import Bfloat16DLPack, OnlyDLPack, bfloat16_bits


class OnDevice(OnlyDLPack):
    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)  # CUDA


class UsedTwice(OnlyDLPack):
    """Gives the capsule that somebody else has consumed."""

    def __init__(self, values: np.ndarray) -> None:
        super().__init__(values)
        self.capsule = values.__dlpack__()

    def __dlpack__(self, **_: object) -> object:
        return self.capsule


class NoCapsule(OnlyDLPack):
    def __dlpack__(self, **_: object) -> object:
        return 1


class Raises(OnlyDLPack):
    def __dlpack__(self, **_: object) -> object:
        raise RuntimeError("not now")


def test_another_device() -> None:
    with pytest.raises(
        BufferError,
        match=r"^a is on a CUDA device \(DLPack device type 2\); the CPU .* use a\.cpu\(\)",
    ):
        hk.dot(OnDevice(np.ones(3)), np.ones(3))


def test_a_capsule_serves_once() -> None:
    tensor = UsedTwice(np.ones(3))
    assert hk.dot(tensor, np.ones(3)) == 3
    with pytest.raises(BufferError, match=r"^a: __dlpack__ gave no DLPack capsule, or a used one$"):
        hk.dot(tensor, np.ones(3))


def test_no_capsule() -> None:
    with pytest.raises(BufferError, match=r"^b: __dlpack__ gave no DLPack capsule"):
        hk.dot(np.ones(3), NoCapsule(np.ones(3)))


def test_the_producers_error_comes_through() -> None:
    with pytest.raises(RuntimeError, match="not now"):
        hk.dot(Raises(np.ones(3)), np.ones(3))


@pytest.mark.parametrize("versioned", [True, False])
def test_the_tensor_is_given_back(versioned: bool) -> None:
    class Watched(np.ndarray):
        pass

    values = np.ones(1000).view(Watched)
    gone = weakref.ref(values)
    tensor = OnlyDLPack(values, versioned=versioned)
    for _ in range(10):
        hk.dot(tensor, tensor)
        with pytest.raises(ValueError, match="one length"):
            hk.dot(tensor, np.ones(3))
    del values, tensor
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("dtype", [np.int32, np.complex64, np.float16])
def test_dtypes(dtype: Any) -> None:
    with pytest.raises(
        TypeError, match=r"^a has dtype (int32|float16|DLPack type code \d, \d+ bits, 1 lanes); float32 or float64"
    ):
        hk.dot(OnlyDLPack(np.ones(3, dtype)), np.ones(3))


@pytest.mark.parametrize("options", [{}, {"max_version": (1, 0)}])
def test_bfloat16(options: dict[str, Any]) -> None:
    class Tensor(Bfloat16DLPack):
        def __dlpack__(self, **_: object) -> object:
            return super().__dlpack__(**options)

    bits = bfloat16_bits(np.random.default_rng(3).standard_normal((9, 40)))
    rows = Tensor(bits)
    np.testing.assert_array_equal(hk.cosine_matrix(rows), hk.cosine_matrix(bits))
    np.testing.assert_array_equal(hk.cosine_matrix(Tensor(bits[:2]), rows), hk.cosine_matrix(bits[:2], bits))
    for found, expected in zip(hk.top_k(rows, rows, 3), hk.top_k(bits, bits, 3), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(TypeError, match=r"^a has dtype bfloat16; float32 or float64"):
        hk.dot(Tensor(bits[0]), np.ones(40))


def test_sums() -> None:
    dtypes: tuple[Any, ...] = (np.float32, np.float64, np.int8, np.uint64, np.bool_)
    for dtype in dtypes:
        values = np.arange(60).astype(dtype).reshape(3, 20)
        assert hk.sum(OnlyDLPack(values)) == values.sum(dtype=np.float64)
        assert hk.sum(OnlyDLPack(values[:, ::2])) == values[:, ::2].sum(dtype=np.float64)
