"""hotkernels.polars: text functions as expressions over columns, beside polars-distance, with RapidFuzz's kernels in Rust.

nox -s bench -- polars
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.measure import Work, peer
from benchmarks.text import names

ROWS = 100_000

SCORERS = {
    "levenshtein_distance": "levenshtein",
    "osa_distance": "osa",
    "damerau_levenshtein_distance": "damerau_levenshtein",
    "hamming_distance": "hamming",
    "jaro_similarity": "jaro",
    "jaro_winkler_similarity": "jaro_winkler",
}
"""Ours, and theirs: methods of pld.col(…).dist_str."""


def polars() -> Iterator[Work]:
    """Row by row, and one string beside all rows; one thread, in code points, as theirs counts. Their Jaro is a distance."""
    pl, pld, hkp = peer("polars"), peer("polars_distance"), peer("hotkernels.polars")
    frame = pl.DataFrame({"a": names(ROWS, 1), "b": names(ROWS, 2)})
    # Names that differ by a letter or two, which a scorer may be quicker with.
    near = frame.with_columns(b=pl.col("a").str.replace("[a-m]", "n").str.replace("[p-z]$", "o"))
    for kind, rows in (("names", frame), ("names with one or two edits", near)):
        for own, their in SCORERS.items():
            options: dict[str, Any] = {"unit": "codepoint", "threads": 1}
            ours = getattr(hkp, own)("a", "b", **options)
            theirs = getattr(pld.col("a").dist_str, their)("b")
            yield work(f"{own}, rows of {kind}", rows, ours, theirs)
    literal = pl.lit("jonathan smith")
    for own in ("levenshtein_distance", "jaro_winkler_similarity"):
        ours = getattr(hkp, own)("a", literal, unit="codepoint", threads=1)
        theirs = getattr(pld.col("a").dist_str, SCORERS[own])(literal)
        yield work(f"{own}, one string and each name", frame, ours, theirs)


def work(name: str, frame: Any, ours: Any, theirs: Any) -> Work:
    return Work(
        name=name,
        unit="pairs",
        amount=len(frame),
        peer="polars-distance",
        engines={"hotkernels": lambda: frame.select(ours), "polars-distance": lambda: frame.select(theirs)},
    )
