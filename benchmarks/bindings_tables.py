"""The tables of docs/bindings.md, from the raw results. Standard library alone."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import digits, duration, scaled, where

RESULTS = Path(__file__).parent / "results"
FILES = ("cp314-bindings.json", "cp314-workload.json", "cp314t-workload.json")
COMMAND = "nox -s bench -- bindings"

Results = dict[str, Any]


def read(name: str) -> Results:
    results: Results = json.loads((RESULTS / name).read_bytes())
    return results


def table(head: Sequence[str], lines: Iterable[Sequence[str]], *, words: int = 1) -> Iterator[str]:
    """A table of Markdown; the first columns are words, and the rest numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if place < words else '---:' for place in range(len(head)))} |"
    for line in lines:
        yield f"| {' | '.join(line)} |"


def median_and_spread(seconds: Sequence[float]) -> str:
    """With half the distance between the quartiles, in parts of the median."""
    low, middle, high = statistics.quantiles(seconds, n=4)
    return f"{duration(middle)} ± {(high - low) / 2 / middle:.0%}"


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(own / other for own, other in zip(of, to, strict=True))


def calls() -> Iterator[str]:
    """add(int, int): the time of a call, and what it is of C's."""
    (row,) = (row for row in read(FILES[0])["results"] if row["work"] == "add(int, int)")
    seconds, loop = row["seconds"], statistics.median(row["seconds"]["an empty lambda"])
    lines = [
        (
            name,
            median_and_spread(found),
            duration(max(0.0, statistics.median(found) - loop)),
            digits(ratio(found, seconds["C"])),
        )
        for name, found in seconds.items()
    ]
    yield from table(["way", "a call", "of it beside an empty lambda", "× C's"], lines)


def arrays(kind: str) -> Iterator[str]:
    """dot: the time of a call by length, a column each."""
    rows = [row for row in read(FILES[0])["results"] if row["work"].startswith(f"{kind}, ")]
    head = ["way", *(f"{row['amount']:,}" for row in rows), f"× C's at {rows[-1]['amount']:,}"]
    lines = []
    for name in rows[0]["seconds"]:
        own = [duration(statistics.median(row["seconds"][name])) for row in rows]
        lines.append((name, *own, digits(ratio(rows[-1]["seconds"][name], rows[-1]["seconds"]["C"]))))
    yield from table(head, lines)


def handover() -> Iterator[str]:
    """1 GB: until the first number, until the sum, and the memory."""
    lines = []
    for row in read(FILES[0])["handover"]:
        first, total = statistics.median(row["first"]), statistics.median(row["sum"])
        lines.append(
            (row["way"], row["mode"], duration(first), duration(total), f"{statistics.median(row['peak']) / 1e6:.0f} MB")
        )
    yield from table(["way", "by", "first number", "sum of all", "memory beside the input"], lines, words=2)


def costs(file: str) -> Iterator[str]:
    """What a way costs to have: lines, what builds it, what it needs, what one file serves."""
    lines = []
    for way in read(file)["ways"]:
        count = way["lines"]
        parts = {
            "to build": count["build"],
            "DLPack by hand": count["dlpack"],
            "the C library": count["library"],
        }
        of_these = "; ".join(f"{name} {number}" for name, number in parts.items() if number)
        needs = ", ".join(way["needs"]) or "nothing"
        beside = f"; to run: {', '.join(way['runs_with'])}" if way["runs_with"] else ""
        size = f"{way['bytes'] / 1024:.0f} KiB" if way["bytes"] else "none"
        built = f"{way['build_seconds']:.1f} s" if way["bytes"] else "none"
        said = f"{count['all']}{f' ({of_these})' if of_these else ''}"
        lines.append((way["name"], f"{needs}{beside}", way["serves"], said, built, size))
    head = ["way", "to build it takes", "one file serves", "lines of code", "a clean build", "compiled size"]
    yield from table(head, lines, words=4)


