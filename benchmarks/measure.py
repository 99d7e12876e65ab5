"""Measures engines against each other: in turn, round by round, so that what the machine does meanwhile hits all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

ROUND_SECONDS = 0.02
"""A round runs each engine at least this long: far above what the clock and a call cost."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """One piece of work that several engines do.

    peer names the engine that the project is compared with. amount is what one call does, in unit: bytes, pairs,
    operations, calls; amounts: what a call of an engine does that does more or less, whose seconds are then brought to amount.
    error: the accuracy of an engine's result, where that is a number. clock: the processor time of the process, which leaves
    out what others take meanwhile; where threads share the work, time.perf_counter.
    """

    name: str
    unit: str
    amount: float
    engines: dict[str, Callable[[], Any]]
    peer: str
    note: str = ""
    error: Callable[[Any], float] | None = None
    amounts: Mapping[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.process_time


@dataclass(kw_only=True)
class Result:
    """Seconds that an engine takes for the amount, one a round, of each engine; errors where they are told."""

    work: str
    unit: str
    amount: float
    peer: str
    note: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)

    def median(self, engine: str) -> float:
        return statistics.median(self.seconds[engine])

    def spread(self, engine: str) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        low, _, high = statistics.quantiles(self.seconds[engine], n=4)
        return (high - low) / 2 / self.median(engine)

    def ratio(self, engine: str) -> float:
        """How many times faster than the peer: the median of the rounds' ratios, in which the machine's moods cancel."""
        pairs = zip(self.seconds[self.peer], self.seconds[engine], strict=True)
        return statistics.median(peer / own for peer, own in pairs)


def run(work: Work, rounds: int) -> Result:
    """All engines in turn, `rounds` times; the first round, in which caches fill, is not counted."""
    result = Result(work=work.name, unit=work.unit, amount=work.amount, peer=work.peer, note=work.note)
    loops = {name: calibrate(call, work.clock) for name, call in work.engines.items()}
    if work.error:
        result.errors = {name: work.error(call()) for name, call in work.engines.items()}
    gc.disable()
    try:
        for number in range(rounds + 1):
            for name, call in work.engines.items():
                seconds = timed(call, loops[name], work.clock) * work.amount / work.amounts.get(name, work.amount)
                if number:
                    result.seconds.setdefault(name, []).append(seconds)
    finally:
        gc.enable()
    return result


def calibrate(call: Callable[[], Any], clock: Callable[[], float]) -> int:
    """Calls that fill a round."""
    loops = 1
    while (seconds := timed(call, loops, clock) * loops) < ROUND_SECONDS:
        loops = max(loops * 2, int(loops * ROUND_SECONDS / max(seconds, 1e-9)))
    return loops


def timed(call: Callable[[], Any], loops: int, clock: Callable[[], float]) -> float:
    """Seconds a call, of `loops` calls."""
    rounds = range(loops)
    started = clock()
    for _ in rounds:
        call()
    return (clock() - started) / loops


def peer(name: str) -> ModuleType:
    """A peer's module; some have no wheel for every interpreter, and what needs them is not asked for there."""
    return import_module(name)


def relative_error(exact: float) -> Callable[[object], float]:
    return lambda found: abs(float(found) - exact) / abs(exact)  # type: ignore[arg-type]
