"""Text: two strings a call, many against many, and the nearest of many, beside RapidFuzz and jellyfish."""

from __future__ import annotations

import string
from collections.abc import Iterator
from importlib import import_module
from random import Random
from typing import Any

import hotkernels as hk
import numpy as np

from benchmarks.measure import Work

SCORERS = {
    "levenshtein": "Levenshtein",
    "osa": "OSA",
    "damerau_levenshtein": "DamerauLevenshtein",
    "hamming": "Hamming",
    "jaro": "Jaro",
    "jaro_winkler": "JaroWinkler",
}
"""Each scorer, and RapidFuzz's module for it."""


def names(count: int, seed: int) -> list[str]:
    """Of 12 to 16 letters."""
    random = Random(seed)  # noqa: S311 - inputs, no secrets
    return ["".join(random.choices(string.ascii_lowercase, k=random.randint(12, 16))) for _ in range(count)]


def theirs(scorer: str) -> Any:
    """RapidFuzz's function."""
    module = getattr(import_module("rapidfuzz").distance, SCORERS[scorer])
    return module.similarity if scorer.startswith("jaro") else module.distance


def text() -> Iterator[Work]:
    """All of it."""
    yield from many()
    yield from nearest()
    yield from one()
    yield from two()


def many() -> Iterator[Work]:
    """Every pair, into a matrix of the element type that RapidFuzz makes by itself."""
    process = import_module("rapidfuzz.process")
    for scorer in SCORERS:
        size = 500 if scorer == "damerau_levenshtein" else 2000
        queries, choices = names(size, 1), names(size, 2)
        dtype = np.float32 if scorer.startswith("jaro") else np.uint32
        out = np.empty((size, size), dtype)
        options = {"scorer": theirs(scorer), "dtype": dtype, "workers": 1}
        yield Work(
            name=f"{scorer}, {size} × {size} names",
            unit="pairs",
            amount=size * size,
            peer="rapidfuzz",
            note="one thread, in code points",
            engines={
                "hotkernels": lambda q=queries, c=choices, o=out, s=scorer: hk.cdist(
                    q, c, s, unit="codepoint", out=o, threads=1
                ),
                "rapidfuzz": lambda q=queries, c=choices, o=options: process.cdist(q, c, **o),
            },
        )


def nearest() -> Iterator[Work]:
    """The best of many choices for each query; without RapidFuzz's matrix there is no such call."""
    process = import_module("rapidfuzz.process")
    queries, choices = names(1000, 1), names(100_000, 2)
    scorer = theirs("levenshtein")
    yield Work(
        name="best match, 1000 × 100,000 names",
        unit="pairs",
        amount=len(queries) * len(choices),
        peer="rapidfuzz cdist + argmin",
        note="one thread, in code points; the matrix in bytes",
        engines={
            "hotkernels": lambda: hk.best_match(queries, choices, unit="codepoint", threads=1),
            "rapidfuzz cdist + argmin": lambda: process.cdist(
                queries, choices, scorer=scorer, dtype=np.uint8, workers=1
            ).argmin(axis=1),
        },
    )


