"""Text on every interpreter: against plain programs, and what it does not take."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import hotkernels as hk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strings import ALPHABETS, drawn, edited, pairs, strings

TWO: dict[str, Callable[..., Any]] = {
    "levenshtein_distance": hk.levenshtein_distance,
    "osa_distance": hk.osa_distance,
    "damerau_levenshtein_distance": hk.damerau_levenshtein_distance,
    "hamming_distance": hk.hamming_distance,
    "jaro_similarity": hk.jaro_similarity,
    "jaro_winkler_similarity": hk.jaro_winkler_similarity,
    "jaccard_similarity": hk.jaccard_similarity,
    "match_rating_comparison": hk.match_rating_comparison,
}
ONE: dict[str, Callable[[str], str]] = {
    "soundex": hk.soundex,
    "metaphone": hk.metaphone,
    "nysiis": hk.nysiis,
    "match_rating_codex": hk.match_rating_codex,
}


def table(a: str, b: str, *, swaps: bool) -> int:
    """The matrix of distances, cell by cell; with swaps, optimal string alignment (Wagner and Fischer 1974)."""
    rows = [list(range(len(b) + 1))]
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (a[i - 1] != b[j - 1]))
            if swaps and i > 1 and j > 1 and a[i - 2 : i] == b[j - 1] + b[j - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@given(pair=pairs)
def test_distances_in_code_points(pair: tuple[str, str]) -> None:
    a, b = (text[:70] for text in pair)
    levenshtein = hk.levenshtein_distance(a, b, unit="codepoint")
    assert levenshtein == table(a, b, swaps=False)
    osa = hk.osa_distance(a, b, unit="codepoint")
    assert osa == table(a, b, swaps=True)
    damerau = hk.damerau_levenshtein_distance(a, b, unit="codepoint")
    hamming = hk.hamming_distance(a, b, unit="codepoint")
    assert hamming == sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))
    assert abs(len(a) - len(b)) <= damerau <= osa <= levenshtein <= hamming


@given(pair=pairs)
def test_a_metric(pair: tuple[str, str]) -> None:
    a, b = pair
    for name in ("levenshtein_distance", "osa_distance", "damerau_levenshtein_distance", "hamming_distance"):
        distance = TWO[name]
        assert distance(a, b) == distance(b, a)
        assert distance(a, a) == 0


@given(pair=edited())
def test_similarities_are_fractions(pair: tuple[str, str]) -> None:
    for name in ("jaro_similarity", "jaro_winkler_similarity", "jaccard_similarity"):
        assert 0 <= TWO[name](*pair) <= 1


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("", 0),
        ("e\u0301", 1),
        ("\r\n", 1),
        ("\n\r", 2),
        ("👩\u200d👩\u200d👧\u200d👦", 1),
        ("🇩🇪🇫🇷🇺", 3),
        ("\u1100\u1161\u11a8가\u11a8", 2),
        ("क\u094dष", 1),
        ("\x00\x00", 2),
    ],
)
def test_units(text: str, clusters: int) -> None:
    for name in ("levenshtein_distance", "osa_distance", "damerau_levenshtein_distance", "hamming_distance"):
        assert TWO[name](text, "") == TWO[name]("", text, unit="grapheme") == clusters
        assert TWO[name](text, "", unit="codepoint") == len(text)


def test_a_cluster_is_not_its_first_code_point() -> None:
    assert hk.levenshtein_distance("re\u0301sume\u0301", "resume") == 2
    assert hk.levenshtein_distance("re\u0301sume\u0301", "re\u0301sume\u0300") == 1
    assert hk.jaro_similarity("e\u0301", "e") == 0
    assert hk.jaccard_similarity("e\u0301a", "ea", 1) == 2 / 3
    assert hk.jaccard_similarity("e\u0301a", "ea", 1, unit="grapheme") == 1 / 3


@pytest.mark.parametrize("unit", ["grapheme", "codepoint"])
def test_two_empty_strings(unit: Any) -> None:
    assert hk.jaro_similarity("", "", unit=unit) == 0
    assert hk.jaro_winkler_similarity("", "", unit=unit) == 0
    assert hk.levenshtein_distance("", "", unit=unit) == 0
    assert hk.jaccard_similarity("", "") == 0
    assert [code("") for code in ONE.values()] == [""] * 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Robert", ("R163", "RBRT", "RABAD", "RBRT")),
        ("Tymczak", ("T522", "TMKSK", "TYNCSAC", "TYMCZK")),
        ("MacKnight", ("M252", "MKNT", "MCNAGT", "MCKGHT")),
        ("Schmidt", ("S530", "SXMTT", "SNAD", "SCHMDT")),
        ("Ashcraft", ("A261", "AXKRFT", "ASCRAFT", "ASHRFT")),
        ("Müller", ("M460", "MLR", "MÜLAR", "MÜLR")),
    ],
)
def test_codes(name: str, expected: tuple[str, ...]) -> None:
    assert tuple(code(name) for code in ONE.values()) == expected


def test_match_rating_comparison() -> None:
    assert hk.match_rating_comparison("Byrne", "Boern") is True
    assert hk.match_rating_comparison("Tim", "Kate") is False
    assert hk.match_rating_comparison("Al", "Christopher") is None
    assert hk.match_rating_comparison("R2", "D2") is None


@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 129, 1000, 10_000])
@pytest.mark.parametrize("unit", ["grapheme", "codepoint"])
def test_long_strings_by_what_was_done_to_them(length: int, unit: Any) -> None:
    """All letters differ, so what an edit costs is known."""
    text = "".join(chr(0x4E00 + index) for index in range(length))
    swapped = "".join(text[i + 1] + text[i] for i in range(0, length - 1, 2)) + text[length - length % 2 :]
    assert hk.osa_distance(text, swapped, unit=unit) == length // 2
    assert hk.levenshtein_distance(text, text[5:] + "abc", unit=unit) == 8
    assert hk.hamming_distance(text, text[1:], unit=unit) == length
    assert hk.levenshtein_distance(text, text[: length // 2], unit=unit) == length - length // 2
    assert math.isclose(hk.jaro_similarity(text, text, unit=unit), 1)
    assert hk.damerau_levenshtein_distance(text, swapped, unit=unit) == length // 2


@pytest.mark.parametrize("name", [*TWO, *ONE])
@pytest.mark.parametrize("bad", ["\ud800", "ab\udc80", "x" * 100 + "\udfff", "日本\ud83d", "😀\udcff", "\udcff" * 3 + "a"])
@pytest.mark.parametrize("argument", ["a", "b"])
def test_lone_surrogates(name: str, bad: str, argument: str) -> None:
    arguments: tuple[str, ...] = (bad, "") if argument == "a" else ("", bad)
    if name in ONE:
        arguments, argument = (bad,), "a"
    with pytest.raises(UnicodeEncodeError, match=f"surrogates not allowed in {argument}$") as caught:
        {**TWO, **ONE}[name](*arguments)
    with pytest.raises(UnicodeEncodeError) as expected:
        bad.encode()
    assert caught.value.args[:4] == expected.value.args[:4]


@pytest.mark.parametrize("name", [*TWO, *ONE])
@pytest.mark.parametrize("bad", [b"bytes", None, 3, ["a"], bytearray(b"a")])
def test_other_types(name: str, bad: Any) -> None:
    kind = type(bad).__name__
    with pytest.raises(TypeError, match=f"^a: str is taken, got {kind}(; |$)"):
        {**TWO, **ONE}[name](*((bad,) if name in ONE else (bad, "")))
    if name in TWO:
        with pytest.raises(TypeError, match=f"^b: str is taken, got {kind}(; |$)"):
            TWO[name]("", bad)


@pytest.mark.parametrize("name", [name for name in TWO if not name.startswith("match")])
def test_other_units(name: str) -> None:
    with pytest.raises(ValueError, match=r'^unit: "grapheme" or "codepoint" is taken, got \'word\'(; |$)'):
        TWO[name]("a", "b", unit="word")
    for bad in (None, 3, b"grapheme"):
        with pytest.raises(TypeError, match=r'^unit: "grapheme" or "codepoint" is taken, got '):
            TWO[name]("a", "b", unit=bad)
    with pytest.raises(TypeError, match="positional"):
        TWO[name]("a", "b", None, "codepoint")


def test_other_options() -> None:
    for bad in (0, -1, -(2**70)):
        with pytest.raises(ValueError, match=r"^ngram_size: a positive int or None is taken, got "):
            hk.jaccard_similarity("a", "b", bad)
    for worse in (1.0, "1"):
        with pytest.raises(TypeError, match=r"^ngram_size: a positive int or None is taken, got "):
            hk.jaccard_similarity("a", "b", worse)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^long_tolerance: a bool or None is taken, got 1(; |$)"):
        hk.jaro_winkler_similarity("a", "b", 1)  # type: ignore[arg-type]
    assert hk.jaccard_similarity("ab", "ab", 2**70) == 1


@pytest.mark.parametrize("bad", ["a1", "e\u0301", "a-b", "\n"])
def test_names_that_are_not_alphabetic(bad: str) -> None:
    with pytest.raises(ValueError, match=r"^a: letters and spaces are taken alone, got "):
        hk.match_rating_codex(bad)


@given(text=strings)
def test_a_str_of_a_class_of_its_own(text: str) -> None:
    class Name(str):
        __slots__ = ()

    assert hk.levenshtein_distance(Name(text), text) == 0
    assert hk.soundex(Name(text)) == hk.soundex(text)


@given(alphabet=st.sampled_from(sorted(ALPHABETS)), seed=st.integers(0, 99))
def test_detached_or_not_is_the_same(alphabet: str, seed: int) -> None:
    """Long strings that begin and end alike are long calls with the answer of a short one."""
    a, b, around = (drawn(ALPHABETS[alphabet], length, seed) for length in (20, 22, 5000))
    for name in ("levenshtein_distance", "osa_distance", "damerau_levenshtein_distance"):
        short = TWO[name](a + "|", b + "|", unit="codepoint")
        assert TWO[name](f"{around}|{a}|{around}", f"{around}|{b}|{around}", unit="codepoint") <= short
