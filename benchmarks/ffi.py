"""What it costs to cross from Python into compiled code: by the element, the vector, the batch, and with nothing to do."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator

import hotkernels as hk
import numpy as np

from benchmarks.measure import Work

LENGTH = 128
"""Elements of a vector: as short as embeddings get, so that the crossing shows."""

BATCHES = (1, 10, 100, 1_000, 10_000, 100_000)

SLOW = 10_000
"""Engines that cross by the element, or never, are not asked for more vectors than this: they take seconds."""


def ffi() -> Iterator[Work]:
    """A query against n vectors, in as many calls as there are elements, vectors, or one; then calls that do nothing."""
    import simsimd  # noqa: PLC0415 - has no wheel for every interpreter that other families run on

    numbers = np.random.default_rng(5)
    query = numbers.standard_normal(LENGTH, np.float32)
    for count in BATCHES:
        corpus = numbers.standard_normal((count, LENGTH), np.float32)
        rows = list(corpus)
        own, vectors = hk.Vector(query), [hk.Vector(row) for row in rows]
        one = query.reshape(1, LENGTH)
        out = np.empty((1, count), np.float32)
        engines: dict[str, Callable[[], object]] = {
            "hotkernels.cosine_matrix": lambda o=one, c=corpus, t=out: hk.cosine_matrix(o, c, out=t, threads=1),
            "hotkernels.cosine_similarity": lambda r=rows: [hk.cosine_similarity(query, row) for row in r],
            "Vector.cosine_similarity": lambda v=vectors, f=own.cosine_similarity: [f(vector) for vector in v],
            "simsimd.cdist": lambda o=one, c=corpus: simsimd.cdist(o, c, "cosine", threads=1),
            "simsimd.cosine": lambda r=rows: [simsimd.cosine(query, row) for row in r],
            "numpy, the batch": lambda c=corpus: c @ query / (np.linalg.norm(c, axis=1) * np.linalg.norm(query)),
            "numpy, by the vector": lambda r=rows: [by_numpy(query, row) for row in r],
        }
        if count <= SLOW:
            plain, plains = query.tolist(), corpus.tolist()
            cells = [hk.Vector([x]) for x in plain]
            others = [hk.Vector([x]) for x in corpus.ravel().tolist()]
            engines["pure Python"] = lambda q=plain, r=plains: [by_python(q, row) for row in r]
            engines["hotkernels.dot, by the element"] = lambda c=cells, o=others: by_element(c, o)
        yield Work(
            name=f"cosine, 1 query × {count:,} × {LENGTH} float32",
            unit="vectors",
            amount=count,
            peer="simsimd.cosine",
            note="one thread",
            engines=engines,
        )
    yield from nothing()


def nothing() -> Iterator[Work]:
    """What a call costs before it does anything: of the interpreter, of pyo3 and of this package's arguments."""
    counter, one = hk.ThreadSafeCounter(), hk.Vector([1.0])
    yield Work(
        name="a method without arguments",
        unit="calls",
        amount=1,
        peer="int.conjugate (C)",
        note="what pyo3 adds to a call, and the limited API to that",
        engines={
            "ThreadSafeCounter.get": counter.get,
            "ThreadSafeCounter.increment": counter.increment,
            "int.conjugate (C)": (1 << 62).conjugate,
            "an empty lambda": lambda: None,
        },
    )
    yield Work(
        name="a function of two arguments",
        unit="calls",
        amount=1,
        peer="operator.add (C)",
        note="every row is called by a lambda",
        engines={
            "hotkernels.dot of one element": lambda: hk.dot(one, one),
            "Vector.dot of one element": lambda f=one.dot: f(one),
            "operator.add (C)": lambda: operator.add(1.0, 1.0),
            "math.hypot (C)": lambda: math.hypot(1.0, 1.0),
        },
    )


def by_numpy(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a, b) / math.sqrt(np.dot(a, a) * np.dot(b, b)))


def by_python(a: list[float], b: list[float]) -> float:
    return math.sumprod(a, b) / math.sqrt(math.sumprod(a, a) * math.sumprod(b, b))


def by_element(query: list[hk.Vector], elements: list[hk.Vector]) -> list[float]:
    """The dot products alone, each product a call."""
    dot, width = hk.dot, len(query)
    return [sum(map(dot, query, elements[start : start + width])) for start in range(0, len(elements), width)]
