"""The cosine workload: every query with every row of a corpus, each way to make Python fast, from pools of threads.

    nox -s bench -- bindings

Each folder has cosines(queries, corpus, out), which fills in a matrix of float32, norms and all, and prepared(rows), which
gives rows as it likes them, before the clock runs. The slow ways are given fewer queries and rows; what is told is the rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import hotkernels as hk
import numpy as np

from benchmarks.bindings import building, cost
from benchmarks.bindings.building import Way
from benchmarks.measure import Work
from benchmarks.workload import ways

WIDTH = 128
"""Numbers of a vector."""

TASKS = 16
"""The queries are given to the pool in so many parts, or in four a thread where that is more."""

SIZES = {"Python": (256, 100), "Cython": (512, 2000), "Rust, plain": (512, 2000)}
"""Queries, and rows of the corpus, that a slow way is given."""
WHOLE = (1024, 10_000)


def workload() -> Iterator[Work]:
    """One thread of each, in processor time; then pools of 1 to as many threads as there are cores, in wall time."""
    numbers = np.random.default_rng(8)
    queries, corpus = (numbers.standard_normal((count, WIDTH), np.float32) for count in WHOLE)
    counts = threads(hk.build_info()["threads"])
    sizes = {way.name: SIZES.get(way.name, WHOLE) for way in ways.ALL}
    pairs: dict[str, float] = {name: m * n for name, (m, n) in sizes.items()}
    tasks = {}
    for way in ways.ALL:
        m, n = sizes[way.name]
        tasks[way.name] = parts(way, queries[:m], corpus[:n], max(TASKS, 4 * counts[-1]))
    yield Work(
        name=f"cosine, all pairs of {WIDTH} float32, one thread",
        unit="pairs",
        amount=1,
        amounts=pairs,
        peer="NumPy",
        note="processor time",
        engines={name: lambda t=task: [call() for call in t] for name, task in tasks.items()},
    )
    for name, task in tasks.items():
        engines: dict[str, Callable[[], object]] = {}
        for count in counts:
            pool = ThreadPoolExecutor(count)
            engines[f"ThreadPoolExecutor({count})"] = lambda t=task, p=pool: list(p.map(lambda call: call(), t))
        yield Work(
            name=f"cosine, all pairs of {WIDTH} float32, {name}",
            unit="pairs",
            amount=pairs[name],
            peer="ThreadPoolExecutor(1)",
            note="wall time",
            engines=engines,
            clock=time.perf_counter,
        )


def threads(cores: int) -> list[int]:
    """1 to as many as there are cores; where these are many, doubled each time."""
    if cores <= 8:
        return list(range(1, cores + 1))
    return sorted({1, 2, 3, 4, 6, *(2**k for k in range(3, 10) if 2**k < cores), cores})


def parts(way: Way, queries: np.ndarray, corpus: np.ndarray, count: int) -> list[Callable[[], object]]:
    """The calls that do all of it, some queries each. An ArithmeticError where they give something else than the cosines."""
    module: ModuleType = building.opened(way)
    rows, out = module.prepared(corpus), np.empty((len(queries), len(corpus)), np.float32)
    size = -(-len(queries) // count)
    starts = range(0, len(queries), size)
    calls = [part(module, module.prepared(queries[i : i + size]), rows, out[i : i + size]) for i in starts]
    for call in calls:
        call()
    exact = queries.astype(np.float64) @ corpus.T.astype(np.float64)
    exact /= np.linalg.norm(queries, axis=1)[:, None]
    exact /= np.linalg.norm(corpus, axis=1)[None, :]
    if not np.allclose(out, exact, atol=1e-5, rtol=0):
        raise ArithmeticError(f"{way.name}: cosines are off by up to {np.abs(out - exact).max()}")
    return calls


def part(module: ModuleType, queries: Any, corpus: Any, out: np.ndarray) -> Callable[[], object]:
    return lambda: module.cosines(queries, corpus, out)


def beside(_rounds: int) -> dict[str, Any]:
    """What is kept beside the rows: what each way costs to have."""
    return {
        "ways": [building.described(way) | {"lines": cost.lines(way)} for way in ways.ALL],
        "compilers": building.compilers(),
    }
