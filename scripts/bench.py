"""Measures installed wheels beside their peers: builds them from the sources as they are, then runs benchmarks/ on each.

Every family runs on the full-API wheel of the newest interpreter that all peers serve. What a call costs and how threads scale
are also measured with the abi3 wheel of that interpreter, and threads with the free-threaded one. With bindings, the other
ways to write an extension, goes the workload, which both builds of the interpreter do. All of a run is kept in one file, for
benchmarks/compare.py; and by family in benchmarks/results, of which the plots are drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.markup import escape

from benchmarks import compare, store
from ci import checks, host, interpreters, matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.matrix import Artifact, Interpreter, Matrix
from ci.paths import ROOT
from scripts.tests import artifact_for, install

GIL, FREE_THREADED = "cp314", "cp314t"
"""The newest final release; peers have wheels for it."""

RESULTS = "results"
"""The folder in which a run gathers its families."""


def main(words: list[str]) -> int:
    declared = matrix.load()
    served = {interpreter.name: interpreter for interpreter in declared.interpreters}
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__, allow_abbrev=False)
    parser.add_argument("family", nargs="*", help="of benchmarks/README.md (all)")
    parser.add_argument("--rounds", default="15", metavar="N", help="counted rounds a row (15)")
    parser.add_argument("--plots", action="store_true", help="measure nothing, make plots and tables of the raw results anew")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the file of this run (target/bench/<when it ended>.json)")
    if words[:1] == ["--compare"]:  # measures nothing; what follows is for benchmarks/compare.py
        return compare.main(words[1:])
    args = parser.parse_args(words)
    rounds = ["--rounds", args.rounds]
    bad = False
    try:
        if args.plots:
            return int(plot(served[GIL]))
        limited = abi3(declared, served[GIL])
        with tempfile.TemporaryDirectory(prefix="hotkernels-bench-") as folder:
            chosen = list(dict.fromkeys([*args.family, *(["workload"] if "bindings" in args.family else [])]))
            bad |= measure(declared, served[GIL], artifact_for(declared, served[GIL]), Path(folder), [*chosen, *rounds])
            if again := [family for family in ("ffi", "names", "threads") if not args.family or family in args.family]:
                bad |= measure(declared, served[GIL], limited, Path(folder), [*again, *rounds])
            if freed := [family for family in ("threads", "workload") if not chosen or family in chosen]:
                free = served[FREE_THREADED]
                bad |= measure(declared, free, artifact_for(declared, free), Path(folder), [*freed, *rounds])
            keep(Path(folder) / RESULTS, args.output)
        bad |= plot(served[GIL])
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return int(bad)


def abi3(declared: Matrix, interpreter: Interpreter) -> Artifact:
    """The limited-API wheel that this interpreter takes, here."""
    platforms = [platform for platform in declared.platforms if host.runs(platform)]
    for artifact in declared.artifacts(matrix.project_version(), platforms):
        if artifact.wheel and artifact.wheel.limited_api and interpreter in artifact.tested_on:
            return artifact
    raise CiError(f"no limited-API wheel for {interpreter.name} here", todo="ci/matrix.toml declares one a platform")


def measure(declared: Matrix, interpreter: Interpreter, artifact: Artifact, folder: Path, words: list[str]) -> bool:
    """Runs the benchmarks on one wheel; whether they failed."""
    python = interpreters.find(interpreter)
    if python is None:
        raise CiError(f"no {interpreter.command} to measure on", todo="nox -s interpreters")
    # The peers serve no free-threaded builds; what is measured there needs NumPy, and the ways to write an extension.
    group = "bindings" if interpreter.free_threaded else "bench"
    bin_folder = tools.environment(ROOT / "ci" / "requirements" / f"{group}.txt", python=python)
    site = install(declared, interpreter, python, folder, artifact)
    # The checkout's root is there for benchmarks/; the package is under src/ and cannot be imported from it.
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    console.rule(f"{checks.abi(artifact)} on {interpreter.command}", align="left")
    command: list[str | Path] = [bin_folder / "python", "-P", "-m", "benchmarks", "--output", folder / RESULTS, *words]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode != 0


def keep(results: Path, output: Path | None) -> None:
    """Writes the run's one file, and puts each family's results in the place of those before."""
    if not any(results.glob("*.json")):
        return
    run = store.gather(results)
    when = run["finished"].replace(":", "").replace("+0000", "Z")
    output = output or ROOT / "target" / "bench" / f"{when}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    console.print(f"all of this run: {output.relative_to(ROOT) if output.is_relative_to(ROOT) else output}")
    for path in results.glob("*.json"):
        shutil.copyfile(path, ROOT / "benchmarks" / "results" / path.name)


def plot(interpreter: Interpreter) -> bool:
    """Draws the plots, and writes the table of benchmarks/README.md; whether that failed."""
    python = interpreters.find(interpreter)
    if python is None:
        raise CiError(f"no {interpreter.command} to draw with", todo="nox -s interpreters")
    bin_folder = tools.environment(ROOT / "ci" / "requirements" / "bench.txt", python=python)
    made = [
        subprocess.run([bin_folder / "python", "-m", f"benchmarks.{name}"], cwd=ROOT, check=False)
        for name in ("plot", "standing")
    ]
    return any(done.returncode for done in made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
