"""hotkernels.dask: whatever the blocks, the answers are those of one call; a worker that is killed loses nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strings import short

pytestmark = pytest.mark.thread_unsafe(reason="dask has threads of its own")

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
db = pytest.importorskip("dask.bag")
dd = pytest.importorskip("dask.dataframe")
pd = pytest.importorskip("pandas")
hkd: Any = pytest.importorskip("hotkernels.dask")

SCORERS = sorted(hkd.SIMILARITIES | hkd.DISTANCES)


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    """In this thread, one task after another."""
    with dask.config.set(scheduler="synchronous"):
        yield


def chunks(total: int, cuts: list[int]) -> tuple[int, ...]:
    """Of an axis, at these places; some may be empty."""
    places = [0, *sorted(cut % (total + 1) for cut in cuts), total]
    return tuple(after - before for before, after in pairwise(places))


@settings(max_examples=30)
@given(
    st.integers(1, 9),
    st.integers(1, 40),
    st.lists(st.integers(0, 40), max_size=12),
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from(["float32", "float64", "int8"]),
    st.sampled_from(["cosine", "dot"]),
    st.data(),
)
def test_top_k_is_that_of_one_call(
    m: int, n: int, cuts: list[int], query_cuts: list[int], dtype: str, metric: Any, data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, n))
    # Few values, so that there are ties, within blocks and between them.
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    queries, corpus = (rng.integers(-2, 3, (rows, 3)).astype(dtype) for rows in (m, n))
    if dtype != "int8" and data.draw(st.booleans()):
        corpus[rng.integers(0, n)] = np.nan
    expected = hk.top_k(queries, corpus, k, metric=metric)
    lazy = hkd.top_k(
        da.from_array(queries, chunks=(chunks(m, query_cuts), (2, 1))),
        da.from_array(corpus, chunks=(chunks(n, cuts), (1, 2))),
        k,
        metric=metric,
    )
    for own, wanted in zip(lazy, expected, strict=True):
        assert (own.shape, own.dtype) == (wanted.shape, wanted.dtype)
    indices, scores = dask.compute(*lazy)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-5, atol=1e-6)
    if metric == "dot":  # of small integers: exact, and so ties are
        np.testing.assert_array_equal(indices, expected[0])
        np.testing.assert_array_equal(scores, expected[1])
    for row, query, found in zip(indices, queries, scores, strict=True):
        assert len(set(row.tolist())) == k
        if k and metric == "cosine":
            own_scores = hk.cosine_matrix(query[None], corpus[row])[0]
            np.testing.assert_allclose(own_scores, found, rtol=1e-5, atol=1e-6)


@settings(max_examples=30)
@given(
    st.lists(short | st.none(), max_size=8),
    st.lists(short | st.none(), max_size=12),
    st.integers(1, 20),
    st.sampled_from(SCORERS),
)
def test_bags_give_what_lists_give(queries: list[Any], choices: list[Any], parts: int, scorer: Any) -> None:
    cutoff: Any = {"score_cutoff": 0.5} if scorer in hkd.SIMILARITIES else {}
    left, right = (db.from_sequence(column or [None], npartitions=parts) for column in (queries, choices))
    queries, choices = queries or [None], choices or [None]
    for own, wanted in zip(
        dask.compute(*hkd.best_match(left, right, scorer, **cutoff)),
        hk.best_match(queries, choices, scorer, **cutoff),
        strict=True,
    ):
        np.testing.assert_array_equal(own, wanted)
        assert own.dtype == wanted.dtype
    np.testing.assert_array_equal(hkd.cdist(left, right, scorer).compute(), hk.cdist(queries, choices, scorer))


NAMES = ["Müller", "Mueller", None, "Miller", "muller", "", "Möller", "Miller"]


@pytest.mark.parametrize("kind", ["bag of iterators", "series", "array", "list", "generator", "Series of pandas"])
def test_every_collection_is_taken(kind: str) -> None:
    made = {
        "bag of iterators": lambda: db.from_sequence(NAMES, npartitions=3).map(lambda name: name),
        "series": lambda: dd.from_pandas(pd.DataFrame({"name": pd.array(NAMES, dtype="str")}), npartitions=3)["name"],
        "array": lambda: da.from_array(np.array(NAMES, object), chunks=3),
        "list": lambda: NAMES,
        "generator": lambda: iter(NAMES),
        "Series of pandas": lambda: pd.Series(NAMES, dtype="str"),
    }[kind]
    expected = hk.best_match(NAMES, NAMES, "osa", score_cutoff=2)
    for own, wanted in zip(dask.compute(*hkd.best_match(made(), made(), "osa", score_cutoff=2)), expected, strict=True):
        np.testing.assert_array_equal(own, wanted)
    np.testing.assert_array_equal(hkd.cdist(made(), NAMES, dtype="uint8").compute(), hk.cdist(NAMES, NAMES, dtype="uint8"))


def test_shapes_are_known_where_they_can_be() -> None:
    names = da.from_array(np.array(["a", "b", "c"], object), chunks=2)
    assert hkd.cdist(names, ["x", "y"]).chunks == ((2, 1), (2,))
    assert hkd.best_match(names, ["x"])[0].chunks == ((2, 1),)
    assert np.isnan(hkd.cdist(db.from_sequence(["a"]), ["x"]).shape[0])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: hkd.top_k(np.zeros((2, 3)), np.zeros((4, 3)), 5), ValueError, "k: 0 to 4, .* got 5"),
        (
            lambda: hkd.top_k(np.zeros((2, 3)), np.zeros((4, 3)), 1, metric="l2"),
            ValueError,
            "metric: one of cosine, dot .* 'l2'",
        ),
        (
            lambda: hkd.top_k(np.zeros((2, 3)), np.zeros((4, 3), np.float32), 1),
            TypeError,
            "one dtype is taken, got float64 and float32",
        ),
        (lambda: hkd.top_k(np.zeros((2, 3)), np.zeros((4, 2)), 1), ValueError, "one length are taken, got 3 and 2"),
        (lambda: hkd.top_k(np.zeros(3), np.zeros((4, 3)), 1), ValueError, "queries: two dimensions are taken, got 1"),
        (lambda: hkd.top_k(da.zeros((4, 3))[da.zeros(4) == 0], np.zeros((4, 3)), 1), ValueError, "compute_chunk_sizes"),
        (lambda: hkd.cdist(["a"], ["b"], "l2"), ValueError, "scorer: one of damerau_levenshtein, .* got 'l2'"),
        (lambda: hkd.cdist("a", ["b"]), TypeError, "queries: .* got str"),
        (lambda: hkd.best_match(["a"], 5), TypeError, "choices: .* got int"),
        (lambda: hkd.best_match(["a"], da.zeros((2, 2))), ValueError, "choices: one dimension is taken, got 2"),
        (lambda: hkd.best_match(dd.from_pandas(pd.DataFrame({"a": ["b"]})), ["a"]), TypeError, "queries: .* got DataFrame"),
    ],
)
def test_what_is_not_taken_is_told_at_once(call: Callable[[], object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_what_a_block_holds_is_told_when_it_is_computed() -> None:
    lazy = hkd.cdist(db.from_sequence(["a", 5], npartitions=2), ["b"])
    with pytest.raises(TypeError, match="got int"):
        lazy.compute()


class Fatal:
    """Kills the first worker that computes with it."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __call__(self, rows: Any) -> Any:
        try:
            os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return rows
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    rng = np.random.default_rng(1)
    queries, corpus = rng.standard_normal((50, 16)), rng.standard_normal((4000, 16))
    words = ["".join(letters) for letters in rng.choice(list("abcde"), (600, 8))]
    with (
        dask.config.set({"distributed.worker.daemon": False, "distributed.logging.distributed": "critical"}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp") as cluster,
        distributed.Client(cluster) as client,
    ):
        before = set(client.scheduler_info()["workers"])
        mark = tmp_path / "killed"
        blocks = da.from_array(corpus, chunks=(250, 16)).map_blocks(Fatal(str(mark)), dtype=corpus.dtype, meta=corpus[:0])
        futures = client.compute(hkd.top_k(da.from_array(queries, chunks=(25, 16)), blocks, 7))
        for own, wanted in zip(client.gather(futures), hk.top_k(queries, corpus, 7), strict=True):
            np.testing.assert_array_equal(own, wanted)
        assert mark.exists()
        client.wait_for_workers(2, timeout=60)
        assert set(client.scheduler_info()["workers"]) != before
        bag = db.from_sequence(words, npartitions=12)
        for own, wanted in zip(
            client.gather(client.compute(hkd.best_match(bag, bag))), hk.best_match(words, words), strict=True
        ):
            np.testing.assert_array_equal(own, wanted)
