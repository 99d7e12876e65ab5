"""What a report says, as tables of text: both reports are drawn from these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ci import checks
from ci import crates as linked
from ci.checks import Expected
from ci.decision import Decision, Row
from ci.evidence import Evidence

PASS, FAIL, STALE, MISSING, NOT_RUN, UNASKED = "pass", "fail", "other bytes", "missing", "not run", ""

MARKS = {
    PASS: ("✓", "good"),
    FAIL: ("✗ fail", "bad"),
    STALE: ("✗ other bytes", "bad"),
    MISSING: ("✗ missing", "bad"),
    NOT_RUN: ("not run", "open"),
}
"""How a state is shown, and of which class it is. Never by colour alone."""

UNKNOWN = "-"
KERNELS = "hotkernels-kernels"


class Table(NamedTuple):
    """The first cell of a row is its heading."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]


def tables(made: Decision) -> list[Table]:
    return [static(made), tests(made), files(made), builds(made), tools(made)]


def state(row: Row, expected: Expected) -> str:
    word = row.words.get((expected.check, expected.subject))
    if word is None:
        return MISSING
    if word.sha256 != row.sha256:
        return STALE
    return PASS if word.verdict == "pass" else FAIL


def static(made: Decision) -> Table:
    """Artifacts by the checks of the file itself."""
    asked = {row.artifact.filename: [e for e in checks.expected_checks(row.artifact) if not e.dynamic] for row in made.rows}
    names = list(dict.fromkeys(expected.check for each in asked.values() for expected in each))
    rows = []
    for row in made.rows:
        mine = {expected.check: expected for expected in asked[row.artifact.filename]}
        rows.append([row.artifact.filename, *(state(row, mine[name]) if name in mine else UNASKED for name in names)])
    return Table("Checks of each file", "An empty cell is a check that the file does not need.", ["artifact", *names], rows)


def tests(made: Decision) -> Table:
    """Artifacts by interpreters: the counts, or what is not well."""
    names = list(dict.fromkeys(i.name for row in made.rows for i in row.artifact.tested_on))
    rows = [[row.artifact.filename, *(tested(row, name) for name in names)] for row in made.rows]
    note = (
        "Tests passed, each alone; on free-threaded interpreters the import also left the GIL off, and every test passed "
        "again in several threads at once. An empty cell is an interpreter that does not take the file; not run is code that "
        "this machine cannot run, which a release does not take."
    )
    return Table("Tests on each interpreter", note, ["artifact", *names], rows)


def tested(row: Row, interpreter: str) -> str:
    mine = [expected for expected in checks.test_checks(row.artifact) if expected.subject == interpreter]
    if not mine:
        return UNASKED
    states = {expected.check: state(row, expected) for expected in mine}
    if set(states.values()) == {MISSING} and not asked(row, interpreter):
        return NOT_RUN
    if bad := [f"{check}: {what}" for check, what in states.items() if what != PASS]:
        return MISSING if set(states.values()) == {MISSING} else "✗ " + ", ".join(bad)
    word = row.words["tests", interpreter]
    skipped = word.detail.get("skipped")
    counts = f"✓ {word.detail.get('passed', '?')}" + (f", {skipped} skipped" if skipped else "")
    return counts + (f", {word.host}" if word.host != "native" else "")


def asked(row: Row, interpreter: str) -> bool:
    """Whether the decision asked for tests there."""
    return any(f" on {interpreter}: " in problem.message for problem in row.problems)


def files(made: Decision) -> Table:
    rows = [[row.artifact.filename, f"{row.size:,}" if row.path else MISSING, row.sha256 or "-"] for row in made.rows]
    return Table("Sizes and hashes", "", ["artifact", "bytes", "SHA-256"], rows)


def builds(made: Decision) -> Table:
    """Processor time of each build, beside that of the first of the same lock file and target, which compiles the kernels."""
    words = [word for row in made.rows if (word := row.words.get(("build", ""))) and not row.artifact.is_sdist]
    words.sort(key=lambda word: word.finished)  # stable: the order of the matrix where two are of the same second
    first: dict[tuple[str, str], float] = {}
    compiled: dict[tuple[str, str], int] = {}
    rows = []
    for word in words:
        lock, cpu = str(word.detail.get("lock", "?")), float(word.detail.get("cpu_seconds") or 0)
        place = (lock, str(word.detail.get("target", "?")))
        crates = list(word.detail.get("compiled") or [])
        compiled[place] = compiled.get(place, 0) + crates.count(KERNELS)
        ratio = "first" if place not in first else f"{cpu / first[place]:.2f}" if cpu and first[place] else UNKNOWN
        first.setdefault(place, cpu)
        wall = float(word.detail.get("wall_seconds") or 0)
        spent = [seconds(cpu), ratio, seconds(wall)]
        rows.append([word.artifact, lock, *spent, str(len(crates)), yes(KERNELS in crates)])
    often = "; ".join(
        f"{times} time{'' if times == 1 else 's'} from {lock} for {target}" for (lock, target), times in compiled.items()
    )
    head = ["wheel", "lock file", "CPU s", "of the first", "wall s", "crates compiled", "kernels compiled"]
    return Table("Builds", f"{KERNELS} was compiled {often or 'not at all'}.", head, rows)


def seconds(spent: float) -> str:
    """Nothing where it is not known: what is compiled in a container is no child of the verb that had it compiled."""
    return f"{spent:.1f}" if spent else UNKNOWN


def yes(answer: bool) -> str:  # it is the one thing that this function takes
    return "yes" if answer else "no"


def tools(made: Decision) -> Table:
    """Every tool that spoke, with each version that did, and on how many files."""
    seen: dict[tuple[str, str], set[str]] = {}
    for word in words_of(made):
        for name, version in used(word):
            seen.setdefault((name, version), set()).add(word.artifact)
    rows = [[name, version, str(len(artifacts))] for (name, version), artifacts in sorted(seen.items())]
    return Table("Tools", "", ["tool", "version", "artifacts"], rows)


def crates(made: Decision, against: Sequence[Path]) -> Table:
    """What the wheels are linked from that those of the release before are not."""
    before = linked.read(against)
    after = linked.read(row.path for row in made.rows if row.path and not row.artifact.is_sdist)
    rows = linked.compare(before, after)
    count = len({name for crates in after.values() for name in crates})
    note = f"Compared are the SBOMs of {len(after)} wheels, {count} crates in all, with those of {listed(against)}."
    if apart := linked.without(before, after):
        note += f" Not compared: {', '.join(sorted(apart))}."
    head = ["crate", "change", "before", "now", "wheels"]
    return Table("Crates since the release before", note, head, rows or [["none", "no crate differs", "", "", ""]])


def listed(paths: Sequence[Path]) -> str:
    return ", ".join(path.name or str(path) for path in paths)


def words_of(made: Decision) -> Iterator[Evidence]:
    for row in made.rows:
        yield from row.words.values()


def used(word: Evidence) -> Iterator[tuple[str, str]]:
    if word.version:
        yield word.tool, word.version
    if word.check == "build" and word.detail.get("rustc"):
        yield "rustc", str(word.detail["rustc"]).removeprefix("rustc ")
    for name, version in (word.detail.get("tools") or {}).items():
        if version:
            yield str(name), str(version)
