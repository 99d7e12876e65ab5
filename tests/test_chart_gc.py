"""A renderer that holds arrays takes part in the garbage collection: cycles through them go, and what is in use stays."""

from __future__ import annotations

import array
import ctypes
import gc
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import hotkernels as hk
import numpy as np
import pytest

pytestmark = pytest.mark.thread_unsafe(reason="asks for collections of the whole process, and counts on what they collect")


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """What is there already is not looked at again by each collection: some hundred thousand objects of other tests."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


TP_CLEAR = 51  # Py_tp_clear of typeslots.h, a part of the stable ABI


class Rows(np.ndarray[Any, Any]):
    """An array with attributes."""


class Exporter:
    """Memory of an object of this module, by a __buffer__ in Python."""

    note: str
    renderer: hk.CandleRenderer

    def __init__(self, count: int) -> None:
        self.memory = array.array("d", [1.0] * count)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.memory)


class Numbers(array.array):  # type: ignore[type-arg]
    """An array.array with attributes."""


MAKERS: dict[str, Callable[[int], Any]] = {
    "ndarray": lambda count: np.ones(count).view(Rows),
    "__buffer__": Exporter,
    "array": lambda count: Numbers("d", [1.0] * count),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
@pytest.mark.parametrize("columns", [1, 4])
def test_a_cycle_through_the_arrays_is_collected(make: Callable[[int], Any], columns: int) -> None:
    gc.collect()
    held = [make(50) for _ in range(columns)]
    renderer = hk.CandleRenderer(100, 100)
    renderer.set_candles(*[held[index % columns] for index in range(4)])
    held[0].renderer = renderer
    gone = [weakref.ref(column) for column in held]
    del held, renderer
    gc.collect()
    assert [reference() for reference in gone] == [None] * columns


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_a_renderer_in_a_cycle_of_its_owner_is_collected(make: Callable[[int], Any]) -> None:
    """A widget that keeps the renderer and its data, as examples/candles.py has it."""
    column = make(50)
    column.owner = {"renderer": hk.CandleRenderer(100, 100)}
    column.owner["renderer"].set_candles(column, column, column, column)
    column.owner["owner"] = column.owner
    gone = weakref.ref(column)
    del column
    gc.collect()
    assert gone() is None


def test_arrays_in_use_stay_whole_while_frames_are_drawn() -> None:
    """Collections of one thread ask while another, without the interpreter, has the renderer locked."""
    column = Exporter(20_000)
    column.note = "kept"  # what a collection that took it for garbage would clear
    renderer = hk.CandleRenderer(1000, 500)
    renderer.set_candles(column, column, column, column)
    column.renderer = renderer
    seen = weakref.ref(column)
    del column
    done, frames = threading.Event(), []

    def draw() -> None:
        while not done.is_set():
            frames.append(len(renderer.generate_render_commands(0, len(renderer))))

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        for number in itertools.count():
            gc.collect()
            if number > 500 and (len(frames) > 50 or not thread.is_alive()):
                break
    finally:
        done.set()
    thread.join()
    kept = seen()
    assert kept is not None
    assert kept.note == "kept"
    assert frames
    assert set(frames) == {1000}
    assert len(renderer) == 20_000


def test_new_candles_let_the_old_arrays_go() -> None:
    old, new = Exporter(10), Exporter(20)
    renderer = hk.CandleRenderer(100, 100)
    renderer.set_candles(old, old, old, old)
    gone = weakref.ref(old)
    del old
    assert gone() is not None
    renderer.set_candles(new, new, new, new)
    gc.collect()
    assert gone() is None
    assert len(renderer.generate_render_commands(0, 20)) == 20


def test_a_cleared_renderer_is_empty_and_works() -> None:
    """What the collector does to a renderer in garbage, done to one that is not: tp_clear, asked of the type as C has it."""
    slot = ctypes.pythonapi.PyType_GetSlot
    slot.restype, slot.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_int]
    clear = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)(slot(hk.CandleRenderer, TP_CLEAR))
    column = Exporter(30)
    renderer = hk.CandleRenderer(100, 100, up_color=0x123456FF)
    renderer.set_candles(column, column, column, column)
    gone = weakref.ref(column)
    del column
    assert clear(renderer) == 0
    assert gone() is None
    assert (len(renderer), renderer.up_color) == (0, 0x123456FF)
    with pytest.raises(ValueError, match="there are no candles"):
        renderer.generate_render_commands(0, 1)
    renderer.set_candles(*[np.ones(3)] * 4)
    assert len(renderer.generate_render_commands(0, 3)) == 3
