"""Finds the interpreters of the matrix on this machine, and never takes one for another. Standard library only."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci.paths import cache

if TYPE_CHECKING:
    from ci.matrix import Interpreter

# -I: neither the environment nor the working folder changes what it says of itself.
QUESTION = """
import json, platform, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "implementation": sys.implementation.name,
    "version": list(sys.version_info),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "machine": platform.machine(),
    "bits": 64 if sys.maxsize > 2**32 else 32,
    "virtual": sys.prefix != sys.base_prefix,
}))
"""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What an interpreter said of itself."""

    executable: Path
    implementation: str
    version: tuple[int, int, int, str, int]
    free_threaded: bool
    machine: str
    bits: int
    virtual: bool

    def serves(self, wanted: Interpreter, machine: str = "") -> bool:
        """Whether it is the one wanted, of this machine's kind or another. A virtual environment is not: it goes when its
        owner likes."""
        return (
            self.implementation == "cpython"
            and f"{self.version[0]}.{self.version[1]}" == wanted.version
            and self.free_threaded == wanted.free_threaded
            and (self.machine, self.bits) == (machine or platform.machine(), 64)
            and not self.virtual
        )

    @property
    def final(self) -> bool:
        return self.version[3] == "final"

    @property
    def release(self) -> str:
        """3.15.0rc2, as release files are named."""
        short = {"alpha": "a", "beta": "b", "candidate": "rc"}
        major, minor, patch, level, serial = self.version
        return f"{major}.{minor}.{patch}" + ("" if self.final else f"{short[level]}{serial}")


def find(interpreter: Interpreter) -> Path | None:
    """The best interpreter of this kind that the machine has, or None.

    The places are searched in order and the first that has one gives it, but a pre-release is taken only where no place
    has a final release.
    """
    found = search(interpreter)
    return found.executable if found else None


def search(interpreter: Interpreter) -> Candidate | None:
    """As find, with what it said of itself."""
    fallback = None
    for paths in places(interpreter.command, os.environ):
        best = choose(interpreter, (probe(path) for path in paths))
        if best and best.final:
            return best
        fallback = fallback or best
    return fallback


def choose(interpreter: Interpreter, candidates: Iterable[Candidate | None]) -> Candidate | None:
    """Of those that serve: final releases before pre-releases, then the newest."""
    serving = [candidate for candidate in candidates if candidate and candidate.serves(interpreter)]
    levels = ("alpha", "beta", "candidate", "final")

    def rank(candidate: Candidate) -> tuple[bool, tuple[int, ...]]:
        major, minor, patch, level, serial = candidate.version
        return candidate.final, (major, minor, patch, levels.index(level), serial)

    return max(serving, key=rank, default=None)


def places(command: str, environ: Mapping[str, str]) -> Iterator[list[Path]]:
    """Files of this name, place by place: our cache, PATH, pyenv's versions, uv's own."""
    home = Path.home()
    yield _existing([bin_folder() / command])
    yield _existing(Path(folder) / command for folder in environ.get("PATH", "").split(os.pathsep) if folder)
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    yield _existing(pyenv.glob(f"versions/*/bin/{command}"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    managed = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    yield _existing(managed.glob(f"cpython-*/bin/{command}"))


def bin_folder() -> Path:
    """Where scripts/interpreters.py links what it provides, under unambiguous names."""
    return cache() / "interpreters" / "bin"


def probe(path: Path) -> Candidate | None:
    """What the interpreter says of itself; None for what does not run, such as a pyenv shim of a version not chosen."""
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        said = json.loads(done.stdout)
        return Candidate(**said | {"executable": Path(said["executable"]), "version": tuple(said["version"])})
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError):
        return None


def _existing(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.is_file() and os.access(path, os.X_OK)]


if sys.platform == "win32":
    raise ImportError("hotkernels is built on Linux and macOS; use WSL")
