"""Virtual environments of locked tools: made once a requirements file and interpreter, kept in the cache, never changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from ci import once
from ci.environment import settings
from ci.errors import CiError
from ci.paths import cache
from ci.process import run


def environment(requirements: Path, *, python: Path | None = None) -> Path:
    """The bin folder of an environment that holds exactly what the hashed file `requirements` lists.

    python: the interpreter to make it with; the running one when None.
    """
    base = Path(sys.executable) if python is None else python
    if not requirements.is_file():
        raise CiError(f"{requirements.name}: no such requirements", expected=str(requirements), todo="nox -s lock makes it")
    target = cache() / "environments" / f"{requirements.stem}-{base.name}-{digest(requirements, base)}"

    def make(folder: Path) -> None:
        env = os.environ | settings(os.environ)
        what = f"the environment of {requirements.name} for {base}"
        todo = "the lines above say what was not found: a registry that cannot be reached, or a wheel that is not there"
        command: list[str | Path] = [uv(), "venv", "--quiet", "--no-project", "--relocatable", "--allow-existing"]
        run([*command, "--python", base, folder], what=what, env=env)
        command = [uv(), "pip", "install", "--quiet", "--python", folder / "bin" / "python", "--compile-bytecode"]
        run([*command, "--require-hashes", "--only-binary", ":all:", "-r", requirements], what=what, env=env, todo=todo)

    return once.folder(target, make, whole=lambda folder: (folder / "bin" / "python").exists()) / "bin"


def digest(requirements: Path, python: Path) -> str:
    """What an environment depends on: the file's bytes, and the interpreter's path and time (an upgrade in place)."""
    real = python.resolve()
    parts = (requirements.read_bytes(), os.fsencode(real), str(real.stat().st_mtime_ns).encode(), os.fsencode(python))
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def uv() -> str:
    """The uv beside the running interpreter, or the one on PATH."""
    if found := shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])):
        return found
    raise CiError("uv is not there", todo="run it through the door, which brings uv: python3 noxfile.py -s ci -- …")
