"""The same numbers in every guise that the package takes them in, for the tests to share."""

from __future__ import annotations

import array
import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import hotkernels as hk
import numpy as np


class OnlyDLPack:
    """An array that can be had through DLPack alone, as a tensor of another library can."""

    def __init__(self, values: np.ndarray, *, versioned: bool = True) -> None:
        self.values, self.versioned = values, versioned
        if not versioned:
            # A producer of before DLPack 1.0: it does not know max_version.
            self.__class__ = _OldDLPack

    def __dlpack__(self, **options: Any) -> object:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class _OldDLPack(OnlyDLPack):
    def __dlpack__(self) -> object:  # type: ignore[override]
        return self.values.__dlpack__()


class Bfloat16DLPack(OnlyDLPack):
    """The bits of bfloat16, given as what they are: NumPy's tensor of uint16 with the type code of another library's."""

    def __dlpack__(self, **options: Any) -> object:
        capsule = self.values.__dlpack__(**options)
        name = b"dltensor_versioned" if "dltensor_versioned" in repr(capsule) else b"dltensor"
        signature = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
        address = signature(("PyCapsule_GetPointer", ctypes.pythonapi))(capsule, name)
        # The code is behind data, device and ndim; those behind version, context, deleter and flags, where there are such.
        place = address + 20 + (32 if name == b"dltensor_versioned" else 0)
        code = ctypes.c_uint8.from_address(place)
        assert code.value == 1, "NumPy's tensor is one of unsigned integers"
        code.value = 4  # kDLBfloat
        return capsule


def bfloat16_bits(numbers: np.ndarray) -> np.ndarray:
    """The bits of numbers cut to bfloat16."""
    return (numbers.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def values(rows: np.ndarray) -> np.ndarray:
    """The numbers themselves, where rows are the bits of bfloat16."""
    return (rows.astype(np.uint32) << 16).view(np.float32) if rows.dtype == np.uint16 else rows


def read_only(values: np.ndarray) -> np.ndarray:
    view = values.view()
    view.flags.writeable = False
    return view


def strided(values: np.ndarray) -> np.ndarray:
    wide = np.full((len(values), 3), np.nan, values.dtype)
    wide[:, 1] = values
    return wide[:, 1]


def backwards(values: np.ndarray) -> np.ndarray:
    return values[::-1].copy()[::-1]


def misaligned(values: np.ndarray) -> np.ndarray:
    raw = np.zeros(values.nbytes + 1, np.uint8)
    raw[1:] = np.frombuffer(values.tobytes(), np.uint8)
    return raw[1:].view(values.dtype)


GUISES: dict[str, Callable[[np.ndarray], Any]] = {
    "ndarray": lambda values: values,
    "array.array": lambda values: array.array(values.dtype.char, values.tobytes()),
    "memoryview": memoryview,
    "bytearray.cast": lambda values: memoryview(bytearray(values.tobytes())).cast("f" if values.dtype == np.float32 else "d"),
    "Vector": hk.Vector,
    "read-only": read_only,
    "strided": strided,
    "backwards": backwards,
    "misaligned": misaligned,
    "DLPack 1": OnlyDLPack,
    "DLPack 0": lambda values: OnlyDLPack(values, versioned=False),
}


def guises(values: np.ndarray) -> Iterator[tuple[str, Any]]:
    for name, make in GUISES.items():
        yield name, make(values)
