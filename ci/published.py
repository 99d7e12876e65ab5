"""The verb published: whether a version on an index is whole, file by file. Reads only; anyone may ask, at any time."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ci import evidence, index, matrix
from ci.console import console, failed, passed, refusal
from ci.errors import CiError
from ci.paths import DIST


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the released files (default: dist/)")
    parser.add_argument("--index", required=True, metavar="URL", help="the Simple index, as pip's --index-url")
    parser.add_argument("--sums", type=Path, metavar="FILE", help="compare with the lines of sha256sum instead of with DIR")
    parser.add_argument("--version", metavar="V", help="1.2.3 or v1.2.3 (the workspace's)")
    parser.add_argument("--platform", action="append", default=[], metavar="P", help="a platform of the matrix (all)")


def run(args: argparse.Namespace) -> int:
    declared = matrix.load()
    version = (args.version or matrix.project_version()).removeprefix("v")
    names = [artifact.filename for artifact in declared.artifacts(version, declared.select_platforms(args.platform))]
    wanted = hashes(names, sums(args.sums) if args.sums else of_folder(args.dist, names), args.sums or args.dist)
    found = index.standing(args.index, declared.name, version, wanted)
    for name in found.there:
        passed(f"{name}  sha256 {wanted[name][:16]}…")
    for name in found.missing:
        failed(f"{name}  not on the index")
    for problem in found.problems:
        failed(problem.message)
        refusal(problem)
    if found.whole:
        console.print(f"{declared.name} {version} is whole on {args.index}: {len(found.there)} files")
        return 0
    console.print(
        f"{declared.name} {version} is NOT whole on {args.index}: {len(found.there)} of {len(wanted)} files are up as "
        f"released, {len(found.missing)} are missing, {len(found.problems)} are wrong"
    )
    return 1


def hashes(names: list[str], known: dict[str, str], source: Path) -> dict[str, str]:
    """The sha256 of each declared file; a CiError where the source has not exactly the declared ones."""
    lacking, more = [name for name in names if name not in known], sorted(set(known) - set(names))
    if lacking or more:
        raise CiError(
            f"{source}: not the files that are declared for this version",
            expected=", ".join(names),
            found="; ".join([*(f"no {name}" for name in lacking), *(f"{name} besides" for name in more)]),
            todo="give the folder or the sums of the release; --platform where it was of some platforms alone",
        )
    return {name: known[name] for name in names}


def of_folder(dist: Path, names: list[str]) -> dict[str, str]:
    return {name: evidence.sha256(dist / name) for name in names if (dist / name).is_file()}


def sums(path: Path) -> dict[str, str]:
    """What sha256sum wrote."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        todo = "sha256sum *.whl *.tar.gz > SHA256SUMS"
        raise CiError(f"{path}: {error}", expected="a file of sha256sum", todo=todo) from error
    found = {}
    for line in lines:
        if not (match := re.fullmatch(r"([0-9a-f]{64}) [ *](?:\./)?([^/]+)", line)):
            raise CiError(
                f"{path.name}: not a line of sha256sum",
                expected="64 hexadecimal digits, two spaces, a file name",
                found=line,
                todo="sha256sum *.whl *.tar.gz > SHA256SUMS",
            )
        found[match[2]] = match[1]
    return found
