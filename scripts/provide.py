"""How a piece of the toolchain is put into the cache: made once, and anew when what it is made of changes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from ci import cross, once
from ci.process import run
from scripts import debian

LLVM = "22"
SYSTEM = ("libc6_", "libgcc-s1_", "libstdc++6_", "gcc-")  # of this machine, which may have newer ones


def packages(*suites: str, architecture: str = "amd64") -> debian.Apt:
    return debian.Apt(folder=cross.folder() / "debian", suites=suites, architecture=architecture)


def needs(apt: debian.Apt, names: Sequence[str]) -> list[debian.Archive]:
    """These and the libraries that they need, without those that every machine has."""
    return [archive for archive in apt.closure(names) if not archive.name.startswith(SYSTEM)]


def tool(name: str) -> Path:
    return cross.folder() / "llvm" / "usr" / "lib" / f"llvm-{LLVM}" / "bin" / name


def llvm_libraries() -> str:
    return f"{cross.folder()}/llvm/usr/lib/x86_64-linux-gnu"


def piece(target: Path, make: Callable[[Path], None], recipe: str) -> Path:
    """A folder made once, and again when what it is made of changes."""

    def whole(folder: Path) -> bool:
        note = folder / "recipe.txt"
        return note.is_file() and note.read_text(encoding="utf-8") == recipe

    def made(folder: Path) -> None:
        make(folder)
        (folder / "recipe.txt").write_text(recipe, encoding="utf-8")

    return once.folder(target, made, whole=whole)


def wrapper(path: Path, command: Sequence[str | Path], *, libraries: str = "", before: str = "") -> None:
    """A program of that name that runs this command; written only where it differs. libraries: LLVM's where not given."""
    export = f"export LD_LIBRARY_PATH={shlex.quote(libraries or llvm_libraries())}"
    lines = ["#!/bin/sh", *([before] if before else []), export]
    text = "\n".join([*lines, f'exec {shlex.join(map(str, command))} "$@"', ""])
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.chmod(0o755)
    part.replace(path)


def first_line(*command: str, find: str = "") -> str:
    """The first line of what a program says that holds `find`."""
    said = run(command, what=f"asking {Path(command[0]).name} for its version")
    return next((line.strip() for line in said.splitlines() if find in line), "")
