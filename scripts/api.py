"""Holds the public Python API to the one of the release before, and keeps that one: ci/api/previous.txt.

What is public is what the stubs state; nox -s lint holds the stubs to the module, and tests/test_signatures.py holds each
wheel's signatures to them. `nox -s api` says what changed and which version that asks for; `--keep` keeps the API as it is now;
`--release` does so as that of a release; `--tag V` says whether V was kept, which a release asks first.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version
from rich.markup import escape

from ci import matrix
from ci.console import console, passed
from ci.errors import CiError
from ci.evidence import write_text
from ci.paths import ROOT
from scripts import signatures
from scripts.signatures import Change

STUBS = ROOT / "src" / "hotkernels" / "_native.pyi"
KEPT = ROOT / "ci" / "api" / "previous.txt"
HEAD = re.compile(r"# Made by: nox -s api -- --keep\. hotkernels (?P<version>\S+), (?P<state>released|not released yet)$")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the next release is compared with. A version that is not released yet may be kept anew: nobody relies on it."""

    version: str
    released: bool
    stubs: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s api --", description=__doc__.partition("\n")[0])
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--keep", action="store_true", help="keep the API as it is now, as that of a version not released yet")
    way.add_argument(
        "--release", action="store_true", help="keep it as that of the workspace's version, which is released next"
    )
    way.add_argument("--tag", metavar="V", help="whether what is kept is the API as it is now, and that of version V")
    args = parser.parse_args()
    try:
        now, version = STUBS.read_text(encoding="utf-8"), matrix.project_version()
        if args.tag:
            tagged(read(), now, args.tag.removeprefix("v"))
        elif args.keep or args.release:
            keep(now, version, released=args.release)
        else:
            judged(read(), now, version)
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return 0


def judged(kept: Kept, now: str, version: str) -> list[Change]:
    """The changes since the kept version, which `version` may make; a CiError where it may not."""
    found = signatures.changes(signatures.public(kept.stubs), signatures.public(now))
    for change in found:
        console.print(f"{'breaks' if change.breaking else 'adds  '}  {escape(str(change))}")
    breaking = [change for change in found if change.breaking]
    wanted = needed(Version(kept.version), breaking=bool(breaking), adding=bool(found))
    if Version(version).release < wanted:
        anew = f"; or keep it anew, as {kept.version} is not released yet: nox -s api -- --keep"
        raise CiError(
            f"the Python API is not that of {kept.version}",
            expected=f"version {'.'.join(map(str, wanted))} or later in Cargo.toml (CONTRIBUTING.md, What a version promises)",
            found=f"{version}, with\n" + "\n".join(str(change) for change in breaking or found),
            todo="take the change back, or raise the version" + ("" if kept.released else anew),
        )
    passed(f"the Python API of {version}, compared with {kept.version}: {len(found)} changes, {len(breaking)} of them breaking")
    return found


def needed(old: Version, *, breaking: bool, adding: bool) -> tuple[int, ...]:
    """The lowest release that may make such changes after `old`: semantic versions, a 0 in front shifted by one place."""
    major, minor, micro = (*old.release, 0, 0)[:3]
    if breaking:
        return (major + 1, 0, 0) if major else (0, minor + 1, 0)
    if adding:
        return (major, minor + 1, 0) if major else (0, minor, micro + 1)
    return (major, minor, micro)


def keep(now: str, version: str, *, released: bool) -> None:
    """Writes the kept file; a released one is followed by a version that may make the changes, and by no other."""
    if KEPT.is_file():
        kept = read()
        if kept.released or Version(kept.version) != Version(version):
            judged(kept, now, version)
        if kept.released and Version(kept.version) == Version(version) and not released:
            raise CiError(f"{version} is released", todo="raise the version in Cargo.toml first")
    state = "released" if released else "not released yet"
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    write_text(KEPT, f"# Made by: nox -s api -- --keep. hotkernels {version}, {state}\n{now}")
    passed(f"kept  {KEPT.relative_to(ROOT)}  {version}, {state}")


def tagged(kept: Kept, now: str, version: str) -> None:
    """Whether a release of `version` leaves behind what the next one is compared with."""
    same = signatures.normal(now) == signatures.normal(kept.stubs)
    if not (kept.released and Version(kept.version) == Version(version) and same):
        raise CiError(
            f"the API of {version} is not kept",
            expected=f"{KEPT.relative_to(ROOT)}: hotkernels {version}, released, as the stubs are",
            found=f"hotkernels {kept.version}, {'released' if kept.released else 'not released yet'}"
            + ("" if same else ", and other than the stubs"),
            todo="nox -s api -- --release, commit, and tag that commit",
        )
    passed(f"the Python API of {version} is kept")


def read(path: Path | None = None) -> Kept:
    path = path or KEPT
    head, _, stubs = path.read_text(encoding="utf-8").partition("\n") if path.is_file() else ("", "", "")
    if (match := HEAD.match(head)) is None:
        raise CiError(
            f"{path.name}: no kept API", expected=HEAD.pattern, found=head or "no such file", todo="nox -s api -- --keep"
        )
    return Kept(version=match["version"], released=match["state"] == "released", stubs=stubs)


if __name__ == "__main__":
    sys.exit(main())
