"""The batch functions over dask's collections: lazily, block by block, with the answers of one call over all of it.

Answers over strings are the same exactly. Cosines, and dot products of floats, may differ in their last digits, as one query is
summed in another order than many are.

Both sides may be larger than any worker's memory: a task holds a block of each, and what is kept of it is k rows a query, or
one. Partial answers are merged a few at a time, exactly. A task can be done again anywhere, so that a worker that dies costs
its tasks and nothing else.

`pip install "hotkernels[dask]"`. Each task uses one thread, since dask runs as many tasks as a worker has threads; `threads`
says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import add, index, itemgetter
from typing import Any, Literal

try:
    import dask.array as da
    import dask.bag
    import numpy as np
    from dask.delayed import Delayed, delayed
except ImportError as error:  # the words that help, with dask's own beside them
    raise ImportError(f'hotkernels.dask needs dask and NumPy: pip install "hotkernels[dask]" ({error})') from error

import hotkernels

__all__ = ["best_match", "cdist", "top_k"]

FAN_IN = 8
"""Partial answers that one task merges: few enough to be in memory together, enough for a flat tree."""

SIMILARITIES = frozenset({"jaro", "jaro_winkler", "jaccard"})
DISTANCES = frozenset({"levenshtein", "osa", "damerau_levenshtein", "hamming"})
METRICS = frozenset({"cosine", "dot"})

Pair = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]
"""Indices and scores."""


def top_k(
    queries: Any, corpus: Any, k: int, *, metric: Literal["cosine", "dot"] = "cosine", threads: int | None = 1
) -> tuple[da.Array, da.Array]:
    """The k rows of the corpus that are nearest to each query: hotkernels.top_k, over dask arrays.

    queries: shape (m, d); corpus: shape (n, d): dask arrays with known chunk sizes, or one of them a NumPy array, which is one
    block. Chunks along rows are the blocks; columns are brought into one. Their dtypes: as for hotkernels.top_k.
    k: how many, 0 to n. metric: as for hotkernels.top_k. threads: of each task (1; None: all of the worker's machine).

    Returns (indices, scores), dask arrays of shape (m, k) in the chunks of the queries: row numbers of the whole corpus, int64,
    and their scores. Of equal scores the lower row comes first, and NaN comes last.

    Raises TypeError for a mixed dtype, ValueError for another shape, unknown chunk sizes, a k that is negative or larger than
    n, or another metric: at once, not when it is computed. A dtype that is not taken is told when it is computed.
    """
    if metric not in METRICS:
        raise ValueError(f"metric: one of {', '.join(sorted(METRICS))} is taken, got {metric!r}")
    left, right = _matrix(queries, "queries"), _matrix(corpus, "corpus")
    if left.dtype != right.dtype:
        raise TypeError(f"queries and corpus: one dtype is taken, got {left.dtype} and {right.dtype}")
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"queries and corpus: rows of one length are taken, got {left.shape[1]} and {right.shape[1]}")
    k = index(k)
    if not 0 <= k <= right.shape[0]:
        raise ValueError(f"k: 0 to {right.shape[0]}, the rows of the corpus, is taken, got {k}")
    nearest, merge = delayed(_nearest, pure=True), delayed(_merged_nearest, pure=True)
    starts = [0, *np.cumsum(right.chunks[0]).tolist()]
    indices, scores = [], []
    dtype = np.float64 if left.dtype == np.float64 else np.float32
    for block, rows in zip(left.to_delayed().ravel(), left.chunks[0], strict=True):
        parts = [
            nearest(block, other, start, k, metric, threads)
            for other, start in zip(right.to_delayed().ravel(), starts, strict=False)
        ]
        best = _tree(parts, lambda some: merge(some, k))
        indices.append(da.from_delayed(delayed(itemgetter(0))(best), shape=(rows, k), dtype=np.int64))
        scores.append(da.from_delayed(delayed(itemgetter(1))(best), shape=(rows, k), dtype=dtype))
    return da.concatenate(indices), da.concatenate(scores)


def cdist(
    queries: Any,
    choices: Any,
    scorer: str = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: str = "grapheme",
    ngram_size: int | None = None,
    dtype: Any = None,
    threads: int | None = 1,
) -> da.Array:
    """The score of each query with each choice: hotkernels.cdist, over dask collections.

    queries, choices: dask bags, one-dimensional arrays or series of a dataframe, of str and None; or one of them anything that
    hotkernels.cdist takes, which is one block. scorer, score_cutoff, unit, ngram_size, dtype: as for hotkernels.cdist.
    threads: of each task (1; None: all of the worker's machine).

    Returns a dask array of shape (m, n), a chunk a pair of blocks; sizes are NaN where a bag's or a series' are not known.
    Raises ValueError for another scorer, TypeError for other collections, at once; what hotkernels.cdist raises, when computed.
    """
    _known(scorer)
    if dtype is None:
        dtype = np.float64 if scorer in SIMILARITIES else np.uint32
    options = {"score_cutoff": score_cutoff, "unit": unit, "ngram_size": ngram_size, "dtype": dtype, "threads": threads}
    left, right = _columns(queries, "queries"), _columns(choices, "choices")
    scored = delayed(hotkernels.cdist, pure=True)
    grid = [
        [
            da.from_delayed(scored(block, other, scorer, **options), shape=(rows, columns), dtype=dtype)
            for other, columns in right
        ]
        for block, rows in left
    ]
    return da.concatenate(
        [da.concatenate(row, axis=1, allow_unknown_chunksizes=True) for row in grid], allow_unknown_chunksizes=True
    )


def best_match(
    queries: Any,
    choices: Any,
    scorer: str = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: str = "grapheme",
    ngram_size: int | None = None,
    threads: int | None = 1,
) -> tuple[da.Array, da.Array]:
    """For each query the nearest choice, and its score: hotkernels.best_match, over dask collections.

    queries, choices, scorer, score_cutoff, unit, ngram_size: as for hotkernels.best_match; collections as for cdist.
    threads: of each task (1; None: all of the worker's machine).

    Returns (indices, scores), dask arrays with an element for each query, in its blocks: the place of the nearest choice among
    all choices, the first one of several, as int64, and its score, distances as int64 and similarities as float64. Where no
    choice counts the index is -1 and the score that of hotkernels.best_match.

    Raises ValueError for another scorer, TypeError for other collections, at once; what hotkernels.best_match raises, when
    computed.
    """
    _known(scorer)
    options = {"score_cutoff": score_cutoff, "unit": unit, "ngram_size": ngram_size, "threads": threads}
    left, right = _columns(queries, "queries"), _columns(choices, "choices")
    found, merge = delayed(_best, pure=True), delayed(_merged_best, pure=True)
    # Where a block begins is known when those before it were counted; a block is read once for its length and its matches.
    starts: list[Any] = [0]
    for block, size in right:
        starts.append(delayed(add)(starts[-1], delayed(len)(block) if math.isnan(size) else size))
    indices, scores = [], []
    dtype = np.float64 if scorer in SIMILARITIES else np.int64
    for block, rows in left:
        parts = [found(block, other, start, scorer, options) for (other, _), start in zip(right, starts, strict=False)]
        best = _tree(parts, lambda some: merge(some, larger=scorer in SIMILARITIES))
        indices.append(da.from_delayed(delayed(itemgetter(0))(best), shape=(rows,), dtype=np.int64))
        scores.append(da.from_delayed(delayed(itemgetter(1))(best), shape=(rows,), dtype=dtype))
    return (
        da.concatenate(indices, allow_unknown_chunksizes=True),
        da.concatenate(scores, allow_unknown_chunksizes=True),
    )


class _Strings:
    """The strings of a block, as often as they are asked for: a bag's partition may be an iterator, which is empty then.

    No list: to bring one of 20,000 strings to another worker took dask half a second; this is pickled, and takes 15 ms.
    """

    __slots__ = ("_strings",)

    def __init__(self, strings: Iterable[str | None]) -> None:
        self._strings = list(strings)

    def __len__(self) -> int:
        return len(self._strings)

    def __iter__(self) -> Iterator[str | None]:
        return iter(self._strings)


def _tree(parts: Sequence[Delayed], merge: Callable[[list[Delayed]], Delayed]) -> Delayed:
    """One answer of many, in rounds of a few neighbours each."""
    while len(parts) > 1:
        parts = [merge(list(parts[start : start + FAN_IN])) for start in range(0, len(parts), FAN_IN)]
    return parts[0]


def _nearest(queries: Any, corpus: Any, start: int, k: int, metric: Any, threads: int | None) -> Pair:
    """The answer over one block of the corpus, in row numbers of the whole."""
    if not len(queries) or not len(corpus):  # blocks may be empty, where one call's arguments may not
        shape = len(queries), min(k, len(corpus))
        return np.empty(shape, np.int64), np.empty(shape, np.float64 if corpus.dtype == np.float64 else np.float32)
    indices, scores = hotkernels.top_k(queries, corpus, min(k, len(corpus)), metric=metric, threads=threads)
    return indices + start, scores


def _merged_nearest(parts: Sequence[Pair], k: int) -> Pair:
    """The best k of some answers, the nearest first, of equal ones the lower row, NaN last."""
    indices, scores = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    missing = np.isnan(scores)
    order = np.lexsort((indices, np.where(missing, 0, -scores), missing), axis=1)[:, :k]
    return np.take_along_axis(indices, order, 1), np.take_along_axis(scores, order, 1)


def _best(queries: Any, choices: Any, start: int, scorer: Any, options: dict[str, Any]) -> Pair:
    """The answer over one block of choices, in places of the whole."""
    indices, scores = hotkernels.best_match(queries, choices, scorer, **options)
    return np.where(indices >= 0, indices + start, -1), scores


def _merged_best(parts: Sequence[Pair], *, larger: bool) -> Pair:
    """The best of some answers that stand in the order of their blocks; of equal ones the first."""
    indices, scores = parts[0]
    for others, theirs in parts[1:]:
        better = (others >= 0) & ((indices < 0) | (theirs > scores if larger else theirs < scores))
        indices, scores = np.where(better, others, indices), np.where(better, theirs, scores)
    return indices, scores


def _matrix(x: Any, name: str) -> da.Array:
    """A dask array of whole rows."""
    array = x if isinstance(x, da.Array) else da.from_array(np.asarray(x), chunks=-1)
    if array.ndim != 2:
        raise ValueError(f"{name}: two dimensions are taken, got {array.ndim}")
    if any(math.isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(f"{name}: known chunk sizes are taken; {name}.compute_chunk_sizes() finds them")
    return array.rechunk({1: -1})


def _columns(x: Any, name: str) -> list[tuple[Any, float]]:
    """The blocks of a collection of strings, each with its length, NaN where that is not known."""
    if isinstance(x, dask.bag.Bag):
        return [(delayed(_Strings)(part), math.nan) for part in x.to_delayed()]
    if isinstance(x, da.Array):
        if x.ndim != 1:
            raise ValueError(f"{name}: one dimension is taken, got {x.ndim}")
        return list(zip(x.to_delayed().ravel(), x.chunks[0], strict=True))
    if dask.is_dask_collection(x):
        if not hasattr(x, "to_delayed") or getattr(x, "ndim", 1) != 1:
            raise TypeError(f"{name}: a bag, a one-dimensional array or a series is taken, got {type(x).__name__}")
        return [(part, math.nan) for part in x.to_delayed()]
    if isinstance(x, str) or not (
        isinstance(x, Iterable) or hasattr(x, "__arrow_c_stream__") or hasattr(x, "__arrow_c_array__")
    ):
        raise TypeError(f"{name}: a dask collection or an iterable of str is taken, got {type(x).__name__}")
    column = x if hasattr(x, "__len__") and not isinstance(x, list | tuple) else _Strings(x)
    return [(delayed(column, traverse=False), len(column))]


def _known(scorer: str) -> None:
    if scorer not in SIMILARITIES | DISTANCES:
        raise ValueError(f"scorer: one of {', '.join(sorted(SIMILARITIES | DISTANCES))} is taken, got {scorer!r}")
