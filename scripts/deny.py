"""Holds every lock file to deny.toml with cargo-deny: licences, duplicates, sources of crates, and known vulnerabilities.

The vulnerabilities come from RustSec's database, which is fetched. Where it cannot be, hosted CI fails (CI is set there); a
person's machine says that they were not looked at. `--advisories` or HOTKERNELS_ADVISORIES: require, try or no.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape

from ci import build, matrix
from ci.console import console, failed, passed, refusal, skipped
from ci.errors import CiError
from ci.paths import ROOT
from ci.process import run
from scripts import crates

WAYS = ("require", "try", "no")
RULES = ROOT / "deny.toml"
OTHERS = ("fuzz/Cargo.lock", "ci/*/Cargo.lock", "benchmarks/**/Cargo.lock")  # besides those of the lanes


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s deny --", description=__doc__.partition("\n")[0])
    parser.add_argument("--advisories", choices=WAYS, help="require: fail without the database; try; no: leave them out")
    args = parser.parse_args()
    try:
        way = chosen(args.advisories)
        program = crates.program("cargo-deny")
        bad = [name for name, folder in graphs() if not holds(program, name, folder, ["licenses", "bans", "sources"])]
        bad += advisories(program, way)
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return 1 if bad else 0


def chosen(way: str | None) -> str:
    way = way or os.environ.get("HOTKERNELS_ADVISORIES") or ("require" if os.environ.get("CI") else "try")
    if way not in WAYS:
        raise CiError(f"HOTKERNELS_ADVISORIES={way}", expected=" or ".join(WAYS), found=way)
    return way


def graphs() -> Iterator[tuple[str, Path]]:
    """Every lock file by name, and the folder whose Cargo.lock it is."""
    for lane in {lane.lock: lane for lane in matrix.load().lanes}.values():
        yield lane.lock, build.tree_for(lane)
    for path in sorted(path for pattern in OTHERS for path in ROOT.glob(pattern)):
        if (path.parent / "Cargo.toml").is_file():
            yield path.relative_to(ROOT).as_posix(), path.parent


def holds(program: Path, name: str, folder: Path, checks: list[str], *, without_network: bool = False) -> bool:
    """Whether the crates of this lock file pass; says so, and what does not."""
    command: list[str | Path] = [program, "--manifest-path", folder / "Cargo.toml", "--config", RULES, "--locked"]
    command += ["check", "--hide-inclusion-graph", *(["--disable-fetch"] if without_network else []), *checks]
    if folder != ROOT:
        # What one lock file has no use for, another one needs.
        command += ["--allow", "license-not-encountered", "--allow", "license-exception-not-encountered"]
    try:
        run(command, what=name, cwd=folder, lines=200, todo="drop or change the crate, or change deny.toml, by review")
    except CiError as error:
        failed(f"{name}: {', '.join(checks)}")
        refusal(error)
        return False
    passed(f"{name}: {', '.join(checks)}")
    return True


def advisories(program: Path, way: str) -> list[str]:
    """The lock files with a known vulnerability; where the database is not to be had, that it was not looked at."""
    if way == "no":
        skipped("known vulnerabilities: NOT looked at, as asked for")
        return []
    try:
        fetch: list[str | Path] = [program, "--manifest-path", ROOT / "Cargo.toml", "--config", RULES, "fetch", "db"]
        run(fetch, what="fetching RustSec's database", cwd=ROOT, timeout=300)
    except CiError as error:
        error.todo = "try again with a network; --advisories no leaves them out"
        (failed if way == "require" else skipped)("known vulnerabilities: NOT looked at, their database cannot be fetched")
        refusal(error)
        return ["advisories"] if way == "require" else []
    return [name for name, folder in graphs() if not holds(program, name, folder, ["advisories"], without_network=True)]


if __name__ == "__main__":
    sys.exit(main())
