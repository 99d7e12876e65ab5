"""Writes ci/requirements/: what each dependency group of pyproject.toml stands for today, version by version, with hashes.

`nox -s lock` writes every file anew and keeps the versions that still fit; `nox -s lock -- --upgrade` takes the newest.
`--check` says whether the files belong to what is declared now: it needs no network, only the first line of each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dependency_groups import resolve

from ci import matrix, tools
from ci.errors import CiError
from ci.evidence import write_text
from ci.paths import ROOT
from ci.process import run

FOLDER = ROOT / "ci" / "requirements"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """One file: what goes in, and the oldest Python that it has to serve."""

    name: str
    requirements: tuple[str, ...]
    python: str

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.txt"

    @property
    def first_line(self) -> str:
        inputs = json.dumps([sorted(self.requirements), self.python])
        return f"# Made by: nox -s lock. Of inputs: sha256:{hashlib.sha256(inputs.encode()).hexdigest()}"


def locks(pyproject: Path = ROOT / "pyproject.toml") -> list[Lock]:
    """All of them. Tools run on the oldest Python that the door takes, tests on the oldest that is served."""
    raw: dict[str, Any] = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    groups = raw["dependency-groups"]
    door, served = "3.11", raw["project"]["requires-python"].removeprefix(">=")
    test, peers = resolve(groups, "test"), resolve(groups, "peers")
    tasks = ("nox", "browser", "ci", "lint", "publish", "rehearse", "standin", "workflows")
    declared = [Lock(name=name, requirements=resolve(groups, name), python=door) for name in tasks]
    declared += [
        Lock(name=name, requirements=resolve(groups, name), python=served)
        for name in ("bench", "bindings", "columns", "cov", "dask", "docs", "examples")
    ]
    declared += [
        Lock(name="test", requirements=(*test, *peers), python=served),
        # The last NumPy, SciPy and Hypothesis with wheels for free-threaded 3.13, which the others need not stay on.
        Lock(name="test-cp313t", requirements=(*test, "numpy<2.5", "scipy<1.18", "hypothesis<6.156"), python="3.13"),
    ]
    # No marker tells a free-threaded build from another; a file of its own does.
    declared += [Lock(name=f"test-{name}", requirements=test, python="3.14") for name in ("cp314t", "cp315t")]
    lanes, build = matrix.load().lanes, resolve(groups, "build")
    declared += [
        Lock(name=f"maturin-{version}", requirements=(f"maturin=={version}", *build), python=door)
        for version in sorted({lane.maturin for lane in lanes})
    ]
    declared += [
        Lock(name=f"cibuildwheel-{version}", requirements=(f"cibuildwheel=={version}",), python=door)
        for version in sorted({lane.cibuildwheel for lane in lanes})
    ]
    return sorted(declared, key=lambda lock: lock.name)


def stale(declared: list[Lock]) -> list[str]:
    """What is wrong with the files: missing, made of something else, or not made of anything that is declared."""
    wrong = []
    for lock in declared:
        if not lock.path.is_file():
            wrong.append(f"{lock.path.name}: missing")
        elif lock.path.read_text(encoding="utf-8").partition("\n")[0] != lock.first_line:
            wrong.append(f"{lock.path.name}: made of other requirements than those declared now")
    extra = {path.name for path in FOLDER.glob("*.txt")} - {lock.path.name for lock in declared}
    return wrong + [f"{name}: nothing declares it" for name in sorted(extra)]


def write(lock: Lock, *options: str) -> None:
    """Resolves one lock for every platform and Python from its own on, wheels only."""
    with tempfile.TemporaryDirectory(prefix="hotkernels-lock-") as folder:
        source, out = Path(folder) / f"{lock.name}.in", Path(folder) / lock.path.name
        source.write_text("\n".join(lock.requirements) + "\n", encoding="utf-8")
        if lock.path.is_file():
            out.write_bytes(lock.path.read_bytes())  # uv keeps the versions that it finds there
        command = [tools.uv(), "pip", "compile", "--quiet", source.name, "--output-file", out.name, "--no-header"]
        command += ["--universal", "--python-version", lock.python, "--generate-hashes", "--only-binary", ":all:", *options]
        run(command, what=f"locking {lock.name}", cwd=Path(folder))
        # uv names the file that it read; what is declared is in pyproject.toml and ci/matrix.toml.
        text = out.read_text(encoding="utf-8").replace(f"-r {source.name}", "declared")
    write_text(lock.path, f"{lock.first_line}\n{text}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s lock --", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="say what is stale; write nothing")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions, not the ones locked so far")
    args = parser.parse_args()
    declared = locks()
    if not args.check:
        FOLDER.mkdir(exist_ok=True)
        for lock in declared:
            write(lock, *(["--upgrade"] if args.upgrade else []))
            print(f"locked  {lock.path.name}  {lock.path.read_text(encoding='utf-8').count('==')} packages")
        for path in set(FOLDER.glob("*.txt")) - {lock.path for lock in declared}:
            path.unlink()  # a maturin or cibuildwheel that no lane uses any more
    if wrong := stale(declared):
        print(CiError("the locks are not those of what is declared", found="\n         ".join(wrong), todo="nox -s lock"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
