"""The one file that a run of the benchmarks leaves: written, and read again. Standard library alone.

benchmarks/README.md has its format. What is read may also be a folder of a family's file each, as benchmarks/results is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
"""The version of the format; a reader takes no other."""


class WrongFileError(ValueError):
    """Not a file that a run of the benchmarks leaves; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a measure is of: the wheel's ABI, the family, the piece of work, who did it."""

    abi: str
    family: str
    work: str
    engine: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Seconds that an engine took, one a round, and which engine it is held to."""

    seconds: list[float]
    peer: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """machines: what the results depend on, by ABI and family."""

    name: str
    finished: str
    machines: dict[str, dict[str, Any]]
    measures: dict[Key, Measure]


def gather(folder: Path) -> dict[str, Any]:
    """The content of the one file, of a folder with a file of each family."""
    families = [
        {"family": path.stem.rpartition("-")[2]} | json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    ]
    if not families:
        raise WrongFileError(f"{folder}: no results are in it")
    return {"format": FORMAT, "finished": max(str(family["finished"]) for family in families), "families": families}


def read(path: Path) -> Run:
    """One run, of its file or of a folder; a WrongFileError where it is neither."""
    try:
        raw = gather(path) if path.is_dir() else json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            found = raw.get("format", "none") if isinstance(raw, dict) else "none"
            raise WrongFileError(f"{path}: format {FORMAT} is read here, this is of format {found}")
        machines = {
            f"{family['machine']['hotkernels']['abi']} {family['family']}": family["machine"] for family in raw["families"]
        }
        measures = dict(pair for family in raw["families"] for pair in measured(family))
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, WrongFileError):
            raise
        raise WrongFileError(f"{path}: not results of nox -s bench: {type(error).__name__}: {error}") from error
    return Run(name=path.name, finished=str(raw["finished"]), machines=machines, measures=measures)


def measured(family: dict[str, Any]) -> Iterator[tuple[Key, Measure]]:
    """Every engine of every row."""
    for row in family["results"]:
        for engine, seconds in row["seconds"].items():
            if not seconds or not all(isinstance(value, float) and math.isfinite(value) and value > 0 for value in seconds):
                raise ValueError(f"{row['work']}: seconds of {engine} are to be positive numbers, at least one")
            key = Key(abi=family["machine"]["hotkernels"]["abi"], family=family["family"], work=row["work"], engine=engine)
            yield key, Measure(seconds=seconds, peer=row["peer"])
