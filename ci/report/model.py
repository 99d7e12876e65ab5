"""What a report says, as plain data: the page, the Markdown and the lines on a terminal are all drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ci.checks import Expected
from ci.decision import Decision, Row
from ci.evidence import Evidence
from ci.matrix import Artifact

PASS, FAIL, STALE, MISSING, NOT_RUN = "pass", "fail", "other bytes", "missing", "not run"

GOOD, BAD, OPEN = "good", "bad", "open"
"""The class of a state."""

STATES = {PASS: ("✓", GOOD), FAIL: ("✗ fail", BAD), STALE: ("✗ other bytes", BAD), MISSING: ("✗ missing", BAD)}
STATES[NOT_RUN] = ("not run", OPEN)
"""How a state is shown, and of which class it is. Never by colour alone."""

NUMBER, CODE = "number", "code"
"""How a cell is set: to the right, or in the letters of a machine."""


@dataclass(frozen=True)
class Cell:
    """kind: how it is set. spoken: what stands for signs where it is read aloud. entry: the Entry that it rests on, by id."""

    text: str
    kind: str = ""
    spoken: str = ""
    entry: str = ""


EMPTY = Cell("")


@dataclass(frozen=True)
class Line:
    """One row: what it is about, and a cell for each column. artifact: where that is one, which filters go by."""

    name: str
    cells: tuple[Cell, ...]
    artifact: Artifact | None = None


@dataclass(frozen=True)
class Column:
    """subject: where it shows evidence, the interpreter or, of the file itself, nothing; checks: which ones."""

    name: str
    checks: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True)
class Table:
    """name: of the lines' own column. empty: what is said where no line is."""

    title: str
    name: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    note: str = ""
    empty: str = "nothing"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One check that was asked for, and the word on it, if there is one."""

    row: Row
    expected: Expected
    state: str
    word: Evidence | None

    @property
    def id(self) -> str:
        return entry_id(self.row.artifact, self.expected.check, self.expected.subject)


@dataclass(frozen=True, kw_only=True)
class Since:
    """What differs from the release before. digest: the same in a few lines."""

    name: str
    digest: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """glance: artifacts by checks, tables of the same lines. since: where there is a release to compare with."""

    made: Decision
    entries: tuple[Entry, ...]
    glance: tuple[Table, ...]
    tables: tuple[Table, ...]
    since: Since | None = None


def key(artifact: Artifact) -> str:
    """What an artifact is called in a link, the same from one release to the next: cp312-abi3-linux-x86_64."""
    return f"{artifact.label}-{artifact.platform.name}" if artifact.platform else artifact.label


def entry_id(artifact: Artifact, check: str, subject: str = "") -> str:
    return ".".join(filter(None, (key(artifact), check, subject)))


def columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def cells(texts: Sequence[str], *kinds: str) -> tuple[Cell, ...]:
    """A cell for each text, of the kind at its place; the last kind goes on."""
    return tuple(Cell(text, kinds[min(number, len(kinds) - 1)] if kinds else "") for number, text in enumerate(texts))
