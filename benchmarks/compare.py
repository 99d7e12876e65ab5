"""python -m benchmarks.compare BEFORE AFTER: what of the project's own became faster or slower, and what the noise hides.

Each is a file of `nox -s bench` or a folder of results. A measure is told apart when the interval of the ratio of its medians
leaves out 1 and the ratio is at least --least away from it. The intervals hold together: with n measures each has 1 - (1 -
confidence) / n, so that equal runs are rarely told apart anywhere. What differs between runs but not between their rounds (the
machine's temperature, where memory came to lie, other work) no interval knows: the peers, which did not change, show it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import bootstrap, store
from benchmarks.table import OWN, duration

SAME = ("cpu", "cores", "system", "python", "free_threaded")
"""What a machine says of itself that times depend on."""

BUILT = ("simd", "simd_int8", "target", "rustc")
"""The same of the package: the level in use, and what it was compiled for and with."""

MOOD = 0.05
"""Peers that took so much more or less tell that the machine was another."""

Verdict = Literal["slower", "faster", "not told apart"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One measure in both runs: medians of seconds or of times relative to the peer, their ratio and its interval."""

    key: store.Key
    relative: bool
    before: float
    after: float
    ratio: float
    low: float
    high: float
    verdict: Verdict


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--confidence", type=float, default=0.95, help="that no equal measure is told apart (0.95)")
    parser.add_argument("--least", type=float, default=2, metavar="PERCENT", help="what is worth telling (2)")
    parser.add_argument("--relative", action="store_true", help="compare times relative to the peer's, round by round")
    parser.add_argument("--all", action="store_true", help="show what is not told apart as well")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there, too")
    parser.add_argument("--fail-above", type=float, metavar="PERCENT", help="status 1 where something is so much slower")
    parser.add_argument("--anyway", action="store_true", help="compare although the machines or versions differ")
    args = parser.parse_args(words)
    # In a log nothing is folded.
    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 180)
    if not (0 < args.confidence < 1 and args.least >= 0 and (args.fail_above is None or args.fail_above >= 0)):
        parser.error("--confidence is between 0 and 1, --least and --fail-above are not negative")
    try:
        before, after = store.read(args.before), store.read(args.after)
    except store.WrongFileError as error:
        console.print(f"error: {error}", style="bold red", markup=False)
        return 2
    if differences := different(before, after):
        console.print("What times depend on differs:", style="bold red")
        for line in differences:
            console.print(f"  {line}", style="red", markup=False)
        if not args.anyway:
            console.print("Nothing is compared; --anyway does it nevertheless.")
            return 2
    changes = compare(before, after, confidence=args.confidence, least=args.least / 100, relative=args.relative)
    if not changes:
        console.print("error: no piece of work is in both", style="bold red")
        return 2
    shown = [change for change in changes if args.all or change.verdict != "not told apart"]
    lines = summary(before, after, changes, relative=args.relative)
    if shown:
        console.print(table(shown))
    for line in lines:
        console.print(line, markup=False)
    if args.markdown:
        args.markdown.write_text(markdown(before, after, shown, [*differences, *lines]), encoding="utf-8")
    limit = None if args.fail_above is None else 1 + args.fail_above / 100
    return int(limit is not None and any(change.verdict == "slower" and change.ratio > limit for change in changes))


def different(before: store.Run, after: store.Run) -> list[str]:
    """What times depend on, and is not the same in both."""
    found: dict[str, list[str]] = {}
    shared = sorted(before.machines.keys() & after.machines.keys())
    for where in shared:
        one, other = before.machines[where], after.machines[where]
        rows: list[tuple[str, Any, Any]] = [(name, one.get(name), other.get(name)) for name in SAME]
        rows += [(name, one["hotkernels"].get(name), other["hotkernels"].get(name)) for name in BUILT]
        # A peer that one of them does not know of was not measured there.
        peers = one["versions"].keys() & other["versions"].keys()
        rows += [(name, one["versions"][name], other["versions"][name]) for name in sorted(peers)]
        for name, was, now in rows:
            if was != now:
                found.setdefault(f"{name}: {was}, then {now}", []).append(where)
    return [line if places == shared else f"{line} ({', '.join(places)})" for line, places in found.items()]


