"""Whose answers the text functions give, on builds with a GIL: jellyfish in graphemes, RapidFuzz in code points."""

from __future__ import annotations

from collections.abc import Callable

from rapidfuzz import distance

JELLYFISH = [
    "damerau_levenshtein_distance",
    "hamming_distance",
    "jaccard_similarity",
    "jaro_similarity",
    "jaro_winkler_similarity",
    "levenshtein_distance",
    "match_rating_comparison",
]
"""Of two strings; also ours."""

CODES = ["match_rating_codex", "metaphone", "nysiis", "soundex"]
"""Of one, jellyfish's and ours."""

RAPIDFUZZ: dict[str, Callable[[str, str], float]] = {
    "damerau_levenshtein_distance": distance.DamerauLevenshtein.distance,
    "hamming_distance": distance.Hamming.distance,
    "jaro_similarity": distance.Jaro.similarity,
    "jaro_winkler_similarity": distance.JaroWinkler.similarity,
    "levenshtein_distance": distance.Levenshtein.distance,
    "osa_distance": distance.OSA.distance,
}
"""By our name."""


def code(function: Callable[[str], str], text: str) -> str:
    """The code, or the name of the error where there is none."""
    try:
        return function(text)
    except ValueError as error:
        return type(error).__name__
