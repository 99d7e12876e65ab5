"""DLPack tensors of any numbers: sound ones are read as they lie, others are refused by name, each is deleted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hostile import CODES, FORMATS, Described, Given, Tensor, as_array, examples
from hypothesis import given
from hypothesis import strategies as st
from test_hostile_buffers import CALLS, outcome, sound


@st.composite
def tensors(draw: st.DrawFn, letters: str, dims: tuple[int, int]) -> tuple[Described, Given]:
    """A sound tensor and the same as a buffer; its strides are a whole number of elements."""
    buffer = draw(sound(letters, dims))
    size = buffer.itemsize
    assert buffer.shape is not None
    strides = [draw(st.integers(-7, 7)) for _ in buffer.shape]
    if draw(st.booleans()):
        step = 1
        for dim in reversed(range(len(strides))):
            strides[dim] = step
            step *= max(buffer.shape[dim], 1)
    bare = draw(st.booleans()) and strides == contiguous(buffer.shape)
    spans = [stride * size * max(count - 1, 0) for stride, count in zip(strides, buffer.shape, strict=True)]
    low, high = sum(min(span, 0) for span in spans), sum(max(span, 0) for span in spans)
    before = draw(st.integers(0, 20))
    filler = (bytes(buffer.memory) or b"\0") * ((before - low + high + size) // len(buffer.memory) + 1)
    memory = bytearray(filler[: before - low + high + size])
    offset = draw(st.integers(0, before - low))
    letter = (buffer.format or b"").decode()
    described = Described(
        memory=memory,
        offset=offset,
        byte_offset=before - low - offset,
        dtype=CODES[letter],
        shape=buffer.shape,
        strides=None if bare else strides,
        versioned=draw(st.booleans()),
        version=(1, draw(st.integers(0, 99))),
        flags=draw(st.integers(0, 3)),
        deleter=draw(st.integers(0, 9)) > 0,
    )
    same = replace(buffer, memory=memory, offset=before - low, strides=[stride * size for stride in strides])
    return described, same


def contiguous(shape: Any) -> list[int]:
    step, strides = 1, []
    for count in reversed(shape):
        strides.insert(0, step)
        step *= max(count, 1)
    return strides


def check(tensor: Tensor) -> None:
    assert tensor.settled


@pytest.mark.parametrize("name", CALLS)
@examples(30)
@given(data=st.data())
def test_sound_ones_are_read_as_they_lie(name: str, data: st.DataObject) -> None:
    letters, dims, call = CALLS[name]
    described, buffer = data.draw(tensors(letters, dims))
    tensor = Tensor(described)
    assert outcome(call, tensor) == outcome(call, as_array(buffer, (buffer.format or b"").decode()))
    check(tensor)


# Of what is odd: which, and by what it is replaced.
ODD: dict[str, list[dict[str, Any]]] = {
    "device": [{"device": (kind, 0)} for kind in (-1, 0, *range(2, 21))],
    "dimensions": [{"ndim": odd} for odd in (-1, -(2**31), 9, 64, 2**31 - 1)],
    "no shape": [{"shape": None, "strides": None, "ndim": odd} for odd in range(9)],
    "byte_offset": [{"byte_offset": odd} for odd in (2**64 - 1, 2**64 - 2**46)],
    "no memory": [{"null": True}, {"null": True, "byte_offset": 64}],
    "version": [{"version": (odd, 0)} for odd in (0, 2, 2**32 - 1)],
    "dtype": [{"dtype": (code, bits, 1)} for code in range(20) for bits in (0, 1, 4, 7, 128, 255)],
    "lanes": [{"dtype": (2, 64, lanes)} for lanes in (0, 2, 65535)],
}
SAYS = [(1, 0), (2, 0), (-1, 0), (1, 2**70), None, 7, (), ("cpu", 0), (1, 0, 0)]


@st.composite
def unsound(draw: st.DrawFn) -> Tensor:
    """A sound one with one to three numbers that are not; nothing that would need to be read to be found out."""
    described, _ = draw(tensors("".join(FORMATS), (0, 3)))
    for _ in range(draw(st.integers(1, 3))):
        shape = list(described.shape or ())
        strides = contiguous(shape) if described.strides is None else list(described.strides)
        which = draw(st.sampled_from([*ODD, "a length", "a stride"]))
        dim = draw(st.integers(0, max(len(shape) - 1, 0)))
        if which in ODD:
            described = replace(described, **draw(st.sampled_from(ODD[which])))
        elif shape and which == "a length":
            shape[dim] = draw(st.sampled_from([-1, -(2**63), 2**63 - 1, 2**62]))
            described = replace(described, shape=shape)
        elif shape and shape[dim] > 2:
            strides[dim] = draw(st.sampled_from([-(2**63), 2**63 - 1, -(2**62), 2**62]))
            described = replace(described, strides=strides)
    tensor = Tensor(described)
    tensor.says = draw(st.sampled_from([(1, 0)] * 3 + SAYS))
    return tensor


@examples(200)
@given(tensor=unsound(), name=st.sampled_from(sorted(CALLS)))
def test_unsound_ones_are_refused_or_taken_for_what_they_are(tensor: Tensor, name: str) -> None:
    kind, said = outcome(CALLS[name][2], tensor)
    assert kind == "result" or said
    check(tensor)


PLAIN = Described(memory=bytearray(64), shape=(3,), dtype=CODES["d"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"null": True}, "the exporter gave no memory"),
        ({"null": True, "byte_offset": 8}, "the exporter gave no memory"),
        ({"byte_offset": 2**64 - 1}, "has a byte_offset past memory"),
        ({"byte_offset": 2**64 - 2**46}, "has a byte_offset past memory"),
        ({"byte_offset": 2**56 + 1}, "has a byte_offset past memory"),
        ({"shape": None, "ndim": 1}, "has no shape"),
        ({"shape": (-3,)}, "has a negative length"),
        ({"strides": (2**61,)}, "has a stride past memory"),
        ({"strides": (2**60 - 1,), "shape": (9,)}, "strides reach past memory"),
        ({"strides": (-(2**59),)}, "strides reach past memory"),
        ({"shape": (2**61,)}, "shape is larger than memory"),
        ({"version": (2, 0)}, "DLPack version 2 is not known"),
        ({"ndim": -1}, "has -1 dimensions"),
        ({"device": (2, 0)}, r"is on a CUDA device \(DLPack device type 2\)"),
    ],
)
def test_what_the_refusal_says(change: dict[str, Any], words: str) -> None:
    for versioned in (True, False):
        if "version" in change and not versioned:
            continue
        tensor = Tensor(replace(PLAIN, versioned=versioned, **change))
        with pytest.raises(BufferError, match=rf"^x\b.*{words}"):
            hk.sum(tensor)
        check(tensor)


@pytest.mark.parametrize("says", [None, 7, (), ("cpu", 0), (1, 0, 0), (2**40, 0)])
def test_what_is_no_device(says: Any) -> None:
    tensor = Tensor(PLAIN)
    tensor.says = says
    with pytest.raises(TypeError, match=r"^b: __dlpack_device__ gives a pair of ints, \(device type, number\), got "):
        hk.dot(np.ones(3), tensor)
    assert tensor.given == 0


def test_a_capsule_that_two_calls_take() -> None:
    """The second finds it used, whoever was first; it is deleted once."""
    for versioned in (True, False):
        tensor = Tensor(replace(PLAIN, versioned=versioned))
        capsule = tensor.capsule()
        tensor.made = capsule
        renderer = hk.CandleRenderer(10, 10)
        with pytest.raises(BufferError, match=r"^b: __dlpack__ gave no DLPack capsule, or a used one$"):
            hk.dot(tensor, tensor)
        assert tensor.deleted == 1
        with pytest.raises(BufferError, match=r"^opens: __dlpack__ gave no"):
            renderer.set_candles(tensor, tensor, tensor, tensor)
        tensor.made = None
        del capsule, renderer
        check(tensor)
