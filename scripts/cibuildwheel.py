"""Runs the real cibuildwheel of every lane in a container and proves what it makes, as a release does, in a folder of its own.

On Linux x86_64, in a stand-in for the manylinux image (scripts/standin.py) unless CIBW_MANYLINUX_X86_64_IMAGE names one.
Then compares the wheels with those that maturin alone made, where dist/ has them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from rich.markup import escape

from ci import host, matrix
from ci.console import console, skipped
from ci.errors import CiError
from ci.paths import DIST, ROOT
from scripts import compare, standin, wheels

FOLDER = ROOT / "target" / "cibuildwheel" / "dist"
PLATFORM = "linux-x86_64"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s cibuildwheel --", description=__doc__, allow_abbrev=False)
    parser.parse_args(words)
    declared = matrix.load()
    (platform,) = declared.select_platforms([PLATFORM])
    try:
        if not host.runs(platform):
            raise CiError(f"this session runs on {PLATFORM}", found=host.here(), todo="hosted CI builds the other platforms")
        started = time.monotonic()
        if "CIBW_MANYLINUX_X86_64_IMAGE" not in os.environ:
            with console.status("the stand-in image"):
                os.environ.update(standin.environment(declared, platform))
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    seconds = [f"image {time.monotonic() - started:.0f} s"]
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
    report = wheels.python_ci("report", str(FOLDER), *chosen)
    console.print(", ".join(seconds))
    if status or report:
        return 1
    console.rule("compared with dist/", align="left")
    if not any(DIST.glob(f"{declared.name}-*.whl")):
        skipped("nothing in dist/ to compare with; nox -s wheels makes it")
        return 0
    return compare.main([str(FOLDER), str(DIST), *chosen])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
