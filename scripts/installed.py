"""Installs a published version by name from its index, with pip and uv, for every interpreter, and compares the bytes.

The last word of a release on each platform: what users get is what was gated.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.markup import escape

from ci import host, matrix
from ci.console import console, errors
from ci.errors import CiError
from ci.paths import DIST
from scripts.rehearsal import installs


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s installed --", description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the gated files (default: dist/)")
    parser.add_argument("--version", required=True, metavar="V", help="1.2.3 or v1.2.3")
    parser.add_argument("--index", required=True, metavar="URL", help="the Simple index, as pip's --index-url")
    args = parser.parse_args()
    try:
        bad = install_all(args.dist, args.version.removeprefix("v"), args.index)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.print(f"{bad} not as promised" if bad else "all as promised")
    return 1 if bad else 0


def install_all(dist: Path, version: str, simple: str) -> int:
    """A line an interpreter and installer; how many were not as promised."""
    declared = matrix.load()
    artifacts = declared.artifacts(version, host.native(declared))
    found = installs.interpreters_of(declared)
    if unserved := [interpreter.name for interpreter in found if installs.promised(artifacts, interpreter) is None]:
        raise CiError(f"no wheel is declared for {unserved[0]}", todo="add its row to ci/matrix.toml")
    with tempfile.TemporaryDirectory(prefix="hotkernels-installed-") as name:
        return installs.everywhere(f"{declared.name}=={version}", simple, artifacts, found, dist, Path(name).resolve())


if __name__ == "__main__":
    sys.exit(main())
