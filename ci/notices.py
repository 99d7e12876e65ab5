"""THIRD-PARTY-LICENSES.txt: which crate goes by which texts, as scripts/notices.py writes it and the audit reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ci.errors import CiError

NAME = "THIRD-PARTY-LICENSES.txt"
TODO = "nox -s notices writes it anew"

ENTRY = re.compile(
    r"^\* (?P<name>\S+) (?P<version>\S+) \((?P<licence>[^()]*(?:\([^()]*\)[^()]*)*)\): texts? (?P<texts>[\d, ]+)$"
)
RULE = re.compile(r"^={20} text (\d+) ={20}$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, order=True)
class Entry:
    """One piece of software: a crate by its registry's name, or what else is linked. texts: numbers of licence texts."""

    name: str
    version: str
    licence: str
    texts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Notices:
    """entries by (name, version); texts by number."""

    entries: Mapping[tuple[str, str], Entry]
    texts: Mapping[int, str]


def render(head: str, entries: Iterable[Entry], texts: Mapping[int, str]) -> str:
    """The file."""
    lines = [head, ""]
    for entry in entries:
        word = "text" if len(entry.texts) == 1 else "texts"
        lines.append(f"* {entry.name} {entry.version} ({entry.licence}): {word} {', '.join(map(str, entry.texts))}")
    for number, text in texts.items():
        lines += ["", f"{'=' * 20} text {number} {'=' * 20}", "", text]
    return "\n".join(lines) + "\n"


def parse(text: str) -> Notices:
    """The file, read; a CiError where it names a text that is not there, or one that says nothing."""
    head, *rest = RULE.split(text)
    numbers, bodies = rest[::2], rest[1::2]
    texts = {int(number): body.strip() for number, body in zip(numbers, bodies, strict=True)}
    found = [match for line in head.splitlines() if (match := ENTRY.match(line))]
    odd = [line for line in head.splitlines() if line.startswith("* ") and not ENTRY.match(line)]
    entries = {}
    for match in found:
        mine = tuple(int(number) for number in match["texts"].split(","))
        entry = Entry(name=match["name"], version=match["version"], licence=match["licence"], texts=mine)
        entries[entry.name, entry.version] = entry
    wrong = [f"cannot be read: {line}" for line in odd]
    wrong += ["a text number twice"] if len(texts) != len(numbers) else []
    wrong += [
        f"{entry.name} {entry.version}: no text {n}" for entry in entries.values() for n in entry.texts if not texts.get(n)
    ]
    wrong += ["nothing is listed"] if not entries else []
    if wrong:
        raise CiError(
            f"{NAME} is not whole", expected="entries, and every text that they name", found="; ".join(wrong), todo=TODO
        )
    return Notices(entries=entries, texts=texts)


def missing(notices: Notices, wanted: Mapping[tuple[str, str], str]) -> list[str]:
    """What is wrong for these crates: (name, version) to the licence expression, empty where it is not known."""
    wrong = []
    for (name, version), licence in sorted(wanted.items()):
        entry = notices.entries.get((name, version))
        if entry is None:
            others = [at for known, at in notices.entries if known == name]
            wrong.append(f"{name} {version}: " + (f"listed is {', '.join(others)}" if others else "not listed"))
        elif licence and expression(licence) != entry.licence:
            wrong.append(f"{name} {version}: its licence is {licence}, listed is {entry.licence}")
    return wrong


def expression(licence: str) -> str:
    """Cargo's older way to write a choice, MIT/Apache-2.0, as an SPDX expression."""
    return re.sub(r"\s*/\s*", " OR ", licence.strip())
