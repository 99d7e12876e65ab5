"""Makes the release's page on the project's host: the gated files, their check sums and the report, or nothing of it.

Runs again after a failure: a page that is there already must hold the very same files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.markup import escape

from ci import folder
from ci.console import console, errors
from ci.errors import CiError
from ci.evidence import sha256
from ci.paths import DIST
from ci.process import run

BESIDE = ("SHA256SUMS", "evidence.zip", "report.html")


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s announce --", description=__doc__.partition("\n")[0])
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the gated files (dist/)")
    parser.add_argument("--tag", required=True, help="the tag of the release, such as v1.2.3")
    args = parser.parse_args()
    try:
        announce(args.dist, args.tag)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return 0


def announce(dist: Path, tag: str) -> None:
    files = [path for path in folder.entries(dist) if path.name not in BESIDE]
    files += [dist / name for name in BESIDE]
    if missing := [path.name for path in files if not path.is_file()]:
        todo = "nox -s ci -- report writes both, the sums for a complete decision alone"
        raise CiError(f"{missing[0]}: not a file in {dist}", expected=", ".join(BESIDE), todo=todo)
    if tag in tags():
        compare(files, tag)
        console.print(f"{tag}: announced already, with these very files")
        return
    # gh makes a draft, adds the files and only then shows it.
    command = ["gh", "release", "create", tag, "--verify-tag", "--notes-from-tag", *map(str, files)]
    run(command, what=f"announcing {tag}", todo="run it again: a draft that was left is found by its tag")
    console.print(f"{tag}: announced, {len(files)} files")


def tags() -> list[str]:
    command = ["gh", "release", "list", "--limit", "1000", "--json", "tagName", "--jq", ".[].tagName"]
    return run(command, what="asking for the releases that there are").split()


def compare(files: list[Path], tag: str) -> None:
    with tempfile.TemporaryDirectory(prefix="hotkernels-announced-") as name:
        run(["gh", "release", "download", tag, "--dir", name], what=f"reading the release {tag}")
        theirs = {path.name: sha256(path) for path in Path(name).iterdir()}
    ours = {path.name: sha256(path) for path in files if path.name != "report.html"}  # the report has a time in it
    theirs.pop("report.html", None)
    if different := sorted(file for file in ours.keys() | theirs.keys() if ours.get(file) != theirs.get(file)):
        raise CiError(
            f"the release {tag} is there with other files",
            expected="the gated files, byte by byte",
            found=", ".join(different),
            todo="look at who made it; remove it if it was left half-way, and run this again",
        )


if __name__ == "__main__":
    sys.exit(main())
