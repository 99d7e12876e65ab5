"""Runs aarch64 code on x86_64 Linux: where the emulated interpreters are. scripts/emulated.py provides them.

Each is a script that starts qemu with the interpreter, beside a Python installation that is as any other. So a virtual
environment of it is made as for a native one, and a test that starts sys.executable starts the emulated one.
"""

from __future__ import annotations

from pathlib import Path

from ci import cross
from ci.matrix import Interpreter

PROFILE = "emulated"
"""The Hypothesis profile of tests/conftest.py that is used under emulation: fewer examples."""


def folder() -> Path:
    return cross.folder() / "aarch64"


def root() -> Path:
    """What the programs see as /usr and /lib, where it has what they open."""
    return folder() / "root"


def qemu() -> Path:
    return cross.folder() / "qemu" / "usr" / "bin" / "qemu-aarch64"


def bin_folder() -> Path:
    """One script for each interpreter, under the same unambiguous names as the native ones."""
    return folder() / "bin"


def find(interpreter: Interpreter) -> Path | None:
    """The emulated interpreter, or None where it was not provided."""
    path = bin_folder() / interpreter.command
    # Where its prefix is, not where the link to it is: environments of it look there for its library.
    return path.resolve() if path.is_file() and qemu().is_file() else None
