"""The whole job, 100,000 names with 250,000 others: how long each scorer takes, and a large part of it done, memory watched.

    nox -s bench -- job

The rate of each scorer, the project's and the peers', gives the core-hours of all 25 billion pairs. Then 10 billion pairs of
Levenshtein's best match are done, and the process's memory is read meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any

import hotkernels as hk
import numpy as np

from benchmarks.measure import Work
from benchmarks.text import SCORERS, names, theirs

QUERIES, CHOICES = 100_000, 250_000
PAIRS = QUERIES * CHOICES

SLICE = 40_000
"""Queries of the part that is done: 10 billion pairs."""

SAMPLES: dict[str, tuple[int, int, int]] = {"damerau_levenshtein": (1000, 4, 1)}
"""Queries with all choices for the project, then for RapidFuzz; queries with 10,000 choices for jellyfish."""
USUAL = (1000, 200, 4)


def job() -> Iterator[Work]:
    """Each scorer's best match, one thread; jellyfish in graphemes, as it counts, the others in code points."""
    jellyfish, process = import_module("jellyfish"), import_module("rapidfuzz.process")
    queries, choices = names(1000, 1), names(CHOICES, 2)
    few = choices[:10_000]
    for scorer in SCORERS:
        own, rapidfuzz, jelly = SAMPLES.get(scorer, USUAL)
        similar = scorer.startswith("jaro")
        function, peer = getattr(jellyfish, f"{scorer}_{'similarity' if similar else 'distance'}", None), theirs(scorer)
        pick: Any = max if similar else min
        options = {"scorer": peer, "dtype": np.float32 if similar else np.uint8, "workers": 1}
        engines: dict[str, Any] = {
            "hotkernels": lambda s=scorer, n=own: hk.best_match(queries[:n], choices, s, unit="codepoint", threads=1),
            "rapidfuzz cdist": lambda o=options, n=rapidfuzz: process.cdist(queries[:n], choices, **o),
        }
        amounts: dict[str, float] = {"hotkernels": own * CHOICES, "rapidfuzz cdist": rapidfuzz * CHOICES}
        if function is not None:
            engines["jellyfish"] = lambda f=function, n=jelly, p=pick: [p(f(a, b) for b in few) for a in queries[:n]]
            amounts["jellyfish"] = jelly * len(few)
        yield Work(
            name=f"{scorer}, {QUERIES:,} × {CHOICES:,} names",
            unit="pairs",
            amount=PAIRS,
            peer="rapidfuzz cdist",
            note="best match, one thread; extrapolated from a part",
            engines=engines,
            amounts=amounts,
        )


@dataclass(kw_only=True)
class Slice:
    """What was done, in seconds; and the memory meanwhile: seconds since the start, and MiB above what there was before."""

    pairs: int
    wall: float
    cpu: float
    inputs: float
    """MiB that the process had with its inputs, before."""
    memory: list[tuple[float, float]] = field(default_factory=list)


def run(every: float = 0.1) -> Slice:
    """Does the slice with one thread."""
    queries, choices = names(SLICE, 1), names(CHOICES, 2)
    process, done = import_module("psutil").Process(), threading.Event()
    before = process.memory_info().rss / 2**20
    found = Slice(pairs=SLICE * CHOICES, wall=0, cpu=0, inputs=before)
    started, cpu = time.perf_counter(), time.process_time()

    def watch() -> None:
        while True:
            found.memory.append((time.perf_counter() - started, process.memory_info().rss / 2**20 - before))
            if done.wait(every):
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        hk.best_match(queries, choices, unit="codepoint", threads=1)
    finally:
        done.set()
        watcher.join()
    found.wall, found.cpu = time.perf_counter() - started, time.process_time() - cpu
    return found


def done() -> dict[str, Any]:
    """Does the slice, and says how it went."""
    found = run()
    most = max(above for _, above in found.memory)
    print(
        f"  done: {found.pairs:,} pairs of Levenshtein's best match in {found.wall:.1f} s ({found.cpu:.1f} s of one core), "
        f"at most {most:.0f} MiB above the {found.inputs:.0f} MiB of before\n"
        f"  so all {PAIRS:,} take {found.cpu * PAIRS / found.pairs:.0f} s of a core"
    )
    return asdict(found)
