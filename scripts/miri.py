"""Runs the kernels' own tests under miri, Rust's interpreter that knows undefined behaviour where it sees it.

miri is a component of rustup's nightly. It has no AVX and no NEON, so that the kernels have their specifications alone
there (`cfg(miri)`), few cases and short inputs. `--dry` compiles and runs the same code with rustc, where there is no miri.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from rich.markup import escape

from ci.console import errors
from ci.errors import CiError
from ci.paths import ROOT
from ci.process import run

# Isolation off: available_parallelism and the environment are asked. Strict provenance: no integer becomes a pointer.
FLAGS = "-Zmiri-disable-isolation -Zmiri-strict-provenance -Zmiri-symbolic-alignment-check"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s miri --", description=__doc__.partition("\n")[0])
    parser.add_argument("--dry", action="store_true", help="the same code by rustc: what miri would be given is what passes")
    parser.add_argument("--install", action="store_true", help="miri by rustup, where it is not there: for hosted machines")
    parser.add_argument("test", nargs="*", help="names of tests, as cargo test takes them (all)")
    args = parser.parse_args(words)
    package = ["--locked", "--package=hotkernels-kernels", "--lib"]
    try:
        if args.dry:
            env = os.environ | {"RUSTFLAGS": "--cfg miri"}
            command = ["cargo", "test", "--release", *package, "--target-dir=target/miri-dry", "--", *args.test]
        else:
            env = os.environ | {"MIRIFLAGS": FLAGS, "CARGO_TARGET_DIR": str(ROOT / "target" / "miri")}
            command = [*program(install=args.install), "test", *package, "--", *args.test]
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def program(*, install: bool) -> list[str]:
    """cargo miri, where it is there; install: by rustup where it is not."""
    if install:
        add = ["rustup", "toolchain", "install", "nightly", "--profile=minimal", "--component=miri", "--component=rust-src"]
        run([*add, "--no-self-update"], what="installing miri", todo="a network, or a nightly on which miri was built")
    command = ["cargo", "+nightly", "miri"]
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
        said = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError:
        said = "no cargo"
    if said:
        raise CiError(
            "no miri here",
            found="\n".join(said.splitlines()[:2]),
            todo="rustup toolchain install nightly --component miri,rust-src; without one: nox -s miri -- --dry",
        )
    return command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
