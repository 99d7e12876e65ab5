"""Text against the libraries whose answers it gives, by seeds: 1,000 pairs an algorithm, and 100,000 in a nightly run.

What test_text_peers.py looks for in few examples, with Hypothesis to shrink them, this looks for in many. A failure shows its
pair. jellyfish has no wheels for free-threaded builds and RapidFuzz switches the GIL on there.
"""

from __future__ import annotations

import sysconfig
from random import Random
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
import seeded
from hypothesis import given, settings
from hypothesis import strategies as st

if sysconfig.get_config_var("Py_GIL_DISABLED"):
    pytest.skip("the peers are not for free-threaded builds", allow_module_level=True)

import jellyfish
from peers import CODES, JELLYFISH, RAPIDFUZZ, code
from rapidfuzz import process

SEEDS: Any = st.integers(0, 2**64).map(Random)


def count() -> int:
    """What a seed is good for: as many seeds as examples, and a tenth as many pairs of each: 1,000, at night 100,000."""
    return max(1, settings().max_examples // 10)


@pytest.mark.parametrize("name", JELLYFISH)
@given(random=SEEDS)
def test_as_jellyfish(name: str, random: Random) -> None:
    ours, theirs = getattr(hk, name), getattr(jellyfish, name)
    for _ in range(count()):
        a, b = seeded.pair(random)
        assert ours(a, b) == theirs(a, b), (a, b)


@pytest.mark.parametrize("name", CODES)
@given(random=SEEDS)
def test_codes_as_jellyfish(name: str, random: Random) -> None:
    ours, theirs = getattr(hk, name), getattr(jellyfish, name)
    for _ in range(count()):
        text = seeded.text(random)
        assert code(ours, text) == code(theirs, text), text


@pytest.mark.parametrize("name", RAPIDFUZZ)
@given(random=SEEDS)
def test_as_rapidfuzz(name: str, random: Random) -> None:
    ours, theirs = getattr(hk, name), RAPIDFUZZ[name]
    for _ in range(count()):
        a, b = seeded.pair(random)
        if a or b or not name.startswith("jaro"):  # of two empty strings jellyfish says 0, RapidFuzz 1
            assert ours(a, b, unit="codepoint") == theirs(a, b), (a, b)


@pytest.mark.parametrize("name", sorted({*JELLYFISH[:-1], *RAPIDFUZZ}))
@given(random=SEEDS)
def test_lone_surrogates(name: str, random: Random) -> None:
    """Anywhere in either string: always the one error that is documented."""
    for _ in range(count()):
        strings = list(seeded.pair(random))
        place = random.randrange(2)
        at = random.randrange(len(strings[place]) + 1)
        strings[place] = strings[place][:at] + chr(random.randrange(0xD800, 0xE000)) + strings[place][at:]
        with pytest.raises(UnicodeEncodeError):
            getattr(hk, name)(*strings)


@pytest.mark.parametrize("name", RAPIDFUZZ)
@given(random=SEEDS)
def test_many_as_rapidfuzz(name: str, random: Random) -> None:
    """Each of some queries with each of some choices, and the best of these."""
    similar = name.startswith("jaro")
    wanted = count()
    queries, choices = seeded.column(random, max(1, wanted // 25)), seeded.column(random, min(wanted, 25))
    if similar:
        choices = [choice or "a" for choice in choices]
    cutoff: Any = random.choice([None, 0.5, 0.8, 1.0] if similar else [None, 0, 1, 3, 10])
    dtype: Any = np.float64 if similar else np.uint32
    scorer: Any = name.rpartition("_")[0]
    found = hk.cdist(queries, choices, scorer, score_cutoff=cutoff, unit="codepoint", dtype=dtype)
    peer: Any = RAPIDFUZZ[name]
    expected = process.cdist(queries, choices, scorer=peer, dtype=dtype)
    if cutoff is not None:  # not by RapidFuzz, whose jaro and jaro_winkler lose scores that are exactly the cutoff
        expected[expected < cutoff if similar else expected > cutoff] = 0 if similar else cutoff + 1
    np.testing.assert_array_equal(found, expected)
    indices, scores = hk.best_match(queries, choices, scorer, score_cutoff=cutoff, unit="codepoint")
    best = expected.argmax(axis=1) if similar else expected.argmin(axis=1)
    for row, (index, score) in enumerate(zip(indices, scores, strict=True)):
        if index >= 0:
            assert (index, dtype(score)) == (best[row], expected[row, best[row]]), queries[row]
        else:
            assert cutoff is not None
            assert expected[row, best[row]] == score, queries[row]


@pytest.mark.parametrize("name", [name for name in JELLYFISH if name in RAPIDFUZZ])
@given(random=SEEDS)
def test_many_as_jellyfish(name: str, random: Random) -> None:
    """In graphemes, pair by pair."""
    wanted = count()
    queries, choices = seeded.column(random, max(1, wanted // 25)), seeded.column(random, min(wanted, 25))
    scorer: Any = name.rpartition("_")[0]
    expected = [[getattr(jellyfish, name)(a, b) for b in choices] for a in queries]
    np.testing.assert_array_equal(hk.cdist(queries, choices, scorer), expected)
