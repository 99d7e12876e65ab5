"""The work that is measured, by family: what the project does, and the peers that a user would pick instead."""

from __future__ import annotations

import builtins
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hotkernels as hk
import numpy as np

from benchmarks import workload
from benchmarks.bindings import rows
from benchmarks.calls import calls
from benchmarks.chart import chart
from benchmarks.cluster import dask
from benchmarks.columns import polars
from benchmarks.ffi import ffi
from benchmarks.image import image
from benchmarks.job import done as job_done
from benchmarks.job import job
from benchmarks.measure import Work, relative_error
from benchmarks.text import per_call, text
from benchmarks.vector import narrow, vector


def reduce() -> Iterator[Work]:
    """Sums: exact beside fast."""
    numbers = np.random.default_rng(2)
    for dtype in (np.float64, np.float32):
        for kind in ("well-conditioned", "ill-conditioned"):
            values = numbers.standard_normal(10_000_000).astype(dtype)
            if kind == "ill-conditioned":
                values[5_000_000:] = -values[:5_000_000]
                values *= dtype(1e10)
                values[::1000] += dtype(1)
            engines: dict[str, Callable[[], object]] = {
                "hotkernels": lambda v=values: hk.sum(v),
                "numpy.sum": lambda v=values: np.sum(v),
            }
            if dtype is np.float64 and kind == "well-conditioned":
                engines["math.fsum"] = lambda v=values: math.fsum(v)
            yield Work(
                name=f"sum, 10M {np.dtype(dtype).name}, {kind}",
                unit="bytes",
                amount=values.nbytes,
                peer="numpy.sum",
                engines=engines,
                error=relative_error(math.fsum(values.tolist())),
            )
    ints = numbers.integers(-(2**62), 2**62, 10_000_000)
    yield Work(
        name="sum, 10M int64",
        unit="bytes",
        amount=ints.nbytes,
        peer="numpy.sum",
        note="numpy's wraps around past 64 bits",
        engines={"hotkernels": lambda: hk.sum(ints), "numpy.sum": lambda: np.sum(ints)},
    )
    floats = numbers.standard_normal(100_000).tolist()
    yield Work(
        name="sum, list of 100k float",
        unit="elements",
        amount=len(floats),
        peer="math.fsum",
        engines={
            "hotkernels": lambda: hk.sum(floats),
            "math.fsum": lambda: math.fsum(floats),
            "builtin sum": lambda: builtins.sum(floats),
        },
    )


def threads() -> Iterator[Work]:
    """The same calls from 1 and from N Python threads: with the GIL let go of, N do N times the work."""
    numbers = np.random.default_rng(4)
    rows = numbers.standard_normal((600, 768), np.float32)
    values = numbers.standard_normal(500_000)
    out = [np.empty((600, 600), np.float32) for _ in range(16)]
    cores = hk.build_info()["threads"]
    tasks: dict[str, Callable[[int], object]] = {
        "cosine_matrix 600 × 600 × 768 float32": lambda n: hk.cosine_matrix(rows, rows, out=out[n], threads=1),
        "dot 500,000 float64": lambda _: [hk.dot(values, values) for _ in range(20)],
        "sum 500,000 float64": lambda _: [hk.sum(values) for _ in range(20)],
    }
    for name, task in tasks.items():
        engines: dict[str, Callable[[], object]] = {}
        for count in sorted({1, 2, cores, min(2 * cores, 16)}):
            pool = ThreadPoolExecutor(count)

            def work(task: Callable[[int], object] = task, pool: ThreadPoolExecutor = pool) -> object:
                return list(pool.map(task, range(16)))

            engines[f"ThreadPoolExecutor({count})"] = work
        yield Work(name=name, unit="calls", amount=16, peer="ThreadPoolExecutor(1)", engines=engines, clock=time.perf_counter)


FAMILIES: dict[str, Callable[[], Iterator[Work]]] = {
    "vector": vector,
    "narrow": narrow,
    "reduce": reduce,
    "text": text,
    "names": per_call,
    "job": job,
    "polars": polars,
    "dask": dask,
    "image": image,
    "chart": chart,
    "calls": calls,
    "ffi": ffi,
    "threads": threads,
    "bindings": rows.rows,
    "workload": workload.workload,
}
BESIDE: dict[str, Callable[[int], dict[str, Any]]] = {
    "job": lambda _: {"done": job_done()},
    "bindings": rows.beside,
    "workload": workload.beside,
}
"""What a family keeps beside its rows, measured in so many rounds."""
