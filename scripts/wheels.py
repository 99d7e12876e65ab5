"""Makes and proves all that ships, as a release does: every verb of `python -m ci` in turn, on an empty dist/."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from ci import evidence, folder, host, jobs, matrix
from ci.console import console
from ci.paths import DIST, ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s wheels --", description=__doc__, allow_abbrev=False)
    help_ = "a platform of the matrix, or all (those that this machine is)"
    parser.add_argument("--platform", action="append", default=[], metavar="P", help=help_)
    parser.add_argument("--jobs", default=str(jobs.at_once()), metavar="N", help="wheels tested at a time (%(default)s here)")
    args = parser.parse_args()
    declared = matrix.load()
    chosen = declared.select_platforms(args.platform) if args.platform else host.native(declared)
    platforms = [word for platform in chosen for word in ("--platform", platform.name)]
    clear(DIST)
    verbs = {"build": platforms, "audit": [], "test": ["--jobs", args.jobs], "gate": platforms}
    failed, seconds = "", []
    for verb, options in verbs.items():
        console.rule(f"{verb}", align="left")
        started = time.monotonic()
        status = python_ci(verb, *options)
        seconds.append(f"{verb} {time.monotonic() - started:.0f} s")
        if status:
            failed = verb
            break
    console.rule("report", align="left")
    # What was found so far is worth reading above all when something failed.
    status = python_ci("report", *platforms)
    console.print(", ".join(seconds))
    if failed:
        console.print(f"[bold red]{failed} failed[/]: what it refused is above and in {DIST.name}/report.html")
    return 1 if failed or status else 0


def python_ci(*words: str) -> int:
    """One verb in a process of its own, as a person and a workflow run it; its exit status."""
    return subprocess.run([sys.executable, "-m", "ci", *words], cwd=ROOT, check=False).returncode


def clear(dist: Path) -> None:
    """Removes what the line itself made: evidence first, so that what a stopped clearing leaves is never taken for proven.

    A file that the line did not make stays, for the gate to name.
    """
    name = matrix.load().name
    for path in sorted(evidence.folder(dist).glob("*")):
        path.unlink()
    for pattern in (f"{name}-*.whl", f"{name}-*.tar.gz", f".{name}-*.part", "logs/*.log"):
        for path in dist.glob(pattern):
            path.unlink()
    for made in folder.OURS:
        path = dist / made
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
