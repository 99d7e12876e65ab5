"""Runs the real cibuildwheel of every lane in a container and proves what it makes, as a release does, in a folder of its own.

On Linux x86_64, in a stand-in for the manylinux image (scripts/standin.py) unless CIBW_MANYLINUX_X86_64_IMAGE names one.
The wheels must then be those that maturin alone made, byte by byte, where dist/ has them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape

from ci import evidence, head, host, matrix
from ci.console import console, skipped
from ci.errors import CiError
from ci.matrix import Artifact
from ci.paths import DIST, ROOT
from scripts import reproduce, standin, wheels

FOLDER = ROOT / "target" / "cibuildwheel" / "dist"
PLATFORM = "linux-x86_64"
IMAGE = "CIBW_MANYLINUX_X86_64_IMAGE"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s cibuildwheel --", description=__doc__, allow_abbrev=False)
    parser.parse_args(words)
    declared = matrix.load()
    (platform,) = declared.select_platforms([PLATFORM])
    own_image = IMAGE in os.environ
    seconds: list[str] = []
    try:
        if not host.runs(platform):
            raise CiError(f"this session runs on {PLATFORM}", found=host.here(), todo="hosted CI builds the other platforms")
        names = [] if own_image else comparable(declared.artifacts(matrix.project_version(), [platform]), DIST)
        if not own_image:
            started = time.monotonic()
            with console.status("the stand-in image"):
                os.environ.update(standin.environment(declared, platform))
            seconds.append(f"image {time.monotonic() - started:.0f} s")
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    failed = prove(seconds)
    console.print(", ".join(seconds))
    if failed:
        return 1
    if not names:
        why = "its linker is another one" if own_image else "nothing in dist/; nox -s wheels makes it"
        skipped(f"not compared with what maturin makes: {why}")
        return 0
    console.rule("compared with dist/", align="left")
    return 1 if reproduce.compare(FOLDER, DIST, names) else 0


def comparable(artifacts: Iterable[Artifact], dist: Path) -> list[str]:
    """The names of those that maturin has made; a CiError, before hours of work, for one that is of another commit."""
    names = []
    for artifact in artifacts:
        path = evidence.folder(dist) / f"{artifact.filename}.build.json"
        if not path.is_file():
            continue
        word = evidence.read(path)
        if word.detail.get("commit") != head.commit():
            raise CiError(
                f"{dist.name}/{artifact.filename}: built from another commit, so that it cannot be compared",
                expected=head.commit(),
                found=str(word.detail.get("commit")),
                todo=f"nox -s wheels builds it anew; or remove {dist.name}/",
            )
        names.append(artifact.filename)
    return names


def prove(seconds: list[str]) -> bool:
    """Builds, audits, tests and gates in FOLDER, and reports; whether something was refused. Adds what each verb took."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wheels.clear(FOLDER)
    chosen = ["--platform", PLATFORM]
    verbs = {"build": ["--with", "cibuildwheel", *chosen], "audit": [], "test": [], "gate": chosen}
    status = 0
    for verb, options in verbs.items():
        console.rule(verb, align="left")
        started = time.monotonic()
        status = wheels.python_ci(verb, str(FOLDER), *options)
        seconds.append(f"{verb} {time.monotonic() - started:.0f} s")
        if status:
            break
    console.rule("report", align="left")
    return bool(status) | bool(wheels.python_ci("report", str(FOLDER), *chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
