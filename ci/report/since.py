"""What differs from the release before: sizes, crates, symbols and libraries, times. What one side lacks is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ci import crates as linked
from ci.crates import Crates
from ci.decision import Decision, Row
from ci.errors import CiError
from ci.evidence import Evidence
from ci.report import before
from ci.report.before import Linked, Release
from ci.report.facts import UNKNOWN, number
from ci.report.model import NUMBER, Cell, Line, Since, Table, cells, columns

SPENT = {"build": "cpu_seconds", "tests": "seconds", "threads": "seconds"}
"""The checks that take their time, and where their evidence says it."""

NAMES = {"build": "build, CPU time"}


def compare(made: Decision, against: Sequence[Path]) -> Since:
    """made, and the release before, from the paths that it lies at; a CiError where nothing of it does."""
    old = before.read(against)
    parts = [sizes(made, old), crates(made, old), contents(made, old), times(made, old)]
    return Since(name=old.name, digest=tuple(said for _, said in parts), tables=tuple(table for table, _ in parts))


def sizes(made: Decision, old: Release) -> tuple[Table, str]:
    """Bytes of each artifact, then and now."""
    lines, then_all, now_all = [], 0, 0
    now = {before.label(row.artifact.filename): row for row in made.rows}
    for name, row in now.items():
        was = old.files[name].stat().st_size if name in old.files else None
        if was is not None and row.path:
            then_all, now_all = then_all + was, now_all + row.size
        lines.append(Line(row.artifact.filename, pair(was, row.size if row.path else None, "{:,}".format), row.artifact))
    gone = [path for name, path in old.files.items() if name not in now]
    lines += [Line(path.name, pair(path.stat().st_size, None, "{:,}".format)) for path in gone]
    if then_all:
        lines.append(Line("all that both have", pair(then_all, now_all, "{:,}".format)))
    said = f"{now_all:,} bytes of what both have, {percent(then_all, now_all)}" if then_all else "not compared"
    head = columns("bytes before", "bytes now", "difference", "%")
    empty = "no file of the release before is there to compare with"
    shown = tuple(lines) if old.files else ()
    return Table("Sizes since the release before", "artifact", head, shown, empty=empty), f"Sizes: {said}."


def pair(then: float | None, now: float | None, shown: Callable[[float], str]) -> tuple[Cell, ...]:
    """Before, now, the difference, and how much of what was that is; new or gone where one side has nothing."""
    texts = [UNKNOWN if value is None else shown(value) for value in (then, now)]
    if then is None or now is None:
        said = "new" if then is None and now is not None else "gone" if now is None and then is not None else UNKNOWN
        return cells([*texts, said, UNKNOWN], NUMBER)
    return cells([*texts, signed(shown(abs(now - then)), now - then), percent(then, now)], NUMBER)


def signed(text: str, value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{text}"


def percent(then: float, now: float) -> str:
    if not then:
        return UNKNOWN
    change = round(100 * (now - then) / then, 1)
    return f"{signed(f'{abs(change):.1f}', change)} %"


def crates(made: Decision, old: Release) -> tuple[Table, str]:
    """What the wheels are linked from that those of the release before are not."""
    after: dict[str, Crates] = {}
    apart = []
    for row in wheels(made):
        try:
            after |= linked.read([row.path] if row.path else [])
        except CiError as error:
            apart.append(error.message)
    rows = linked.compare(old.crates, after)
    count = len({name for each in after.values() for name in each})
    note = f"Compared are the SBOMs of {len(after)} wheels, {count} crates in all, with those of {old.name}."
    apart += linked.without(old.crates, after)
    if apart:
        note += f" Not compared: {', '.join(sorted(apart))}."
    lines = tuple(Line(row[0], cells(row[1:])) for row in rows)
    digest = f"Crates: {plural(len({row[0] for row in rows}), 'differs', 'differ') if rows else 'none differs'}."
    head = columns("change", "before", "now", "wheels")
    return Table("Crates since the release before", "crate", head, lines, note, "no crate differs"), digest


def plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def contents(made: Decision, old: Release) -> tuple[Table, str]:
    """The symbols and libraries that the extensions ask the dynamic linker for, or offer, which came and went."""
    unread: list[str] = []
    now = {before.label(row.artifact.filename): opened(row.path, unread) for row in wheels(made) if row.path}
    then = {name: opened(path, unread) for name, path in old.files.items() if name != "sdist"}
    both = [name for name in now if now[name] is not None and then.get(name) is not None]
    changes: dict[tuple[str, str, str], list[str]] = {}
    for name in both:
        was, there = then[name] or frozenset(), now[name] or frozenset()
        for what, items in (("came", there - was), ("went", was - there)):
            for kind, symbol in items:
                changes.setdefault((kind, symbol, what), []).append(name)
    lines = tuple(
        Line(symbol, cells([kind, what, f"all {len(both)}" if len(on) == len(both) else ", ".join(on)]))
        for (kind, symbol, what), on in sorted(changes.items())
    )
    note = f"Compared are the extensions of {plural(len(both), 'wheel', 'wheels')}."
    if apart := [*unread, *one_sided(now, then)]:
        note += f" Not compared: {', '.join(apart)}."
    came = sum(what == "came" for *_, what in changes)
    digest = f"Symbols and libraries: {came} came, {len(changes) - came} went."
    empty = "no symbol and no library differs" if both else "nothing to compare"
    head = columns("kind", "change", "wheels")
    title = "Symbols and libraries since the release before"
    return Table(title, "name", head, lines, note, empty), digest if both else "Symbols and libraries: not compared."


def wheels(made: Decision) -> list[Row]:
    return [row for row in made.rows if row.path and not row.artifact.is_sdist]


def opened(path: Path | None, unread: list[str]) -> Linked | None:
    try:
        return before.linked(path) if path else None
    except CiError as error:
        unread.append(error.message)
        return None


def one_sided(now: Mapping[str, object], then: Mapping[str, object]) -> list[str]:
    return [f"{name} is new" for name in now if name not in then] + [f"{name} is gone" for name in then if name not in now]


def times(made: Decision, old: Release) -> tuple[Table, str]:
    """Seconds of each build and of each run of the tests, as the evidence of both says them."""
    lines = []
    sums: dict[str, list[float]] = {}
    machines: list[set[str]] = [set(), set()]
    for row in made.rows:
        then = {(word.check, word.subject or ""): word for word in old.words.get(before.label(row.artifact.filename), ())}
        now = row.words
        for at in [at for at in dict.fromkeys([*now, *then]) if at[0] in SPENT]:
            was, there = (spent(side.get(at)) for side in (then, now))
            if was is None and there is None:
                continue
            if was is not None and there is not None:
                total = sums.setdefault("builds" if at[0] == "build" else "tests", [0.0, 0.0])
                total[0], total[1] = total[0] + was, total[1] + there
                for known, side in zip(machines, (then, now), strict=True):
                    known.add(side[at].machine)
            what = NAMES.get(at[0], f"{at[0]} on {at[1]}")
            lines.append(Line(row.artifact.filename, (Cell(what), *pair(was, there, "{:.1f}".format)), row.artifact))
    said = [f"{what} {percent(*total)}" for what, total in sorted(sums.items())]
    note = "Times are of the machines that they were taken on, and of what else those did: small differences mean nothing."
    if sums and machines[0] != machines[1]:
        note += f" Before: {', '.join(sorted(machines[0]))}; now: {', '.join(sorted(machines[1]))}."
    if not old.words:
        note = f"The release before lies there without its evidence ({before.ARCHIVE} of its page), which says the times."
        lines = []
    if old.unread:
        note += f" {len(old.unread)} of its pieces of evidence could not be read, {old.unread[0]} the first."
    head = columns("of what", "seconds before", "seconds now", "difference", "%")
    table = Table("Times since the release before", "artifact", head, tuple(lines), note, "no time to compare with")
    return table, f"Times: {', '.join(said)}." if said else "Times: not compared."


def spent(word: Evidence | None) -> float | None:
    """The seconds that a check took; None where its evidence does not say them."""
    return number(word.detail, SPENT[word.check]) or None if word else None
