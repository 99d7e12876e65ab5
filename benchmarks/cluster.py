"""hotkernels.dask on two workers beside one, each a process of one thread: the same job on the wall and in processor time.

    nox -s bench -- dask

What a job costs in the workers' processor time does not depend on what else the machine does; the time on the wall does. Of the
wall, the ratio is the speed-up; of processor time it is the share of the work that more workers do not add.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks.measure import Work, peer
from benchmarks.text import names

BLOCKS = 8
QUERIES, CORPUS, SIDE = 2_000, 80_000, 256
NAMES, CHOICES = 4_000, 200_000
MATRIX = 8_000


def dask() -> Iterator[Work]:
    """Inputs lie with the workers before, in blocks; answers go to the client, of cdist the largest score alone."""
    distributed, db, da, hkd = (peer(name) for name in ("distributed", "dask.bag", "dask.array", "hotkernels.dask"))
    # Made here and sent, so that both have the same.
    vectors = np.random.default_rng(1).standard_normal((QUERIES + CORPUS, SIDE), np.float32)
    left, right = names(NAMES, 1), names(CHOICES, 2)
    with ExitStack() as stack:
        jobs: dict[str, dict[str, Callable[[], object]]] = {}
        processes: dict[str, list[Any]] = {}
        for count in (1, 2):
            options = {"n_workers": count, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
            cluster = stack.enter_context(distributed.LocalCluster(**options))
            client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
            engine = f"{count} worker{'s' if count > 1 else ''}"
            pids = client.run(process_id).values()
            processes[engine] = [peer("psutil").Process(pid) for pid in pids]
            queries = client.persist(da.from_array(vectors[:QUERIES], chunks=(QUERIES, -1)))
            corpus = client.persist(da.from_array(vectors[QUERIES:], chunks=(CORPUS // BLOCKS, -1)))
            bags = [client.persist(db.from_sequence(some, npartitions=n)) for some, n in ((left, 1), (right, BLOCKS))]
            few = [client.persist(db.from_sequence(some[:MATRIX], npartitions=n)) for some, n in ((right, 1), (right, BLOCKS))]
            distributed.wait([queries, corpus, *bags, *few])

            def submit(make: Callable[[], Any], client: Any = client) -> Callable[[], object]:
                # Made anew each time: dask keeps what it knows the name of.
                return lambda: client.gather(client.compute(make()))

            found: dict[str, Callable[[], Any]] = {
                "top_k": lambda q=queries, c=corpus: hkd.top_k(q, c, 10),
                "best_match": lambda b=bags: hkd.best_match(*b, unit="codepoint"),
                "cdist": lambda f=few: hkd.cdist(*f, unit="codepoint", dtype="uint8").max(),
            }
            for job, make in found.items():
                jobs.setdefault(job, {})[engine] = submit(make)
        works = {
            "top_k": (f"top_k, {QUERIES:,} × {CORPUS:,} × {SIDE} float32", QUERIES * CORPUS),
            "best_match": (f"best_match, {NAMES:,} × {CHOICES:,} names", NAMES * CHOICES),
            "cdist": (f"cdist, {MATRIX:,} × {MATRIX:,} names, the largest score", MATRIX * MATRIX),
        }
        for job, (name, pairs) in works.items():
            row = {"unit": "pairs", "amount": pairs, "peer": "1 worker", "engines": jobs[job]}
            yield Work(name=f"{name}, wall", clock=time.perf_counter, **row)
            yield Work(name=f"{name}, processors", clock=lambda: spent(processes), **row)


def process_id() -> int:
    """Of a worker."""
    import os  # noqa: PLC0415 - it runs there

    return os.getpid()


def spent(processes: dict[str, list[Any]]) -> float:
    """Processor time of all workers so far: the idle ones' is next to nothing."""
    times = [process.cpu_times() for some in processes.values() for process in some]
    return sum(each.user + each.system for each in times)
