"""Vectors: one query against many, all against all, the best of many, and long dot products, beside simsimd, numkong, faiss."""

from __future__ import annotations

import math
from collections.abc import Iterator

import hotkernels as hk
import numpy as np

from benchmarks.measure import Work, peer, relative_error


def vector() -> Iterator[Work]:
    """All of it."""
    corpus = np.random.default_rng(1).standard_normal((100_000, 768), np.float32)
    yield from one(corpus, np.float32)
    yield from all_pairs(corpus)
    yield from best(corpus)
    yield from long()


def narrow() -> Iterator[Work]:
    """What is made for numbers of 16 and 8 bits: one query, and int8 with int8."""
    corpus = np.random.default_rng(1).standard_normal((100_000, 768), np.float32)
    yield from one(corpus, np.float16, np.int8)
    yield from bytes_of(corpus)


def one(corpus: np.ndarray, *dtypes: type[np.generic]) -> Iterator[Work]:
    """One query: as fast as the corpus can be read."""
    simsimd = peer("simsimd")
    out = np.empty((1, len(corpus)), np.float32)
    for dtype in dtypes:
        rows = quantized(corpus) if dtype is np.int8 else corpus.astype(dtype, copy=False)
        query, words = rows[:1], rows.reshape(-1).view(np.uint64)
        engines = {
            "hotkernels": lambda q=query, r=rows: hk.cosine_matrix(q, r, out=out, threads=1),
            "simsimd.cdist": lambda q=query, r=rows: simsimd.cdist(q, r, "cosine", threads=1),
            "numpy, every byte read once": lambda w=words: np.bitwise_or.reduce(w),
        }
        if dtype is np.float32:
            engines["numpy q @ c.T + norms"] = lambda q=query, r=rows: normalized(q, r)
        yield Work(
            name=f"cosine, 1 query × 100k × 768 {np.dtype(dtype).name}",
            unit="bytes",
            amount=rows.nbytes,
            peer="simsimd.cdist",
            note="one thread",
            engines=engines,
        )


def all_pairs(corpus: np.ndarray) -> Iterator[Work]:
    """Every row with every row, in floating point."""
    simsimd = peer("simsimd")
    for dtype, size in ((np.float32, 4096), (np.float64, 1000), (np.float16, 2000)):
        rows = corpus[:size].astype(dtype)
        others = corpus[size : 2 * size].astype(dtype)
        result = np.empty((size, size), np.float64 if dtype is np.float64 else np.float32)
        wide = rows.astype(result.dtype), others.astype(result.dtype)
        yield Work(
            name=f"cosine, {size} × {size} × 768 {np.dtype(dtype).name}",
            unit="floating-point operations",
            amount=2 * 768 * size**2,
            peer="numpy matmul alone",
            note="one thread each; numpy's BLAS held to one by the environment"
            + ("; numpy multiplies them as float32" if dtype is np.float16 else ""),
            engines={
                "hotkernels": lambda r=rows, o=others, t=result: hk.cosine_matrix(r, o, out=t, threads=1),
                "hotkernels, with itself": lambda r=rows, t=result: hk.cosine_matrix(r, out=t, threads=1),
                "numpy matmul alone": lambda w=wide, t=result: np.matmul(w[0], w[1].T, out=t),
                "numpy matmul + norms": lambda w=wide: normalized(*w),
                "simsimd.cdist": lambda r=rows, o=others: simsimd.cdist(r, o, "cosine", threads=1),
            },
        )


def bytes_of(corpus: np.ndarray) -> Iterator[Work]:
    """Every row with every row, in bytes.

    numkong's rows are packed before the clock runs, and its results have a place: its best mode. Ours are packed in each call.
    Its dot products are less work: neither norms nor quotients.
    """
    numkong = peer("numkong")
    size = 2000
    rows, others = quantized(corpus[:size]), quantized(corpus[size : 2 * size])
    result = np.empty((size, size), np.float32)
    tensor, other = numkong.Tensor(rows), numkong.Tensor(others)
    packed = numkong.dots_pack(other)
    angles, dots = numkong.angulars_packed(tensor, packed), numkong.dots_packed(tensor, packed)
    hk.cosine_matrix(rows, others, out=result, threads=1)
    if not np.allclose(1 - np.asarray(angles), result, atol=1e-6):
        raise ArithmeticError("numkong has other cosines")
    yield Work(
        name=f"cosine, {size} × {size} × 768 int8",
        unit="operations",
        amount=2 * 768 * size**2,
        peer="numkong.angulars_packed",
        note="one thread, every result into a given place; numkong's rows are packed beforehand",
        engines={
            "hotkernels": lambda: hk.cosine_matrix(rows, others, out=result, threads=1),
            "numkong.angulars_packed": lambda: numkong.angulars_packed(tensor, packed, out=angles),
            "numkong, packed in the call": lambda: numkong.angulars_packed(tensor, numkong.dots_pack(other), out=angles),
            "numkong.dots_packed, no cosines": lambda: numkong.dots_packed(tensor, packed, out=dots),
        },
    )
    half = numkong.angulars_symmetric(tensor)
    yield Work(
        name=f"cosine, {size} with themselves × 768 int8",
        unit="operations",
        amount=2 * 768 * size**2,
        peer="numkong.angulars_symmetric",
        note="one thread; numkong's result is half a matrix",
        engines={
            "hotkernels": lambda: hk.cosine_matrix(rows, out=result, threads=1),
            "numkong.angulars_symmetric": lambda: numkong.angulars_symmetric(tensor, out=half),
        },
    )


def best(corpus: np.ndarray) -> Iterator[Work]:
    """The ten best of many for each query."""
    faiss = peer("faiss")
    faiss.omp_set_num_threads(1)
    queries = np.random.default_rng(5).standard_normal((1000, 768), np.float32)
    index = faiss.IndexFlatIP(768)
    index.add(corpus)
    yield Work(
        name="top 10 of 1000 × 100k × 768 float32",
        unit="floating-point operations",
        amount=2 * len(queries) * corpus.size,
        peer="faiss.IndexFlatIP",
        note="one thread; dot products",
        engines={
            "hotkernels": lambda: hk.top_k(queries, corpus, 10, metric="dot", threads=1),
            "faiss.IndexFlatIP": lambda: index.search(queries, 10),
            "numpy matmul + argpartition": lambda: partitioned(queries, corpus),
        },
    )


def long() -> Iterator[Work]:
    """Two vectors."""
    simsimd = peer("simsimd")
    numbers = np.random.default_rng(6)
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


def quantized(rows: np.ndarray) -> np.ndarray:
    """As int8, three standard deviations wide."""
    return (rows * 42).clip(-127, 127).astype(np.int8)


def normalized(queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    """The cosines as a NumPy user writes them."""
    product = queries @ corpus.T
    product /= np.linalg.norm(queries, axis=1)[:, None]
    product /= np.linalg.norm(corpus, axis=1)[None, :]
    return product


def partitioned(queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    """The ten best as a NumPy user finds them."""
    return np.argpartition(-(queries @ corpus.T), 10, axis=1)[:, :10]
