"""Measures which lines the tests run, of Python and of Rust, in one table; below the floor it fails.

Rust is measured by LLVM's own instrumentation, in the crate's tests and in the extension while Python tests it. Reports for
people and programs are left in target/cov/report.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from ci import interpreters, matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.matrix import Interpreter, Matrix
from ci.paths import ROOT
from ci.process import run
from scripts.tests import install

WORK = ROOT / "target" / "cov"
REPORT = WORK / "report"
PREFERRED = "cp314"  # one interpreter is enough to know which lines are run

FOREIGN = r"/registry/src/|/rustc/|/rustlib/|/tests?\.rs$|/testing\.rs$"  # dependencies, the standard library, tests themselves


@dataclass(frozen=True, kw_only=True)
class Row:
    """One source file: its lines that can run, and how many of them did."""

    file: str
    lines: int
    run: int


def main() -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]
    floor = float(settings["report"]["fail_under"])
    try:
        llvm = llvm_tools()
        declared = matrix.load()
        chosen, python = interpreter(declared)
        bin_folder = tools.environment(ROOT / "ci" / "requirements" / "cov.txt", python=python)
        for folder in (REPORT, WORK / "raw", WORK / "site"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        env = os.environ | {"CARGO_TARGET_DIR": str(WORK / "cargo"), "LLVM_PROFILE_FILE": str(WORK / "raw" / "%p-%m.profraw")}
        site = install(declared, chosen, python, WORK / "site")
        binaries = [*crate_tests(env), extension(site, python, env)]
        tested = python_tests(bin_folder, site, env)
        rows = {"Rust": rust_rows(llvm, binaries), "Python": python_rows(bin_folder, env)}
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    totals = show(rows)
    console.print(f"reports: {REPORT}")
    low = [f"{name} {total:.1f} %" for name, total in totals.items() if total < floor]
    if low:
        console.print(f"[bold red]below the floor of {floor:g} %:[/] {', '.join(low)}")
    return 1 if low or tested else 0


def interpreter(declared: Matrix) -> tuple[Interpreter, Path]:
    """The one to measure with."""
    for wanted in sorted(declared.interpreters, key=lambda one: one.name != PREFERRED):
        if not wanted.free_threaded and (python := interpreters.find(wanted)):
            return wanted, python
    raise CiError("no interpreter to measure on", todo="nox -s interpreters")


def llvm_tools() -> dict[str, str]:
    """llvm-profdata and llvm-cov of the LLVM that rustc was made with: the format of the raw profiles changes with it."""
    about = run(["rustc", "-vV"], what="asking rustc for its LLVM")
    version = re.search(r"^LLVM version: (\d+)", about, re.MULTILINE)
    major = version[1] if version else "?"
    sysroot = run(["rustc", "--print", "sysroot"], what="asking rustc where it is").strip()
    folders = [*Path(sysroot).glob("lib/rustlib/*/bin"), Path(f"/usr/lib/llvm-{major}/bin")]
    path = os.pathsep.join([os.environ.get("HOTKERNELS_LLVM", ""), *map(str, folders), os.environ["PATH"]])
    found = {}
    for name in ("llvm-profdata", "llvm-cov"):
        for candidate in (shutil.which(f"{name}-{major}", path=path), shutil.which(name, path=path)):
            if candidate and f"LLVM version {major}." in run([candidate, "--version"], what=f"asking {name} for its version"):
                found[name] = candidate
                break
        else:
            raise CiError(
                f"no {name} of LLVM {major}",
                expected=f"the LLVM of rustc, {major}, beside rustc, on PATH, or in the folder HOTKERNELS_LLVM",
                todo=f"rustup component add llvm-tools; or (Debian) apt install llvm-{major}",
            )
    return found


def crate_tests(env: dict[str, str]) -> Iterator[Path]:
    """Runs the Rust tests, instrumented; the programs that they are."""
    flags = {"RUSTFLAGS": "-Cinstrument-coverage"}
    command = ["cargo", "test", "--release", "--locked", "--quiet", "--lib", "--package", "hotkernels-kernels"]
    messages = run([*command, "--no-run", "--message-format=json"], what="building the Rust tests", cwd=ROOT, env=env | flags)
    run(command, what="the Rust tests", cwd=ROOT, env=env | flags, lines=200)
    for line in messages.splitlines():
        if line.startswith("{") and (program := json.loads(line).get("executable")):
            yield Path(program)


def extension(site: Path, python: Path, env: dict[str, str]) -> Path:
    """Puts an instrumented extension in the place of the installed wheel's, where stripping has removed what LLVM needs."""
    flags = "-Cinstrument-coverage"
    if sys.platform == "darwin":
        flags += " -Clink-arg=-undefined -Clink-arg=dynamic_lookup"  # as maturin does
    settings = {"RUSTFLAGS": flags, "PYO3_PYTHON": str(python), "PYO3_BUILD_EXTENSION_MODULE": "1"}
    command = ["cargo", "build", "--locked", "--quiet", "--release", "--package", "hotkernels-bindings"]
    unstripped = ["--config", 'profile.release.strip="none"']
    run([*command, *unstripped], what="building the extension", cwd=ROOT, env=env | settings)
    built = WORK / "cargo" / "release" / f"lib_native.{'dylib' if sys.platform == 'darwin' else 'so'}"
    (installed,) = (site / "hotkernels").glob("_native.*.so")
    return Path(shutil.copyfile(built, installed))


