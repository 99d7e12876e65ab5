"""Runs the tests of examples/ with what the examples need: the package from a wheel, and Qt, painting without a screen.

Qt's wheels bring Qt, not the system's libraries below it. Where one is missing on Debian or Ubuntu it is installed, if this may
be done without asking for a password; elsewhere its name is said.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.markup import escape

from ci import clean, interpreters, matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.matrix import Interpreter, Matrix
from ci.paths import ROOT
from ci.process import run
from scripts.tests import install

SERVED = ("cp314", "cp313")
"""The interpreters that Qt's wheels serve and that have one of ours for the full API, the newest first."""

FREE_THREADED = "cp314t"
"""Where examples/server.py runs as well: it needs nothing but NumPy."""

PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
"""What the modules that are used are linked with, and Debian's package of it."""

IMPORTS = "from PySide6 import QtCore, QtGui, QtTest, QtWidgets"


def main(words: list[str]) -> int:
    try:
        declared = matrix.load()
        interpreter, python = newest(declared)
        bin_folder = tools.environment(ROOT / "ci" / "requirements" / "examples.txt", python=python)
        provide(bin_folder / "python")
        with tempfile.TemporaryDirectory(prefix="hotkernels-examples-") as folder:
            site = install(declared, interpreter, python, Path(folder))
            env = os.environ | {"PYTHONPATH": str(site), "QT_QPA_PLATFORM": "offscreen"}
            console.rule(f"examples on {interpreter.command}", align="left")
            command: list[str | Path] = [bin_folder / "python", "-P", "-m", "pytest", *(words or ["examples"])]
            bad = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
            return bad or (0 if words else without_gil(declared, Path(folder)))
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1


def without_gil(declared: Matrix, folder: Path) -> int:
    """The server again, where its requests run side by side; pytest's status."""
    interpreter = next(each for each in declared.interpreters if each.name == FREE_THREADED)
    if (python := interpreters.find(interpreter)) is None:
        raise CiError(f"no {interpreter.command}", todo="nox -s interpreters")
    bin_folder = tools.environment(clean.requirements(interpreter), python=python)
    env = os.environ | {"PYTHONPATH": str(install(declared, interpreter, python, folder))}
    console.rule(f"the server on {interpreter.command}", align="left")
    command: list[str | Path] = [bin_folder / "python", "-P", "-m", "pytest", "examples/test_server.py"]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def newest(declared: Matrix) -> tuple[Interpreter, Path]:
    """The interpreter to run them on."""
    known = {interpreter.name: interpreter for interpreter in declared.interpreters}
    for name in SERVED:
        if python := interpreters.find(known[name]):
            return known[name], python
    raise CiError(f"none of {', '.join(SERVED)} here", todo="nox -s interpreters")


def provide(python: Path) -> None:
    """Installs the shared libraries that Qt does not find, as far as this machine lets us."""
    while library := missing(python):
        package = PACKAGES.get(library)
        todo = f"install what has {library}" + (f": apt-get install {package}" if package else "")
        error = CiError("Qt does not load", expected=library, found="no such library", todo=todo)
        if package is None or shutil.which("apt-get") is None:
            raise error
        asked = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        if asked and shutil.which("sudo") is None:
            raise error
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        run([*asked, "apt-get", "update", "--quiet"], what="reading the package lists", env=env, timeout=600, todo=todo)
        command = [*asked, "apt-get", "install", "--quiet", "--yes", "--no-install-recommends", package]
        run(command, what=f"installing {package}", env=env, timeout=600, todo=todo)
        if missing(python) == library:
            raise error


def missing(python: Path) -> str:
    """The shared library that Qt asks for in vain; nothing where it loads."""
    done = subprocess.run([python, "-P", "-c", IMPORTS], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    if found := re.search(r"ImportError: (\S+\.so[.\d]*): cannot open shared object file", done.stderr):
        return found[1]
    raise CiError("Qt does not load", found=done.stderr[-600:], todo="see above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