def compare(before: store.Run, after: store.Run, *, confidence: float, least: float, relative: bool = False) -> list[Change]:
    """The project's own measures that are in both, the largest changes for the worse first."""
    shared = [key for key in before.measures if key in after.measures and own(key)]
    samples = {key: (values(before, key, relative=relative), values(after, key, relative=relative)) for key in shared}
    # The peer itself, relative to itself, is always 1.
    samples = {key: pair for key, pair in samples.items() if not relative or before.measures[key].peer != key.engine}
    each = 1 - (1 - confidence) / max(1, len(samples))
    return sorted(
        (change(key, pair, confidence=each, least=least, relative=relative) for key, pair in samples.items()),
        key=lambda found: -found.ratio,
    )


def own(key: store.Key) -> bool:
    """Whether the project did it, and not a peer. Of `threads` all engines are the project, called from so many threads."""
    return key.family == "threads" or any(word in key.engine for word in OWN)


def values(run: store.Run, key: store.Key, *, relative: bool) -> list[float]:
    """One number a round: seconds, or how many times the peer's seconds."""
    measure = run.measures[key]
    if not relative:
        return measure.seconds
    peer = run.measures[store.Key(abi=key.abi, family=key.family, work=key.work, engine=measure.peer)]
    return [mine / theirs for mine, theirs in zip(measure.seconds, peer.seconds, strict=True)]


def change(
    key: store.Key, samples: tuple[list[float], list[float]], *, confidence: float, least: float, relative: bool
) -> Change:
    ratio, low, high = bootstrap.ratio(*samples, confidence)
    verdict: Verdict = "not told apart"
    if low > 1 and ratio >= 1 + least:
        verdict = "slower"
    elif high < 1 and ratio <= 1 - least:
        verdict = "faster"
    before, after = map(statistics.median, samples)
    return Change(key=key, relative=relative, before=before, after=after, ratio=ratio, low=low, high=high, verdict=verdict)


def summary(before: store.Run, after: store.Run, changes: list[Change], *, relative: bool) -> list[str]:
    """How many of each, and what the peers did meanwhile."""
    count = {name: sum(found.verdict == name for found in changes) for name in ("slower", "faster", "not told apart")}
    lines = [f"{len(changes)} measures: " + ", ".join(f"{number} {name}" for name, number in count.items())]
    peers = [
        statistics.median(after.measures[key].seconds) / statistics.median(measure.seconds)
        for key, measure in before.measures.items()
        if key in after.measures and not own(key)
    ]
    if peers:
        mood = statistics.median(peers)
        lines.append(f"the peers meanwhile: × {mood:.3f}, the median of {len(peers)}")
        if abs(mood - 1) > MOOD and not relative:
            lines.append("so the machine was not in the same mood; --relative compares times relative to the peers'")
    return lines


def cells(found: Change) -> tuple[str, ...]:
    key = found.key
    interval = f"{found.low:.3f} to {found.high:.3f}"
    times = (f"{value:.3f} of the peer" if found.relative else duration(value) for value in (found.before, found.after))
    return (f"{key.work} ({key.abi} {key.family}: {key.engine})", *times, f"{found.ratio:.3f}", interval, found.verdict)


HEADINGS = ("measure", "before", "after", "ratio", "interval", "verdict")


def table(changes: Iterable[Change]) -> Table:
    made = Table(*HEADINGS, box=None, pad_edge=False)
    for found in changes:
        style = {"slower": "red", "faster": "green"}.get(found.verdict, "dim")
        made.add_row(*map(escape, cells(found)), style=style)
    return made


def markdown(before: store.Run, after: store.Run, changes: Iterable[Change], lines: Iterable[str]) -> str:
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(cells(found) for found in changes)]
    text = [f"# {before.name} of {before.finished[:10]}, then {after.name} of {after.finished[:10]}", ""]
    text += [f"- {line}" for line in lines]
    if len(rows) > 2:
        text += ["", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
