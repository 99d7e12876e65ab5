"""Columns of strings: Arrow's capsules, sound and hostile, and NumPy's arrays give what a list of the same strings gives."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from columns import INDICES, Array, Chunk, Column, Stream, chunk, dictionary
from hypothesis import given, settings
from hypothesis import strategies as st
from strings import short

ROWS = [
    "x",
    None,
    "",
    "Müller",
    "twelve bytes",
    "thirteen byte",
    "日本語",
    None,
    "a\0b",
    "e\u0301\r\n",
    "👩\u200d👧 and many more bytes",
]
OTHERS = ["Muller", "", None, "e\u0301", "thirteen bytes", "日本"]
LAYOUTS = ["u", "U", "vu"]
ORDERS = st.sampled_from("<>")
numbers = st.one_of(st.integers(0, 2**32 - 1), st.integers(0xD7FF, 0xE000), st.integers(0x10FFFF, 0x110000))
rows: Any = st.lists(short | st.none() | st.sampled_from(ROWS), max_size=20)


def same(column: object, expected: list[str | None]) -> None:
    np.testing.assert_array_equal(hk.cdist(column, OTHERS), hk.cdist(expected, OTHERS))  # type: ignore[call-overload]
    np.testing.assert_array_equal(hk.cdist(OTHERS, column), hk.cdist(OTHERS, expected))  # type: ignore[call-overload]


def is_character(point: int) -> bool:
    return point <= sys.maxunicode and not 0xD800 <= point < 0xE000


def settled(column: Column) -> None:
    """Every structure that was given was taken, and released once."""
    assert all(not structure.release for structure in column.structures)
    streams = sum(type(structure).__name__ == "ArrowArrayStream" for structure in column.structures)
    assert column.released["stream"] == streams
    assert column.released["schema"] == (streams or len(column.structures) // 2)


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=30)
@given(chunks=st.lists(st.tuples(rows, st.integers(0, 9)), max_size=4))
def test_strings(layout: str, chunks: list[tuple[list[str | None], int]]) -> None:
    parts = [chunk(layout, part, offset=min(offset, len(part))) for part, offset in chunks]
    exact = [row for part, offset in chunks for row in part[min(offset, len(part)) :]]
    stream = Stream(layout, *parts)
    same(stream, exact)
    settled(stream)
    assert stream.released["array"] == 2 * len(parts)
    if parts:
        array = Array(layout, parts[0])
        same(array, exact[: parts[0].length])
        settled(array)
        assert array.released["array"] == 2


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_dictionaries(index: str, layout: str) -> None:
    first, second = dictionary(index, layout, ROWS), dictionary(index, layout, OTHERS, offset=2)
    stream = Stream(index, first, dictionary(index, layout, []), second, values=layout)
    same(stream, ROWS + OTHERS[2:])
    settled(stream)
    assert stream.released["array"] == 6


def test_nulls() -> None:
    same(Array("n", chunk("n", [None] * 9, offset=4)), [None] * 5)
    same(Array("n", Chunk(length=2, buffers=[None])), [None] * 2)  # polars
    of_nulls = Chunk(length=2, buffers=[None, b"\0\1"], dictionary=chunk("n", [None] * 2))
    same(Array("c", of_nulls, values="n"), [None] * 2)
    all_there = replace(chunk("u", ["a", "b"]), null_count=0)
    same(Array("u", replace(all_there, buffers=[None, *all_there.buffers[1:]])), ["a", "b"])
    nothing = Chunk(length=0, buffers=[None, None, None])
    same(Stream("u", nothing, chunk("u", ["a"]), nothing), ["a"])
    same(Stream("vu"), [])


def test_best_match_takes_columns() -> None:
    queries, choices = Stream("vu", chunk("vu", ROWS)), Array("U", chunk("U", OTHERS))
    found, exact = hk.best_match(queries, choices), hk.best_match(ROWS, OTHERS)
    np.testing.assert_array_equal(found[0], exact[0])
    np.testing.assert_array_equal(found[1], exact[1])
    settled(queries)
    settled(choices)


def changed(part: Chunk, buffer: int, at: int, content: bytes) -> Chunk:
    """With other bytes in a buffer."""
    before = part.buffers[buffer] or b""
    after = before[:at] + content + before[at + len(content) :]
    return replace(part, buffers=[*part.buffers[:buffer], after, *part.buffers[buffer + 1 :]])


def without(part: Chunk, buffer: int, **other: Any) -> Chunk:
    return replace(part, buffers=[*part.buffers[:buffer], None, *part.buffers[buffer + 1 :]], **other)


UTF8, LARGE, VIEWS = (chunk(layout, ROWS) for layout in LAYOUTS)
CODES = dictionary("c", "u", ROWS)
ARRAY = "the Arrow array has"


@pytest.mark.parametrize(
    ("layout", "part", "message"),
    [
        ("u", replace(UTF8, length=-1), f": {ARRAY} a length of -1$"),
        ("u", replace(UTF8, offset=-3), f": {ARRAY} an offset of -3$"),
        ("u", replace(UTF8, offset=2**63 - 1), f": {ARRAY} an offset of .* more than memory has$"),
        ("vu", replace(VIEWS, length=2**60), f": {ARRAY} an offset of .* more than memory has$"),
        ("n", Chunk(length=2**40, buffers=[]), f": {ARRAY} a length of .*; at most 2\\^32 - 2 strings are taken$"),
        ("u", replace(UTF8, null_count=99), f": {ARRAY} a null_count of 99$"),
        ("u", replace(UTF8, null_count=-2), f": {ARRAY} a null_count of -2$"),
        ("u", replace(UTF8, n_children=1), f": {ARRAY} children, n_children 1$"),
        ("u", replace(UTF8, n_buffers=2), f": {ARRAY} 2 buffers; 3 are its type's$"),
        ("u", replace(UTF8, n_buffers=-1), f": {ARRAY} -1 buffers; 3 are its type's$"),
        ("n", UTF8, f": {ARRAY} 3 buffers; 0 are its type's$"),
        ("vu", replace(VIEWS, n_buffers=2), f": {ARRAY} 2 buffers; 3 are its type's$"),
        ("c/u", replace(CODES, n_buffers=3), f": {ARRAY} 3 buffers; 2 are its type's$"),
        ("u", without(UTF8, 0, null_count=2), f": {ARRAY} a null_count of 2 and no validity bitmap$"),
        ("u", without(UTF8, 1), f": {ARRAY} no offsets$"),
        ("u", without(UTF8, 2), r"\[0\] has 1 bytes, and there are no data$"),
        ("vu", without(VIEWS, 1), f": {ARRAY} no views$"),
        ("vu", without(VIEWS, 2), f": {ARRAY} no data$"),
        ("vu", without(VIEWS, 4), f": {ARRAY} no sizes of its buffers$"),
        ("c/u", without(CODES, 1), f": {ARRAY} no indices$"),
        ("c/u", replace(CODES, dictionary=None), f": {ARRAY} no dictionary, which its type has$"),
        ("u", replace(UTF8, dictionary=UTF8), f": {ARRAY} a dictionary, which its type has not$"),
        ("c/u", replace(CODES, dictionary=replace(UTF8, length=-7)), f": {ARRAY} a dictionary that has a length of -7$"),
        (
            "c/u",
            replace(CODES, dictionary=changed(UTF8, 2, 0, b"\xff")),
            f": {ARRAY} a dictionary whose value 0 has no valid UTF-8 from its byte 0 on$",
        ),
        ("c/u", changed(CODES, 1, 3, b"\xff"), r"\[3\] has the index -1, of a dictionary of 9$"),
        ("c/u", changed(CODES, 1, 4, b"\x09"), r"\[4\] has the index 9, of a dictionary of 9$"),
        ("u", changed(UTF8, 1, 4 * 6, struct.pack("=i", 5)), r"\[5\] has the offsets 20 and 5$"),
        ("u", changed(UTF8, 1, 0, struct.pack("=i", -1)), r"\[0\] has the offsets -1 and 1$"),
        ("U", changed(LARGE, 1, 8 * 6, struct.pack("=q", -(2**63))), r"\[5\] has the offsets 20 and -9223372036854775808$"),
        ("u", changed(UTF8, 2, 3, b"\xff"), r"\[3\] has no valid UTF-8 from its byte 1 on$"),
        ("u", changed(UTF8, 2, 8, b"\xed\xa0\x80"), r"\[4\] has no valid UTF-8 from its byte 0 on$"),
        ("vu", changed(VIEWS, 1, 5 * 16, struct.pack("=i", -1)), r"\[5\] has a view of length -1$"),
        (
            "vu",
            changed(VIEWS, 1, 5 * 16, struct.pack("=i", 99)),
            r"\[5\] has a view of 99 bytes from 6 on in buffer 1 of 2, which",
        ),
        (
            "vu",
            changed(VIEWS, 1, 5 * 16 + 8, struct.pack("=i", 2)),
            r"\[5\] has a view of 13 bytes from 6 on in buffer 2 of 2, which",
        ),
        (
            "vu",
            changed(VIEWS, 1, 5 * 16 + 8, struct.pack("=i", -1)),
            r"\[5\] has a view of 13 bytes from 6 on in buffer -1 of 2, wh",
        ),
        (
            "vu",
            changed(VIEWS, 1, 5 * 16 + 12, struct.pack("=i", -1)),
            r"\[5\] has a view of 13 bytes from -1 on in buffer 1 of 2, wh",
        ),
        ("vu", changed(VIEWS, 4, 0, struct.pack("=q", -5)), f": {ARRAY} a buffer of size -5$"),
    ],
)
def test_hostile_arrays(layout: str, part: Chunk, message: str) -> None:
    layout, _, values = layout.partition("/")
    array = Array(layout, part, values=values or None)
    with pytest.raises(ValueError, match=rf"^choices{message}"):
        hk.cdist(["a"], array)
    settled(array)
    assert array.released["array"] == 1
    # The row is counted over all chunks.
    first = chunk(layout, ["a", "b"]) if not values else dictionary(layout, values, ["a", "b"])
    stream = Stream(layout, first, part, values=values or None)
    with pytest.raises(ValueError, match=r"^queries[:\[]") as caught:
        hk.best_match(stream, ["a"])
    if message.startswith("\\["):
        row = int(message[2 : message.index("\\]")])
        assert str(caught.value).startswith(f"queries[{row + 2}]")
    settled(stream)
    assert stream.released["array"] == 2


@pytest.mark.parametrize(
    ("layout", "values", "found"),
    [
        ("l", None, '"l"'),
        ("+s", None, r'"\+s"'),
        ("z", None, '"z"'),
        ("", None, '""'),
        ("g", "u", '"g" with a dictionary of "u"'),
        ("i", "i", '"i" with a dictionary of "i"'),
    ],
)
def test_other_types(layout: str, values: str | None, found: str) -> None:
    array = Array(layout, UTF8, values=values)
    with pytest.raises(
        TypeError, match=rf'^choices has the Arrow format {found}; strings \("u", "U", "vu"\), dict.* are taken(; |$)'
    ):
        hk.cdist(["a"], array)
    assert array.released == {"schema": 1, "array": 1, "stream": 0}


def test_a_schema_without_a_format() -> None:
    with pytest.raises(ValueError, match=f"^queries: {ARRAY} a schema without a format$"):
        hk.cdist(Array(None, UTF8), ["a"])


def test_streams_that_fail() -> None:
    with pytest.raises(ValueError, match=r"^choices: the Arrow stream failed: no such column$"):
        hk.cdist(["a"], Stream("u", UTF8, error=(22, b"no such column")))
    with pytest.raises(OSError, match=r"choices: the Arrow stream failed: the cable is loose") as caught:
        hk.cdist(["a"], Stream("u", UTF8, error=(5, b"the cable is loose")))
    assert caught.value.errno == 5
    failing = Stream("u", error=(22, None))
    with pytest.raises(ValueError, match=r"^choices: the Arrow stream failed: it does not say why$"):
        hk.cdist(["a"], failing)
    settled(failing)


def test_capsules_are_taken_once() -> None:
    class Again(Column):
        def __init__(self, given: Any) -> None:
            self.given = given

        def __arrow_c_array__(self, requested_schema: object = None) -> object:
            return self.given

    array, stream = Array("u", UTF8), Stream("u", UTF8)
    pair = Again(array.__arrow_c_array__())
    same(Array("u", UTF8), ROWS)
    hk.cdist(pair, ["a"])
    with pytest.raises(ValueError, match=r'^queries: the capsule "arrow_schema" holds nothing, or was used before$'):
        hk.cdist(pair, ["a"])
    settled(array)
    with pytest.raises(TypeError, match=r'^queries: a capsule "arrow_array" is taken, got PyCapsule(; |$)'):
        hk.cdist(Again((array.__arrow_c_array__()[0], stream.__arrow_c_stream__())), ["a"])
    for bad in (None, 3, (), "ab"):
        with pytest.raises(TypeError, match=r"^queries: (__arrow_c_array__ gives a pair|a capsule \"arrow_schema\" is taken)"):
            hk.cdist(Again(bad), ["a"])


def test_what_a_method_raises() -> None:
    class Failing:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise LookupError("gone")

    class Lacking:
        """As pandas without pyarrow."""

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise ImportError("pyarrow is needed")

        def __iter__(self) -> Iterator[str | None]:
            return iter(ROWS)

    with pytest.raises(LookupError, match="gone"):
        hk.cdist(["a"], Failing())
    same(Lacking(), ROWS)


class TestNumPy:
    """Fixed-width strings are read where they lie."""

    TEXTS = ("Müller", "", "日本語", "👩\u200d👧", "a\0b", "x" * 40)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_layouts(self, order: str) -> None:
        array = np.array(self.TEXTS).astype(f"{order}U40")
        exact: list[str | None] = array.tolist()
        assert exact == list(self.TEXTS)
        same(array, exact)
        same(array[::-1], exact[::-1])
        same(array[1::2], exact[1::2])
        same(np.broadcast_to(array[:1], (3,)), exact[:1] * 3)
        same(np.empty(0, f"{order}U5"), [])
        same(np.array(["", ""], f"{order}U1"), ["", ""])
        packed = np.zeros(3, np.dtype([("byte", "u1"), ("name", f"{order}U6")]))
        packed["name"] = exact[:3]
        same(packed["name"], exact[:3])

    def test_zeros_at_the_end_are_no_part(self) -> None:
        same(np.array(["a\0\0", "\0b", "\0"]), ["a", "\0b", ""])

    def test_what_is_no_character(self) -> None:
        numbers = np.array([[97, 0], [0xD800, 98]], np.uint32)
        with pytest.raises(UnicodeEncodeError, match=r"surrogates not allowed in choices$"):
            hk.cdist(["a"], numbers.view("U2")[:, 0])
        # Alone in its row NumPy makes no str of it; with another behind it one that is none.
        for point in (0x110000, 0x62A7F40B, 2**32 - 1):
            for row in ([point, 98], [point, 0], [98, point]):
                numbers[1] = row
                with pytest.raises(ValueError, match=rf"^choices\[1\] has U\+{point:X}, which is no character$"):
                    hk.cdist(["a"], numbers.view("U2")[:, 0])

    @settings(max_examples=40)
    @given(st.lists(st.lists(st.sampled_from([0, 97, 0xE9, 0x301]) | numbers, min_size=3, max_size=3), max_size=6), ORDERS)
    def test_any_numbers(self, given: list[list[int]], order: str) -> None:
        array = np.array(given, f"{order}u4").reshape(-1, 3).view(f"{order}U3")[:, 0]
        wrong = [(row, point) for row, points in enumerate(given) for point in points if not is_character(point)]
        if not wrong:
            same(array, ["".join(map(chr, points)).rstrip("\0") for points in given])
            return
        row, point = wrong[0]
        no_point = rf"^choices\[{row}\] has U\+{point:04X}, which is no character$"
        surrogate = "surrogates not allowed in choices$"
        with pytest.raises(ValueError, match=no_point if point > sys.maxunicode else surrogate):
            hk.best_match(["a"], array)

    def test_subclasses_and_other_shapes_are_iterated_over(self) -> None:
        class Stripped(np.ndarray):
            def __iter__(self) -> Any:
                return (text.strip() for text in self.tolist())

        same(np.array(["a  ", "b"]).view(Stripped), ["a", "b"])
        with pytest.raises(TypeError, match=r"^choices\[0\]: str or None is taken, got ndarray(; |$)"):
            hk.cdist(["a"], np.array([["a"]]))
        with pytest.raises(TypeError, match=r"^choices\[0\]: str or None is taken, got int64(; |$)"):
            hk.cdist(["a"], np.array([1], np.int64))
        with pytest.raises(TypeError, match=r"^choices: an iterable of str and None is taken, got ndarray(; |$)"):
            hk.cdist(["a"], np.array("a"))
        strings = np.dtypes.StringDType(na_object=None)
        same(np.array(ROWS, strings), ROWS)
        same(np.array(ROWS, object), ROWS)


def test_pyarrow() -> None:
    pa = pytest.importorskip("pyarrow")
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        array = pa.array(["before", *ROWS], kind)[1:]
        same(array, ROWS)
        same(pa.chunked_array([ROWS[:2], [], ROWS[2:]], kind), ROWS)
        same(pa.chunked_array([], kind), [])
    for index in (pa.int8(), pa.uint16(), pa.int64()):
        same(pa.array(ROWS).dictionary_encode().cast(pa.dictionary(index, pa.string())), ROWS)
    same(pa.nulls(3), [None] * 3)
    with pytest.raises(TypeError, match=r'^choices has the Arrow format "l"; '):
        hk.cdist(["a"], pa.array([1]))
    reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.string())]), iter([]))
    with pytest.raises(TypeError, match=r'^choices has the Arrow format "\+s"; '):
        hk.cdist(["a"], reader)


def test_polars() -> None:
    pl = pytest.importorskip("polars")
    series = pl.Series(ROWS)
    same(series, ROWS)
    same(pl.concat([series, series[3:]], rechunk=False), ROWS + ROWS[3:])
    same(series.cast(pl.Categorical), ROWS)
    same(series.cast(pl.Enum(sorted({row for row in ROWS if row is not None}))), ROWS)
    same(pl.Series([None, None]), [None] * 2)
    with pytest.raises(TypeError, match=r'^queries has the Arrow format "l"; '):
        hk.cdist(pl.Series([1]), ["a"])


def test_pandas() -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    for kind in ("string[pyarrow]", "str", "category", object):
        same(pd.Series(ROWS, dtype=kind), ROWS)
