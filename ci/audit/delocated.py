"""delocate's own word on a macOS wheel: the libraries it sees are those that the load commands name, and none is to graft."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from ci.audit.opened import Opened
from ci.console import shorten
from ci.errors import CiError
from ci.paths import cache


def check(file: Opened) -> dict[str, Any]:
    env = environment()
    listed = run(file, env, "delocate_listdeps", "--all", str(file.path)).split()
    # Where otool cannot read a file, delocate says that it needs nothing: what it sees is compared, not taken.
    if sorted(listed) != sorted(set(file.macho.libraries)):
        raise CiError(
            "delocate does not see the libraries that the load commands name",
            expected=", ".join(file.macho.libraries),
            found=", ".join(listed) or "none",
            todo="run `delocate-listdeps --all` on the wheel; look at the otool that it finds",
        )
    tag = file.artifact.platform.tag if file.artifact.platform else ""
    match = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag)
    major, minor, arch = match.groups() if match else ("", "", "")
    with tempfile.TemporaryDirectory(prefix="hotkernels-audit-") as folder:
        wanted = ["--require-archs", arch, "--require-target-macos-version", f"{major}.{minor}"]
        run(file, env, "delocate_wheel", *wanted, "--wheel-dir", folder, str(file.path))
        repaired = sorted(Path(folder).iterdir())
        names = [path.name for path in repaired]
        if names == [file.path.name]:
            with zipfile.ZipFile(repaired[0]) as archive:
                same = archive.read(file.extension) == file.members[file.extension]
                members = {name for name in archive.namelist() if not name.endswith("/")}  # it lists folders, too
                names = sorted(members ^ file.members.keys()) if same else [file.extension]
        if names:
            raise CiError(
                "delocate would change it",
                expected="the same name, extension and members: nothing to graft, nothing to retag",
                found=", ".join(names),
                todo="link other libraries statically; build with the MACOSX_DEPLOYMENT_TARGET of the tag",
            )
    return {"libraries": listed, "grafted": []}


def environment() -> dict[str, str]:
    """One in which delocate finds the programs that it runs.

    otool reads; lipo and install_name_tool would be run for a library to graft, and there is none in what passes.
    """
    folders = [str(Path(sys.executable).parent), *map(str, tool_folders()), os.environ.get("PATH", os.defpath)]
    path = os.pathsep.join(folders)
    if shutil.which("otool", path=path) is None:
        raise CiError(
            "no otool, without which delocate sees nothing",
            expected="Apple's, or LLVM's under that name",
            found="none on PATH",
            todo="nox -s toolchain gets it on Linux; `xcode-select --install` on macOS",
        )
    env = {name: value for name, value in os.environ.items() if name != "MACOSX_DEPLOYMENT_TARGET"}
    return env | {"PATH": path}


def tool_folders() -> list[Path]:
    """Where otool, lipo and install_name_tool may be, beside PATH."""
    return [cache() / "toolchain" / "bin"]


def run(file: Opened, env: dict[str, str], program: str, *words: str) -> str:
    command = [sys.executable, "-m", f"delocate.cmd.{program}", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()
        raise CiError(
            f"{program.replace('_', '-')} refuses it, status {done.returncode}",
            expected=f"a wheel that is whole, for {file.artifact.platform.tag if file.artifact.platform else ''}",
            found=shorten(" ".join(said[-4:])),
            todo=f"run `{program.replace('_', '-')} {' '.join(words[:-1])}` on the file to see why",
        )
    return done.stdout
