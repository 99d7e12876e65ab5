"""Text against the libraries whose answers it gives: jellyfish in graphemes, RapidFuzz in code points.

Few examples that Hypothesis can shrink; test_text_seeded.py has the many. jellyfish has no wheels for free-threaded builds and
RapidFuzz switches the GIL on there; elsewhere both must be there.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from typing import Any

import hotkernels as hk
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strings import ALPHABETS, drawn, edited, pairs, strings, words

if sysconfig.get_config_var("Py_GIL_DISABLED"):
    pytest.skip("the peers are not for free-threaded builds", allow_module_level=True)

import jellyfish
import numpy as np
from peers import CODES, JELLYFISH, RAPIDFUZZ, code
from rapidfuzz import process


def points() -> Iterator[int]:
    """Every code point that is no surrogate; of a profile of fewer examples, a part as small."""
    step = max(1, 100 // settings().max_examples)
    yield from range(0, 0xD800, step)
    yield from range(0xE000, 0x110000, step)


def test_all_of_jellyfish_is_here() -> None:
    public = {name for name, value in vars(jellyfish).items() if callable(value) and not name.startswith("_")}
    assert public == {*JELLYFISH, *CODES}


@pytest.mark.parametrize("name", JELLYFISH)
@given(pair=pairs)
@example(pair=("", ""))
@example(pair=("CA", "ABC"))
@example(pair=("e\u0301", "é"))
@example(pair=("\r\n", "\n"))
@example(pair=("👩\u200d👧", "👩"))
@example(pair=("🇩🇪🇫🇷", "🇪🇫"))
def test_two_strings_as_jellyfish(name: str, pair: tuple[str, str]) -> None:
    ours, theirs = getattr(hk, name), getattr(jellyfish, name)
    assert ours(*pair) == theirs(*pair)
    assert ours(b=pair[0], a=pair[1]) == theirs(b=pair[0], a=pair[1])


@given(pair=pairs, long_tolerance=st.sampled_from([True, False, None]))
def test_jaro_winkler_with_long_tolerance(pair: tuple[str, str], long_tolerance: bool | None) -> None:
    expected = jellyfish.jaro_winkler_similarity(*pair, long_tolerance)  # type: ignore[arg-type]
    assert hk.jaro_winkler_similarity(*pair, long_tolerance) == expected


@given(pair=pairs | st.tuples(words, words) | edited(words), ngram_size=st.integers(1, 6) | st.none() | st.integers(1, 2**63))
def test_jaccard(pair: tuple[str, str], ngram_size: int | None) -> None:
    assert hk.jaccard_similarity(*pair, ngram_size) == jellyfish.jaccard_similarity(*pair, ngram_size)


@pytest.mark.parametrize("name", CODES)
@given(text=strings)
@example(text="MacKnight")
@example(text="\u0323\u0301a")
@example(text="ﬁe")
def test_codes(name: str, text: str) -> None:
    assert code(getattr(hk, name), text) == code(getattr(jellyfish, name), text)


@pytest.mark.parametrize("name", CODES)
@given(text=st.text(ALPHABETS["names"], max_size=9) | st.text("ACEGHIKNOSTX ", max_size=6))
def test_codes_of_names(name: str, text: str) -> None:
    assert code(getattr(hk, name), text) == code(getattr(jellyfish, name), text)


@pytest.mark.parametrize("name", CODES)
def test_codes_of_each_character(name: str) -> None:
    ours, theirs = getattr(hk, name), getattr(jellyfish, name)
    for point in points():
        text = f"a{chr(point)}s"
        found, expected = code(ours, text), code(theirs, text)
        assert found == expected, f"U+{point:04X}"


def test_each_character_beside_others_is_counted_as_jellyfish_does() -> None:
    """Beside one of each kind that joins, before and behind."""
    for point in points():
        character = chr(point)
        text = f"a{character}{character}\u1100{character}\u11a8{character}\u0301{character}\u0915\u094d{character}"
        assert hk.hamming_distance(text, "") == jellyfish.hamming_distance(text, ""), f"U+{point:04X}"


@pytest.mark.parametrize("name", RAPIDFUZZ)
@given(pair=pairs)
@example(pair=("CA", "ABC"))
@example(pair=("e\u0301", "é"))
def test_two_strings_as_rapidfuzz(name: str, pair: tuple[str, str]) -> None:
    if name.startswith("jaro") and not any(pair):
        pair = "", "a"  # of two empty strings jellyfish says 0, RapidFuzz 1
    found: Any = getattr(hk, name)(*pair, unit="codepoint")
    assert found == RAPIDFUZZ[name](*pair)


@pytest.mark.parametrize("name", RAPIDFUZZ)
@pytest.mark.parametrize("alphabet", ["two letters", "letters", "Han"])
@pytest.mark.parametrize("length", [1000, 10_000])
def test_long_strings(name: str, alphabet: str, length: int) -> None:
    if name == "damerau_levenshtein_distance" and length > 1000:
        length = 3000  # that one takes time
    a, b = (drawn(ALPHABETS[alphabet], length, seed) for seed in (1, 2))
    near = a[: length // 3] + b[:20] + a[length // 3 : -7] + b[: length // 20]
    for other in (b, near, near[::-1], a[: length // 2], ""):
        assert getattr(hk, name)(a, other, unit="codepoint") == RAPIDFUZZ[name](a, other)


@given(
    seed=st.integers(0, 2**32),
    alphabet=st.sampled_from(["two letters", "letters", "Han", "emoji"]),
    lengths=st.tuples(st.integers(60, 2500), st.integers(60, 2500)),
    shared=st.integers(0, 2500),
)
def test_bands_of_long_strings(seed: int, alphabet: str, lengths: tuple[int, int], shared: int) -> None:
    """A part in common, somewhere off the diagonal, between strangers."""
    a, b = (drawn(ALPHABETS[alphabet], length, seed + 1) for length in lengths)
    middle = drawn(ALPHABETS[alphabet], shared, seed)
    pair = a[:30] + middle + a[30:], b[:-20] + middle + b[-20:]
    for name in ("levenshtein_distance", "osa_distance"):
        assert getattr(hk, name)(*pair, unit="codepoint") == RAPIDFUZZ[name](*pair)


@pytest.mark.parametrize("name", RAPIDFUZZ)
@given(queries=st.lists(strings, max_size=5), choices=st.lists(strings, max_size=40), data=st.data())
def test_many_strings_as_rapidfuzz(name: str, queries: list[str], choices: list[str], data: st.DataObject) -> None:
    similar = name.startswith("jaro")
    if similar and "" in queries and "" in choices:
        choices = [*filter(None, choices)]  # of two empty strings jellyfish says 0, RapidFuzz 1
    cutoff = data.draw(st.none() | (st.sampled_from([0.5, 0.8, 1.0]) if similar else st.integers(0, 20)))
    dtype = np.float32 if similar else np.uint32
    scorer: Any = name.removesuffix("_distance").removesuffix("_similarity")
    found = hk.cdist(queries, choices, scorer, score_cutoff=cutoff, unit="codepoint", dtype=dtype)
    peer: Any = RAPIDFUZZ[name]
    expected = process.cdist(queries, choices, scorer=peer, dtype=np.float64 if similar else dtype)
    if cutoff is not None:  # not by RapidFuzz, whose jaro and jaro_winkler lose scores that are exactly the cutoff
        expected[expected < cutoff if similar else expected > cutoff] = 0 if similar else cutoff + 1
    expected = expected.astype(dtype)
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
