"""Strings that are hard to count, for the tests of text to share."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

ALPHABETS = {
    "two letters": "ab",
    "letters": "abcdefghijklmnopqrstuvwxyz",
    "names": "aeiouywhkscptdgnmrvxzb EMACKNPHFSCDT",
    "ASCII": "".join(map(chr, range(128))),
    "Latin-1": "".join(map(chr, range(256))),
    "letters with marks": "eéàñßłŁżÅﬁẞİ\u017f\u0131",
    "combining marks": "ae\u0301\u0302\u0323\u0308b\u200d\u0f71\u0345",
    "line ends": "a\r\n\u2028\x85b",
    "NUL": "\x00ab\x01",
    "emoji": "👩\u200d👧👨👦❤\ufe0f🏽🏿👍😀",
    "flags": "🇩🇪🇫🇷🇺🇸a",
    "Hangul": "가각힣\u1100\u1161\u11a8\ua960\ud7b0\ud7cba",
    "Devanagari": "क\u094dषत\u093f\u0903\u200dर",
    "prepended": "\u0600\u06dd\u0d4ea1\u0301\U000110bd",
    "Han": "日本語中文漢字a𠀀",
    "mathematics": "\U0001d4b6\U0001d4b7\U0001d518a\U0010fffd",
}

LENGTHS = [0, 1, 2, 63, 64, 65, 127, 128, 129]


def drawn(alphabet: str, length: int, seed: int) -> str:
    """As many letters as asked for, in few draws of Hypothesis's."""
    return "".join(Random(seed).choices(alphabet, k=length))


alphabets = st.sampled_from(sorted(ALPHABETS.values()))
seeds = st.integers(0, 2**32)
short = alphabets.flatmap(lambda alphabet: st.text(alphabet, max_size=12))
long = st.builds(drawn, alphabets, st.sampled_from(LENGTHS) | st.integers(0, 200), seeds)
anything = st.text(max_size=20)  # of all of Unicode but surrogates
words = st.lists(short | anything, max_size=6).map(" ".join)
strings = short | anything | long | words


@st.composite
def edited(draw: st.DrawFn, texts: st.SearchStrategy[str] = strings) -> tuple[str, str]:
    """A string and the same one with a few edits: insertions, deletions, substitutions, swaps, some of them nested."""
    text = draw(texts)
    letters, random = list(text), Random(draw(seeds))
    for _ in range(draw(st.integers(0, 12))):
        place = random.randrange(len(letters) + 1)
        edit = random.choice(("insert", "delete", "swap", "move"))
        if edit == "insert":
            letters.insert(place, random.choice(letters) if letters else "x")
        elif edit == "delete":
            letters[place : place + 1] = []
        elif edit == "swap":
            letters[place : place + 2] = reversed(letters[place : place + 2])
        elif letters:
            letters.insert(place, letters.pop(random.randrange(len(letters))))
    return text, "".join(letters)


of_one_alphabet = alphabets.flatmap(lambda alphabet: st.tuples(st.text(alphabet, max_size=10), st.text(alphabet, max_size=10)))
pairs = st.one_of(of_one_alphabet, st.tuples(strings, strings), edited(), edited(long))
