"""Exporters made by hand: a Py_buffer or a DLPack tensor with any numbers in it, and a count of what is given back."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from hypothesis import settings


def examples(share: int) -> settings:
    """So many per cent of the examples that the profile tries."""
    return settings(max_examples=max(1, settings().max_examples * share // 100))


class PyBuffer(ctypes.Structure):
    """Py_buffer, as it has been since the stable ABI has it."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("suboffsets", ctypes.POINTER(ctypes.c_int64)),
        ("internal", ctypes.c_void_p),
    )


class Slot(ctypes.Structure):
    _fields_ = (("slot", ctypes.c_int), ("pfunc", ctypes.c_void_p))


class Spec(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(Slot)),
    )


@dataclass(kw_only=True)
class Given:
    """What stands in the Py_buffer; None is a null pointer."""

    memory: bytearray
    offset: int = 0
    format: bytes | None = b"d"
    itemsize: int = 8
    shape: Sequence[int] | None = ()
    strides: Sequence[int] | None = ()
    suboffsets: Sequence[int] | None = None
    ndim: int | None = None
    length: int | None = None
    readonly: bool = True
    null: bool = False

    def elements(self) -> list[Any]:
        """The elements in C order, one by one."""
        assert self.shape is not None
        assert self.strides is not None
        assert self.format is not None
        places = product(*(range(count) for count in self.shape))
        return [struct.unpack_from(self.format, self.memory, self.place(place))[0] for place in places]

    def place(self, index: Sequence[int]) -> int:
        return self.offset + sum(a * b for a, b in zip(index, self.strides or (), strict=True))

    def places(self) -> Iterator[int]:
        """Where each element begins."""
        return (self.place(index) for index in product(*(range(count) for count in self.shape or ())))


ROOM = 64  # numbers of a shape, zeros behind those given: what says more dimensions than it has numbers is read all the same


def numbers(given: Sequence[int] | None) -> Any:
    return None if given is None else (ctypes.c_int64 * ROOM)(*given)


def fill(exporter: Any, view: Any, flags: int) -> int:
    given = exporter.answer()
    exporter.given += 1
    shown, to = exporter.show(given), view.contents
    to.buf = None if given.null else ctypes.addressof(shown[0]) + given.offset
    to.itemsize, to.readonly, to.format = given.itemsize, int(given.readonly), given.format
    to.ndim = len(given.shape or ()) if given.ndim is None else given.ndim
    to.len = math.prod(given.shape or ()) * given.itemsize if given.length is None else given.length
    to.shape, to.strides, to.suboffsets = shown[1:]
    to.internal = None
    to.obj = id(exporter)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(exporter))
    return 0


def release(exporter: Any, _: Any) -> None:
    exporter.released += 1


def make_base() -> Any:
    """A type with the two functions of the buffer protocol: Python's own __buffer__ can only give what a memoryview takes."""
    getting = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(PyBuffer), ctypes.c_int)(fill)
    releasing = ctypes.PYFUNCTYPE(None, ctypes.py_object, ctypes.POINTER(PyBuffer))(release)
    slots = (Slot * 3)(
        Slot(1, ctypes.cast(getting, ctypes.c_void_p)),  # Py_bf_getbuffer
        Slot(2, ctypes.cast(releasing, ctypes.c_void_p)),  # Py_bf_releasebuffer
        Slot(0, None),
    )
    basetype = 1 << 10  # Py_TPFLAGS_BASETYPE
    spec = Spec(b"hostile.Base", 0, 0, basetype, slots)
    make = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.POINTER(Spec))(("PyType_FromSpec", ctypes.pythonapi))
    KEPT.append((slots, spec, getting, releasing))
    return make(ctypes.byref(spec))


KEPT: list[Any] = []
Base: Any = make_base()


class Exporter(Base):  # type: ignore[misc]
    """Gives each of these buffers in turn, and the last one from then on."""

    def __init__(self, *given: Given) -> None:
        self.answers = list(given)
        self.given = self.released = 0
        self.kept: list[Any] = []

    def answer(self) -> Given:
        return self.answers[min(self.given, len(self.answers) - 1)]

    def show(self, given: Given) -> Any:
        memory = (ctypes.c_char * len(given.memory)).from_buffer(given.memory)
        shown = (memory, numbers(given.shape), numbers(given.strides), numbers(given.suboffsets))
        self.kept.append(shown)
        return shown

    @property
    def settled(self) -> bool:
        """Whether each buffer that was given was released."""
        return self.given == self.released


class DLTensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class Managed(ctypes.Structure):
    _fields_ = (("tensor", DLTensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


class Versioned(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", DLTensor),
    )


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
DESTRUCTOR = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, DESTRUCTOR)(
    ("PyCapsule_New", ctypes.pythonapi)
)
is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_IsValid", ctypes.pythonapi))


@dataclass(kw_only=True)
class Described:
    """What stands in the DLTensor and around it; None is a null pointer."""

    memory: bytearray = field(default_factory=bytearray)
    offset: int = 0
    byte_offset: int = 0
    device: tuple[int, int] = (1, 0)
    dtype: tuple[int, int, int] = (2, 64, 1)
    shape: Sequence[int] | None = ()
    strides: Sequence[int] | None = None
    ndim: int | None = None
    null: bool = False
    versioned: bool = True
    version: tuple[int, int] = (1, 0)
    flags: int = 0
    deleter: bool = True


class Tensor:
    """Gives capsules of such a tensor, and counts what is deleted: by who took it, else by the capsule's destructor."""

    says: Any = (1, 0)

    def __init__(self, described: Described) -> None:
        self.described = described
        self.given = self.deleted = 0
        self.made: Any = None  # a capsule that is given each time
        self.kept: list[Any] = []

    def __dlpack_device__(self) -> Any:
        return self.says

    def __dlpack__(self, **options: Any) -> Any:
        if options and not self.described.versioned:
            raise TypeError("max_version is not known here")
        return self.made or self.capsule()

    def capsule(self) -> Any:
        known = self.described
        memory = (ctypes.c_char * len(known.memory)).from_buffer(known.memory)
        shape, strides = numbers(known.shape), numbers(known.strides)
        tensor = DLTensor(
            None if known.null else ctypes.addressof(memory) + known.offset,
            *known.device,
            len(known.shape or ()) if known.ndim is None else known.ndim,
            *known.dtype,
            shape,
            strides,
            known.byte_offset,
        )

        def delete(_: int | None) -> None:
            self.deleted += 1

        deleter = DELETER(delete)
        address = ctypes.cast(deleter, ctypes.c_void_p).value if known.deleter else None
        managed: Any
        if known.versioned:
            managed = Versioned(*known.version, None, address, known.flags, tensor)
        else:
            managed = Managed(tensor, None, address)
        name = b"dltensor_versioned" if known.versioned else b"dltensor"

        def destroy(capsule: int | None) -> None:
            if known.deleter and is_valid(capsule, name):
                self.deleted += 1

        destructor = DESTRUCTOR(destroy)
        self.given += known.deleter
        self.kept.append((memory, shape, strides, deleter, destructor, managed))
        return new_capsule(ctypes.addressof(managed), name, destructor)

    @property
    def settled(self) -> bool:
        """Whether each tensor that was given was deleted, once."""
        return self.given == self.deleted


FORMATS: dict[str, tuple[str, int]] = {
    "f": ("float32", 4),
    "d": ("float64", 8),
    "e": ("float16", 2),
    "b": ("int8", 1),
    "B": ("uint8", 1),
    "h": ("int16", 2),
    "H": ("uint16", 2),
    "i": ("int32", 4),
    "I": ("uint32", 4),
    "q": ("int64", 8),
    "Q": ("uint64", 8),
    "?": ("bool", 1),
}
"""Formats of the struct module, NumPy's name for each, and bytes."""

CODES = {"f": (2, 32, 1), "d": (2, 64, 1), "e": (2, 16, 1), "?": (6, 8, 1)} | {
    letter: (int(letter.isupper()), 8 * size, 1) for letter, (_, size) in FORMATS.items() if letter in "bBhHiIqQ"
}
"""DLPack's data type of each."""


def as_array(given: Given, letter: str) -> np.ndarray:
    """The same elements without gaps."""
    assert given.shape is not None
    raw = b"".join(bytes(given.memory[place : place + given.itemsize]) for place in given.places())
    return np.frombuffer(raw, FORMATS[letter][0]).reshape(given.shape).copy()
