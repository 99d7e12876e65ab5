"""cdist and best_match: every pair as the functions for two strings have it, whatever the layout, cutoff and threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from random import Random
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strings import ALPHABETS, drawn, edited, long, short, strings

type Given = list[str | None]

SCORERS: dict[str, Callable[..., float]] = {
    "levenshtein": hk.levenshtein_distance,
    "osa": hk.osa_distance,
    "damerau_levenshtein": hk.damerau_levenshtein_distance,
    "hamming": hk.hamming_distance,
    "jaro": hk.jaro_similarity,
    "jaro_winkler": hk.jaro_winkler_similarity,
    "jaccard": lambda a, b, unit: hk.jaccard_similarity(a, b, unit=unit),
}
SIMILARITIES = {"jaro", "jaro_winkler", "jaccard"}
FEWER = settings(max_examples=max(1, settings().max_examples * 2 // 5))  # each is hundreds of pairs
UNITS: Any = st.sampled_from(["grapheme", "codepoint"])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Given, Given]:
    """Queries and choices, many of them alike; some missing."""
    text = draw(st.sampled_from([short, strings, long]))
    queries: Given = draw(st.lists(text | st.none(), max_size=6))
    choices: Given = draw(st.lists(text | st.none(), max_size=12))
    if draw(st.booleans()):
        alphabet, random = draw(st.sampled_from(sorted(ALPHABETS.values()))), Random(draw(st.integers(0, 2**32)))
        most = draw(st.sampled_from([8, 16, 20, 40, 70]))
        choices += ["".join(random.choices(alphabet, k=random.randrange(most))) for _ in range(random.randrange(150))]
    near = draw(edited(text))
    return [*queries, near[0]], [*choices, near[1]]


def expected(queries: Given, choices: Given, scorer: str, unit: str, cutoff: float | None = None) -> np.ndarray:
    """Pair by pair; what is missing or beyond the cutoff as it is documented."""
    similar = scorer in SIMILARITIES
    worst = 0.0 if similar else 2**32 - 1 if cutoff is None else int(cutoff) + 1

    def score(a: str | None, b: str | None) -> float:
        if a is None or b is None:
            return worst
        found = SCORERS[scorer](a, b, unit=unit)
        beyond = cutoff is not None and (found < cutoff if similar else found > cutoff)
        return worst if beyond else found

    rows = [[score(a, b) for b in choices] for a in queries]
    return np.array(rows, np.float64 if similar else np.uint32).reshape(len(queries), len(choices))


def nearest(
    queries: Given, choices: Given, scorer: str, unit: str, cutoff: float | None = None
) -> tuple[list[int], list[float]]:
    similar = scorer in SIMILARITIES
    indices, scores = [], []
    for a in queries:
        found = [(SCORERS[scorer](a, b, unit=unit), j) for j, b in enumerate(choices) if a is not None and b is not None]
        found = [(s, j) for s, j in found if cutoff is None or (s >= cutoff if similar else s <= cutoff)]
        worst = 0.0 if similar else 2**63 - 1 if cutoff is None else int(cutoff) + 1
        score, index = min(found, key=lambda pair: (-pair[0] if similar else pair[0], pair[1]), default=(worst, -1))
        indices.append(index)
        scores.append(score)
    return indices, scores


@pytest.mark.parametrize("scorer", SCORERS)
@FEWER
@given(problem=problems(), unit=UNITS, threads=st.integers(1, 4))
def test_every_pair(scorer: Any, problem: tuple[Given, Given], unit: Any, threads: int) -> None:
    found = hk.cdist(*problem, scorer, unit=unit, threads=threads)
    exact = expected(*problem, scorer, unit)
    assert found.dtype == exact.dtype
    np.testing.assert_array_equal(found, exact)
    indices, scores = hk.best_match(*problem, scorer, unit=unit, threads=threads)
    assert indices.dtype == np.dtype(np.int64)
    assert scores.dtype == np.dtype(np.float64 if scorer in SIMILARITIES else np.int64)
    assert (indices.tolist(), scores.tolist()) == nearest(*problem, scorer, unit)


@pytest.mark.parametrize("scorer", SCORERS)
@FEWER
@given(problem=problems(), data=st.data())
def test_cutoffs(scorer: Any, problem: tuple[Given, Given], data: st.DataObject) -> None:
    cutoffs = st.sampled_from([0.0, 0.7, 0.85, 1.0]) if scorer in SIMILARITIES else st.sampled_from([0, 1, 2.5, 5, 40])
    cutoff = data.draw(cutoffs)
    found = hk.cdist(*problem, scorer, score_cutoff=cutoff)
    np.testing.assert_array_equal(found, expected(*problem, scorer, "grapheme", cutoff))
    indices, scores = hk.best_match(*problem, scorer, score_cutoff=cutoff)
    assert (indices.tolist(), scores.tolist()) == nearest(*problem, scorer, "grapheme", cutoff)


@pytest.mark.parametrize("scorer", SCORERS)
def test_many_of_every_length(scorer: Any) -> None:
    letters = ALPHABETS["names"]
    queries: Given = [drawn(letters, length, length) for length in (0, 1, 8, 9, 16, 17, 32, 33, 64, 65, 250, 251, 300)]
    choices: Given = [drawn(letters, length, length + 1000) for length in range(70) for _ in range(3)]
    for threads in (1, 3):
        found = hk.cdist(queries, choices, scorer, threads=threads)
        np.testing.assert_array_equal(found, expected(queries, choices, scorer, "grapheme"))


@FEWER
@given(
    problem=problems(),
    size=st.none() | st.integers(1, 5),
    unit=UNITS,
    cutoff=st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
def test_jaccard(problem: tuple[Given, Given], size: int | None, unit: Any, cutoff: float | None) -> None:
    def score(a: str | None, b: str | None) -> float:
        if a is None or b is None:
            return 0.0
        found = hk.jaccard_similarity(a, b, size, unit=unit)
        return found if cutoff is None or found >= cutoff else 0.0

    queries, choices = problem
    found = hk.cdist(queries, choices, "jaccard", ngram_size=size, unit=unit, score_cutoff=cutoff)
    assert found.tolist() == [[score(a, b) for b in choices] for a in queries]
    indices, scores = hk.best_match(queries, choices, "jaccard", ngram_size=size, unit=unit, score_cutoff=cutoff)
    for row, index, best in zip(found.tolist(), indices.tolist(), scores.tolist(), strict=True):
        assert best == max(row, default=0.0)
        if best > 0:
            assert index == row.index(best)


def test_sets_of_words() -> None:
    texts = ["the quick brown fox", "The  quick\tfox", "fox the fox", "", " \n", "x " * 70, " ".join(map(str, range(100)))]
    found = hk.cdist(texts, texts, "jaccard", dtype="float32")
    exact = [[hk.jaccard_similarity(a, b) for b in texts] for a in texts]
    np.testing.assert_array_equal(found, np.array(exact, np.float32))
    # White space with a mark on it is no other word: words are cut out of code points, whatever the unit.
    marked = ["a \u0301b", "a", "\u0301b"]
    for unit in ("grapheme", "codepoint"):
        assert hk.cdist(marked[:1], marked, "jaccard", unit=unit).tolist() == [[1, 0.5, 0.5]]


def test_nothing() -> None:
    assert hk.cdist([], []).shape == (0, 0)
    assert hk.cdist(["a"], []).shape == (1, 0)
    assert hk.cdist([], ["a"]).shape == (0, 1)
    indices, scores = hk.best_match(["a", None], [])
    assert (indices.tolist(), scores.tolist()) == ([-1, -1], [2**63 - 1] * 2)
    indices, scores = hk.best_match([], ["a"], "jaro")
    assert (indices.tolist(), scores.tolist()) == ([], [])


def test_the_first_of_those_that_are_as_near() -> None:
    choices = ["abcd", "abce", "xy", "abcf", "abce", "xyz"]
    for threads in (1, 4):
        assert hk.best_match(["abc", "abce", "xy"], choices, threads=threads)[0].tolist() == [0, 1, 2]
    assert hk.best_match(["q"], choices, "jaro")[0].tolist() == [0]


def test_missing_strings() -> None:
    queries, choices = ["ab", None], [None, "abc", None]
    assert hk.cdist(queries, choices).tolist() == [[2**32 - 1, 1, 2**32 - 1], [2**32 - 1] * 3]
    assert hk.cdist(queries, choices, dtype="int64").max() == 2**63 - 1
    assert hk.cdist(queries, choices, dtype="uint8").max() == 255
    assert hk.cdist(queries, choices, dtype="float32").max() == np.inf
    assert hk.cdist(queries, choices, score_cutoff=3).tolist() == [[4, 1, 4], [4, 4, 4]]
    assert hk.cdist(queries, choices, score_cutoff=1000, dtype="uint8").tolist() == [[255, 1, 255], [255] * 3]
    assert hk.cdist(["ab", None], ["ab", None], "jaro").tolist() == [[1, 0], [0, 0]]
    indices, scores = hk.best_match(queries, choices, score_cutoff=3)
    assert (indices.tolist(), scores.tolist()) == ([1, -1], [1, 4])
    indices, scores = hk.best_match(queries, [None], "jaro")
    assert (indices.tolist(), scores.tolist()) == ([-1, -1], [0, 0])


def test_iterables_of_strings() -> None:
    texts = ["Müller", "日本語", "", "x" * 70, "e\u0301"]
    exact = hk.cdist(texts, texts)
    for value in (
        tuple(texts),
        iter(texts),
        (text for text in texts),
        dict.fromkeys(texts).keys(),
        np.array(texts),
        np.array(texts, object),
        np.array(texts, np.dtypes.StringDType()),
    ):
        np.testing.assert_array_equal(hk.cdist(value, texts), exact)
    column = np.array(["a", None], np.dtypes.StringDType(na_object=None))
    assert hk.cdist(column, ["ab"], score_cutoff=5).tolist() == [[1], [6]]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "int64", "float32", "float64"])
def test_dtypes(dtype: str) -> None:
    queries: Given = ["abc", "x"]
    choices: Given = ["abz", "", "xyz"]
    exact = expected(queries, choices, "levenshtein", "grapheme")
    for value in (dtype, np.dtype(dtype), np.dtype(dtype).type):
        found = hk.cdist(queries, choices, dtype=value)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, exact)
    out = np.full((2, 3), 77, dtype)
    assert hk.cdist(queries, choices, out=out) is out
    np.testing.assert_array_equal(out, exact)
    wide = np.full((2, 5), 77, dtype)
    hk.cdist(queries, choices, out=wide[:, 1:4], dtype=dtype)
    np.testing.assert_array_equal(wide, np.pad(exact, ((0, 0), (1, 1)), constant_values=77))


def test_a_similarity_in_float32_is_the_rounded_one() -> None:
    found = hk.cdist(["abc", "martha"], ["abz", "marhta"], "jaro_winkler", dtype="float32")
    np.testing.assert_array_equal(found, hk.cdist(["abc", "martha"], ["abz", "marhta"], "jaro_winkler").astype(np.float32))


class TestRefused:
    @pytest.mark.parametrize("function", [hk.cdist, hk.best_match])
    @pytest.mark.parametrize("bad", ["text", b"text", bytearray(b"a"), 3, None])
    def test_what_is_no_sequence(self, function: Any, bad: Any) -> None:
        kind = type(bad).__name__
        with pytest.raises(TypeError, match=rf"^queries: an iterable of str and None is taken, got {kind}(; |$)"):
            function(bad, ["a"])
        with pytest.raises(TypeError, match=rf"^choices: an iterable of str and None is taken, got {kind}(; |$)"):
            function(["a"], bad)

    @pytest.mark.parametrize("bad", [b"a", 3, float("nan"), ["a"]])
    def test_what_is_no_string(self, bad: Any) -> None:
        with pytest.raises(TypeError, match=rf"^choices\[2\]: str or None is taken, got {type(bad).__name__}(; |$)"):
            hk.cdist(["a"], ["a", None, bad])

    def test_lone_surrogates(self) -> None:
        with pytest.raises(UnicodeEncodeError, match=r"surrogates not allowed in queries$"):
            hk.cdist(["a", "\ud800"], ["a"])

    def test_scorers(self) -> None:
        with pytest.raises(ValueError, match=r'^scorer: one of "levenshtein", "osa", .*"jaccard" is taken, got \'soundex\'$'):
            hk.cdist(["a"], ["a"], "soundex")  # type: ignore[call-overload]
        with pytest.raises(TypeError, match=r"^scorer: one of "):
            hk.best_match(["a"], ["a"], hk.soundex)  # type: ignore[arg-type]

    @pytest.mark.parametrize("bad", [-1, -0.5, float("nan")])
    def test_cutoffs(self, bad: float) -> None:
        with pytest.raises(ValueError, match=r"^score_cutoff: a number of at least 0 or None is taken, got "):
            hk.cdist(["a"], ["a"], score_cutoff=bad)
        with pytest.raises(TypeError, match=r"^score_cutoff: a number in \[0, 1\] or None is taken, got '1'(; |$)"):
            hk.best_match(["a"], ["a"], "jaro", score_cutoff="1")  # type: ignore[arg-type]

    def test_units_and_threads(self) -> None:
        with pytest.raises(ValueError, match=r'^unit: "grapheme" or "codepoint" is taken'):
            hk.cdist(["a"], ["a"], unit="word")  # type: ignore[call-overload]
        with pytest.raises(ValueError, match=r"^threads: a positive int or None is taken, got 0(; |$)"):
            hk.best_match(["a"], ["a"], threads=0)

    def test_dtypes(self) -> None:
        with pytest.raises(ValueError, match=r"^dtype: uint32, .* or float64 is taken for this scorer, got int8(; |$)"):
            hk.cdist(["a"], ["a"], dtype="int8")
        with pytest.raises(ValueError, match=r"^dtype: float64 or float32 is taken for this scorer, got uint32(; |$)"):
            hk.cdist(["a"], ["a"], "jaro", dtype=np.uint32)
        with pytest.raises(TypeError, match=r"^dtype: a name or a NumPy dtype is taken, got 3(; |$)"):
            hk.cdist(["a"], ["a"], dtype=3)  # type: ignore[call-overload]

    def test_a_dtype_too_narrow_for_the_distances(self) -> None:
        hk.cdist(["a" * 255], ["b"], dtype="uint8")
        with pytest.raises(ValueError, match=r"^dtype: uint8 holds distances up to 255, and these strings can have one of 256"):
            hk.cdist(["a" * 256], ["b"], dtype="uint8")
        assert hk.cdist(["a" * 256], ["b"], dtype="uint8", score_cutoff=9).tolist() == [[10]]

    def test_outs(self) -> None:
        with pytest.raises(ValueError, match=r"^out has shape \(2, 2\); \(1, 2\), queries by choices, is taken(; |$)"):
            hk.cdist(["a"], ["a", "b"], out=np.empty((2, 2), np.uint32))
        with pytest.raises(TypeError, match=r"^out has dtype int16; uint32, .* or float64 is taken(; |$)"):
            hk.cdist(["a"], ["a", "b"], out=np.empty((1, 2), np.int16))
        with pytest.raises(TypeError, match=r"^out has dtype uint8; uint16, the dtype asked for, is taken(; |$)"):
            hk.cdist(["a"], ["a", "b"], out=np.empty((1, 2), np.uint8), dtype="uint16")
        with pytest.raises(TypeError, match=r"^out is read-only"):
            hk.cdist(["a"], ["a", "b"], out=np.broadcast_to(np.uint32(1), (1, 2)))

    @pytest.mark.parametrize("function", [hk.cdist, hk.best_match])
    def test_ngram_sizes(self, function: Any) -> None:
        for bad in (0, -1):
            with pytest.raises(ValueError, match=rf"^ngram_size: a positive int or None is taken, got {bad}(; |$)"):
                function(["a"], ["a"], "jaccard", ngram_size=bad)
        with pytest.raises(TypeError, match=r"^ngram_size: a positive int or None is taken, got 2\.0(; |$)"):
            function(["a"], ["a"], "jaccard", ngram_size=2.0)
        with pytest.raises(ValueError, match=r'^ngram_size: None is taken for this scorer, as "jaccard" alone has it, got 2$'):
            function(["a"], ["a"], "jaro", ngram_size=2)

    def test_progress(self) -> None:
        with pytest.raises(TypeError, match=r"^progress: a callable, True or None is taken, got 3(; |$)"):
            hk.best_match(["a"], ["a"], progress=3)  # type: ignore[arg-type]


class TestProgress:
    def test_it_is_told_on_the_calling_thread(self) -> None:
        random = Random(1)
        names: Given = ["".join(random.choices("abcdefgh", k=14)) for _ in range(3000)]
        told: list[tuple[int, int]] = []
        threads = set()

        def tell(done: int, total: int) -> None:
            told.append((done, total))
            threads.add(threading.get_ident())

        hk.best_match(names * 8, names, "damerau_levenshtein", threads=2, progress=tell)
        assert told[-1] == (72_000_000, 72_000_000)
        assert sorted(told) == told
        assert threads == {threading.get_ident()}

    def test_it_is_told_once_at_least(self) -> None:
        told: list[tuple[int, int]] = []
        hk.best_match(["a"], ["b", None], progress=lambda *numbers: told.append(numbers))
        assert told == [(2, 2)]

    def test_what_it_raises_stops_the_call(self) -> None:
        def stop(done: int, total: int) -> None:
            raise LookupError(done)

        names: Given = [drawn("abcdefgh", 60, seed) for seed in range(3000)]
        with pytest.raises(LookupError) as caught:
            hk.best_match(names * 4, names, "damerau_levenshtein", threads=2, progress=stop)
        assert caught.value.args[0] < 36_000_000

    def test_a_bar(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[object] = []

        class Bar:
            n = 0

            def __init__(self, **options: object) -> None:
                seen.append(options["total"])

            def refresh(self) -> None:
                seen.append(self.n)

            def close(self) -> None:
                seen.append("closed")

        module = type(sys)("tqdm.auto")
        module.tqdm = Bar  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm"))
        monkeypatch.setitem(sys.modules, "tqdm.auto", module)
        hk.best_match(["a", "b"], ["b"], progress=True)
        assert seen == [2, 2, "closed"]
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
        with pytest.raises(ImportError, match="pip install tqdm"):
            hk.best_match(["a", "b"], ["b"], progress=True)


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
import array, hotkernels as hk
out = memoryview(bytearray(8)).cast("I", (1, 2))
assert hk.cdist(["ab"], ["abc", "b"], out=out) is out
assert out.tolist() == [[1, 1]], out.tolist()
for call, hint in ((hk.cdist, "or pass out="), (hk.best_match, "pip install 'hotkernels[numpy]'")):
    try:
        call(["ab"], ["abc"])
    except ImportError as error:
        assert hint in str(error), error
    else:
        raise AssertionError("no ImportError")
"""


def test_without_numpy() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NUMPY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
