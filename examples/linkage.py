#!/usr/bin/env python3
"""Links two lists of names: each row of one CSV file with the nearest row of another, with a score, as a CSV file.

python examples/linkage.py people.csv register.csv --left name --right full_name --output linked.csv

Names are compared without case, accents and punctuation, words in any order where --sort-words says so. It needs NumPy.
"""

from __future__ import annotations

import argparse
import csv
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import hotkernels as hk

SIMILARITIES = ("jaro_winkler", "jaro", "jaccard")
DISTANCES = ("levenshtein", "osa", "damerau_levenshtein")

Rows = list[dict[str, str]]


def key(name: str, *, sort_words: bool = False) -> str | None:
    """What is compared of a name: lower case letters and digits, single spaces; None where nothing is left."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    words = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in parts).split()
    return " ".join(sorted(words) if sort_words else words) or None


def link(
    left: Iterable[str],
    right: Iterable[str],
    *,
    scorer: str = "jaro_winkler",
    cutoff: float = 0.85,
    sort_words: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> list[tuple[int, float] | None]:
    """For each name of `left` the number of the nearest in `right` and its score; None where none is near enough."""
    queries = [key(name, sort_words=sort_words) for name in left]
    choices = [key(name, sort_words=sort_words) for name in right]
    indices, scores = hk.best_match(queries, choices, scorer, score_cutoff=cutoff, progress=progress)
    found = zip(indices.tolist(), scores.tolist(), strict=True)
    return [(index, score) if index >= 0 else None for index, score in found]


def read(path: Path, column: str) -> tuple[list[str], Rows]:
    """The columns and the rows of a CSV file that has to have that column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns, rows = list(reader.fieldnames or []), list(reader)
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}") from error
    if column not in columns:
        raise SystemExit(f"{path}: no column {column!r}; it has {', '.join(columns) or 'none'}")
    return columns, rows


def write(
    path: Path, left: tuple[list[str], Rows], right: tuple[list[str], Rows], links: list[tuple[int, float] | None]
) -> None:
    """Every row of the left file, what it was linked with, and the score; beside its place first, then renamed."""
    columns = [*left[0], *(f"linked_{name}" for name in right[0]), "score"]
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row, found in zip(left[1], links, strict=True):
            other = right[1][found[0]] if found else {}
            score = f"{found[1]:.4g}" if found else ""
            writer.writerow([*(row[name] for name in left[0]), *(other.get(name, "") for name in right[0]), score])
    part.replace(path)


def bar(done: int, total: int) -> None:
    """One line on a terminal, drawn anew."""
    share = done / max(total, 1)
    print(
        f"\r[{'#' * round(40 * share):40}] {share:4.0%} of {total:,} pairs", end="\n" if done >= total else "", file=sys.stderr
    )


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("left_file", type=Path, metavar="LEFT.csv")
    parser.add_argument("right_file", type=Path, metavar="RIGHT.csv")
    parser.add_argument("--left", default="name", metavar="COLUMN", help="the column of names in LEFT.csv (name)")
    parser.add_argument("--right", default="name", metavar="COLUMN", help="the column of names in RIGHT.csv (name)")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--scorer", choices=[*SIMILARITIES, *DISTANCES], default="jaro_winkler")
    parser.add_argument("--cutoff", type=float, help="the smallest similarity (0.85) or largest distance (2) of a link")
    parser.add_argument("--sort-words", action="store_true", help="compare 'Ada Lovelace' and 'Lovelace, Ada' as the same")
    args = parser.parse_args(words)
    cutoff = args.cutoff if args.cutoff is not None else 0.85 if args.scorer in SIMILARITIES else 2
    left, right = read(args.left_file, args.left), read(args.right_file, args.right)
    links = link(
        (row[args.left] for row in left[1]),
        (row[args.right] for row in right[1]),
        scorer=args.scorer,
        cutoff=cutoff,
        sort_words=args.sort_words,
        progress=bar if sys.stderr.isatty() else None,
    )
    write(args.output, left, right, links)
    print(f"{sum(found is not None for found in links):,} of {len(links):,} rows linked: {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
