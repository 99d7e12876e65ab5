"""Checks everything that can be checked without running the tests; each check is one row of a list."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape

from ci import interpreters, matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.paths import ROOT
from ci.process import run
from scripts.tests import install

TYPED = "cp314"  # stubs are checked against the newest final release; others where it is missing
FUZZ = ("--manifest-path", "fuzz/Cargo.toml")  # a workspace of its own
MEASURED = ("benchmarks/bindings/pyo3", "benchmarks/workload/rust")  # the same; compiled only where they are measured
CLIPPY = ("cargo", "clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--target-dir", "target/checks")

# No address of a person until the project has a public home (pyproject.toml says so); and the description is Markdown, which
# pyroma reads as reStructuredText where its content type has parameters, as maturin's has.
PYROMA = "AuthorEmail,ValidREST"

# A test's parameters are arrays and dtypes of every kind; what a call of the package takes and gives is still checked.
LOOSE = tuple(f"--disable-error-code={code}" for code in ("no-any-return", "no-untyped-call", "operator", "var-annotated"))


# What calls the package is checked with the tests, where there is one.
SOURCES = ("mypy", "--explicit-package-bases", "--exclude", "^scripts/endurance/")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One command; fix is what corrects what it finds."""

    name: str
    command: tuple[str, ...]
    fix: str = ""
    env: dict[str, str] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s lint --", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="correct first what the tools can correct themselves")
    if parser.parse_args().fix:
        fix()
    with tempfile.TemporaryDirectory(prefix="hotkernels-lint-") as folder, ThreadPoolExecutor(2) as pool:
        typed, bad = None, False
        try:
            typed = environment(Path(folder))
        except CiError as error:
            show("a wheel to check the stubs against", 0, error)
            bad = True
        if typed is None and not bad:
            console.print("[yellow]skip[/]  types of the tests, stubs: no interpreter of the matrix; nox -s interpreters")
            bad = bool(os.environ.get("CI"))
        bad |= any(list(pool.map(attempt, checks(typed))))
    return 1 if bad else 0


