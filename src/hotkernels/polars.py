"""The text functions as expressions of polars, row by row: eager, lazy and streaming.

`hotkernels.polars.levenshtein_distance("a", "b")` is an expression over two columns, and so is
`pl.col("a").hk.levenshtein_distance("b")`. A column is an expression, a name or a Series; a literal is `pl.lit("text")`, and
stands beside every row. What is missing stays missing. Columns are String, Categorical, Enum or Null; their buffers are read
where they lie, by Arrow's PyCapsule interface.

`pip install "hotkernels[polars]"`. `threads` is how many one expression uses in each batch: None, every core of the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

try:
    import numpy as np
    import polars as pl
except ImportError as error:  # the words that help, with polars's own beside them
    raise ImportError(f'hotkernels.polars needs polars and NumPy: pip install "hotkernels[polars]" ({error})') from error

import hotkernels

__all__ = [
    "best_match",
    "damerau_levenshtein_distance",
    "hamming_distance",
    "jaccard_similarity",
    "jaro_similarity",
    "jaro_winkler_similarity",
    "levenshtein_distance",
    "match_rating_codex",
    "match_rating_comparison",
    "metaphone",
    "nysiis",
    "osa_distance",
    "soundex",
]

type Column = pl.Expr | pl.Series | str
type Scorer = Literal["levenshtein", "osa", "damerau_levenshtein", "hamming", "jaro", "jaro_winkler", "jaccard"]
type Unit = Literal["grapheme", "codepoint"]

SIMILARITIES = frozenset({"jaro", "jaro_winkler", "jaccard"})


def levenshtein_distance(
    a: Column, b: Column, *, score_cutoff: float | None = None, unit: Unit = "grapheme", threads: int | None = None
) -> pl.Expr:
    """Levenshtein's distance of each row's two strings, UInt32, as hotkernels.levenshtein_distance gives it.

    a, b: columns.
    score_cutoff: the largest distance of interest, which saves work; one above it is score_cutoff + 1.
    unit: as for hotkernels.levenshtein_distance.
    threads: None is every core.

    Raises what hotkernels.cpdist raises, of arguments at once; of columns, as polars tells it, when the query runs.
    """
    return _scores(a, b, "levenshtein", score_cutoff=score_cutoff, unit=unit, threads=threads)


def osa_distance(
    a: Column, b: Column, *, score_cutoff: float | None = None, unit: Unit = "grapheme", threads: int | None = None
) -> pl.Expr:
    """Optimal string alignment of each row's two strings, UInt32; arguments as for levenshtein_distance."""
    return _scores(a, b, "osa", score_cutoff=score_cutoff, unit=unit, threads=threads)


def damerau_levenshtein_distance(
    a: Column, b: Column, *, score_cutoff: float | None = None, unit: Unit = "grapheme", threads: int | None = None
) -> pl.Expr:
    """Damerau's unrestricted distance of each row's two strings, UInt32; arguments as for levenshtein_distance."""
    return _scores(a, b, "damerau_levenshtein", score_cutoff=score_cutoff, unit=unit, threads=threads)


def hamming_distance(
    a: Column, b: Column, *, score_cutoff: float | None = None, unit: Unit = "grapheme", threads: int | None = None
) -> pl.Expr:
    """Hamming's distance of each row's two strings, UInt32; arguments as for levenshtein_distance."""
    return _scores(a, b, "hamming", score_cutoff=score_cutoff, unit=unit, threads=threads)


def jaro_similarity(
    a: Column, b: Column, *, score_cutoff: float | None = None, unit: Unit = "grapheme", threads: int | None = None
) -> pl.Expr:
    """Jaro's similarity of each row's two strings, Float64; one below score_cutoff is 0.0.

    Arguments as for levenshtein_distance.
    """
    return _scores(a, b, "jaro", score_cutoff=score_cutoff, unit=unit, threads=threads)


