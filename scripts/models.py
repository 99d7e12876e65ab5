"""Runs the models of what threads share: loom tries every order of their steps, in the code that ships."""

from __future__ import annotations

import argparse
import os
import sys

from ci.console import console
from scripts import kept

COMMAND = ("cargo", "test", "--release", "--locked", "--package=hotkernels-kernels", "--lib", "--target-dir=target/models")

# Quick to compile: what is run is loom, over and over.
CONFIG = "--config=profile.release.package.hotkernels-kernels.opt-level=0"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s models --", description=__doc__)
    parser.add_argument("model", nargs="*", help="those alone, as cargo takes tests (all)")
    parser.add_argument("--record", action="store_true", help="keep what it comes to in docs/results/runs.json")
    args = parser.parse_args(words)
    if args.record and args.model:
        parser.error("--record is for all models")
    with kept.processor_time() as took:
        ran = kept.run([*COMMAND, CONFIG, "--", "models::", *args.model], env=os.environ | {"RUSTFLAGS": "--cfg loom"})
    if not ran.passed:
        console.print(f"[bold red]no model has run[/]: {', '.join(args.model) or 'none is there'}")
        return 1
    if args.record and not ran.status:
        row = {"command": "nox -s models", "build": "the code that ships, its atomics and locks loom's", **ran.counts, **took}
        kept.record("runs", {"models": row | {"left out": 0}})  # the others are tests, and run elsewhere
    return ran.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
