"""Python alone: lists, and the standard library's sum of products."""

from __future__ import annotations

import math

import numpy as np


def prepared(rows: np.ndarray) -> list[list[float]]:
    numbers: list[list[float]] = rows.tolist()
    return numbers


def cosines(queries: list[list[float]], corpus: list[list[float]], out: np.ndarray) -> None:
    norms = [math.sqrt(math.sumprod(row, row)) for row in corpus]
    for query, results in zip(queries, out, strict=True):
        own = math.sqrt(math.sumprod(query, query))
        results[:] = [math.sumprod(query, row) / (own * norm) for row, norm in zip(corpus, norms, strict=True)]
