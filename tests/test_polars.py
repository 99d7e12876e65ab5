"""hotkernels.polars: expressions give, row by row, what the functions for two strings give, in every engine of polars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hotkernels as hk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strings import short

pytestmark = pytest.mark.thread_unsafe(reason="polars has threads of its own")

pl = pytest.importorskip("polars")
hkp: Any = pytest.importorskip("hotkernels.polars")

DISTANCES = [name for name in hkp.__all__ if name.endswith("_distance")]
SIMILARITIES = [name for name in hkp.__all__ if name.endswith("_similarity")]
CODES = ["soundex", "metaphone", "nysiis", "match_rating_codex"]
rows: Any = st.lists(st.tuples(short | st.none(), short | st.none()), max_size=20)
A = ["kitten", "Müller", None, "e\u0301", "", "x", "smith"]
B = ["sitting", "Mueller", "x", "é", "", None, "smyth"]


def each(function: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    """Row by row in Python."""

    def of(*row: Any) -> Any:
        try:
            return None if None in row else function(*row)
        except ValueError:
            return None

    return [of(*row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("name", [*DISTANCES, *SIMILARITIES, "match_rating_comparison"])
@settings(max_examples=15, deadline=None)
@given(rows=rows)
def test_two_columns(name: str, rows: Any) -> None:
    frame = pl.DataFrame({"a": [a for a, _ in rows], "b": [b for _, b in rows]}, schema={"a": pl.String, "b": pl.String})
    expected = each(getattr(hk, name), frame["a"].to_list(), frame["b"].to_list())
    expression = getattr(hkp, name)("a", "b")
    declared = {"a": pl.Boolean if name.startswith("match") else pl.UInt32 if name in DISTANCES else pl.Float64}
    lazy = frame.lazy().select(expression)
    assert lazy.collect_schema() == declared
    for found in (frame.select(expression), lazy.collect(), lazy.collect(engine="streaming")):
        assert (found["a"].to_list(), found.schema) == (expected, declared)


@pytest.mark.parametrize("name", CODES)
def test_codes(name: str) -> None:
    frame = pl.DataFrame({"a": [*A, "a1", None, "smith"] * 3})
    found = frame.select(getattr(pl.col("a").hk, name)())["a"]
    assert found.dtype == pl.String
    assert found.to_list() == each(getattr(hk, name), frame["a"].to_list())
    assert frame.clear().select(getattr(hkp, name)("a")).schema == {"a": pl.String}


@pytest.mark.parametrize("name", [*DISTANCES, *SIMILARITIES, "match_rating_comparison"])
def test_literals_stand_beside_every_row(name: str) -> None:
    frame = pl.DataFrame({"a": A})
    function, own = getattr(hk, name), getattr(hkp, name)
    for text in ("mitten", "", "Mu\u0308ller"):
        many = [text] * len(A)
        assert frame.select(own("a", pl.lit(text)))["a"].to_list() == each(function, A, many)
        assert frame.select(x=own(pl.lit(text), "a"))["x"].to_list() == each(function, many, A)
        assert frame.clear().select(own("a", pl.lit(text))).height == 0
        assert frame.select(x=own(pl.lit(text), pl.lit("m")))["x"].to_list() == [function(text, "m")]
    missing = pl.lit(None, pl.String)
    assert frame.select(own("a", missing))["a"].to_list() == [None] * len(A)


@pytest.mark.parametrize("text", ["kitty", None])
@pytest.mark.parametrize("scorer", ["levenshtein", "jaro_winkler", "jaccard"])
def test_best_match(scorer: Any, text: str | None) -> None:
    choices = [text, "Mueller", None, "smyth"]
    frame = pl.DataFrame({"a": A, "n": range(len(A))})
    cutoff: Any = 4 if scorer == "levenshtein" else 0.5
    indices, scores = hk.best_match(A, choices, scorer, score_cutoff=cutoff)
    expected = [
        {"index": index, "choice": choices[index], "score": score}
        if index >= 0
        else {"index": None, "choice": None, "score": None}
        for index, score in zip(indices.tolist(), scores.tolist(), strict=True)
    ]
    for given_as in (choices, iter(choices), pl.Series("c", choices), pl.Series(choices).cast(pl.Categorical)):
        expression = pl.col("a").hk.best_match(given_as, scorer, score_cutoff=cutoff)
        lazy = frame.lazy().select(expression, pl.col("n"))
        assert lazy.collect_schema()["a"] == frame.select(expression)["a"].dtype
        assert frame.select(expression)["a"].to_list() == expected
        assert lazy.collect(engine="streaming").sort("n")["a"].to_list() == expected


def test_options_are_those_of_cpdist() -> None:
    frame = pl.DataFrame({"a": A, "b": B})
    found = frame.select(
        cut=hkp.levenshtein_distance("a", "b", score_cutoff=1),
        points=hkp.levenshtein_distance("a", "b", unit="codepoint", threads=1),
        pieces=pl.col("a").hk.jaccard_similarity("b", 2, threads=2),
    )
    assert found["cut"].to_list() == [2, 2, None, 1, 0, None, 1]
    assert found["points"].to_list() == [3, 2, None, 2, 0, None, 1]
    assert found["pieces"].to_list() == each(lambda a, b: hk.jaccard_similarity(a, b, 2), A, B)


def test_columns_of_every_kind() -> None:
    expected = each(hk.levenshtein_distance, A, B)
    for kind in (pl.String, pl.Categorical, pl.Enum(sorted({row for row in [*A, *B] if row is not None}))):
        frame = pl.DataFrame({"a": A, "b": B}).with_columns(pl.all().cast(kind))
        assert frame.select(hkp.levenshtein_distance("a", "b"))["a"].to_list() == expected
        assert frame.select(hkp.levenshtein_distance(pl.col("a"), frame["b"]))["a"].to_list() == expected
    nothing = pl.DataFrame({"a": A, "b": [None] * len(A)})
    assert nothing.select(hkp.jaro_similarity("a", "b"))["a"].to_list() == [None] * len(A)
    chunks = pl.concat([pl.DataFrame({"a": A, "b": B})] * 3, rechunk=False)
    assert chunks.select(hkp.levenshtein_distance("a", "b"))["a"].to_list() == expected * 3


def test_many_rows_in_batches() -> None:
    frame = pl.DataFrame({"a": A * 20_000, "b": B * 20_000})
    lazy = frame.lazy().select(hkp.osa_distance("a", "b"), c=pl.col("a").hk.jaro_similarity(pl.lit("mitten")))
    found = lazy.collect(engine="streaming")
    assert found["a"].to_list() == each(hk.osa_distance, A, B) * 20_000
    assert found["c"].to_list() == each(hk.jaro_similarity, A, ["mitten"] * len(A)) * 20_000


def test_groups() -> None:
    frame = pl.DataFrame({"a": A, "b": B, "g": [0, 0, 0, 1, 1, 1, 2]})
    found = frame.group_by("g", maintain_order=True).agg(hkp.levenshtein_distance("a", "b")).explode("a")
    assert found["a"].to_list() == each(hk.levenshtein_distance, A, B)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: hkp.levenshtein_distance("a", 5), TypeError, "a column's name or a Series is taken, got int; pl.lit"),
        (lambda: hkp.levenshtein_distance("a", "b", unit="word"), ValueError, "^unit: "),
        (lambda: hkp.jaro_similarity("a", "b", score_cutoff="x"), TypeError, "^score_cutoff: "),
        (lambda: hkp.jaccard_similarity("a", "b", 0), ValueError, "^ngram_size: "),
        (lambda: hkp.osa_distance("a", "b", threads=0), ValueError, "^threads: "),
        (lambda: hkp.best_match("a", ["x"], "levenstein"), ValueError, '^scorer: .*; did you mean "levenshtein"'),
        (lambda: hkp.best_match("a", {"x", "y"}), TypeError, "^choices: .* got set; its order is by chance"),
        (
            lambda: hkp.jaro_similarity("a", "b", score_cutoff=80),
            ValueError,
            "^score_cutoff: .* got 80; use score_cutoff / 100",
        ),
        (lambda: hkp.best_match("a", pl.Series([1])), TypeError, "^choices has the Arrow format"),
        (lambda: pl.col("a").hk.levenshtein("b"), AttributeError, "^hk: one of best_match, .* is taken, got levenshtein$"),
    ],
)
def test_arguments_are_looked_at_at_once(make: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_columns_are_looked_at_when_the_query_runs() -> None:
    frame = pl.DataFrame({"a": A, "n": range(len(A))})
    with pytest.raises(
        (TypeError, pl.exceptions.ComputeError), match=r"n: a column of strings is taken, got Int64; use \.cast"
    ):
        frame.select(hkp.levenshtein_distance("a", "n"))


def test_the_namespace_names_what_it_has() -> None:
    assert dir(pl.col("a").hk) == hkp.__all__
    assert pl.col("a").hk.soundex.__doc__ == hkp.soundex.__doc__
