"""Tests the sources as they are on every interpreter that this machine has: a wheel for each, the whole suite on it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from rich.markup import escape

from ci import build, clean, host, interpreters, jobs, matrix, process, tools
from ci.console import console
from ci.errors import CiError
from ci.matrix import Artifact, Interpreter, Matrix
from ci.paths import ROOT
from scripts import suites
from scripts.suites import Suite

THREADS = 4  # of each test, on free-threaded builds; more than cores is more interleavings

CARGO = ("cargo", "test", "--release", "--locked")
# Optimised, for the kernels' own tests are long; and yet with the checks of a debug build.
CHECKED = ("--config=profile.release.debug-assertions=true", "--config=profile.release.overflow-checks=true")

SOURCES = (
    Suite(name="tests/ci", command=(sys.executable, "-m", "pytest", "tests/ci")),
    Suite(name="kernels", command=(*CARGO, "--package=hotkernels-kernels", "--target-dir=target/checks", *CHECKED)),
    Suite(name="kept corpus", command=(*CARGO, "--manifest-path=fuzz/Cargo.toml", "--target-dir=target/checks-fuzz")),
)
"""What is tested without an interpreter that is served."""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.tests", description=__doc__, allow_abbrev=False)
    parser.add_argument("--sources", action="store_true", help="the kernels' own tests, the kept corpus and tests/ci as well")
    parser.add_argument("--with", dest="extra", metavar="GROUP", help="a file of ci/requirements, not the interpreter's own")
    parser.add_argument("--threads", type=int, metavar="N", help="of each test, instead of the usual passes")
    parser.add_argument("--jobs", type=int, default=jobs.at_once(), metavar="N", help=f"runs at a time ({jobs.at_once()} here)")
    args, rest = parser.parse_known_args(words)
    declared = matrix.load()
    known = {interpreter.name: interpreter for interpreter in declared.interpreters}
    chosen = [known[word] for word in rest if word in known]
    options = [word for word in rest if word not in known]
    found = {interpreter: interpreters.find(interpreter) for interpreter in chosen or known.values()}
    missing = [interpreter.name for interpreter, python in found.items() if python is None]
    requirements = ROOT / "ci" / "requirements" / f"{args.extra}.txt" if args.extra else None
    runs = [
        Run(interpreter=interpreter, python=python, threads=threads)
        for interpreter, python in found.items()
        if python is not None
        for threads in ([args.threads] if args.threads else (1, THREADS) if interpreter.free_threaded else (1,))
    ]
    first = SOURCES if args.sources else ()
    try:
        with tempfile.TemporaryDirectory(prefix="hotkernels-tests-") as name:
            each = (suite(declared, run, Path(name), options, requirements) for run in runs)
            outcomes = suites.run(chain(first, each), at_once=max(1, args.jobs), total=len(first) + len(runs))
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    bad = any(outcome.status for outcome in outcomes)
    if missing:
        console.print(f"not tested: {', '.join(missing)}: not on this machine; nox -s interpreters provides them")
        # Who asks for one by name wants that one; CI wants all.
        bad |= bool(os.environ.get("CI")) or bool(chosen)
    return 1 if bad or not runs else 0


@dataclass(frozen=True, kw_only=True)
class Run:
    """The installed package's tests on one interpreter, each test in so many threads."""

    interpreter: Interpreter
    python: Path
    threads: int

    @property
    def name(self) -> str:
        return f"{self.interpreter.name}, {self.threads} thread{'s' if self.threads > 1 else ''} a test"


def suite(declared: Matrix, run: Run, folder: Path, options: list[str], requirements: Path | None = None) -> Suite:
    """One run as a program, the wheel built and installed, with the interpreter's own requirements or those."""
    site = install(declared, run.interpreter, run.python, folder)
    bin_folder = tools.environment(requirements or clean.requirements(run.interpreter), python=run.python)
    # -P, and a folder with the package alone: it comes from the wheel, never from the checkout. What is kept from one time
    # to the next is each run's own, for others may be at work beside it.
    own = f"{run.interpreter.name}-{run.threads}"
    command: list[str | Path] = [bin_folder / "python", "-P", "-m", "pytest", f"--basetemp={folder / own}"]
    command += ["-o", f"cache_dir=.pytest_cache/{own}", *(["--color=yes"] if console.is_terminal else []), *options]
    if not any((ROOT / word.partition("::")[0]).exists() for word in options if not word.startswith("-")):
        command += ["--ignore=tests/ci", "tests"]
    # What is for one thread alone would only be run once more: the pass with one thread has it.
    command += [f"--parallel-threads={run.threads}", "--skip-thread-unsafe=True"] if run.threads > 1 else []
    return Suite(name=run.name, command=command, env={"PYTHONPATH": str(site)})


def install(declared: Matrix, interpreter: Interpreter, python: Path, folder: Path, artifact: Artifact | None = None) -> Path:
    """A folder with the package as a wheel has it (None: the one a user gets), built from the sources as they are."""
    artifact = artifact or artifact_for(declared, interpreter)
    dist = folder / "dist"
    dist.mkdir(exist_ok=True)
    wheel = dist / artifact.filename
    if not wheel.exists():
        with console.status(f"building {artifact.filename}"):
            build.build(declared, artifact, dist)
    site = folder / artifact.filename.removesuffix(".whl")
    if not site.exists():
        command: list[str | Path] = [tools.uv(), "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-cache"]
        process.run([*command, "--target", site, "--python", python, wheel], what=f"installing {wheel.name}")
    return site


def artifact_for(declared: Matrix, interpreter: Interpreter) -> Artifact:
    """The wheel that a user of this interpreter gets here: the one built on it, or else one that it takes."""
    wheels = [
        a for a in declared.artifacts(matrix.project_version(), host.native(declared)) if interpreter in a.tested_on and a.wheel
    ]
    own = [a for a in wheels if a.wheel and a.wheel.interpreter == interpreter and not a.wheel.limited_api]
    for artifact in (*own, *wheels):
        return artifact
    raise CiError(f"no wheel of {interpreter.name} for {host.here()}", todo="add the platform or the wheel to ci/matrix.toml")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
