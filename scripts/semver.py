"""Holds the public API of the kernels crate to the release before, with cargo-semver-checks: nox -s semver.

The release before is the newest tag v* that is not of this version. As long as there is none, it is the commit that
ci/api/kernels.txt names: `--keep` writes HEAD there, which is not to be done any more once there is a release.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from packaging.version import InvalidVersion, Version
from rich.markup import escape

from ci import matrix
from ci.console import console, passed
from ci.errors import CiError
from ci.evidence import write_text
from ci.paths import ROOT
from ci.process import run
from scripts import crates

KEPT = ROOT / "ci" / "api" / "kernels.txt"
PACKAGE = "hotkernels-kernels"


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s semver --", description=__doc__.partition("\n")[0])
    help_keep = "before the first release: compare with this commit from now on (HEAD)"
    parser.add_argument("--keep", nargs="?", const="HEAD", metavar="COMMIT", help=help_keep)
    args = parser.parse_args()
    try:
        version = Version(matrix.project_version())
        tag = newest([tag for tag in git("tag", "--list", "v*").split() if tag], version)
        if args.keep:
            keep(tag, args.keep)
        else:
            judge(tag or kept(), version)
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return 0


def judge(baseline: str, version: Version) -> None:
    """A CiError with what changed where this version may not make such changes after the baseline."""
    try:
        git("cat-file", "-e", f"{baseline}^{{commit}}")
    except CiError as error:
        error.todo = "a shallow clone lacks the history: git fetch --unshallow --tags"
        raise
    command: list[str | Path] = [
        crates.program("cargo-semver-checks"),
        "semver-checks",
        "--package",
        PACKAGE,
        "--baseline-rev",
        baseline,
    ]
    todo = "take the change back, or raise the version in Cargo.toml (CONTRIBUTING.md, What a version promises)"
    said = run(command, what=f"{PACKAGE} {version} after {baseline}", cwd=ROOT, lines=200, todo=todo)
    console.print(said, markup=False)
    passed(f"{PACKAGE} {version}, compared with {baseline}")


def newest(tags: list[str], version: Version) -> str:
    """The newest release before this version by the order of versions; empty where there is none."""
    known = {}
    for tag in tags:
        try:
            known[Version(tag.removeprefix("v"))] = tag
        except InvalidVersion:
            continue
    return known[max(before)] if (before := [at for at in known if at < version and not at.is_prerelease]) else ""


def kept() -> str:
    """The commit that is compared with before the first release."""
    text = KEPT.read_text(encoding="utf-8") if KEPT.is_file() else ""
    if (match := re.search(r"^[0-9a-f]{40}$", text, re.MULTILINE)) is None:
        raise CiError("no release, and no kept commit", expected=f"a commit in {KEPT.name}", todo="nox -s semver -- --keep")
    return match[0]


def keep(tag: str, commit: str) -> None:
    if tag:
        raise CiError(f"{tag} is released: it is what is compared with", todo="raise the version as the change asks for")
    found = git("rev-parse", "--verify", f"{commit}^{{commit}}").strip()
    head = "# Made by: nox -s semver -- --keep. The kernels crate is compared with this commit until there is a release."
    write_text(KEPT, f"{head}\n{found}\n")
    passed(f"kept  {KEPT.relative_to(ROOT)}  {found}")


def git(*words: str) -> str:
    return run(["git", *words], what="asking git", cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
