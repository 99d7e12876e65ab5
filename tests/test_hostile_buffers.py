"""Buffers of any numbers: what is sound is read as it lies, what is not is refused by name, and each is released once."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hostile import FORMATS, Exporter, Given, as_array, examples
from hypothesis import assume, given
from hypothesis import strategies as st

REFUSED = (TypeError, ValueError, BufferError, MemoryError)


def frames(x: Any) -> list[bytes]:
    renderer = hk.CandleRenderer(20, 30)
    renderer.set_candles(x, x, x, x)
    renderer.append_candle(1, 2, 3, 4)
    return [bytes(memoryview(renderer.generate_render_commands(0, end))) for end in (1, len(renderer))]


Call = Callable[[Any], Any]
CALLS: dict[str, tuple[str, tuple[int, int], Call]] = {
    "sum": ("fdbBhHiIqQ?", (0, 4), hk.sum),
    "dot": ("fd", (1, 1), lambda x: hk.dot(x, x)),
    "cosine_similarity": ("fd", (1, 1), lambda x: hk.cosine_similarity(x, x)),
    "Vector": ("fd", (1, 1), lambda x: np.asarray(hk.Vector(x))),
    "cosine_matrix": ("fdebH", (2, 2), lambda x: hk.cosine_matrix(x, threads=1)),
    "top_k": ("fdebH", (2, 2), lambda x: hk.top_k(x, x, 1, metric="dot")),
    "median_filter": ("fdBH", (2, 4), lambda x: hk.median_filter(x, (3, 2), mode="wrap")),
    "CandleRenderer": ("fd", (1, 1), frames),
}
"""Each function with the formats and the dimensions that it takes."""


def outcome(call: Call, x: Any) -> tuple[str, Any]:
    """What comes of a call, to be compared: a result's bytes, one NaN for all, or an error's words."""
    try:
        result = call(x)
    except REFUSED as error:
        return type(error).__name__, str(error)
    parts = result if isinstance(result, (tuple, list)) else [result]
    return "result", [plain(part) for part in parts]


def plain(part: Any) -> Any:
    if isinstance(part, int):
        return part  # of any size
    array = np.asarray(part)
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array).astype(array.dtype)
    return array.shape, array.dtype.str, array.tobytes()


@st.composite
def sound(draw: st.DrawFn, letters: str = "".join(FORMATS), dims: tuple[int, int] = (0, 4)) -> Given:
    """A buffer in which each element is within the memory: backwards, overlapping, in between, or nothing at all."""
    letter = draw(st.sampled_from(letters))
    size = FORMATS[letter][1]
    shape = draw(st.lists(st.integers(0, 5) | st.just(1), min_size=dims[0], max_size=dims[1]))
    if shape:
        shape[-1] *= draw(st.sampled_from([1, 1, 1, 13]))
    strides: list[int] = []
    step = size
    for count in reversed(shape):
        strides.insert(0, draw(st.sampled_from([step, step, step, -step, 2 * step, 0]) | st.integers(-40, 40)))
        step *= max(count, 1)
    spans = [stride * max(count - 1, 0) for stride, count in zip(strides, shape, strict=True)]
    low, high = sum(min(span, 0) for span in spans), sum(max(span, 0) for span in spans)
    offset = draw(st.integers(0, 9)) - low
    random = Random(draw(st.integers(0, 2**16)))
    memory = bytearray(
        random.choices((0, 1), k=offset + high + size) if letter == "?" else random.randbytes(offset + high + size)
    )
    if draw(st.booleans()) and letter in "fde":
        # Numbers whose sums say something, where they lie as they should.
        count = len(memory) // size
        memory[: count * size] = struct.pack(f"={count}{letter}", *(random.randint(-9, 9) / 4 for _ in range(count)))
    return Given(memory=memory, offset=offset, format=letter.encode(), itemsize=size, shape=shape, strides=strides)


@pytest.mark.parametrize("name", CALLS)
@examples(40)
@given(data=st.data())
def test_sound_ones_are_read_as_they_lie(name: str, data: st.DataObject) -> None:
    letters, dims, call = CALLS[name]
    buffer = data.draw(sound(letters, dims))
    exporter = Exporter(buffer)
    assert buffer.format is not None
    assert outcome(call, exporter) == outcome(call, as_array(buffer, buffer.format.decode()))
    assert exporter.given
    assert exporter.settled


HUGE = [-1, -(2**63), 2**63 - 1, 2**62, 2**61, 2**60 + 1]
ODD_FORMATS = [None, b"", b"x", b"xd", b"dx", b"2d", b"dd", b"T{d:a:}", b">d", b"!d", b"<f", b"g", b"Zd", b"P", b"\xff", b"&d"]
ODD_FORMATS += [b"d" * 999]
# Of what is odd: which, and by what it is replaced.
ODD: dict[str, list[dict[str, Any]]] = {
    "length": [{"length": odd} for odd in (-1, -8, 0, 1, 2**62, 2**63 - 1)],
    # Of another size its letter says nothing; what the memory has is no less.
    "itemsize": [{"itemsize": odd} for odd in (0, -1, -(2**63), 3)],
    "dimensions": [{"ndim": odd} for odd in (-1, -(2**31), 9, 64, 65, 2**31 - 1)],
    "no shape": [{"shape": None, "ndim": odd} for odd in range(10)],
    "format": [{"format": odd} for odd in ODD_FORMATS],
    "another format": [{"format": letter.encode()} for letter in FORMATS],
    "no memory": [{"null": True}],
}


@st.composite
def unsound(draw: st.DrawFn) -> Given:
    """A sound one with one to three numbers that are not; nothing that would need to be read to be found out."""
    buffer = draw(sound())
    for _ in range(draw(st.integers(1, 3))):
        shape, strides = list(buffer.shape or ()), list(buffer.strides or ())
        which = draw(st.sampled_from([*ODD, "a length", "a stride", "suboffsets"]))
        dim = draw(st.integers(0, max(len(shape) - 1, 0)))
        if which in ODD:
            buffer = replace(buffer, **draw(st.sampled_from(ODD[which])))
        elif which == "suboffsets":
            numbers = st.lists(st.integers(-2, 8), min_size=len(shape), max_size=len(shape))
            buffer = replace(buffer, suboffsets=draw(numbers))
        elif shape and which == "a length":
            shape[dim] = draw(st.sampled_from(HUGE))
            buffer = replace(buffer, shape=shape)
        elif shape and shape[dim] > 2 and buffer.shape is not None:
            strides[dim] = draw(st.sampled_from([-(2**63), 2**63 - 1, -(2**62), 2**62]))
            buffer = replace(buffer, strides=strides)
    return buffer


@examples(150)
@given(buffer=unsound(), name=st.sampled_from(sorted(CALLS)))
def test_unsound_ones_are_refused_or_taken_for_what_they_are(buffer: Given, name: str) -> None:
    exporter = Exporter(buffer)
    kind, said = outcome(CALLS[name][2], exporter)
    assert kind == "result" or said
    assert exporter.given
    assert exporter.settled


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": (2**62,), "strides": (8,)}, "shape does not fit its length"),
        ({"shape": (-3,), "strides": (8,), "length": -24}, "shape is negative"),
        ({"shape": (4,), "strides": (2**62,)}, "strides reach past memory"),
        ({"shape": (4,), "strides": (-(2**62),)}, "strides reach past memory"),
        ({"shape": (2,), "strides": (-(2**63),)}, "strides reach past memory"),
        ({"shape": (2**61,), "strides": (0,), "length": 2**63 - 1}, "shape does not fit its length"),
        ({"shape": None, "ndim": 1, "length": 24}, "gave no shape"),
        ({"null": True}, "gave no memory"),
        ({"suboffsets": (0,)}, "a buffer of pointers"),
    ],
)
def test_what_the_refusal_says(change: dict[str, Any], words: str) -> None:
    buffer = replace(Given(memory=bytearray(24), shape=(3,), strides=(8,)), **change)
    for call in (hk.sum, hk.Vector, lambda x: hk.dot(x, x)):
        exporter = Exporter(buffer)
        with pytest.raises(BufferError, match=rf"^(x|data|a): .*{words}"):
            call(exporter)
        assert exporter.settled


@examples(60)
@given(buffer=sound("fd", (2, 2)), readonly=st.booleans(), corpus=st.integers(1, 4))
def test_out_of_any_layout(buffer: Given, readonly: bool, corpus: int) -> None:
    """Written where its elements lie and nowhere else, or refused with nothing written."""
    shape = buffer.shape or ()
    assume(shape[0] > 0)
    buffer = replace(buffer, readonly=readonly)
    dtype = FORMATS[(buffer.format or b"").decode()][0]
    random = np.random.default_rng(corpus)
    queries, others = (random.standard_normal((rows, 5)).astype(dtype) for rows in (shape[0], max(shape[1], 1)))
    before, expected = bytes(buffer.memory), hk.cosine_matrix(queries, others)
    exporter = Exporter(buffer)
    kind, said = outcome(lambda out: hk.cosine_matrix(queries, others, out=out) is out, exporter)
    if kind != "result":
        assert said.startswith("out")
        assert bytes(buffer.memory) == before
    else:
        assert not readonly
        after = bytearray(before)
        for place, number in zip(buffer.places(), expected.flat, strict=True):
            after[place : place + buffer.itemsize] = number.tobytes()
        assert buffer.memory == after
    assert exporter.settled


def without_hint(said: tuple[str, Any]) -> tuple[str, Any]:
    return said[0], said[1].partition("; use ")[0] if isinstance(said[1], str) else said[1]


@examples(60)
@given(answers=st.lists(sound(dims=(0, 2)), min_size=2, max_size=4), name=st.sampled_from(["sum", "Vector"]))
def test_one_that_answers_otherwise_each_time(answers: list[Given], name: str) -> None:
    call = CALLS[name][2]
    exporter = Exporter(*answers)
    # How to convert it depends on who gave it.
    found, wanted = outcome(call, exporter), [outcome(call, as_array(each, (each.format or b"").decode())) for each in answers]
    assert without_hint(found) in map(without_hint, wanted)
    assert exporter.settled
    for name in CALLS:
        exporter = Exporter(*answers)
        outcome(CALLS[name][2], exporter)
        assert exporter.settled


class Pythonic:
    """Python's own way to be an exporter."""

    def __init__(self, *, give: Callable[[], Any], release: Callable[[], object] = int) -> None:
        self.give, self.release = give, release
        self.given = self.released = 0

    def __buffer__(self, flags: int) -> memoryview:
        found = self.give()
        self.given += 1
        return found

    def __release_buffer__(self, view: memoryview) -> None:
        self.released += 1
        self.release()


