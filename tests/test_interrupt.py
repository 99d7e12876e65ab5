"""Ctrl-C: the time from the signal to the KeyboardInterrupt, of all that can take long."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from random import Random
from types import FrameType
from typing import Any

import hotkernels as hk
import numpy as np
import pytest

WITHIN = 0.1
"""Seconds: what a person notices. A call looks every 50 ms."""

TRIES = 6
"""The machine may be busy with other things, such as another suite, which the best of some tries shows least."""

random = Random(7)


def letters(alphabet: str, length: int) -> str:
    return "".join(random.choices(alphabet, k=length))


LATIN, CYRILLIC = "abcdefghijklmnopqrstuvwxyz ", "абвгдежзийклмнопрстуфхцчшщ "
names = [letters(LATIN, 14) for _ in range(2000)] * 20
cyrillic = [letters(CYRILLIC, 14) for _ in range(1000)] * 40
pages = [letters(LATIN, 3000) for _ in range(60)]
a, b = letters(LATIN, 200_000), letters(LATIN, 200_000)
c, d = letters(CYRILLIC, 200_000), letters(CYRILLIC, 200_000)
out = np.empty((len(names), 2000), np.uint8)
marked = c * 10 + "\u0301"
one_letter = "e" + "\u0301\u0323" * 1_000_000
vowels, many_words = "aeiou" * 2_000_000, " ".join(names) * 4
column64 = np.random.default_rng(7).standard_normal(2_000_000)
rows = column64[:1_536_000].astype(np.float32).reshape(2000, 768)
rows8 = (rows * 30).astype(np.int8)
image = column64[:640_000].astype(np.float32).reshape(800, 800)
column = np.broadcast_to(np.array("somebody's name"), (500_000,))

WORK: dict[str, Callable[[], Any]] = {
    "cdist": lambda: hk.cdist(names, names[:2000], "damerau_levenshtein", out=out, threads=2),
    "cdist, one thread": lambda: hk.cdist(names, names[:2000], out=out, threads=1),
    "cdist of a similarity": lambda: hk.cdist(names[:4000], names[:2000], "jaro", threads=1),
    "cdist, long strings": lambda: hk.cdist(pages, pages, threads=2),
    "cdist, long strings, damerau": lambda: hk.cdist(pages, pages, "damerau_levenshtein", threads=1),
    "cpdist, long strings": lambda: hk.cpdist(pages * 40, pages[::-1] * 40, "damerau_levenshtein", threads=2),
    "best_match": lambda: hk.best_match(names, cyrillic, threads=2),
    "best_match, long strings": lambda: hk.best_match(pages, pages[1:], "jaro_winkler", threads=2),
    "best_match, layout": lambda: hk.best_match([], cyrillic * 5),
    "Choices": lambda: hk.Choices(cyrillic * 5),
    "levenshtein_distance": lambda: hk.levenshtein_distance(a, b),
    "levenshtein_distance, 16 bits": lambda: hk.levenshtein_distance(c, d),
    "osa_distance": lambda: hk.osa_distance(a, b),
    "damerau_levenshtein_distance": lambda: hk.damerau_levenshtein_distance(a, b),
    "jaro_similarity": lambda: hk.jaro_similarity(a, b),
    "jaro_similarity, millions": lambda: hk.jaro_similarity(a * 10, b * 10),
    "jaro_winkler_similarity, 16 bits": lambda: hk.jaro_winkler_similarity(c * 10, d * 10),
    "hamming_distance, of clusters": lambda: hk.hamming_distance(marked, marked),
    "jaccard_similarity": lambda: hk.jaccard_similarity(a * 20, b * 20, 2),
    "jaccard_similarity, of words": lambda: hk.jaccard_similarity(many_words, many_words),
    "cdist, of sets": lambda: hk.cdist([a * 5], [b * 5], "jaccard", ngram_size=1),
    "soundex": lambda: hk.soundex(vowels),
    "soundex, of more than bytes": lambda: hk.soundex(marked),
    "metaphone": lambda: hk.metaphone(a * 20),
    "metaphone, of more than bytes": lambda: hk.metaphone(marked),
    "metaphone, of a letter with marks": lambda: hk.metaphone(one_letter),
    "nysiis": lambda: hk.nysiis(a * 20),
    "match_rating_codex": lambda: hk.match_rating_codex(a * 20),
    "match_rating_comparison": lambda: hk.match_rating_comparison(marked[:-1], marked[:-1]),
    "dot, strided": lambda: hk.dot(column64[::2], column64[1::2]),
    "cosine_similarity": lambda: hk.cosine_similarity(column64, column64),
    "sum": lambda: hk.sum(column64),
    "cosine_matrix, two threads": lambda: hk.cosine_matrix(rows, threads=2),
    "cosine_matrix, int8": lambda: hk.cosine_matrix(rows8, threads=1),
    "top_k": lambda: hk.top_k(rows, rows, 9, threads=1),
    "top_k, of one": lambda: hk.top_k(rows[:1], rows, 9, metric="dot", threads=2),
    "median_filter, a network": lambda: hk.median_filter(image, 15, threads=1),
    "median_filter, ranks": lambda: hk.median_filter(image, 301, threads=1),
    "median_filter, past the image": lambda: hk.median_filter(image[:300, :300], 2001, threads=1),
    "CandleRenderer": lambda: hk.CandleRenderer(9, 9).set_candles(column64, column64, column64, column64),
    "an iterable without end": lambda: hk.cdist(cycle(["name", "Ναμε"]), ["a"]),
    "a long array": lambda: hk.cdist(column, []),
}


@pytest.fixture
def alarm() -> Iterator[None]:
    """SIGALRM raises KeyboardInterrupt, as SIGINT does: a timer of the system's sends it, which waits for no thread."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def latency(work: Callable[[], object], delay: float) -> float:
    """Seconds from the signal, so long after the start, to the exception."""

    def again_and_again() -> None:
        while True:
            work()

    started = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, delay)
    with pytest.raises(KeyboardInterrupt):
        again_and_again()
    return time.monotonic() - started - delay


@pytest.mark.thread_unsafe(reason="signals go to the main thread")
@pytest.mark.parametrize("name", WORK)
@pytest.mark.usefixtures("alarm")
def test_it_stops_within_a_tenth_of_a_second(name: str, patience: int) -> None:
    taken: list[float] = []
    for number in range(TRIES):
        taken.append(latency(WORK[name], 0.06 + 0.03 * number))
        if taken[-1] < WITHIN * patience:
            return
    pytest.fail(f"{[round(seconds * 1e3) for seconds in taken]} ms from the signal to KeyboardInterrupt")


@pytest.mark.thread_unsafe(reason="signals go to the main thread")
@pytest.mark.usefixtures("alarm")
def test_a_bar_is_closed_where_the_call_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    class Bar:
        n = 0

        def __init__(self, **_: object) -> None:
            seen.append("made")

        def refresh(self) -> None:
            pass

        def close(self) -> None:
            seen.append("closed")

    class Failing(Bar):
        def refresh(self) -> None:
            raise LookupError(self.n)

    module: Any = type(sys)("tqdm.auto")
    monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    module.tqdm = Bar
    latency(lambda: hk.best_match(names, cyrillic, "damerau_levenshtein", threads=2, progress=True), 0.1)
    assert seen == ["made", "closed"] * (len(seen) // 2)
    module.tqdm = Failing
    with pytest.raises(LookupError):
        hk.best_match(["a"], ["b"], progress=True)
    assert seen[-2:] == ["made", "closed"]