def python_tests(bin_folder: Path, site: Path, env: dict[str, str]) -> int:
    """Runs all tests under coverage.py, the release line's too; pytest's status."""
    path = {"PYTHONPATH": str(site), "COVERAGE_FILE": str(WORK / "raw" / "python")}
    command: list[str | Path] = [bin_folder / "python", "-P", "-m", "coverage", "run", "--source=hotkernels,ci"]
    status = subprocess.run([*command, "-m", "pytest", "tests"], cwd=ROOT, env=env | path, check=False).returncode
    run([bin_folder / "coverage", "combine", "--quiet"], what="combining the coverage", cwd=ROOT, env=env | path)
    return status


def python_rows(bin_folder: Path, env: dict[str, str]) -> list[Row]:
    """Writes the Python reports and reads one of them."""
    env = env | {"COVERAGE_FILE": str(WORK / "raw" / "python")}
    # The floor is for all lines together and is looked at once, below.
    for kind, place in (("html", "--directory=" + str(REPORT / "python")), ("xml", "-o" + str(REPORT / "python.xml"))):
        run([bin_folder / "coverage", kind, "--fail-under=0", place], what=f"coverage {kind}", cwd=ROOT, env=env)
    out = REPORT / "python.json"
    run([bin_folder / "coverage", "json", "--fail-under=0", "-o", out], what="coverage json", cwd=ROOT, env=env)
    files: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))["files"]
    return [
        Row(file=name, lines=file["summary"]["num_statements"], run=file["summary"]["covered_lines"])
        for name, file in sorted(files.items())
    ]


def rust_rows(llvm: dict[str, str], binaries: list[Path]) -> list[Row]:
    """Merges the raw profiles, writes the Rust reports, and sums up each file of this workspace."""
    profile = WORK / "raw" / "all.profdata"
    raw = sorted((WORK / "raw").glob("*.profraw"))
    run([llvm["llvm-profdata"], "merge", "--sparse", "-o", profile, *raw], what="merging the profiles")
    objects = [word for binary in binaries[1:] for word in ("--object", str(binary))]
    chosen = [str(binaries[0]), *objects, f"--instr-profile={profile}", f"--ignore-filename-regex={FOREIGN}"]
    show_html = [llvm["llvm-cov"], "show", "--format=html", f"--output-dir={REPORT / 'rust'}", *chosen]
    run(show_html, what="llvm-cov show")
    lcov = subprocess.run([llvm["llvm-cov"], "export", "--format=lcov", *chosen], capture_output=True, text=True, check=True)
    (REPORT / "rust.lcov").write_text(lcov.stdout, encoding="utf-8")
    text = subprocess.run([llvm["llvm-cov"], "export", "--summary-only", *chosen], capture_output=True, text=True, check=True)
    return [
        Row(
            file=str(Path(file["filename"]).relative_to(ROOT)),
            lines=file["summary"]["lines"]["count"],
            run=file["summary"]["lines"]["covered"],
        )
        for file in sorted(json.loads(text.stdout)["data"][0]["files"], key=lambda file: str(file["filename"]))
    ]


def show(rows: dict[str, list[Row]]) -> dict[str, float]:
    """Prints every file and the totals; the totals, in per cent."""
    table = Table("file", "lines", "run", "%", box=None, pad_edge=False, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    totals = {}
    everything = [row for of_one in rows.values() for row in of_one]
    for name, files in (*rows.items(), ("all", everything)):
        for row in files if files is not everything else ():
            table.add_row(row.file, str(row.lines), str(row.run), f"{100 * row.run / max(row.lines, 1):.1f}")
        lines, covered = sum(row.lines for row in files), sum(row.run for row in files)
        totals[name] = 100 * covered / max(lines, 1)
        table.add_row(name, str(lines), str(covered), f"{totals[name]:.1f}", style="bold", end_section=True)
    console.print(table)
    return totals


if __name__ == "__main__":
    sys.exit(main())
