"""Raw results as rows that a person reads: the documentation's tables are made of them. Standard library alone."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

OWN = ("hotkernels", "Vector")
"""What the names of the project's own engines hold."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine's line: the median time of a call, the rate, and how many times faster than the peer it is."""

    name: str
    own: bool
    time: str
    rate: str
    ratio: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One piece of work."""

    work: str
    engines: list[Engine]


def rows(results: dict[str, Any]) -> Iterator[Row]:
    """Those of one file of benchmarks/results."""
    for row in results["results"]:
        seconds: dict[str, list[float]] = row["seconds"]
        peer = seconds[row["peer"]]
        engines = []
        for name, own in seconds.items():
            median = statistics.median(own)
            ratio = statistics.median(p / s for p, s in zip(peer, own, strict=True))
            rate = f"{scaled(row['amount'] / median)}{unit(row['unit'])}/s"
            engines.append(
                Engine(name=name, own=any(word in name for word in OWN), time=duration(median), rate=rate, ratio=digits(ratio))
            )
        yield Row(work=row["work"], engines=engines)


def where(results: dict[str, Any]) -> str:
    """The machine and the versions."""
    machine, info = results["machine"], results["machine"]["hotkernels"]
    return (
        f"{machine['cpu']}, {info['simd']}, {machine['cores']} cores, Python {machine['python']}, "
        f"hotkernels {info['version']} {info['abi']}, {results['finished'][:10]}"
    )


def unit(name: str) -> str:
    """Short where there is a short one."""
    return {"bytes": "B", "floating-point operations": "FLOP", "operations": "op"}.get(name, f" {name}".rstrip())


def scaled(number: float) -> str:
    """With the prefix that leaves one to three digits before the point."""
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{digits(number / size)} {prefix}"
    return f"{digits(number)} "


def duration(seconds: float) -> str:
    """In the unit that leaves one to three digits before the point."""
    for name, size in (("h", 3600.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)} {name}"
    return f"{digits(seconds * 1e9)} ns"


def digits(number: float) -> str:
    """Three digits, and no exponent."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"
