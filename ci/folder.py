"""What lies in an artifact folder, and which of it a verb is to work on."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from ci import attestation, matrix
from ci.errors import CiError
from ci.matrix import Artifact
from ci.paths import DIST

OURS = frozenset({"evidence", "logs", "report.html", "report.md", "SHA256SUMS", "evidence.zip"})
"""What the verbs themselves put beside the artifacts."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and what to take from it."""
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the artifacts (default: dist/)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="TAG",
        help="a wheel tag such as cp312-abi3, or sdist; may be given again (default: all that are there)",
    )


def entries(dist: Path) -> list[Path]:
    """The files of the folder that claim to be artifacts: all but what the verbs write, and what attests to one of them."""
    if not dist.is_dir():
        raise CiError(
            f"{dist}: no such folder",
            expected="a folder of wheels and an sdist",
            todo="python -m ci build makes them",
        )
    there = {path.name for path in dist.iterdir()}
    beside = OURS | {f"{name}{attestation.SUFFIX}" for name in there}
    return sorted(dist / name for name in there - beside)


def selected(dist: Path, only: Iterable[str] = ()) -> tuple[list[Artifact], list[Path]]:
    """The declared artifacts that are in `dist`, in the order of the matrix, and the files that nobody declared.

    Whether all that is declared is there is for the gate to say. Nothing to work on is an error: a verb that did
    nothing must not look like one that found nothing wrong.
    """
    declared = matrix.load().artifacts(matrix.project_version())
    only = set(only)
    if unknown := only - {artifact.label for artifact in declared}:
        raise CiError(
            f"--only {min(unknown)}: nothing of that tag is declared",
            expected=", ".join(dict.fromkeys(artifact.label for artifact in declared)),
            found=min(unknown),
            todo="name a tag of the plan: python -m ci plan",
        )
    there = {path.name: path for path in entries(dist)}
    wanted = [a for a in declared if a.filename in there and (not only or a.label in only)]
    strangers = [path for name, path in there.items() if name not in {a.filename for a in declared}]
    if not wanted and not strangers:
        raise CiError(
            f"{dist}: nothing to work on",
            expected=" or ".join(sorted(only)) if only else f"files such as {declared[0].filename}",
            found=", ".join(there) or "an empty folder",
            todo="python -m ci build makes what the plan lists",
        )
    return wanted, ([] if only else strangers)


def undeclared(path: Path) -> CiError:
    """The refusal of a file that the matrix does not name."""
    declared = matrix.load().artifacts(matrix.project_version())
    alike = [a.filename for a in declared if a.filename.endswith(path.suffix)]
    return CiError(
        f"{path.name}: not a declared artifact",
        expected=", ".join(alike) or "what python -m ci plan lists",
        found=path.name,
        todo="remove the file; or, if it is to ship, add its row to ci/matrix.toml",
    )
