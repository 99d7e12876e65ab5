"""What a report says of the release itself: artifacts by checks, tests, sizes, builds, tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci import checks, matrix
from ci.checks import Expected
from ci.decision import Decision, Row
from ci.evidence import Evidence
from ci.report.model import (
    BAD,
    CODE,
    EMPTY,
    GOOD,
    MISSING,
    NOT_RUN,
    NUMBER,
    PASS,
    STALE,
    STATES,
    Cell,
    Column,
    Entry,
    Line,
    Table,
    cells,
    columns,
    entry_id,
)

UNKNOWN = "-"
DYNAMIC = ("import", "gil", "tests", "threads")


def glance(made: Decision) -> tuple[Table, ...]:
    """Artifacts by checks."""
    return static(made), tests(made)


def tables(made: Decision) -> tuple[Table, ...]:
    return files(made), builds(made), tools(made)


def entries(made: Decision) -> tuple[Entry, ...]:
    """Every check that a release is asked for, in the order of the plan."""
    return tuple(
        Entry(row=row, expected=e, state=state(row, e), word=row.words.get((e.check, e.subject)))
        for row in made.rows
        for e in checks.expected_checks(row.artifact)
    )


def state(row: Row, expected: Expected) -> str:
    word = row.words.get((expected.check, expected.subject))
    if word is None:
        return MISSING if not expected.dynamic or asked(row, expected.subject) else NOT_RUN
    if word.sha256 != row.sha256:
        return STALE
    return PASS if word.verdict == "pass" else "fail"


def asked(row: Row, interpreter: str) -> bool:
    """Whether the decision asked for tests there."""
    return any(f" on {interpreter}: " in problem.message for problem in row.problems)


def static(made: Decision) -> Table:
    """Artifacts by the checks of the file itself."""
    wanted = {row.artifact.filename: [e for e in checks.expected_checks(row.artifact) if not e.dynamic] for row in made.rows}
    names = list(dict.fromkeys(expected.check for each in wanted.values() for expected in each))
    lines = []
    for row in made.rows:
        mine = {expected.check: expected for expected in wanted[row.artifact.filename]}
        shown = tuple(one(row, mine[name]) if name in mine else EMPTY for name in names)
        lines.append(Line(row.artifact.filename, shown, row.artifact))
    note = "An empty cell is a check that the file does not need."
    return Table("Checks of each file", "artifact", tuple(Column(n, (n,)) for n in names), tuple(lines), note)


def one(row: Row, expected: Expected) -> Cell:
    what = state(row, expected)
    text, kind = STATES[what]
    return Cell(text, kind, f"{expected}: {what}", entry_id(row.artifact, expected.check, expected.subject))


def tests(made: Decision) -> Table:
    """Artifacts by interpreters: the counts, or what is not well."""
    names = list(dict.fromkeys(i.name for row in made.rows for i in row.artifact.tested_on))
    note = (
        "Tests passed, each alone; on free-threaded interpreters the import also left the GIL off, and every test passed "
        "again in several threads at once. An empty cell is an interpreter that does not take the file; not run is code that "
        "this machine cannot run, which a release does not take."
    )
    lines = tuple(Line(row.artifact.filename, tuple(tested(row, name) for name in names), row.artifact) for row in made.rows)
    return Table("Tests on each interpreter", "artifact", tuple(Column(n, DYNAMIC, n) for n in names), lines, note)


def tested(row: Row, interpreter: str) -> Cell:
    mine = [expected for expected in checks.test_checks(row.artifact) if expected.subject == interpreter]
    if not mine:
        return EMPTY
    states = {expected.check: state(row, expected) for expected in mine}
    bad = [check for check, what in states.items() if what != PASS]
    entry = entry_id(row.artifact, bad[0] if bad else "tests", interpreter)
    if set(states.values()) <= {NOT_RUN, MISSING}:
        text, kind = STATES[next(iter(states.values()))]
        return Cell(text, kind, f"tests on {interpreter}: {text.removeprefix('✗ ')}", entry)
    if bad:
        said = ", ".join(f"{check}: {states[check]}" for check in bad)
        return Cell(f"✗ {said}", BAD, f"on {interpreter}: {said}", entry)
    word = row.words["tests", interpreter]
    skipped = word.detail.get("skipped")
    counts = f"{word.detail.get('passed', '?')}" + (f", {skipped} skipped" if skipped else "")
    counts += f", {word.host}" if word.host != "native" else ""
    return Cell(f"✓ {counts}", GOOD, f"tests on {interpreter}: pass, {counts}", entry)


def files(made: Decision) -> Table:
    """Bytes, how much of the budget they are, and hashes."""
    declared = matrix.load()
    lines = []
    for row in made.rows:
        budget = declared.sdist_budget if row.artifact.is_sdist else declared.wheel_budget
        shown = (Cell(f"{row.size:,}", NUMBER), Cell(f"{100 * row.size / budget:.0f} %", NUMBER), Cell(row.sha256, CODE))
        gone = (Cell(*STATES[MISSING]), Cell(UNKNOWN), Cell(UNKNOWN))
        lines.append(Line(row.artifact.filename, shown if row.path else gone, row.artifact))
    note = f"The budget is {declared.wheel_budget:,} bytes of a wheel and {declared.sdist_budget:,} of the sdist."
    return Table("Sizes and hashes", "artifact", columns("bytes", "of the budget", "SHA-256"), tuple(lines), note)


def builds(made: Decision) -> Table:
    """Processor time of each build, beside that of the first of its lock file and target, which compiles what all share."""
    shared = list(matrix.load().crates)[1:]
    there = [(row, word) for row in made.rows if (word := row.words.get(("build", ""))) and not row.artifact.is_sdist]
    there.sort(key=lambda pair: pair[1].finished)  # stable: the order of the matrix where two are of the same second
    first: dict[tuple[str, str], float] = {}
    compiled: dict[tuple[str, str], int] = {}
    lines = []
    for row, word in there:
        lock, cpu = str(word.detail.get("lock", "?")), number(word.detail, "cpu_seconds")
        place = (lock, str(word.detail.get("target", "?")))
        crates = list(word.detail.get("compiled") or [])
        compiled[place] = compiled.get(place, 0) + crates.count(shared[0] if shared else None)
        ratio = "first" if place not in first else f"{cpu / first[place]:.2f}" if cpu and first[place] else UNKNOWN
        first.setdefault(place, cpu)
        spent = [seconds(cpu), ratio, seconds(number(word.detail, "wall_seconds"))]
        texts = [lock, *spent, str(len(crates)), yes(not {*shared}.isdisjoint(crates))]
        lines.append(Line(word.artifact, cells(texts, "", NUMBER, NUMBER, NUMBER, NUMBER, ""), row.artifact))
    often = "; ".join(
        f"{times} time{'' if times == 1 else 's'} from {lock} for {target}" for (lock, target), times in compiled.items()
    )
    head = columns("lock file", "CPU s", "of the first", "wall s", "crates compiled", "shared ones")
    note = f"{shared[0]} was compiled {often or 'not at all'}." if shared else ""
    return Table("Builds", "wheel", head, tuple(lines), note, "no build is known")


def number(detail: Mapping[str, object], name: str) -> float:
    """A number of the detail, which is anybody's words; 0 where it is none."""
    value = detail.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def seconds(spent: float) -> str:
    """Nothing where it is not known: what is compiled in a container is no child of the verb that had it compiled."""
    return f"{spent:.1f}" if spent else UNKNOWN


def yes(answer: bool) -> str:  # it is the one thing that this function takes
    return "yes" if answer else "no"


def tools(made: Decision) -> Table:
    """Every tool that spoke, with each version that did, and on how many files."""
    seen: dict[tuple[str, str], set[str]] = {}
    for row in made.rows:
        for word in row.words.values():
            for name, version in used(word):
                seen.setdefault((name, version), set()).add(word.artifact)
    lines = [Line(name, cells([version, str(len(on))], "", NUMBER)) for (name, version), on in sorted(seen.items())]
    return Table("Tools", "tool", columns("version", "artifacts"), tuple(lines), empty="no tool has spoken")


def used(word: Evidence) -> Iterator[tuple[str, str]]:
    if word.version:
        yield word.tool, word.version
    if word.check == "build" and word.detail.get("rustc"):
        yield "rustc", str(word.detail["rustc"]).removeprefix("rustc ")
    for name, version in (word.detail.get("tools") or {}).items():
        if version:
            yield str(name), str(version)
