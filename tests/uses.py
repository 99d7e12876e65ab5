"""Uses each function of the installed package once or a few times, for a checker that watches the process: no pytest, no tests.

Arrays end where their allocation ends, so that a read past the end is one past the allocation; lengths go through all
remainders of a register. What is left by an allocation and never written is refused where anything depends on it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hotkernels as hk
import numpy as np

numbers = np.random.default_rng(3)
letters = random.Random(3)

LENGTHS = (*range(20), 31, 32, 33, 63, 64, 65, 127, 129, 300)
SCORERS: tuple[Any, ...] = ("levenshtein", "osa", "damerau_levenshtein", "hamming", "jaro", "jaro_winkler", "jaccard")
DTYPES = (np.float32, np.float64, np.float16, np.int8, np.uint16)


def array(*shape: int, dtype: Any = np.float64) -> Any:
    """An allocation of its own that has these numbers and no byte more."""
    return np.ascontiguousarray((numbers.standard_normal(shape) * 50).astype(np.int8).astype(dtype))


def word(length: int, alphabet: str = "abcdeé") -> str:
    return "".join(letters.choices(alphabet, k=length))


def words(count: int) -> list[str | None]:
    return [*(word(letters.randrange(0, 80)) for _ in range(count)), None, "", word(300), word(9, "ab\U0001f600\u0301")]


def of_two_strings(
    function: Callable[..., object], alphabets: tuple[str, ...] = ("ab", "abcdeé", "бвгд", "\U0001f600a\u0301")
) -> None:
    for length in LENGTHS:
        for alphabet in alphabets:
            function(word(length, alphabet), word(length + letters.randrange(3), alphabet))


def of_one_string(function: Callable[[str], object]) -> None:
    for length in LENGTHS:
        function(word(length, "abcdefghijklmnopqrstuvwxyz "))


def of_two_vectors(function: Callable[..., object]) -> None:
    for dtype in (np.float32, np.float64):
        for length in LENGTHS[1:]:
            function(array(length, dtype=dtype) + dtype(0.5), array(length, dtype=dtype) + dtype(0.5))
            function(array(2 * length, dtype=dtype)[::2] + 1, array(2 * length, dtype=dtype)[::-2] + 1)


def cosine_matrix() -> None:
    for dtype in DTYPES:
        for rows, others, cols in ((1, 1, 1), (3, 5, 7), (17, 33, 70), (40, 9, 129)):
            hk.cosine_matrix(array(rows, cols, dtype=dtype), array(others, cols, dtype=dtype), threads=2)
            hk.cosine_matrix(array(rows, cols, dtype=dtype))


def top_k() -> None:
    for dtype in DTYPES:
        for rows, others, cols, k in ((1, 1, 1, 1), (3, 50, 7, 5), (17, 333, 33, 10)):
            hk.top_k(array(rows, cols, dtype=dtype), array(others, cols, dtype=dtype), k, threads=2)


def median_filter() -> None:
    for dtype in (np.uint8, np.uint16, np.float32, np.float64):
        for shape in ((1, 1), (3, 17), (40, 33), (2, 20, 31)):
            for size in (1, 2, 3, 5, 9, 26):
                for mode in ("reflect", "constant", "wrap"):
                    hk.median_filter(array(*shape, dtype=dtype), size, mode=mode, threads=2)


def summed() -> None:
    for dtype in (np.float32, np.float64, np.int8, np.uint16, np.int64):
        for length in LENGTHS:
            hk.sum(array(length, dtype=dtype))
            hk.sum(array(2 * length, dtype=dtype)[::2])
    hk.sum([1, 2.5, 10**30])


def cdist() -> None:
    for scorer in SCORERS:
        hk.cdist(words(6), words(60), scorer, threads=2)
        hk.cdist(words(3), words(3), scorer, score_cutoff=1, unit="codepoint")


def cpdist() -> None:
    for scorer in SCORERS:
        hk.cpdist(words(60), words(60), scorer, threads=2)
        hk.cpdist(words(3), words(3), scorer, score_cutoff=1, unit="codepoint")


def best_match() -> None:
    for scorer in SCORERS:
        hk.best_match(words(6), words(60), scorer, threads=2)
        hk.best_match(words(3), words(3), scorer, score_cutoff=1, unit="codepoint")


def choices() -> None:
    for scorer in SCORERS:
        laid = hk.Choices(words(60), scorer)
        for _ in range(3):
            hk.best_match(words(6), laid, threads=2)
            hk.cdist(words(3), laid, score_cutoff=1)


def vector() -> None:
    for length in LENGTHS[1:]:
        one, other = hk.Vector(array(length)), hk.Vector([0.5] * length, "float32")
        one.dot(one), one.norm, one.cosine_similarity(one), one[1:], list(one), one == other, bytes(memoryview(other))


def counter() -> None:
    count = hk.ThreadSafeCounter()
    if (count.increment(), count.get(), repr(count)) != (1, 1, "ThreadSafeCounter(1)"):
        raise AssertionError(repr(count))


def candles() -> None:
    renderer = hk.CandleRenderer(200, 100)
    for length in (1, 2, 17, 1000):
        opens, closes = array(length), array(length)
        renderer.set_candles(opens, np.maximum(opens, closes), np.minimum(opens, closes), closes)
        for first, last in ((0, length), (length // 2, length), (0, 1)):
            bytes(renderer.generate_render_commands(first, last))
        renderer.update_last_candle(1.0, 2.0, 0.5, 1.5)
        renderer.append_candle(1.0, 2.0, 0.5, 1.5)
        bytes(renderer.generate_render_commands(0, length + 1))


def refused() -> None:
    """Errors are a way through the code as well."""
    for call in (
        lambda: hk.dot(array(3), array(4)),
        lambda: hk.sum(object()),  # type: ignore[arg-type]
        lambda: hk.cosine_matrix(array(2, 3), array(2, 4)),
        lambda: hk.median_filter(array(3, 3), 0),
        lambda: hk.cdist(["a"], [1]),  # type: ignore[list-item]
        lambda: hk.hamming_distance(b"a", "a"),  # type: ignore[arg-type]
        lambda: hk.Vector([1.0])[7],
    ):
        with suppress(TypeError, ValueError, IndexError):
            call()
            raise AssertionError("not refused")


USES: dict[str, Callable[[], object]] = {
    "CandleRenderer": candles,
    "Choices": choices,
    "RenderCommands": candles,
    "ThreadSafeCounter": counter,
    "Vector": vector,
    "best_match": best_match,
    "build_info": hk.build_info,
    "cdist": cdist,
    "cpdist": cpdist,
    "cosine_matrix": cosine_matrix,
    "cosine_similarity": lambda: of_two_vectors(hk.cosine_similarity),
    "damerau_levenshtein_distance": lambda: of_two_strings(hk.damerau_levenshtein_distance),
    "dot": lambda: of_two_vectors(hk.dot),
    "hamming_distance": lambda: of_two_strings(hk.hamming_distance),
    "jaccard_similarity": lambda: of_two_strings(hk.jaccard_similarity),
    "jaro_similarity": lambda: of_two_strings(hk.jaro_similarity),
    "jaro_winkler_similarity": lambda: of_two_strings(hk.jaro_winkler_similarity),
    "levenshtein_distance": lambda: of_two_strings(hk.levenshtein_distance),
    "match_rating_codex": lambda: of_one_string(hk.match_rating_codex),
    "match_rating_comparison": lambda: of_two_strings(hk.match_rating_comparison, ("ab", "abcde")),
    "median_filter": median_filter,
    "metaphone": lambda: of_one_string(hk.metaphone),
    "nysiis": lambda: of_one_string(hk.nysiis),
    "osa_distance": lambda: of_two_strings(hk.osa_distance),
    "soundex": lambda: of_one_string(hk.soundex),
    "sum": summed,
    "top_k": top_k,
}


def main() -> int:
    public = {name for name in hk.__all__ if not name.startswith("__")}
    if forgotten := sorted(public ^ USES.keys()):
        print(f"not used, or no longer there: {', '.join(forgotten)}")
        return 1
    refused()
    for name, use in USES.items():
        try:
            use()
        except Exception as error:
            raise RuntimeError(f"using {name}") from error
    print(f"{len(USES)} names used, at level {hk.build_info()['simd']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
