"""Builds what is committed twice, in two places that have little in common, and compares the artifacts byte by byte.

`--against DIR` builds once and compares with artifacts that are there already, such as a release's; with DIST as well,
what somebody built there is compared and nothing is built.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci import environment, evidence, host, matrix
from ci.console import console, errors, failed, passed, refusal
from ci.errors import CiError
from ci.matrix import Artifact
from ci.paths import ROOT, cache
from ci.process import run
from scripts import differences

SHARED = ("interpreters", "environments", "toolchain", "uv")
"""Of the cache: what is told apart by content already, or is too large to make twice. Crates and zig's objects are not."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder to build in, and what is peculiar to it. own_cache: crates unpacked elsewhere, zig's objects made anew."""

    folder: str
    umask: int = 0o022
    own_cache: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


HERE = Place(folder="a")
ELSEWHERE = Place(
    folder="another place/with a longer name, and spaces in it",
    umask=0o077,
    own_cache=True,
    env={"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "USER": "somebody", "LOGNAME": "somebody"},
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s reproduce --", description=__doc__, allow_abbrev=False)
    help_ = "a platform of the matrix, or all (those that this machine is)"
    parser.add_argument("--platform", action="append", default=[], metavar="P", help=help_)
    parser.add_argument("--only", action="append", default=[], metavar="TAG", help="cp312-abi3, …, or sdist")
    parser.add_argument("--against", type=Path, metavar="DIR", help="compare with the artifacts there; build once")
    parser.add_argument("built", nargs="?", type=Path, metavar="DIST", help="compare what is there; build nothing")
    args = parser.parse_args()
    if args.built and (args.against is None or args.platform or args.only):
        parser.error("DIST is compared with --against DIR, whole")
    environment.apply()
    base = Path(tempfile.mkdtemp(prefix="hotkernels-reproduce-"))
    try:
        if args.built:
            names = there(args.against, args.built)
            first, second = args.against, args.built
        else:
            wanted = select(args.platform, args.only)
            names = [artifact.filename for artifact in wanted]
            # Asked once: HEAD may move while this runs.
            commit = run(["git", "rev-parse", "HEAD"], what="asking for the commit", cwd=ROOT).strip()
            first = args.against or make(base, HERE, commit, wanted)
            second = make(base, ELSEWHERE, commit, wanted)
        different = compare(first, second, names)
    except CiError as error:
        errors.print(str(error), markup=False, style="bold red")
        shutil.rmtree(base)
        return 1
    for place in (HERE, ELSEWHERE):
        shutil.rmtree(base / place.folder / "work", ignore_errors=True)
    if args.built or not different:
        shutil.rmtree(base)  # otherwise what was built is worth a look
    if different:
        console.print(f"{different} of {len(names)} differ: {first} and {second}", markup=False)
        return 1
    console.print(f"{len(names)} artifacts, the same bytes twice")
    return 0


def there(*folders: Path) -> list[str]:
    """The names of all artifacts in these folders, whatever their version; a CiError where one has none."""
    name = matrix.load().name
    found = [{path.name for end in ("whl", "tar.gz") for path in folder.glob(f"{name}-*.{end}")} for folder in folders]
    for folder, names in zip(folders, found, strict=True):
        if not names:
            raise CiError(f"{folder}: no artifacts", expected=f"{name}-*.whl and {name}-*.tar.gz", todo="name another folder")
    return sorted(set().union(*found))


def select(platforms: list[str], only: list[str]) -> list[Artifact]:
    """The declared artifacts of these platforms and labels; an unknown one is a CiError."""
    declared = matrix.load()
    chosen = declared.select_platforms(platforms) if platforms else host.native(declared)
    artifacts = declared.artifacts(matrix.project_version(), chosen)
    if unknown := set(only) - {artifact.label for artifact in artifacts}:
        raise CiError(
            f"--only {min(unknown)}: nothing of that tag is declared",
            expected=", ".join(dict.fromkeys(artifact.label for artifact in artifacts)),
            todo="name a tag of the plan: python -m ci plan",
        )
    return [artifact for artifact in artifacts if not only or artifact.label in only]


def make(base: Path, place: Place, commit: str, wanted: list[Artifact]) -> Path:
    """Clones a commit into a place and builds it there; the folder of the artifacts."""
    work, out = base / place.folder / "work", base / place.folder / "dist"
    work.mkdir(parents=True)
    console.print(f"building {commit[:12]} in {work}", markup=False)
    env = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    env |= place.env
    if place.own_cache:
        env["HOTKERNELS_CACHE"] = str(own_cache(work / "cache"))
    checkout = work / "checkout"
    platforms = dict.fromkeys(artifact.platform.name for artifact in wanted if artifact.platform)
    labels = dict.fromkeys(artifact.label for artifact in wanted)
    build = [sys.executable, "-m", "ci", "build", str(out)]
    build += [word for name in platforms or [matrix.load().platforms[0].name] for word in ("--platform", name)]
    build += [word for label in labels for word in ("--only", label)]
    commands = (
        (["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(checkout)], work),
        (["git", "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit], checkout),
        (build, checkout),
    )
    for command, folder in commands:
        checkout.mkdir(exist_ok=True)
        # Not through process.run: a build of minutes is seen as it goes, and the umask is the place's.
        if status := subprocess.run(command, cwd=folder, env=env, umask=place.umask, check=False).returncode:
            raise CiError(f"{' '.join(command[:4])} … ended with status {status}", todo="correct what it says above")
    return out


def own_cache(folder: Path) -> Path:
    """A cache folder whose crates are unpacked in it, from the same archives, so that the network is not needed twice."""
    folder.mkdir()
    for name in SHARED:
        (folder / name).symlink_to(cache() / name)
    for part in ("cache", "index"):
        if (theirs := cache() / "cargo" / "registry" / part).is_dir():
            shutil.copytree(theirs, folder / "cargo" / "registry" / part)
    return folder


def compare(first: Path, second: Path, names: list[str]) -> int:
    """Prints a line an artifact, and what differs below it; how many differ."""
    different = 0
    for name in names:
        one, other = first / name, second / name
        if missing := [path for path in (one, other) if not path.is_file()]:
            failed(name)
            refusal(CiError(f"not in {missing[0].parent}", todo="name a folder with all of them, or fewer with --only"))
        elif lines := differences.artifacts(one, other):
            failed(name)
            found = "\n".join([*lines, *conditions(first, second, name)])
            todo = "a path, a time or an order that went in; or it was not built from this commit with these tools"
            refusal(CiError("two builds of it differ", found=found, todo=todo))
        else:
            passed(f"{name}  sha256 {evidence.sha256(one)}")
            continue
        different += 1
    return different


def conditions(first: Path, second: Path, name: str) -> list[str]:
    """In what the two builds say that they were made of different things: commit, compiler, maturin."""
    paths = [evidence.folder(dist) / f"{name}.build.json" for dist in (first, second)]
    if not all(path.is_file() for path in paths):
        return []
    words = [evidence.read(path) for path in paths]
    said = [{"tool": f"{w.tool} {w.version}", **{key: w.detail.get(key) for key in ("commit", "rustc")}} for w in words]
    return [f"built with {key} {said[0][key]} and {said[1][key]}" for key in said[0] if said[0][key] != said[1][key]]


if __name__ == "__main__":
    sys.exit(main())
