"""Lets `python3 noxfile.py -s SESSION` work with nothing but a Python: makes nox's environment once, and continues in it.

Standard library only. The environment is in the cache, keyed by ci/requirements/nox.txt; the system's Python is only read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    sys.exit(
        f"{sys.executable} is Python {sys.version_info[0]}.{sys.version_info[1]}; the tasks of this project need"
        f" {OLDEST[0]}.{OLDEST[1]} or later.\n  do: python3.13 noxfile.py …, or any other newer one"
    )

from ci import environment, once
from ci.errors import CiError
from ci.paths import ROOT, cache
from ci.process import run

REQUIREMENTS = ROOT / "ci" / "requirements" / "nox.txt"


def main(arguments: list[str]) -> None:
    """Continues as `python -m nox` in its own environment; does not return."""
    environment.apply()
    try:
        python = folder() / "bin" / "python"
    except CiError as error:
        sys.exit(str(error))
    os.environ["PATH"] = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    os.environ.pop("PYTHONHOME", None)  # it would be the starting interpreter's
    sys.stdout.flush()
    # This process goes on as nox, so that signals and the exit status are its own.
    os.execv(python, [str(python), "-m", "nox", "-f", str(ROOT / "noxfile.py"), *arguments])  # noqa: S606


def folder() -> Path:
    """nox's environment, made if it is not there."""
    inputs = REQUIREMENTS.read_bytes() + os.fsencode(Path(sys.executable).resolve()) + sys.version.encode()
    target = cache() / "environments" / f"nox-{hashlib.sha256(inputs).hexdigest()[:16]}"
    return once.folder(target, fill, whole=works)


def works(target: Path) -> bool:
    """Whether it is there and its base interpreter still is."""
    return (target / "bin" / "python").exists()


def fill(target: Path) -> None:
    """Makes the environment in the first way that works here, or says what each way lacks."""
    print("Preparing nox, once …", file=sys.stderr, flush=True)
    reasons = []
    for way in (with_uv, with_ensurepip, with_system_pip, with_virtualenv):
        try:
            way(target)
        except CiError as error:
            reasons.append(str(error))
        else:
            return
    if importlib.util.find_spec("ensurepip") is None:
        todo = "install the rest of Python (Debian, Ubuntu: apt install python3-venv), or uv"
    else:
        todo = "see above: a package registry that cannot be reached, or needs PIP_INDEX_URL or UV_DEFAULT_INDEX"
    raise CiError("no environment for nox could be made", found="\n".join(reasons), todo=todo)


def with_uv(target: Path) -> None:
    if (uv := shutil.which("uv")) is None:
        raise CiError("uv: not on PATH")
    make = "making an environment with uv"
    run([uv, "venv", "--quiet", "--no-project", "--allow-existing", "--python", sys.executable, target], what=make)
    command: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", target / "bin" / "python", "--compile-bytecode"]
    run([*command, "--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS], what=make)


def with_ensurepip(target: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise CiError("python -m venv: this Python has no ensurepip")
    run([sys.executable, "-m", "venv", "--clear", target], what="making an environment with venv")
    install([target / "bin" / "python", "-m", "pip"])


def with_system_pip(target: Path) -> None:
    """Debian without python3-venv but with python3-pip: its pip installs into an environment that has none."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("pip") is None:
        raise CiError("python -m pip --python: this Python has no pip, or no venv")
    run([sys.executable, "-m", "venv", "--clear", "--without-pip", target], what="making an environment with venv")
    install([sys.executable, "-m", "pip", "--python", target / "bin" / "python"])


def with_virtualenv(target: Path) -> None:
    if (virtualenv := shutil.which("virtualenv")) is None:
        raise CiError("virtualenv: not on PATH")
    run([virtualenv, "--quiet", "--clear", "--python", sys.executable, target], what="making an environment with virtualenv")
    install([target / "bin" / "python", "-m", "pip"])


def install(pip: list[str | Path]) -> None:
    """Installs the locked files with this pip, whatever a person's own settings say about where."""
    env = os.environ | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    for name in ("PIP_TARGET", "PIP_PREFIX", "PYTHONHOME"):
        env.pop(name, None)
    command = [*pip, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS]
    run(command, what="installing nox", env=env)


def add_uv_to_path() -> None:
    """For a nox that a person installed: puts the uv that came with it, or else one of ours, on PATH."""
    beside = Path(sys.executable).parent
    if shutil.which("uv") is None:
        found = beside if (beside / "uv").exists() else folder() / "bin"
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(found)])