def checks(typed: tuple[Path, Path] | None) -> Iterator[Check]:
    """All of them, slow ones first. typed: the bin folder and the package's folder of an interpreter that is served."""
    python = {"PYO3_PYTHON": str(typed[0] / "python")} if typed else {}
    yield Check(name="clippy", command=(*CLIPPY, "--", "-D", "warnings"), env=python)
    abi3 = (*CLIPPY, "--features", "hotkernels-bindings/abi3", "--", "-D", "warnings")
    yield Check(name="clippy, limited API", command=abi3, env=python)
    fuzz = ("cargo", "clippy", *FUZZ, "--all-targets", "--locked", "--quiet", "--target-dir", "target/checks-fuzz")
    yield Check(name="clippy, fuzz targets", command=(*fuzz, "--", "-D", "warnings"))
    yield Check(
        name="types of ci, scripts",
        command=(*SOURCES, "noxfile.py", "ci", "scripts", *existing("tests/ci")),
    )
    if typed:
        bin_folder, site = typed
        path = {"PYTHONPATH": str(site), "MYPYPATH": str(site)}
        mypy = (str(bin_folder / "python"), "-P", "-m", "mypy")
        types = (*mypy, *LOOSE, "--exclude", "^tests/ci/", "tests", "scripts/endurance")
        yield Check(name="types of tests", command=types, env=path)
        modules = [str(site / "hotkernels" / f"{name}.py") for name in ("dask", "polars")]
        yield Check(name="types of hotkernels.dask, hotkernels.polars", command=(*mypy, *modules), env=path)
        stubtest = ("mypy.stubtest", "hotkernels", "--mypy-config-file=pyproject.toml", "--allowlist=scripts/stubtest.txt")
        yield Check(name="stubs against the module", command=(*mypy[:-1], *stubtest), env=path)
    yield Check(name="ruff", command=("ruff", "check", "--quiet", "."), fix="--fix")
    yield Check(name="format of Python", command=("ruff", "format", "--quiet", "--diff", "."), fix="--fix")
    yield Check(name="format of Rust", command=("cargo", "fmt", "--all", "--check"), fix="--fix")
    yield Check(name="format of the fuzz targets", command=("cargo", "fmt", *FUZZ, "--check"), fix="--fix")
    for folder in MEASURED:
        format_of = ("cargo", "fmt", "--manifest-path", f"{folder}/Cargo.toml", "--check")
        yield Check(name=f"format of {folder}", command=format_of, fix="--fix")
    if workflows := existing(".github/workflows"):
        yield Check(name="zizmor", command=("zizmor", "--offline", "--quiet", "--persona", "pedantic", ".github"))
        files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / workflows[0]).glob("*.yml"))
        yield Check(name="workflow schema", command=("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files))
        yield Check(
            name="dependabot schema",
            command=("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"),
        )
        yield Check(name="actionlint", command=("python", "-m", "scripts.actionlint", *files))
        yield Check(name="workflow policy", command=("python", "-m", "scripts.policy"))
        yield Check(name="seeded mistakes in workflows", command=("python", "-m", "scripts.seeds"))
    yield Check(name="spelling", command=("codespell",))
    yield Check(name="pyproject.toml", command=("validate-pyproject", "pyproject.toml"))
    yield Check(name="what an index shows", command=("pyroma", "--directory", "--min=10", f"--skip-tests={PYROMA}", "."))
    yield Check(name="conventions", command=("repo-review", "--format", "rich", "--show", "errskip", "."))
    yield Check(name="locks", command=("python", "-m", "scripts.lock", "--check"))
    yield Check(name="licences of what is linked", command=("python", "-m", "scripts.notices", "--check"))
    yield Check(name="list of what is unsafe", command=("python", "-m", "scripts.unsafety", "--check"))
    yield Check(name="Python API against the release before", command=("python", "-m", "scripts.api"))
    scripts = sorted(str(path.relative_to(ROOT)) for folder in ("ci", "scripts") for path in (ROOT / folder).rglob("*.sh"))
    for script in (*existing(".ci/run"), *scripts):
        yield Check(name=f"syntax of {script}", command=("bash", "-n", script))


def existing(*paths: str) -> tuple[str, ...]:
    return tuple(path for path in paths if (ROOT / path).exists())


def environment(folder: Path) -> tuple[Path, Path] | None:
    """An environment of a served interpreter with the lint tools, and a folder with the package; None without one."""
    declared = matrix.load()
    for interpreter in sorted(declared.interpreters, key=lambda interpreter: interpreter.name != TYPED):
        if not interpreter.free_threaded and (python := interpreters.find(interpreter)):
            tooled = tools.environment(ROOT / "ci" / "requirements" / "lint.txt", python=python)
            return tooled, install(declared, interpreter, python, folder)
    return None


def attempt(check: Check) -> bool:
    """Runs one and shows its line; True when it found something."""
    started, error = time.monotonic(), None
    # The tools beside this Python, before any that a person has.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [shutil.which(check.command[0], path=path) or check.command[0], *check.command[1:]]
    todo = f"nox -s lint -- {check.fix}" if check.fix else ""
    try:
        run(command, what=check.name, cwd=ROOT, env=os.environ | check.env, todo=todo, lines=200)
    except CiError as found:
        error = found
    show(check.name, time.monotonic() - started, error)
    return error is not None


def show(name: str, seconds: float, error: CiError | None) -> None:
    if error is None:
        console.print(f"[green]pass[/]  {name}  {seconds:.1f} s")
    else:
        console.print(f"[bold red]FAIL[/]  {name}  {seconds:.1f} s\n{escape(str(error))}")


def fix() -> None:
    """Everything that tools can correct; what they cannot is for the checks to name."""
    run(["ruff", "check", "--fix-only", "--quiet", "."], what="correcting", cwd=ROOT)
    run(["ruff", "format", "--quiet", "."], what="formatting", cwd=ROOT)
    run(["cargo", "fmt", "--all"], what="formatting", cwd=ROOT)
    for manifest in (FUZZ, *(("--manifest-path", f"{folder}/Cargo.toml") for folder in MEASURED)):
        run(["cargo", "fmt", *manifest], what="formatting", cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
