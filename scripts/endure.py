"""Runs what takes an hour, or most of the memory: `python -m scripts.endure load | large`, on one interpreter."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from ci import clean, interpreters, matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.paths import ROOT
from scripts import kept, tests

HERE = ROOT / "scripts" / "endurance"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s load (or large) --", description=__doc__)
    parser.add_argument("what", choices=sorted(TABLES), help="which of the two")
    parser.add_argument("--interpreter", default="cp314t", help="of ci/matrix.toml (cp314t)")
    parser.add_argument("--site", type=Path, help="a folder with the package; None builds and installs it")
    parser.add_argument("--output", type=Path, help="where the result is written (target/endurance/NAME.json)")
    parser.add_argument("--minutes", type=float, help="of load (60)")
    parser.add_argument("--threads", type=int, help="that call at once under load (4)")
    parser.add_argument("--gigabytes", type=float, help="of memory that a large input may take (what is free, less 4)")
    parser.add_argument("--record", action="store_true", help="keep what it comes to in docs/results")
    chosen = parser.parse_args(words)
    output: Path = chosen.output or ROOT / "target" / "endurance" / f"{chosen.what}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    options = [
        f"--{name}={value}" for name, value in vars(chosen).items() if name in OPTIONS[chosen.what] and value is not None
    ]
    try:
        with tempfile.TemporaryDirectory(prefix="hotkernels-endure-") as folder:
            status = run(chosen.what, chosen.interpreter, chosen.site, Path(folder), [*options, f"--output={output}"])
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    if not output.exists():
        console.print(f"[bold red]{chosen.what}: no result; the interpreter ended with status {status}[/]")
        return status or 1
    found = json.loads(output.read_text())
    TABLES[chosen.what](found)
    for fault in found["faults"]:
        console.print(f"[bold red]fault:[/] {escape(fault)}")
    console.print(f"{output}: {len(found['faults'])} faults")
    if chosen.record and not status:
        kept.record(chosen.what, RECORDED[chosen.what](found))
    return status


def run(what: str, name: str, site: Path | None, folder: Path, options: list[str]) -> int:
    """Runs it in that interpreter, with the package of the site folder or built from the sources."""
    declared = matrix.load()
    known = {interpreter.name: interpreter for interpreter in declared.interpreters}
    if name not in known:
        raise CiError(f"{name} is no interpreter of ci/matrix.toml", todo=f"one of {', '.join(known)}")
    python = interpreters.find(known[name])
    if python is None:
        raise CiError(f"{name} is not on this machine", todo="nox -s interpreters provides it")
    bin_folder = tools.environment(clean.requirements(known[name]), python=python)
    # The package from the wheel, and of the checkout the tests' own table of calls alone.
    path = os.pathsep.join([str(site or tests.install(declared, known[name], python, folder)), str(ROOT / "tests")])
    command: list[str | Path] = [bin_folder / "python", "-P", HERE / f"{what}.py", *options]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, check=False).returncode


def load_record(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What docs/reliability.md tells of an hour, without its samples."""
    refused = sum(work["calls"] for name, work in found["work"].items() if name.startswith("refused: "))
    names = ("calls", "wrong", "threads", "rounds", "seconds", "peak", "memory", "python")
    return {found["build"]["abi"]: {name: found[name] for name in names} | {"refused": refused}}


def large_record(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["call"]: row | {"gigabytes": found["gigabytes"]} for row in found["work"]}


def load_table(found: dict[str, Any]) -> None:
    families: dict[str, list[float]] = {}
    for name, work in found["work"].items():
        family = "what is refused" if name.startswith("refused: ") else name.partition(",")[0].partition(".")[0]
        total = families.setdefault(family, [0, 0.0])
        total[0] += work["calls"]
        total[1] += work["seconds"]
    table = Table("of", "calls", "seconds", title=f"{found['calls']:,} calls in {found['seconds'] / 60:.1f} minutes")
    for family, (calls, seconds) in sorted(families.items()):
        table.add_row(family, f"{calls:,.0f}", f"{seconds:,.1f}")
    console.print(table)
    resident, blocks = found["memory"]["resident"], found["memory"]["blocks"]
    console.print(
        f"{found['threads']} threads at once, {found['rounds']} times new ones; {found['wrong']} wrong answers; "
        f"memory {resident['mean'] / 2**20:.0f} MiB, at most {found['peak'] / 2**20:.0f}, "
        f"{resident['an hour'] / 2**20:+.2f} MiB an hour; blocks of Python {blocks['an hour']:+,.0f} an hour"
    )


def large_table(found: dict[str, Any]) -> None:
    table = Table("call", "input", "beside it", "documented", "seconds")
    for row in found["work"]:
        table.add_row(row["call"], size(row["input"]), size(row["beside"]), size(row["documented"]), f"{row['seconds']:.1f}")
    console.print(table)
    for left in found["left_out"]:
        console.print(f"left out: {escape(left)}")


def size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


TABLES = {"load": load_table, "large": large_table}
RECORDED = {"load": load_record, "large": large_record}
OPTIONS = {"load": ("minutes", "threads"), "large": ("gigabytes",)}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
