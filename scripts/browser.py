"""Looks at what people see in a real browser: the page of `ci report` and the documentation's site, in headless Chromium.

The browser is the system's. Where there is none on Debian or Ubuntu it is installed, if that may be done without asking.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.markup import escape

from ci.console import console
from ci.errors import CiError
from ci.paths import ROOT
from ci.process import run
from scripts import docs

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TESTS = "tests/ci/browser"
INSTALL = "apt-get install chromium (Debian), or name another Chromium in HOTKERNELS_CHROMIUM"


def main(words: list[str]) -> int:
    try:
        program = provided()
        with tempfile.TemporaryDirectory(prefix="hotkernels-browser-") as folder:
            console.rule("site", align="left")
            if docs.site(docs.prepared(Path(folder))):
                raise CiError("the documentation is not right", todo="nox -s docs")
        console.rule(f"{TESTS} in {program.name}", align="left")
        env = os.environ | {"HOTKERNELS_CHROMIUM": str(program)}
        chosen = words if any((ROOT / word.partition("::")[0]).exists() for word in words) else [TESTS, *words]
        command = [sys.executable, "-m", "pytest", *chosen]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1


def provided() -> Path:
    """The browser; on a machine of CI that has none, Debian's, installed now."""
    if program := found():
        return program
    missing = CiError("no Chromium on this machine", expected=" or ".join(NAMES) + " on PATH", found="none", todo=INSTALL)
    if not os.environ.get("CI") or shutil.which("apt-get") is None:
        raise missing
    asked = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run([*asked, "apt-get", "update", "--quiet"], what="reading the package lists", env=env, timeout=600, todo=INSTALL)
    command = [*asked, "apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "chromium"]
    run(command, what="installing chromium", env=env, timeout=900, todo=INSTALL)
    if program := found():
        return program
    raise missing


def found() -> Path | None:
    """HOTKERNELS_CHROMIUM where it is set, or the first on PATH; a CiError where what is named is no program."""
    if named := os.environ.get("HOTKERNELS_CHROMIUM"):
        if path := shutil.which(named):
            return Path(path)
        raise CiError("HOTKERNELS_CHROMIUM names no program", expected="the path of a Chromium", found=named, todo=INSTALL)
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
