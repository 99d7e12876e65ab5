"""Columns by Arrow's PyCapsule interface, made by hand with ctypes: every interpreter has that, and it takes hostile ones."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SCHEMA, ARRAY, STREAM = b"arrow_schema", b"arrow_array", b"arrow_array_stream"
new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowSchema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowArray))
GET_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(ArrowArrayStream))

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", GET_LAST_ERROR),
    ("release", RELEASE_STREAM),
    ("private_data", ctypes.c_void_p),
]


@dataclass(kw_only=True)
class Chunk:
    """What stands in an ArrowArray; a buffer of None is a null pointer."""

    length: int
    buffers: Sequence[bytes | None]
    null_count: int = -1
    offset: int = 0
    n_buffers: int | None = None
    n_children: int = 0
    dictionary: Chunk | None = None


def chunk(layout: str, rows: Sequence[str | None], *, offset: int = 0) -> Chunk:
    """Rows as "u", "U", "vu" or "n" has them; those before the offset are no part of the chunk."""
    encoded = [(row or "").encode() for row in rows]
    bits = sum((row is not None) << place for place, row in enumerate(rows))
    validity = bits.to_bytes((len(rows) + 7) // 8, "little")
    length = len(rows) - offset
    if layout == "n":
        return Chunk(length=length, offset=offset, buffers=[])
    if layout in ("u", "U"):
        ends = [0]
        for row in encoded:
            ends.append(ends[-1] + len(row))
        offsets = struct.pack(f"={len(ends)}{'i' if layout == 'u' else 'q'}", *ends)
        return Chunk(length=length, offset=offset, buffers=[validity, offsets, b"".join(encoded)])
    views, data = b"", [b"", b"before"]
    for number, row in enumerate(encoded):
        if len(row) <= 12:
            views += struct.pack("=i12s", len(row), row)
        else:
            views += struct.pack("=i4sii", len(row), row[:4], number % 2, len(data[number % 2]))
            data[number % 2] += row
    return Chunk(length=length, offset=offset, buffers=[validity, views, *data, struct.pack("=2q", *map(len, data))])


INDICES = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I", "l": "q", "L": "Q"}
"""Arrow's format of each integer type, and struct's."""


def dictionary(index: str, layout: str, rows: Sequence[str | None], *, offset: int = 0) -> Chunk:
    """Rows as indices of a dictionary."""
    values = sorted({row for row in rows if row is not None}, reverse=True)
    there = chunk("u", rows).buffers[0]
    numbers = [0 if row is None else values.index(row) for row in rows]
    indices = struct.pack(f"={len(rows)}{INDICES[index]}", *numbers)
    return Chunk(length=len(rows) - offset, offset=offset, buffers=[there, indices], dictionary=chunk(layout, values))


class Column:
    """A column that gives capsules, and counts what is released; `error` is what its stream ends with."""

    def __init__(
        self, layout: str | None, *chunks: Chunk, values: str | None = None, error: tuple[int, bytes | None] | None = None
    ):
        self.layout, self.chunks, self.values, self.error = layout, chunks, values, error
        self.released = {"schema": 0, "array": 0, "stream": 0}
        self.structures: list[Any] = []
        self.keep: list[Any] = []

    def schema(self) -> ArrowSchema:
        def release(schema: Any) -> None:
            self.released["schema"] += 1
            schema.contents.release = RELEASE_SCHEMA()

        # Held here: of a copy, which a stream gives, ctypes keeps nothing.
        layout = None if self.layout is None else self.held(self.layout.encode())
        found = ArrowSchema(format=layout, release=self.held(RELEASE_SCHEMA(release)))
        if self.values is not None:
            found.dictionary = ctypes.pointer(self.held(ArrowSchema(format=self.values.encode())))
        return found

    def array(self, chunk: Chunk) -> ArrowArray:
        def release(array: Any) -> None:
            self.released["array"] += 1
            array.contents.release = RELEASE_ARRAY()

        found = self.structure(chunk)
        found.release = self.held(RELEASE_ARRAY(release))
        return found

    def structure(self, chunk: Chunk) -> ArrowArray:
        buffers = (ctypes.c_void_p * max(len(chunk.buffers), 1))()
        for number, content in enumerate(chunk.buffers):
            if content is not None:
                buffers[number] = ctypes.cast(
                    self.held(ctypes.create_string_buffer(content, len(content) + 1)), ctypes.c_void_p
                )
        found = ArrowArray(
            length=chunk.length,
            null_count=chunk.null_count,
            offset=chunk.offset,
            n_buffers=len(chunk.buffers) if chunk.n_buffers is None else chunk.n_buffers,
            n_children=chunk.n_children,
            buffers=ctypes.cast(self.held(buffers), ctypes.POINTER(ctypes.c_void_p)),
        )
        if chunk.dictionary is not None:
            found.dictionary = ctypes.pointer(self.held(self.structure(chunk.dictionary)))
        return found

    def held(self, thing: Any) -> Any:
        self.keep.append(thing)
        return thing

    def capsule(self, structure: Any, name: bytes) -> Any:
        """Without a destructor: the structure's memory is the column's."""
        self.structures.append(structure)
        return new_capsule(ctypes.addressof(structure), name, None)


class Array(Column):
    """One chunk."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return self.capsule(self.schema(), SCHEMA), self.capsule(self.array(self.chunks[0]), ARRAY)


class Stream(Column):
    """Any number of them."""

    def given(self) -> Iterable[Chunk]:
        return self.chunks

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        chunks = iter(self.given())

        def get_schema(_: Any, out: Any) -> int:
            ctypes.pointer(out.contents)[0] = self.schema()
            return 0

        def get_next(_: Any, out: Any) -> int:
            following = next(chunks, None)
            if following is not None:
                out[0] = self.array(following)
            elif self.error:
                return self.error[0]
            return 0

        def get_last_error(_: Any) -> int | None:
            message = self.error[1] if self.error else None
            return None if message is None else ctypes.cast(self.held(ctypes.c_char_p(message)), ctypes.c_void_p).value

        def release(stream: Any) -> None:
            self.released["stream"] += 1
            stream.contents.release = RELEASE_STREAM()

        stream = ArrowArrayStream(
            get_schema=self.held(GET_SCHEMA(get_schema)),
            get_next=self.held(GET_NEXT(get_next)),
            get_last_error=self.held(GET_LAST_ERROR(get_last_error)),
            release=self.held(RELEASE_STREAM(release)),
        )
        return self.capsule(stream, STREAM)
