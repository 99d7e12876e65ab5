"""hotkernels.dask on two workers beside one, each a process of one thread: the same jobs on the clock on the wall, and in work.

    nox -s bench -- dask

The ratio on the wall is the speed-up, if nothing else wants the cores. What a job costs in the workers' processor time does not
depend on that: there the ratio is 1 where a second worker adds no work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks.measure import Work, peer
from benchmarks.text import names

WORKERS = (1, 2)

BLOCKS = 8
"""Of the corpus and of the choices; queries are one block, as the documentation advises."""

QUERIES, CORPUS, COLUMNS = 10_000, 80_000, 256
NAMES, CHOICES = 20_000, 200_000
SIDE = 20_000

JOBS: dict[str, tuple[str, int]] = {
    "top_k": (f"top_k, {QUERIES:,} × {CORPUS:,} × {COLUMNS} float32", QUERIES * CORPUS),
    "best_match": (f"best_match, {NAMES:,} × {CHOICES:,} names", NAMES * CHOICES),
    "cdist": (f"cdist, {SIDE:,} × {SIDE:,} names, the largest score", SIDE * SIDE),
}
"""What each is called, and its pairs."""


def dask() -> Iterator[Work]:
    """Blocks lie with the workers before; the answers come to the client, of cdist the largest score alone."""
    distributed, psutil = peer("distributed"), peer("psutil")
    jobs: dict[str, dict[str, Callable[[], object]]] = {job: {} for job in JOBS}
    processes: list[Any] = []
    with ExitStack() as stack:
        for count in WORKERS:
            cluster = distributed.LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
            )
            client = stack.enter_context(distributed.Client(stack.enter_context(cluster), set_as_default=False))
            processes += [psutil.Process(pid) for pid in client.run(os.getpid).values()]
            for job, work in submitted(client).items():
                jobs[job][f"{count} worker{'s' if count > 1 else ''}"] = work
        for job, (name, pairs) in JOBS.items():
            clocks = {"on the wall": time.perf_counter, "in processor time": lambda: spent(processes)}
            for told, clock in clocks.items():
                yield Work(name=f"{name}, {told}", unit="pairs", amount=pairs, peer="1 worker", engines=jobs[job], clock=clock)


def submitted(client: Any) -> dict[str, Callable[[], object]]:
    """The jobs on that cluster, their inputs made there before. Each is made anew: dask keeps what it knows the name of."""
    bag, array, distributed, delayed = peer("dask.bag"), peer("dask.array"), peer("distributed"), peer("dask").delayed
    hkd = peer("hotkernels.dask")

    def column(count: int, blocks: int, seed: int) -> Any:
        return bag.from_delayed([delayed(names)(count // blocks, seed + block) for block in range(blocks)])

    random = array.random.default_rng(1)
    queries, corpus = (
        random.standard_normal((rows, COLUMNS), chunks=(rows // blocks, -1)).astype(np.float32)
        for rows, blocks in ((QUERIES, 1), (CORPUS, BLOCKS))
    )
    nearest = [column(NAMES, 1, 1), column(CHOICES, BLOCKS, 100)]
    square = [column(SIDE, 1, 1), column(SIDE, BLOCKS, 100)]
    queries, corpus, *columns = client.persist([queries, corpus, *nearest, *square])
    nearest, square = columns[:2], columns[2:]
    with client.as_current():
        distributed.wait([queries, corpus, *columns])
    makers: dict[str, Callable[[], Any]] = {
        "top_k": lambda: hkd.top_k(queries, corpus, 10),
        "best_match": lambda: hkd.best_match(*nearest, unit="codepoint"),
        "cdist": lambda: hkd.cdist(*square, unit="codepoint", dtype="uint8").max(),
    }
    return {job: lambda make=make: client.gather(client.compute(make())) for job, make in makers.items()}


def spent(processes: list[Any]) -> float:
    """Processor time of all workers so far, of both clusters: that of the idle one is next to nothing."""
    times = [process.cpu_times() for process in processes]
    return float(sum(each.user + each.system for each in times))
