"""Compares the wheels of two folders, made in two ways: members, texts, and the sections and symbols of the extension.

Two builds of one commit must say and contain the same. What may differ is in EXPLAINED, each with its reason; anything else
is refused. docs/cibuildwheel.md tells what was done so that the list is short.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from ci import evidence, matrix
from ci.audit.elf import Elf
from ci.console import failed, passed, refusal, shorten, skipped
from ci.errors import CiError
from ci.matrix import Artifact


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that differs. what: "member", "order", "mode", "text", "section .text", "needed", …"""

    member: str
    what: str
    left: str
    right: str


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Differences that may be: expressions for the whole of `member` and of `what`, and why they do not matter."""

    member: str
    what: str
    why: str


EXPLAINED: tuple[Explained, ...] = (
    Explained(
        member=r".*\.dist-info/RECORD",
        what="text",
        why="it lists the hashes of the other members: each of those is judged by itself",
    ),
)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.compare", description=__doc__, allow_abbrev=False)
    parser.add_argument("left", type=Path, help="a folder of artifacts")
    parser.add_argument("right", type=Path, help="another, of the same commit")
    parser.add_argument("--platform", action="append", default=[], metavar="P", help="a platform of the matrix (all)")
    args = parser.parse_args(words)
    declared = matrix.load()
    artifacts = declared.artifacts(matrix.project_version(), declared.select_platforms(args.platform))
    try:
        return folders(artifacts, args.left, args.right)
    except CiError as error:
        refusal(error)
        return 1


def folders(artifacts: Iterable[Artifact], left: Path, right: Path) -> int:
    """Compares what is in both; 1 when something differs without an explanation. Nothing to compare is a CiError."""
    both = [a for a in artifacts if (left / a.filename).is_file() and (right / a.filename).is_file()]
    if not both:
        raise CiError(
            "nothing to compare",
            expected="artifacts of the same names in both",
            found=f"none in {left} that is also in {right}",
        )
    bad = False
    for artifact in both:
        same_origin(artifact, left, right)
        one, other = left / artifact.filename, right / artifact.filename
        if one.read_bytes() == other.read_bytes():
            passed(f"{artifact.filename}: the same bytes")
            continue
        found = list(differences(one, other)) if artifact.wheel else [archive(one, other)]
        new = [difference for difference in found if explanation(difference) is None]
        bad |= bool(new)
        (failed if new else passed)(f"{artifact.filename}: {len(found)} differences, {len(new)} without an explanation")
        for difference in found:
            why = explanation(difference)
            line = f"{difference.member}: {difference.what}: {difference.left} | {difference.right}"
            if why is None:
                refusal(CiError(line, todo="find out why; what cannot matter goes into EXPLAINED, with its reason"))
            else:
                skipped(f"  {line}  ({why})")
    return int(bad)


def same_origin(artifact: Artifact, left: Path, right: Path) -> None:
    """A CiError unless both say that they were built from the same commit by the same compiler."""
    origins = [origin(evidence.folder(dist) / f"{artifact.filename}.build.json") for dist in (left, right)]
    if origins[0] != origins[1]:
        raise CiError(
            f"{artifact.filename}: not built from the same",
            expected=f"commit, lock file and compiler of {left}: {', '.join(origins[0])}",
            found=", ".join(origins[1]),
            todo="build both again: python -m ci build",
        )


def origin(path: Path) -> tuple[str, ...]:
    """Commit, lock file and compiler, as the evidence of a build has them."""
    if not path.is_file():
        raise CiError(f"{path.name}: not there", todo="compare what `python -m ci build` made, with its evidence")
    detail = evidence.read(path).detail
    return tuple(str(detail.get(name) or "unknown") for name in ("commit", "lock", "rustc"))


def explanation(difference: Difference) -> str | None:
    """Why it may be, or None."""
    for row in EXPLAINED:
        if re.fullmatch(row.member, difference.member) and re.fullmatch(row.what, difference.what):
            return row.why
    return None


def archive(one: Path, other: Path) -> Difference:
    return Difference(member=one.name, what="bytes", left=evidence.sha256(one), right=evidence.sha256(other))


def differences(one: Path, other: Path) -> Iterator[Difference]:
    """All that differs between two wheels, from the archive inwards; if nothing inside does, how they are packed."""
    with zipfile.ZipFile(one) as left, zipfile.ZipFile(other) as right:
        names = left.namelist(), right.namelist()
        for name in sorted({*names[0]} ^ {*names[1]}):
            sides = ["there" if name in side else "not there" for side in names]
            yield Difference(member=name, what="member", left=sides[0], right=sides[1])
        common = [name for name in names[0] if name in names[1]]
        if common != [name for name in names[1] if name in names[0]]:
            yield Difference(member="", what="order", left=", ".join(names[0]), right=", ".join(names[1]))
        inside = False
        for name in common:
            for found in members(name, left, right):
                inside = True
                yield found
    if not inside and names[0] == names[1]:
        yield archive(one, other)


def members(name: str, left: zipfile.ZipFile, right: zipfile.ZipFile) -> Iterator[Difference]:
    """What differs of one member: its mode, its text, or what an ELF file is made of."""
    modes = [f"{archive.getinfo(name).external_attr >> 16:o}" for archive in (left, right)]
    if modes[0] != modes[1]:
        yield Difference(member=name, what="mode", left=modes[0], right=modes[1])
    data = left.read(name), right.read(name)
    if data[0] == data[1]:
        return
    if all(side.startswith(b"\x7fELF") for side in data):
        yield from elf(name, *data)
    else:
        lines = [side.decode("utf-8", "backslashreplace").splitlines(keepends=True) for side in data]
        at = next((i for i, (a, b) in enumerate(zip(*lines, strict=False)) if a != b), min(map(len, lines)))
        shown = [repr(side[at]) if at < len(side) else "no such line" for side in lines]
        yield Difference(member=name, what="text", left=shorten(shown[0]), right=shorten(shown[1]))


def elf(name: str, left: bytes, right: bytes) -> Iterator[Difference]:
    """What differs between two shared objects: what they promise first, then what they are made of."""
    read = Elf.read(left), Elf.read(right)
    for what in ("machine", "needed", "run_paths", "exported", "undefined", "versions"):
        one, other = (getattr(side, what) for side in read)
        if one != other:
            yield Difference(member=name, what=what, left=shown(one, other), right=shown(other, one))
    tables = [{s.name: s.data() for s in ELFFile(io.BytesIO(side)).iter_sections() if s.name} for side in (left, right)]
    for section in sorted({*tables[0], *tables[1]}):
        sides = [table.get(section) for table in tables]
        if sides[0] != sides[1]:
            text = section == ".comment"
            words = ["no such section" if s is None else repr(s) if text else f"{len(s)} bytes" for s in sides]
            yield Difference(member=name, what=f"section {section}", left=words[0], right=words[1])


def shown(one: object, other: object) -> str:
    """What one set has and the other has not; other values as they are."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return shorten(", ".join(sorted(map(str, one - other))) or "nothing more")
    return str(one)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
