"""First contact: what a new user gets wrong, call by call, and the message that says what to do: first_contact.txt."""

from __future__ import annotations

import array
import pathlib
from typing import Any

import hotkernels as hk
import numpy as np
import pytest


class Series:
    """As pandas has them: no buffer."""

    def to_numpy(self) -> Any:
        raise AssertionError("it is for the user to call")


class DataFrame(Series):
    columns = ("x", "y")

    def __iter__(self) -> Any:
        return iter(self.columns)


class LazyFrame:
    def collect(self) -> None: ...


class Sparse:
    def toarray(self) -> None: ...


class Tensor:
    """On a device, as PyTorch has them."""

    def __init__(self, device: tuple[int, int]) -> None:
        self.device = device

    def __dlpack__(self, **options: object) -> object:
        raise AssertionError("the device is looked at before")

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device


def chart() -> hk.CandleRenderer:
    return hk.CandleRenderer(100, 100)


f64, f32 = np.arange(4.0), np.arange(4, dtype=np.float32)
f32x2 = f32.reshape(2, 2)

TABLE = pathlib.Path(__file__).with_name("first_contact.txt").read_text(encoding="utf-8").splitlines()
LINES = [line for line in TABLE if line and not line.startswith("#")]
CALLS = {call: message.strip() for call, message in zip(LINES[::2], LINES[1::2], strict=True)}
NAMES: dict[str, Any] = {name: globals()[name] for name in ("Series", "DataFrame", "LazyFrame", "Sparse", "Tensor", "chart")}
NAMES |= {"hk": hk, "np": np, "array": array, "pathlib": pathlib, "f64": f64, "f32": f32, "f32x2": f32x2}


@pytest.mark.parametrize("call", CALLS)
def test_each_message_says_what_to_do(call: str) -> None:
    said = "nothing"
    try:
        eval(call, dict(NAMES))
    except (TypeError, ValueError, IndexError, BufferError) as error:
        said = f"{type(error).__name__}: {error}"
    assert said == CALLS[call]


def test_every_function_is_tried() -> None:
    untried = {name for name in hk.__all__ if not any(f"hk.{name}(" in call for call in CALLS)}
    assert untried == {"__version__", "build_info"}
