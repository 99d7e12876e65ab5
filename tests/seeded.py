"""Strings from a seed, thousands a second: for as many pairs as no strategy of Hypothesis's draws in a night."""

from __future__ import annotations

from random import Random

from strings import ALPHABETS, LENGTHS

_ALPHABETS = sorted(ALPHABETS.values())


def text(random: Random, alphabet: str | None = None) -> str:
    """Mostly short, of one alphabet or of several; now and then of all of Unicode, or hundreds of letters."""
    kind = random.randrange(20)
    if kind == 0:
        return "".join(map(chr, (point(random) for _ in range(random.randrange(12)))))
    if kind == 1:
        return " ".join(text(random) for _ in range(random.randrange(4)))
    length = random.choice(LENGTHS) if kind == 2 else random.randrange(200) if kind == 3 else random.randrange(18)
    return "".join(random.choices(alphabet or random.choice(_ALPHABETS), k=length))


def point(random: Random) -> int:
    """A code point that is no surrogate, of each plane and each width in UTF-8."""
    found = random.randrange(random.choice((0x80, 0x800, 0x3000, 0xD800, 0x10000, 0x20000, 0x110000)))
    return found if not 0xD800 <= found < 0xE000 else 0xE000


def edited(random: Random, text: str) -> str:
    """The same with a few insertions, deletions, substitutions and swaps."""
    letters = list(text)
    for _ in range(random.randrange(6)):
        place = random.randrange(len(letters) + 1)
        edit = random.randrange(4)
        if edit == 0:
            letters.insert(place, random.choice(letters) if letters else "x")
        elif edit == 1:
            letters[place : place + 1] = []
        elif edit == 2:
            letters[place : place + 2] = reversed(letters[place : place + 2])
        elif letters:
            letters[place : place + 1] = chr(point(random))
    return "".join(letters)


def pair(random: Random) -> tuple[str, str]:
    """Two strings: strangers of one alphabet, or one and the same with some edits."""
    alphabet = random.choice(_ALPHABETS)
    first = text(random, alphabet)
    return first, edited(random, first) if random.randrange(2) else text(random, alphabet)


def column(random: Random, count: int) -> list[str]:
    """Strings of one alphabet, some of them near to each other."""
    alphabet = random.choice(_ALPHABETS)
    found = [text(random, alphabet) for _ in range(count)]
    return [edited(random, random.choice(found)) if random.randrange(3) == 0 else one for one in found]
