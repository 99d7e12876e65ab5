"""Choices: laid out once, and from then on what a list of the same strings is."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from random import Random
from typing import Any

import columns
import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strings import ALPHABETS
from test_batch import SCORERS, SIMILARITIES, UNITS, Given, problems

FEWER = settings(max_examples=max(1, settings().max_examples * 2 // 5))  # each is hundreds of pairs
EDITS: list[Any] = [name for name in SCORERS if name != "jaccard"]


def same(queries: Given, laid: hk.Choices, choices: Given, scorer: Any, **how: Any) -> None:
    """All that the functions give, for both."""
    np.testing.assert_array_equal(hk.cdist(queries, laid, scorer, **how), hk.cdist(queries, choices, scorer, **how))
    found, expected = (hk.best_match(queries, each, scorer, **how) for each in (laid, choices))
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@FEWER
@given(problem=problems(), unit=UNITS, threads=st.integers(1, 4), data=st.data())
def test_every_scorer_of_one_layout(problem: tuple[Given, Given], unit: Any, threads: int, data: st.DataObject) -> None:
    queries, choices = problem
    laid = hk.Choices(choices, data.draw(st.sampled_from(EDITS)), unit=unit)
    assert len(laid) == len(choices)
    for scorer in EDITS:
        cutoff = data.draw(st.none() | (st.sampled_from([0.7, 0.9]) if scorer in SIMILARITIES else st.integers(0, 6)))
        # The unit is that of the choices, said or not.
        for more in ({}, {"unit": unit}):
            found = hk.best_match(queries, laid, scorer, score_cutoff=cutoff, threads=threads, **more)
            expected = hk.best_match(queries, choices, scorer, score_cutoff=cutoff, unit=unit)
            np.testing.assert_array_equal(found, expected)
        matrix = hk.cdist(queries, laid, scorer, score_cutoff=cutoff, threads=threads)
        np.testing.assert_array_equal(matrix, hk.cdist(queries, choices, scorer, score_cutoff=cutoff, unit=unit))


@FEWER
@given(problem=problems(), size=st.none() | st.integers(1, 4), unit=UNITS)
def test_sets(problem: tuple[Given, Given], size: int | None, unit: Any) -> None:
    queries, choices = problem
    laid = hk.Choices(choices, "jaccard", unit=unit, ngram_size=size)
    assert (laid.scorer, laid.ngram_size) == ("jaccard", size)
    expected = hk.cdist(queries, choices, "jaccard", ngram_size=size, unit=unit)
    np.testing.assert_array_equal(hk.cdist(queries, laid), expected)
    np.testing.assert_array_equal(hk.cdist(queries, laid, "jaccard", ngram_size=size, unit=unit), expected)
    nearest = hk.best_match(queries, choices, "jaccard", score_cutoff=0.2, ngram_size=size, unit=unit)
    np.testing.assert_array_equal(hk.best_match(queries, laid, score_cutoff=0.2), nearest)


def test_many_calls_with_other_clusters_each() -> None:
    """The number of a cluster that the choices lack is the call's own: it is none of theirs, and none of a later call's."""
    choices: Given = ["e\u0301a", "ab\r\n", "\U0001f1e9\U0001f1ea", "abc", None, "a\u0301"]
    laid = hk.Choices(choices)
    queries = ("e\u0301a", "a\u0301", "o\u0302a", "\r\nab", "\U0001f1eb\U0001f1f7", "b\u0301\u0301c", "ab\r\n", "x\u0301" * 70)
    for query in queries:
        same([query, "o\u0308", None, query], laid, choices, "levenshtein")
        same([query], laid, choices, "jaro")


@pytest.mark.parametrize("letters", ALPHABETS)
def test_many_of_every_length(letters: str) -> None:
    random = Random(3)
    lengths = (*range(70), 64, 65, 200, 300) * 3
    drawn = ["".join(random.choices(ALPHABETS[letters], k=length)) for length in lengths]
    choices: Given = [*drawn, None, ""]
    laid = hk.Choices(choices, unit="codepoint")
    for scorer in EDITS:
        cutoff = None if scorer in SIMILARITIES else 30
        same([drawn[5], drawn[60], drawn[-1], None], laid, choices, scorer, unit="codepoint", score_cutoff=cutoff)


def test_every_kind_of_column() -> None:
    choices = ["smith", None, "smyth", "шмидт", "schmidt" * 12]
    given: list[Any] = [choices, tuple(choices), iter(choices), np.array(choices, object)]
    given += [columns.Array("u", columns.chunk("u", choices)), columns.Stream("vu", columns.chunk("vu", choices))]
    for column in given:
        laid = hk.Choices(column)
        assert len(laid) == 5
        same(["smitt", "шмидт", None], laid, choices, "osa")
    assert hk.best_match(np.array(["smitt", "smytt"]), laid)[0].tolist() == [0, 2]
    empty = hk.Choices([])
    assert (len(empty), hk.cdist(["a"], empty).shape) == (0, (1, 0))
    assert [found.tolist() for found in hk.best_match(["a"], empty, score_cutoff=2)] == [[-1], [3]]


def test_what_it_says_of_itself() -> None:
    laid = hk.Choices(["a", None, "b"], "jaro_winkler", unit="codepoint")
    assert repr(laid) == 'Choices(3 strings, "jaro_winkler")'
    assert (laid.scorer, laid.unit, laid.ngram_size) == ("jaro_winkler", "codepoint", None)
    assert hk.best_match(["a"], laid)[1].dtype == np.float64
    for scorer in SCORERS:
        assert hk.Choices([], scorer).scorer == scorer  # type: ignore[arg-type]
    pieces = hk.Choices(["abc"], "jaccard", ngram_size=2)
    assert (pieces.scorer, pieces.unit, pieces.ngram_size) == ("jaccard", "grapheme", 2)
    with pytest.raises(AttributeError):
        laid.scorer = "osa"  # type: ignore[misc]


def test_nothing_of_the_column_is_held() -> None:
    class Names(list[str]):
        pass

    names = Names(["smith", "smyth"])
    gone = weakref.ref(names)
    laid = hk.Choices(names)
    del names
    gc.collect()
    assert gone() is None
    assert hk.best_match(["smit"], laid)[0].tolist() == [0]


def test_a_dtype_that_is_too_small() -> None:
    laid = hk.Choices(["a" * 300])
    with pytest.raises(ValueError, match="holds distances up to 255, and these strings can have one of 300"):
        hk.cdist(["b"], laid, dtype="uint8")
    assert hk.cdist(["b"], laid, dtype="uint8", score_cutoff=3).tolist() == [[4]]
    assert hk.cdist(["b"], hk.Choices(["a" * 255]), dtype="uint8").tolist() == [[255]]


def test_what_they_are_not_made_for() -> None:
    laid, sets = hk.Choices(["ab"]), hk.Choices(["ab"], "jaccard", ngram_size=2)
    for ask, message in {
        lambda: hk.cdist(["a"], laid, "jaccard"): "scorer: these Choices are made with scorer=\"levenshtein\", got 'jaccard'",
        lambda: hk.best_match(["a"], sets, "osa"): "scorer: these Choices are made with scorer=\"jaccard\", got 'osa'",
        lambda: hk.best_match(["a"], sets, ngram_size=3): "ngram_size: these Choices are made with ngram_size=2, got 3",
        lambda: hk.best_match(["a"], laid, ngram_size=3): "ngram_size: None is taken for this scorer",
        lambda: hk.cdist(["a"], laid, unit="codepoint"): 'unit: these Choices are made with unit="grapheme"',
        lambda: hk.cdist(["a"], sets, unit="codepoint"): 'unit: these Choices are made with unit="grapheme"',
    }.items():
        with pytest.raises(ValueError, match=message):
            ask()
    words = hk.Choices(["a b"], "jaccard")
    with pytest.raises(ValueError, match="ngram_size: these Choices are made with ngram_size=None, got 2"):
        hk.best_match(["a"], words, ngram_size=2)
    assert hk.cdist(["a"], words, unit="grapheme").tolist() == [[0.5]]  # words are the same in each unit
    with pytest.raises(TypeError, match="got Choices; cdist and best_match take those"):
        hk.cpdist(["a"], laid)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="queries: an iterable of str and None is taken, got Choices"):
        hk.cdist(laid, ["a"])  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="choices: an iterable of str and None is taken, got str"):
        hk.Choices("abc")
    with pytest.raises(ValueError, match="ngram_size: None is taken for this scorer"):
        hk.Choices(["abc"], ngram_size=2)
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed in choices"):
        hk.Choices(["a", "\ud800"])


@pytest.mark.thread_unsafe(reason="starts threads of its own")
def test_threads_share_them() -> None:
    random = Random(5)
    choices: Given = ["".join(random.choices("abcde\u0301", k=random.randrange(30))) for _ in range(400)]
    laid = hk.Choices(choices)
    queries = [[f"{n}e\u0301", choices[n], "".join(random.choices("abcdex\u0301", k=12))] for n in range(40)]
    expected = [hk.best_match(each, choices, threads=1) for each in queries]
    wrong: list[object] = []
    barrier = threading.Barrier(4)

    def work(first: int) -> None:
        barrier.wait()
        for number in (*range(first, 40), *range(first)):
            found = hk.best_match(queries[number], laid, threads=2)
            if not all(map(np.array_equal, found, expected[number])):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(9 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_without_numpy() -> None:
    """They are made without it; results that are arrays want it, as from lists."""
    code = """
        import sys
        sys.modules["numpy"] = None
        import hotkernels as hk
        laid = hk.Choices(["smith", "smyth"])
        out = memoryview(bytearray(8)).cast("I", [1, 2])
        print(hk.cdist(["smit"], laid, out=out).tolist())
        try:
            hk.best_match(["smit"], laid)
        except ImportError as error:
            print("numpy" in str(error).lower())
    """
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(line[8:] for line in code.splitlines())], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("[[1, 2]]\nTrue\n", "")