def fail(error: BaseException) -> Any:
    raise error


def gone() -> memoryview:
    view = memoryview(bytearray(8))
    view.release()
    return view


FAILING: dict[str, Callable[[], Any]] = {
    "an error of its own": lambda: fail(LookupError("not now")),
    "no memory": lambda: fail(MemoryError()),
    "the end of an iterator": lambda: fail(StopIteration()),
    "None": lambda: None,
    "bytes": lambda: b"12345678",
    "a released view": gone,
}


@pytest.mark.parametrize("how", FAILING)
def test_a_method_that_fails(how: str) -> None:
    for name, (_, _, call) in CALLS.items():
        exporter = Pythonic(give=FAILING[how])
        with pytest.raises(BufferError, match=r"^\w+: Pythonic does not give its buffer: "):
            call(exporter)
        assert exporter.released == (exporter.given if how == "a released view" and exporter.released else 0), name


def test_a_method_that_resizes_what_it_gave() -> None:
    owner = bytearray(struct.pack("4d", 1, 2, 3, 4))
    refused: list[str] = []

    def give() -> memoryview[Any]:
        view = memoryview(owner).cast("d")
        try:
            owner.extend(bytes(800))
        except BufferError as error:
            refused.append(str(error))
        return view

    exporter = Pythonic(give=give)
    assert hk.sum(exporter) == 10
    assert hk.dot(exporter, exporter) == 30
    assert hk.Vector(exporter).norm == pytest.approx(30**0.5)
    assert len(refused) == exporter.given == exporter.released
    owner.clear()  # nothing is held any more


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_release_that_fails() -> None:
    exporter = Pythonic(give=lambda: memoryview(np.arange(4.0)), release=lambda: fail(LookupError("too late")))
    assert hk.sum(exporter) == 6
    assert hk.dot(exporter, exporter) == 14
    assert exporter.given == exporter.released == 3
