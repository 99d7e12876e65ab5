"""Tests the sources as they are on every interpreter that this machine has: a wheel for each, the whole suite on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.markup import escape

from ci import build, clean, host, interpreters, matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.matrix import Artifact, Interpreter, Matrix
from ci.paths import ROOT
from ci.process import run

WITH = "--with="
"""Before the name of a file of ci/requirements that is taken in place of the interpreter's own."""

THREADS = 4  # of each test, on free-threaded builds; more than cores is more interleavings

MORE = "--threads="
"""Before another number of them, for a pass with as many alone."""


def main(words: list[str]) -> int:
    declared = matrix.load()
    known = {interpreter.name: interpreter for interpreter in declared.interpreters}
    chosen = [known[word] for word in words if word in known]
    options = [word for word in words if word not in known and not word.startswith((WITH, MORE))]
    passes = tuple(int(word.removeprefix(MORE)) for word in words if word.startswith(MORE))
    extra = [ROOT / "ci" / "requirements" / f"{word.removeprefix(WITH)}.txt" for word in words if word.startswith(WITH)]
    found = {interpreter: interpreters.find(interpreter) for interpreter in chosen or known.values()}
    missing = [interpreter.name for interpreter, python in found.items() if python is None]
    results: dict[str, str] = {}
    bad = False
    try:
        with tempfile.TemporaryDirectory(prefix="hotkernels-tests-") as name:
            for interpreter, python in found.items():
                if python is not None:
                    started = time.monotonic()
                    failed = any(suite(declared, interpreter, python, Path(name), options, *extra, passes=passes))
                    results[interpreter.name] = f"{'FAILED' if failed else 'passed'}  {time.monotonic() - started:.0f} s"
                    bad |= failed
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.rule(style="dim")
    for name, said in results.items():
        console.print(f"{name:7} {said}")
    if missing:
        console.print(f"not tested: {', '.join(missing)}: not on this machine; nox -s interpreters provides them")
        # Who asks for one by name wants that one; CI wants all.
        bad |= bool(os.environ.get("CI")) or bool(chosen)
    return 1 if bad or not results else 0


def suite(
    declared: Matrix,
    interpreter: Interpreter,
    python: Path,
    folder: Path,
    options: list[str],
    requirements: Path | None = None,
    *,
    passes: tuple[int, ...] = (),
) -> list[int]:
    """Runs the tests on one interpreter, with its own requirements or those; pytest's status of each pass.

    passes: of so many threads a test each; none is one without others, and on free-threaded builds one with them.
    """
    site = install(declared, interpreter, python, folder)
    bin_folder = tools.environment(requirements or clean.requirements(interpreter), python=python)
    # -P, and a folder with the package alone: it comes from the wheel, never from the checkout.
    env = os.environ | {"PYTHONPATH": str(site)}
    command: list[str | Path] = [bin_folder / "python", "-P", "-m", "pytest", f"--basetemp={folder / 'tmp'}", *options]
    if not any((ROOT / word.partition("::")[0]).exists() for word in options if not word.startswith("-")):
        command += ["--ignore=tests/ci", "tests"]
    statuses = []
    for threads in passes or ((1, THREADS) if interpreter.free_threaded else (1,)):
        console.rule(f"{interpreter.name}, {threads} thread{'s' if threads > 1 else ''} a test", align="left")
        extra = [f"--parallel-threads={threads}"] if threads > 1 else []
        statuses.append(subprocess.run([*command, *extra], cwd=ROOT, env=env, check=False).returncode)
    return statuses


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
        run([*command, "--target", site, "--python", python, wheel], what=f"installing {wheel.name}")
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