def jaro_winkler_similarity(
    a: Column, b: Column, *, score_cutoff: float | None = None, unit: Unit = "grapheme", threads: int | None = None
) -> pl.Expr:
    """Jaro's similarity with Winkler's bonus, Float64; arguments as for jaro_similarity."""
    return _scores(a, b, "jaro_winkler", score_cutoff=score_cutoff, unit=unit, threads=threads)


def jaccard_similarity(
    a: Column,
    b: Column,
    ngram_size: int | None = None,
    *,
    score_cutoff: float | None = None,
    unit: Unit = "codepoint",
    threads: int | None = None,
) -> pl.Expr:
    """Jaccard's similarity of each row's two sets, Float64: of words, or of pieces of ngram_size units.

    ngram_size, unit: as for hotkernels.jaccard_similarity; the others as for jaro_similarity.
    """
    return _scores(a, b, "jaccard", score_cutoff=score_cutoff, unit=unit, ngram_size=ngram_size, threads=threads)


def soundex(a: Column) -> pl.Expr:
    """hotkernels.soundex of each row, String; made once for each different string of a batch."""
    return _codes(a, hotkernels.soundex)


def metaphone(a: Column) -> pl.Expr:
    """hotkernels.metaphone of each row, String; made as soundex is."""
    return _codes(a, hotkernels.metaphone)


def nysiis(a: Column) -> pl.Expr:
    """hotkernels.nysiis of each row, String; made as soundex is."""
    return _codes(a, hotkernels.nysiis)


def match_rating_codex(a: Column) -> pl.Expr:
    """hotkernels.match_rating_codex of each row, String; made as soundex is. Null where there is none, as for "a1"."""
    return _codes(a, hotkernels.match_rating_codex)


def match_rating_comparison(a: Column, b: Column) -> pl.Expr:
    """hotkernels.match_rating_comparison of each row's two names, Boolean; null where they cannot be compared."""

    def compare(columns: Sequence[pl.Series]) -> pl.Series:
        left, right = (column.to_list() for column in _of_one_length(columns))
        agree = [
            None if x is None or y is None else hotkernels.match_rating_comparison(x, y)
            for x, y in zip(left, right, strict=True)
        ]
        return pl.Series(columns[0].name, agree, pl.Boolean)

    return _mapped([a, b], compare, pl.Boolean)


def best_match(
    a: Column,
    choices: pl.Series | Iterable[str | None],
    scorer: Scorer = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: Unit = "grapheme",
    ngram_size: int | None = None,
    threads: int | None = None,
) -> pl.Expr:
    """For each row the nearest of some choices: a Struct of index (Int64), choice (String) and score (Int64, or Float64).

    choices: a Series, or an iterable of str and None; it is kept with the expression.
    scorer, score_cutoff, unit, ngram_size, threads: as for hotkernels.best_match.

    Where no choice counts, or the row is missing, the fields are null. A batch of rows reads the choices once.

    Raises what hotkernels.best_match raises, of arguments at once.
    """
    options: dict[str, Any] = {"score_cutoff": score_cutoff, "unit": unit, "ngram_size": ngram_size, "threads": threads}
    if isinstance(choices, dict | frozenset | set):
        hotkernels.best_match([], choices)  # which says why they are not taken
    series = choices if isinstance(choices, pl.Series) else pl.Series("choice", list(choices), pl.String)
    hotkernels.best_match([], series, scorer, **options)  # what is not taken is told at once
    found_in = series.cast(pl.String)
    score = pl.Float64() if scorer in SIMILARITIES else pl.Int64()

    def match(columns: Sequence[pl.Series]) -> pl.Series:
        indices, scores = hotkernels.best_match(columns[0], series, scorer, **options)
        none = indices < 0
        index = _with_nulls(pl.Series("index", indices), none)
        fields = [index, found_in.gather(index).alias("choice"), _with_nulls(pl.Series("score", scores), none)]
        return pl.DataFrame(fields).to_struct(columns[0].name)

    return _mapped([a], match, pl.Struct({"index": pl.Int64(), "choice": pl.String(), "score": score}))


