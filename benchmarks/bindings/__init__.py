"""Other ways to write an extension, each with the same functions: what a call and a hand-over cost in each, beside ours.

`python -m benchmarks.bindings` builds them all for this interpreter and says where they are. Another way is a folder here and
a row of `ways`. Each has

- add(a, b): the sum of two integers of 64 bits;
- dot(a, b): the dot product of two buffers of float64, a plain loop; and dot_of_lists(a, b), of two lists of float;
- total(x, count): the sum of the first numbers of a buffer of float64, and total_of_copy(x, count), which copies it all first.

Where the tool takes DLPack, or its capsule can be read by hand, there is total_of_dlpack(x, count). C, nanobind and pyo3 have
what benchmarks/calls.py takes a call apart with: nothing(a, b), which takes any two objects; and, but for nanobind,
buffers(a, b), which asks for both buffers and lets go of them. All loops add in the same order, so that all results are the
same, bit for bit.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any

from benchmarks.bindings import building, ways
from benchmarks.bindings.building import Way


def load(*names: str) -> dict[str, ModuleType]:
    """Every module by its way's name, or those. Each does what it says, or is not measured."""
    found = {way.name: building.opened(way) for way in ways.ALL if not names or way.name in names}
    for name, module in found.items():
        check(module, name)
    return found


class Tensor:
    """What a buffer is when it is offered by DLPack alone."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> object:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def check(module: ModuleType, name: str) -> None:
    """An ArithmeticError where a function does not do what the others do, or takes what has to be refused."""
    numbers = Random(1)  # noqa: S311 - inputs, no secrets
    a, b = ([numbers.gauss(0, 1) for _ in range(1001)] for _ in range(2))
    product = total = some = 0.0
    for place, (x, y) in enumerate(zip(a, b, strict=True)):
        product, total = product + x * y, total + x
        some = total if place == 9 else some
    first, second = array("d", a), array("d", b)
    empty = memoryview(first)[:0]  # an empty array.array has its memory anywhere, which pyo3 takes for badly aligned
    expected: dict[str, tuple[object, ...]] = {"add": (2**62 - 3,), "dot": (product, 0.0), "dot_of_lists": (product, 0.0)}
    found: dict[str, tuple[object, ...]] = {
        "add": (module.add(2**62, -3),),
        "dot": (module.dot(first, second), module.dot(empty, empty)),
        "dot_of_lists": (module.dot_of_lists(a, b), module.dot_of_lists([], [])),
    }
    for function in ("total", "total_of_copy"):
        call = getattr(module, function)
        expected[function], found[function] = (some, total, 0.0), (call(first, 10), call(first, 2000), call(first, 0))
    if hasattr(module, "nothing"):
        expected["nothing"], found["nothing"] = (None,), (module.nothing(1, "2"),)
    if found != expected:
        wrong = {function: found[function] for function in found if found[function] != expected[function]}
        raise ArithmeticError(f"{name}: {wrong}, not {[expected[function] for function in wrong]}")
    refused(name, lambda: module.dot(first, second[:9]))
    if name != "Python":  # which takes any sequence
        refused(name, lambda: module.dot(first, b"a row of bytes"))
    empty.release()
    let_go(name, module, first)


def refused(name: str, call: Callable[[], object]) -> None:
    """An ArithmeticError where it is not."""
    try:
        result = call()
    except (TypeError, ValueError, BufferError):
        return
    raise ArithmeticError(f"{name}: {result}, of what has to be refused")


def let_go(name: str, module: ModuleType, held: array[float]) -> None:
    """A BufferError where a buffer is still held after the calls that took it."""
    if hasattr(module, "buffers"):
        module.buffers(held, held)
    try:
        held.append(1.0)
    except BufferError as error:
        raise BufferError(f"{name}: a buffer is still held after the call") from error


def check_tensor(module: ModuleType, name: str, values: Any) -> None:
    """An ArithmeticError where a DLPack tensor has another sum than its buffer. values: an ndarray of float64."""
    if hasattr(module, "total_of_dlpack"):
        found, expected = module.total_of_dlpack(Tensor(values), len(values)), module.total(values, len(values))
        if found != expected:
            raise ArithmeticError(f"{name}: total_of_dlpack is {found}, not {expected}")


__all__ = ["Tensor", "Way", "building", "check", "check_tensor", "load", "ways"]
