"""The work that is measured, by family: what the project does, and the peers that a user would pick instead."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import ModuleType

import hotkernels as hk
import numpy as np

from benchmarks.chart import chart
from benchmarks.job import job
from benchmarks.measure import Work
from benchmarks.text import text


def peer(name: str) -> ModuleType:
    """A peer's module; simsimd has no wheel for every interpreter, and what needs it is not asked for there."""
    return import_module(name)


def vector() -> Iterator[Work]:
    """One query against many, all against all, and long vectors."""
    simsimd = peer("simsimd")
    numbers = np.random.default_rng(1)
    corpus = numbers.standard_normal((100_000, 768), np.float32)
    query = corpus[:1]
    out = np.empty((1, len(corpus)), np.float32)
    yield Work(
        name="cosine, 1 query × 100k × 768 float32",
        unit="bytes",
        amount=corpus.nbytes,
        peer="simsimd.cdist",
        note="one thread",
        engines={
            "hotkernels": lambda: hk.cosine_matrix(query, corpus, out=out, threads=1),
            "simsimd.cdist": lambda: simsimd.cdist(query, corpus, "cosine", threads=1),
            "numpy q @ c.T + norms": lambda: normalized(query, corpus),
        },
    )
    for dtype, size in ((np.float32, 2000), (np.float64, 1000)):
        rows = corpus[:size].astype(dtype)
        others = corpus[size : 2 * size].astype(dtype)
        result = np.empty((size, size), dtype)
        yield Work(
            name=f"cosine, {size} × {size} × 768 {np.dtype(dtype).name}",
            unit="floating-point operations",
            amount=2 * 768 * size**2,
            peer="numpy matmul alone",
            note="one thread each; numpy's BLAS held to one by the environment",
            engines={
                "hotkernels": lambda r=rows, o=others, t=result: hk.cosine_matrix(r, o, out=t, threads=1),
                "numpy matmul alone": lambda r=rows, o=others, t=result: np.matmul(r, o.T, out=t),
                "numpy matmul + norms": lambda r=rows, o=others: normalized(r, o),
                "simsimd.cdist": lambda r=rows, o=others: simsimd.cdist(r, o, "cosine", threads=1),
            },
        )
    for length in (1_000, 1_000_000, 10_000_000):
        for dtype in (np.float32, np.float64):
            a, b = numbers.standard_normal((2, length)).astype(dtype)
            yield Work(
                name=f"dot, {length:,} {np.dtype(dtype).name}",
                unit="bytes",
                amount=a.nbytes * 2,
                peer="numpy.dot",
                engines={
                    "hotkernels": lambda a=a, b=b: hk.dot(a, b),
                    "numpy.dot": lambda a=a, b=b: np.dot(a, b),
                    "simsimd.dot": lambda a=a, b=b: simsimd.dot(a, b),
                },
                error=relative_error(math.fsum((a.astype(np.float64) * b).tolist())) if dtype is np.float32 else None,
            )


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


def calls() -> Iterator[Work]:
    """What one call costs, on vectors so short that the call is all there is."""
    simsimd = peer("simsimd")
    a, b = np.random.default_rng(3).standard_normal((2, 128), np.float32)
    va, vb = hk.Vector(a), hk.Vector(b)
    counter = hk.ThreadSafeCounter()
    for name, own, other, fast in (
        ("cosine_similarity", hk.cosine_similarity, simsimd.cosine, va.cosine_similarity),
        ("dot", hk.dot, simsimd.dot, va.dot),
    ):
        yield Work(
            name=f"{name}, two of 128 float32",
            unit="calls",
            amount=1,
            peer="simsimd",
            engines={
                "hotkernels": lambda f=own: f(a, b),
                "hotkernels, Vectors": lambda f=own: f(va, vb),
                "hotkernels, method of Vector": lambda f=fast: f(vb),
                "simsimd": lambda f=other: f(a, b),
                "numpy.dot": lambda: np.dot(a, b),
            },
        )
    yield Work(
        name="ThreadSafeCounter.increment",
        unit="calls",
        amount=1,
        peer="an empty lambda",
        engines={"hotkernels": counter.increment, "an empty lambda": lambda: None},
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
        yield Work(name=name, unit="calls", amount=16, peer="ThreadPoolExecutor(1)", engines=engines)


def normalized(queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    """The cosines as a NumPy user writes them."""
    product = queries @ corpus.T
    product /= np.linalg.norm(queries, axis=1)[:, None]
    product /= np.linalg.norm(corpus, axis=1)[None, :]
    return product


def relative_error(exact: float) -> Callable[[object], float]:
    return lambda found: abs(float(found) - exact) / abs(exact)  # type: ignore[arg-type]


FAMILIES: dict[str, Callable[[], Iterator[Work]]] = {
    "vector": vector,
    "reduce": reduce,
    "text": text,
    "job": job,
    "chart": chart,
    "calls": calls,
    "threads": threads,
}
