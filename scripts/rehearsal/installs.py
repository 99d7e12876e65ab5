"""Installs the package by name from an index as users do, pip and uv, and finds out which file each interpreter got."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ci import checks, clean, dynamic, interpreters, tools
from ci.console import failed, passed, refusal
from ci.errors import CiError
from ci.matrix import Artifact, Interpreter, Matrix
from ci.process import run

SMOKE = Path(__file__).with_name("smoke.py")
MODULE = "hotkernels._native"
ANSWERS = {"dot": 24.0, "sum": 1.0}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A clean environment: python is its own, folder what may be written to, env what its programs see."""

    folder: Path
    python: Path
    env: dict[str, str]


def place(python: Path, folder: Path) -> Place:
    """An environment with nothing in it, not even pip: whoever installs does so from outside."""
    folder.mkdir(parents=True)
    kept = ("PIP_CERT", "UV_SYSTEM_CERTS")  # whom this machine trusts; all else that a person set chooses other files
    given = clean.environment(folder)
    env = {name: value for name, value in given.items() if not name.startswith(("PIP_", "UV_")) or name in kept}
    env |= {"UV_PYTHON_DOWNLOADS": "never", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PIP_CONFIG_FILE": os.devnull}
    venv = folder / "environment"
    run([tools.uv(), "venv", "--quiet", "--no-config", "--python", python, venv], what="an environment", env=env)
    return Place(folder=folder, python=venv / "bin" / "python", env=env)


def with_pip(here: Place, simple: str, project: str) -> str:
    """Installs with pip; the name of the file that pip says it took."""
    report = here.folder / "report.json"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        here.python,
        "install",
        "--no-input",
        "--no-cache-dir",
    ]
    command += ["--disable-pip-version-check", "--index-url", simple, "--report", report, project]
    run(command, what="pip", cwd=here.folder, env=here.env, timeout=300)
    (installed,) = json.loads(report.read_text(encoding="utf-8"))["install"]
    return str(installed["download_info"]["url"]).rpartition("/")[2]


def with_uv(here: Place, simple: str, project: str) -> str:
    """Installs with uv, which does not say what it took: the bytes do, afterwards."""
    command: list[str | Path] = [tools.uv(), "pip", "install", "--no-config", "--no-cache", "--python", here.python]
    run([*command, "--default-index", simple, project], what="uv", cwd=here.folder, env=here.env, timeout=300)
    return ""


INSTALLERS: dict[str, Callable[[Place, str, str], str]] = {"pip": with_pip, "uv": with_uv}


def promised(artifacts: Sequence[Artifact], interpreter: Interpreter) -> Artifact | None:
    """The wheel that the README promises this interpreter: its own, then the newest stable ABI; None where it is the sdist."""
    wheels = [a for a in artifacts if a.wheel and interpreter in a.tested_on]
    own = [a for a in wheels if a.wheel and not a.wheel.limited_api]
    stable = sorted(wheels, key=lambda a: a.label == "cp315-abi3.abi3t", reverse=True)
    return next(iter([*own, *stable]), None)


def install(
    installer: str, here: Place, interpreter: Interpreter, simple: str, project: str, wanted: Artifact, dist: Path
) -> None:
    """Installs and runs it; a CiError unless what arrived is the wanted wheel, whole and working."""
    named = INSTALLERS[installer](here, simple, project)
    words: list[str | Path] = [here.python, "-I", SMOKE]
    said = json.loads(run(words, what="the smoke test", cwd=here.folder, env=here.env, timeout=120).splitlines()[-1])
    rows = (
        ("the file", wanted.filename, named or wanted.filename),
        ("the installed extension's sha256", dynamic.extension_sha256(dist / wanted.filename, MODULE), said["sha256"]),
        ("imported from the environment", True, Path(said["extension"]).is_relative_to(here.folder)),
        ("what it computes", ANSWERS, said["answers"]),
        ("its version", wanted.version, said["version"]),
        ("build_info()['abi']", checks.abi(wanted), said["build_info"]["abi"]),
        ("whether the GIL is on", not interpreter.free_threaded, said["gil"]),
    )
    for what, expected, found in rows:
        if expected != found:
            raise CiError(
                f"{installer}: {what} is not as promised",
                expected=f"{expected}, of {wanted.filename}",
                found=str(found),
                todo="see which tags the installer prefers: pip debug --verbose; the README says what is promised",
            )


def without_compiler(installer: str, here: Place, simple: str, project: str) -> str:
    """Where no wheel fits and no Rust is there: the line that tells a user so; a CiError where there is none."""
    empty = here.folder / "no-programs"
    empty.mkdir()
    # maturin would first fetch Rust itself, by a package that this index does not have.
    bare = Place(folder=here.folder, python=here.python, env=here.env | {"PATH": str(empty), "MATURIN_NO_INSTALL_RUST": "1"})
    try:
        INSTALLERS[installer](bare, simple, project)
    except CiError as error:
        for line in error.found.splitlines():
            if "Cargo" in line:
                return line.strip(" │")
        raise CiError("a user without Rust is not told so", expected="a line about Cargo", found=error.found) from error
    raise CiError(f"{installer}: installed where no wheel fits", expected="an error", found="status 0", todo="see which file")


def interpreters_of(declared: Matrix) -> dict[Interpreter, Path]:
    """Every interpreter of the matrix; a CiError where one is not on this machine."""
    found = {interpreter: interpreters.find(interpreter) for interpreter in declared.interpreters}
    if missing := [interpreter for interpreter, python in found.items() if python is None]:
        raise CiError(
            f"no {missing[0].command} to install for",
            expected=", ".join(interpreter.command for interpreter in found),
            found=", ".join(interpreter.command for interpreter in found if interpreter not in missing) or "none",
            todo="nox -s interpreters finds or builds it",
        )
    return {interpreter: python for interpreter, python in found.items() if python}


def everywhere(
    project: str, simple: str, artifacts: Sequence[Artifact], found: dict[Interpreter, Path], dist: Path, folder: Path
) -> int:
    """Each installer for each interpreter, two at a time and a line each; how many were not as promised.

    project: as a user asks for it, name or name==version. dist: where the artifacts' files are.
    """

    def one(interpreter: Interpreter, installer: str) -> str | CiError:
        try:
            here = place(found[interpreter], Path(tempfile.mkdtemp(prefix=f"{interpreter.name}-", dir=folder)) / "place")
            if (wheel := promised(artifacts, interpreter)) is not None:
                install(installer, here, interpreter, simple, project, wheel, dist)
                return wheel.filename
            return f"the sdist, and without Rust: {without_compiler(installer, here, simple, project)}"
        except CiError as error:
            return error

    rows = [(interpreter, installer) for interpreter in found for installer in INSTALLERS]
    bad = 0
    with ThreadPoolExecutor(2) as pool:
        for (interpreter, installer), came in zip(rows, pool.map(lambda row: one(*row), rows), strict=True):
            name = f"{interpreter.name:7} {installer:4}"
            if isinstance(came, CiError):
                failed(name)
                refusal(came)
                bad += 1
            else:
                passed(f"{name} {came}")
    return bad