@pl.api.register_expr_namespace("hk")
class Expressions:
    """The functions of this module as methods: `pl.col("a").hk.levenshtein_distance("b")`."""

    def __init__(self, expr: pl.Expr) -> None:
        self._expr = expr

    def __getattr__(self, name: str) -> Callable[..., pl.Expr]:
        if name not in __all__:
            raise AttributeError(f"hk: one of {', '.join(__all__)} is taken, got {name}")
        function = globals()[name]

        def call(*args: Any, **options: Any) -> pl.Expr:
            found: pl.Expr = function(self._expr, *args, **options)
            return found

        call.__name__, call.__doc__ = name, function.__doc__
        return call

    def __dir__(self) -> list[str]:
        return list(__all__)


def _scores(a: Column, b: Column, scorer: Scorer, **options: Any) -> pl.Expr:
    hotkernels.cpdist([], [], scorer, **options)  # what is not taken is told at once
    similar = scorer in SIMILARITIES

    def score(columns: Sequence[pl.Series]) -> pl.Series:
        left, right = columns
        scores: np.ndarray[Any, Any]
        if not (len(left) and len(right)):  # a literal beside no row
            return pl.Series(left.name, [], pl.Float64() if similar else pl.UInt32())
        # One string beside many: in the lanes of registers, where they count from either side alike.
        if len(left) == 1 < len(right) or (len(right) == 1 < len(left) and not scorer.startswith("jaro")):
            one, many = (left, right) if len(left) == 1 else (right, left)
            scores = hotkernels.cdist(one, many, scorer, **options)[0]
        elif len(right) == 1 < len(left):
            scores = hotkernels.cdist(left, right, scorer, **options)[:, 0]
        else:
            scores = hotkernels.cpdist(left, right, scorer, **options)
        result = pl.Series(left.name, scores)
        if left.null_count() or right.null_count():
            result = _with_nulls(result, (left.is_null() | right.is_null()).to_numpy())
        return result

    return _mapped([a, b], score, pl.Float64() if similar else pl.UInt32())


def _codes(a: Column, function: Callable[[str], str]) -> pl.Expr:
    def code(text: str | None) -> str | None:
        try:
            return None if text is None else function(text)
        except ValueError:
            return None

    def codes(columns: Sequence[pl.Series]) -> pl.Series:
        texts = columns[0].cast(pl.String)
        different = texts.unique()
        table = pl.Series([code(text) for text in different], dtype=pl.String)
        return texts.replace_strict(different, table, return_dtype=pl.String)

    return _mapped([a], codes, pl.String())


def _mapped(columns: Sequence[Column], function: Callable[[Sequence[pl.Series]], pl.Series], dtype: Any) -> pl.Expr:
    """The expression that calls the function with batches of the columns."""

    def checked(batch: Sequence[pl.Series]) -> pl.Series:
        for column in batch:
            if not isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum | pl.Null):
                name = column.name or "the literal"
                raise TypeError(f"{name}: a column of strings is taken, got {column.dtype}; use .cast(pl.String)")
        return function(batch)

    expressions = [_expression(column) for column in columns]
    return pl.map_batches(expressions, checked, return_dtype=dtype, is_elementwise=True)


def _expression(column: Column) -> pl.Expr:
    if isinstance(column, pl.Expr):
        return column
    if isinstance(column, str):
        return pl.col(column)
    if isinstance(column, pl.Series):
        return pl.lit(column)
    found = type(column).__name__
    raise TypeError(f"an expression, a column's name or a Series is taken, got {found}; pl.lit(…) is a literal")


def _of_one_length(columns: Sequence[pl.Series]) -> list[pl.Series]:
    """A literal beside each row."""
    rows = max(map(len, columns)) if all(map(len, columns)) else 0
    return [column.new_from_index(0, rows) if len(column) == 1 != rows else column for column in columns]


def _with_nulls(series: pl.Series, where: np.ndarray[Any, Any]) -> pl.Series:
    if not where.any():
        return series
    return series.set(pl.Series(where), None)