def workload() -> Iterator[str]:
    """Cosines a second: one thread with the GIL, and how many times more the pools do, with it and without."""
    builds = [read(name) for name in FILES[1:]]
    alone = {name: rates(build, name) for build in builds[:1] for name in names(build)}
    head = ["way", "one thread, GIL", "× NumPy", "free-threaded"]
    # The two largest pools; the plot has all.
    counts = [list(next(iter(pools(build).values())))[1:][-2:] for build in builds]
    head += [f"{count} threads, {kind}" for kind, some in zip(("GIL", "free-threaded"), counts, strict=True) for count in some]
    lines = []
    for name, (rate, beside) in alone.items():
        line = [
            name,
            f"{scaled(rate)}/s",
            digits(beside) if beside >= 0.1 else f"{beside:.4f}",
            f"{scaled(rates(builds[1], name)[0])}/s",
        ]
        for build, some in zip(builds, counts, strict=True):
            pool = pools(build)[name]
            line += [f"× {digits(ratio(pool[1], pool[count]))}" for count in some]
        lines.append(line)
    yield from table(head, lines)
    yield ""
    yield loads()


def loads() -> str:
    """What other programs did before the pools were measured."""
    machines = [read(name)["machine"] for name in FILES[1:]]
    if any("load" not in machine for machine in machines):
        return ""
    first, second = (machine["load"] for machine in machines)
    return f"Load average before, of {machines[0]['cores']} cores: {first} with the GIL, {second} free-threaded."


def names(results: Results) -> list[str]:
    """The ways of the workload."""
    return list(results["results"][0]["seconds"])


def rates(results: Results, name: str) -> tuple[float, float]:
    """Cosines a second of one thread, in processor time, and how many times those of NumPy."""
    seconds = results["results"][0]["seconds"]
    return 1 / statistics.median(seconds[name]), ratio(seconds["NumPy"], seconds[name])


def pools(results: Results) -> dict[str, dict[int, list[float]]]:
    """By way, and by threads, the seconds of the rounds."""
    found = {}
    for row in results["results"][1:]:
        by_count = {int(re.sub(r"\D", "", engine)): seconds for engine, seconds in row["seconds"].items()}
        found[row["work"].rpartition("float32, ")[2]] = by_count
    return found


def compilers() -> Iterator[str]:
    """What compiled, the packages, and the commands of each way."""
    results = read(FILES[0])
    packages = {name: version for name, version in results["machine"]["versions"].items() if version}
    chosen = ", ".join(
        f"{name} {packages[name]}" for name in ("cffi", "cython", "pybind11", "nanobind", "numpy") if name in packages
    )
    yield f"{'; '.join(results['compilers'].values())}; {chosen}."
    yield ""
    yield "```text"
    for name, way in both():
        if way["commands"]:
            yield f"# {name}"
            yield from way["commands"]
    yield "```"


def both() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way, those of the workload told apart."""
    yield from ((way["name"], way) for way in read(FILES[0])["ways"])
    yield from ((f"workload: {way['name']}", way) for way in read(FILES[1])["ways"])


def arithmetic() -> Iterator[str]:
    """What the compilers made of the loops."""
    counted = {name: way["arithmetic"] for name, way in both() if way["arithmetic"]}
    head = ["way", *next(iter(counted.values()), ())]
    yield from table(head, [(name, *map(str, found.values())) for name, found in counted.items()])


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "calls": calls,
    "buffers": lambda: arrays("dot"),
    "lists": lambda: arrays("dot_of_lists"),
    "handover": handover,
    "costs": lambda: costs(FILES[0]),
    "workload": workload,
    "workload costs": lambda: costs(FILES[1]),
    "compilers": compilers,
    "arithmetic": arithmetic,
}


def made(name: str) -> str:
    """One table of Markdown, with where it was measured and the command that measures it anew."""
    results = read(FILES[1] if name.startswith("workload") else FILES[0])
    return "\n".join([*TABLES[name](), "", f"*{where(results)}. `{COMMAND}`*"])
