"""Runs the kernels' own tests as aarch64 code, NEON and all: under emulation, or natively on a machine of that kind."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from rich.markup import escape

from ci import cross, emulation, host, matrix
from ci.console import errors
from ci.errors import CiError
from ci.matrix import Platform
from ci.paths import ROOT

# Optimised, for the tests are long; and yet with the checks of a debug build.
CHECKED = ("--config=profile.release.debug-assertions=true", "--config=profile.release.overflow-checks=true")
EXAMPLES = "24"  # of each property; natively it is proptest's own 256


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s emulated --", description=__doc__)
    parser.add_argument("test", nargs="*", help="names of tests, as cargo test takes them (all)")
    chosen = parser.parse_args(words).test
    (platform,) = (each for each in matrix.load().platforms if each.rehearsed == "emulated")
    try:
        env = os.environ | environment(platform)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    command = ["cargo", "test", "--release", "--locked", "--package=hotkernels-kernels", "--target-dir=target/emulated"]
    command += [f"--target={platform.target}", *CHECKED, "--", *chosen]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def environment(platform: Platform) -> dict[str, str]:
    """What cargo has to know to compile, link and run tests for the platform; nothing on a machine of it."""
    if host.runs(platform):
        return {}
    for needed in (cross.linker(platform.target), emulation.qemu(), emulation.root()):
        if not needed.exists():
            raise CiError(f"{needed.name} is not there", expected=str(needed), todo=cross.PROVIDE)
    name = f"CARGO_TARGET_{platform.target.upper().replace('-', '_')}"
    return cross.environment(platform, os.environ) | {
        f"{name}_LINKER": str(cross.linker(platform.target)),
        f"{name}_RUNNER": f"{emulation.qemu()} -L {emulation.root()}",
        "PROPTEST_CASES": EXAMPLES,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