def one() -> Iterator[Work]:
    """One name looked up among many, which are read and laid out for it alone."""
    process = import_module("rapidfuzz.process")
    query, choices = names(1, 1), names(100_000, 2)
    laid = hk.Choices(choices, unit="codepoint")
    for scorer in ("levenshtein", "jaro_winkler"):
        dtype = np.float32 if scorer.startswith("jaro") else np.uint32
        out = np.empty((1, len(choices)), dtype)
        peer = theirs(scorer)
        options = {"scorer": peer, "dtype": dtype, "workers": 1}
        yield Work(
            name=f"{scorer}, one name × 100,000",
            unit="pairs",
            amount=len(choices),
            peer="rapidfuzz",
            note="one thread, in code points",
            engines={
                "hotkernels": lambda s=scorer, o=out: hk.cdist(query, choices, s, unit="codepoint", out=o, threads=1),
                "rapidfuzz": lambda o=options: process.cdist(query, choices, **o),
            },
        )
        yield Work(
            name=f"{scorer}, the best match of one name in 100,000",
            unit="pairs",
            amount=len(choices),
            peer="rapidfuzz extractOne",
            note="one thread, in code points",
            engines={
                "hotkernels": lambda s=scorer: hk.best_match(query, choices, s, unit="codepoint", threads=1),
                "rapidfuzz extractOne": lambda f=peer: process.extractOne(query[0], choices, scorer=f),
            },
        )
        yield Work(
            name=f"{scorer}, the best match of one name in 100,000, laid out before",
            unit="pairs",
            amount=len(choices),
            peer="rapidfuzz extractOne",
            note="one thread, in code points; RapidFuzz has nothing like Choices",
            engines={
                "hotkernels": lambda s=scorer: hk.best_match(query, laid, s, threads=1),
                "rapidfuzz extractOne": lambda f=peer: process.extractOne(query[0], choices, scorer=f),
            },
        )


NAMES = {
    "ASCII": ("hotkernels rust", "hotkernel trust"),
    "Latin-1": ("Jürgen Müllers", "Jurgen Möllerß"),
    "Greek": ("Αλέξανδρος Παπα", "Αλεξάνδρα Παππά"),
    "Cyrillic": ("Александр Пушки", "Алексанра Пушка"),
    "Han": ("日本語中文漢字", "日本中文漢字字"),
}
"""Two of each script, of 7 to 15 letters."""


def per_call() -> Iterator[Work]:
    """What a call costs: on the full API a str is read where it lies, on the limited API as UTF-8."""
    for scorer in ("levenshtein", "jaro"):
        own = getattr(hk, "levenshtein_distance" if scorer == "levenshtein" else "jaro_similarity")
        peer = theirs(scorer)
        for script, (a, b) in NAMES.items():
            if abs(own(a, b) - peer(a, b)) > 1e-15:
                raise ArithmeticError(f"{scorer} of {a!r} and {b!r}: {own(a, b)}, and RapidFuzz has {peer(a, b)}")
            yield Work(
                name=f"{scorer}, two names, {script}",
                unit="calls",
                amount=1,
                peer="rapidfuzz",
                engines={
                    "hotkernels": lambda f=own, a=a, b=b: f(a, b),
                    "rapidfuzz": lambda f=peer, a=a, b=b: f(a, b),
                },
            )


def two() -> Iterator[Work]:
    """One pair a call, short and long."""
    jellyfish = import_module("jellyfish")
    scorer = theirs("levenshtein")
    a, b = "hotkernels rust", "hotkernel trust"
    yield Work(
        name="levenshtein, two names of 15 letters",
        unit="calls",
        amount=1,
        peer="rapidfuzz",
        engines={
            "hotkernels": lambda: hk.levenshtein_distance(a, b),
            "rapidfuzz": lambda: scorer(a, b),
            "jellyfish": lambda: jellyfish.levenshtein_distance(a, b),
        },
    )
    random = Random(3)  # noqa: S311 - inputs, no secrets
    long = "".join(random.choices(string.ascii_lowercase, k=10_000))
    strange = "".join(random.choices(string.ascii_lowercase, k=10_000))
    edited = list(long)
    for place in random.sample(range(len(long)), len(long) // 20):
        edited[place] = random.choice(string.ascii_lowercase)
    near = "".join(edited)
    for kind, other, hint in (("random", strange, None), ("5 % edits", near, 500)):
        engines = {
            "hotkernels": lambda o=other: hk.levenshtein_distance(long, o),
            "rapidfuzz": lambda o=other, h=hint: scorer(long, o, score_hint=h),
        }
        yield Work(
            name=f"levenshtein, two strings of 10,000, {kind}",
            unit="calls",
            amount=1,
            peer="rapidfuzz",
            note="RapidFuzz with a hint of 500" if hint else "",
            engines=engines,
        )
