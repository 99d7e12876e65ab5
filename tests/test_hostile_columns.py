"""Arrow columns spoilt at random: each is read as a list of the same strings is, or refused by name; all is released once."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from columns import INDICES, Array, Chunk, Stream, chunk, dictionary
from hostile import examples
from hypothesis import given
from hypothesis import strategies as st
from strings import short

rows: Any = st.lists(short | st.none() | st.text(max_size=20), max_size=12)
ODD = [-(2**63), -1, 0, 1, 2, 3, 2**59 - 1, 2**59, 2**60, 2**63 - 1]


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, str | None, Chunk]:
    """A column's format, that of its dictionary, and a chunk with up to three things wrong, none of them a buffer too short."""
    layout, strings = draw(st.sampled_from(["u", "U", "vu", "n"])), draw(rows)
    offset = draw(st.integers(0, len(strings)))
    if layout != "n" and draw(st.booleans()):
        index = draw(st.sampled_from(sorted(INDICES)))
        part, values = dictionary(index, layout, strings, offset=offset), layout
        layout = index
    else:
        part, values = chunk(layout, strings, offset=offset), None
    for _ in range(draw(st.integers(0, 3))):
        inner = part.dictionary
        if inner is not None and draw(st.booleans()):
            part = replace(part, dictionary=spoil(draw, values or "", inner))
        else:
            part = spoil(draw, layout, part)
    if part.dictionary is not None:
        part = replace(part, dictionary=within(values or "", part.dictionary))
    return layout, values, within(layout, part)


def within(layout: str, part: Chunk) -> Chunk:
    """Rows that are there, or such as are refused."""
    if not (0 <= part.offset < 2**40 and 0 <= part.length < 2**40) or layout == "n":
        return part
    size = {"u": 4, "U": 8, "vu": 16}.get(layout) or struct.calcsize(f"={INDICES[layout]}")
    there = [len(buffer) // size for buffer in part.buffers[1:2] if buffer is not None]
    most = max(there[0] - (layout in ("u", "U")), 0) if there else 0
    offset = min(part.offset, most)
    return replace(part, offset=offset, length=min(part.length, most - offset))


def spoil(draw: st.DrawFn, layout: str, part: Chunk) -> Chunk:
    odd = draw(st.sampled_from(ODD))
    match draw(st.integers(0, 8)):
        case 0:
            return replace(part, length=odd)
        case 1:
            return replace(part, offset=odd)
        case 2:
            return replace(part, null_count=odd)
        case 3:
            # Of views with fewer buffers another one would be that of the sizes.
            there = [count for count in (-1, 0, 1, 2, 6, 2**31) if count <= len(part.buffers) or layout != "vu"]
            return replace(part, n_buffers=draw(st.sampled_from(there)))
        case 4:
            return replace(part, n_children=odd)
        case 5 if part.buffers:
            number = draw(st.integers(0, len(part.buffers) - 1))
            return replace(part, buffers=[*part.buffers[:number], None, *part.buffers[number + 1 :]])
        case 6 if part.dictionary is not None:
            return replace(part, dictionary=None)
        case 7 if layout in ("u", "U") and part.buffers[1]:
            # An offset that is not past the data.
            width, data = (4, "i") if layout == "u" else (8, "q"), part.buffers[2] or b""
            size, letter = width
            place = draw(st.integers(0, len(part.buffers[1]) // size - 1)) * size
            return changed(part, 1, place, struct.pack(f"={letter}", draw(st.integers(-2, len(data)))))
        case _:
            # Any byte of what is held to something else: bits, views, indices, letters.
            numbers = {"u": [0, 2], "U": [0, 2], "vu": [0, 1, 2, 3], "n": []}.get(layout, [0, 1])
            numbers = [number for number in numbers if part.buffers[number]]
            if not numbers:
                return part
            number = draw(st.sampled_from(numbers))
            place = draw(st.integers(0, len(part.buffers[number] or b"") - 1))
            return changed(part, number, place, bytes([draw(st.integers(0, 255))]))


def changed(part: Chunk, number: int, place: int, content: bytes) -> Chunk:
    before = part.buffers[number] or b""
    after = before[:place] + content + before[place + len(content) :]
    return replace(part, buffers=[*part.buffers[:number], after, *part.buffers[number + 1 :]])


@examples(100)
@given(spoilt=spoilt(), before=st.integers(0, 2))
def test_spoilt_chunks(spoilt: tuple[str, str | None, Chunk], before: int) -> None:
    layout, values, part = spoilt
    array = Array(layout, part, values=values)
    try:
        alone = np.asarray(hk.cdist(array, ["a", None], dtype="float64", threads=1))
    except (TypeError, ValueError) as error:
        assert str(error).startswith(("queries: the Arrow array has", "queries[", "queries has the Arrow format"))  # noqa: PT017
        alone = None
    else:
        assert alone is not None
        assert alone.shape == (part.length, 2)
    assert array.released == {"schema": 1, "array": 1, "stream": 0}
    sound = dictionary(layout, values, ["a", "b"]) if values else chunk(layout, ["a", "b"])
    stream = Stream(layout, *[sound] * before, part, sound, values=values)
    try:
        found = np.asarray(hk.cdist(stream, ["a", None], dtype="float64", threads=1))
    except (TypeError, ValueError):
        assert alone is None
        # What was asked for before the fault was found; a type that is none of strings is found first.
        assert stream.released["array"] in (0, before + 1)
    else:
        assert alone is not None
        np.testing.assert_array_equal(found[2 * before : -2], alone)
        assert stream.released["array"] == before + 2
    assert (stream.released["schema"], stream.released["stream"]) == (1, 1)


@pytest.mark.parametrize("method", ["__arrow_c_array__", "__arrow_c_stream__"])
def test_what_is_no_capsule_of_that_name(method: str) -> None:
    column = Array("u", chunk("u", ["a"]))
    pair, stream = column.__arrow_c_array__(), Stream("u").__arrow_c_stream__()
    for given_one in (None, 3, (), pair[::-1], (stream, stream), pair[0], [*pair], (pair[0],), (*pair, None)):
        hostile = type("Hostile", (), {method: lambda _, given_one=given_one: given_one})()
        with pytest.raises(TypeError, match=r"^choices: "):
            hk.cdist(["a"], hostile)
    assert column.released == {"schema": 0, "array": 0, "stream": 0}
    assert hk.cdist(["a"], Given(pair)).tolist() == [[0]]
    assert column.released == {"schema": 1, "array": 1, "stream": 0}


class Given:
    """Gives a pair of capsules that was made before."""

    def __init__(self, pair: tuple[object, object]) -> None:
        self.pair = pair

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return self.pair


def test_an_attribute_that_fails() -> None:
    class Failing:
        @property
        def __arrow_c_array__(self) -> object:
            raise LookupError("no such column")

    with pytest.raises(LookupError, match="no such column"):
        hk.cdist(["a"], Failing())  # type: ignore[call-overload]
