"""Vector: owns what it was given, shows it to others without a copy, never changes."""

from __future__ import annotations

import copy
import gc
import math
import pickle
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from inputs import guises

DTYPES = (np.float32, np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_from_every_guise(dtype: Any) -> None:
    values = np.array([1.5, -2.25, 3.0], dtype)
    for name, data in guises(values):
        vector = hk.Vector(data)
        assert vector.dtype == values.dtype.name, name
        assert vector.tolist() == values.tolist(), name


def test_from_numbers() -> None:
    assert hk.Vector([1, 2.5, np.float32(3)]).tolist() == [1.0, 2.5, 3.0]
    assert hk.Vector(float(i) for i in range(3)).dtype == "float64"
    assert hk.Vector([0.1], "float32").tolist() == [float(np.float32(0.1))]
    assert hk.Vector(np.array([0.1]), dtype="float32") == hk.Vector(np.array([0.1], np.float32))
    assert hk.Vector(np.array([0.1], np.float32), dtype="float64").tolist() == [float(np.float32(0.1))]


def test_owns_its_data() -> None:
    values = np.ones(4)
    vector = hk.Vector(values)
    values[:] = 7
    assert vector.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_is_a_read_only_buffer(dtype: Any) -> None:
    vector = hk.Vector(np.arange(5, dtype=dtype))
    view = memoryview(vector)
    assert (view.readonly, view.ndim, view.shape, view.itemsize, view.format) == (
        True,
        1,
        (5,),
        np.dtype(dtype).itemsize,
        np.dtype(dtype).char,
    )
    shown = np.asarray(vector)
    assert shown.dtype == dtype
    assert shown.__array_interface__["data"][0] == np.asarray(vector).__array_interface__["data"][0]  # no copy
    assert not shown.flags.writeable
    with pytest.raises((BufferError, ValueError)):
        np.frombuffer(vector, dtype).flags.writeable = True
    with pytest.raises(TypeError):
        memoryview(vector)[0] = 1.0  # type: ignore[call-overload]


def test_the_data_outlives_the_name() -> None:
    shown = np.asarray(hk.Vector([1.0, 2.0, 3.0]))
    gc.collect()
    filler = [hk.Vector([9.0, 9.0, 9.0]) for _ in range(100)]
    assert shown.tolist() == [1.0, 2.0, 3.0]
    assert len(filler) == 100


def test_sequence() -> None:
    vector = hk.Vector([1.0, 2.0, 3.0, 4.0])
    assert len(vector) == 4
    assert list(vector) == [1.0, 2.0, 3.0, 4.0]
    assert (vector[0], vector[-1]) == (1.0, 4.0)
    assert vector[1:3] == hk.Vector([2.0, 3.0])
    assert vector[::-2].tolist() == [4.0, 2.0]
    assert 3.0 in vector
    for outside in (4, -5):
        with pytest.raises(IndexError, match=rf"^index {outside} is outside a Vector of 4 elements$"):
            vector[outside]
    with pytest.raises(TypeError, match=r"^index: an int or a slice is taken, got 'a'(; |$)"):
        vector["a"]  # type: ignore[call-overload]


def test_equality_and_repr() -> None:
    vector = hk.Vector([1.0, 0.1])
    assert vector == hk.Vector([1.0, 0.1])
    assert vector != hk.Vector([1.0, 0.2])
    assert vector != hk.Vector([1.0, 0.1], "float32")
    assert vector != [1.0, 0.1]
    assert repr(vector) == "Vector([1.0, 0.1], dtype='float64')"
    assert repr(hk.Vector(range(8), "float32")) == ("Vector([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, … 2 more], dtype='float32')")
    with pytest.raises(TypeError, match="unhashable"):
        hash(vector)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_copies(dtype: Any) -> None:
    vector = hk.Vector([1.0, 0.1, math.inf], dtype)
    for again in (pickle.loads(pickle.dumps(vector)), copy.copy(vector), copy.deepcopy(vector)):
        assert again == vector
        assert again.dtype == dtype


def test_does_not_change() -> None:
    vector = hk.Vector([1.0])
    for name in ("dtype", "norm", "new"):
        with pytest.raises(AttributeError):
            setattr(vector, name, 1)
    with pytest.raises(TypeError):
        vector[0] = 1.0  # type: ignore[index]


def test_numbers() -> None:
    a, b = hk.Vector([3.0, 4.0]), hk.Vector([4.0, 3.0])
    assert a.norm == 5.0
    assert a.dot(b) == 24.0
    assert a.dot(np.array([1.0, 1.0])) == 7.0
    assert a.cosine_similarity(b) == hk.cosine_similarity(a, b) == 0.96
    assert a.cosine_similarity(np.array([4.0, 3.0])) == pytest.approx(0.96, rel=1e-15)
    assert hk.Vector([1e200, 1e200]).norm == pytest.approx(math.sqrt(2) * 1e200, rel=1e-15)
    assert hk.Vector([0.0]).norm == 0.0


class TestRefusals:
    def test_nothing(self) -> None:
        for data in ([], np.ones(0)):
            with pytest.raises(ValueError, match=r"^data is empty"):
                hk.Vector(data)

    def test_items(self) -> None:
        with pytest.raises(TypeError, match=r"^data\[1\]: a number is taken, got str(; |$)"):
            hk.Vector([1.0, "a"])  # type: ignore[list-item]
        with pytest.raises(
            TypeError, match=r"^data: a buffer, a DLPack tensor or an iterable of numbers is taken, got NoneType(; |$)"
        ):
            hk.Vector(None)  # type: ignore[arg-type]

    def test_dtypes(self) -> None:
        with pytest.raises(TypeError, match=r"^data has dtype int64; float32 or float64 is taken"):
            hk.Vector(np.arange(3))
        for dtype in ("float16", "f", 3):
            with pytest.raises(ValueError, match=r"^dtype: 'float32', 'float64' or None is taken, got"):
                hk.Vector([1.0], dtype)  # type: ignore[arg-type]

    def test_lengths(self) -> None:
        with pytest.raises(ValueError, match=r"^self has 1 elements and other has 2; one length"):
            hk.Vector([1.0]).cosine_similarity(hk.Vector([1.0, 2.0]))
