"""Runs one workflow of a checkout on this machine with act, the hosted actions replaced by scripts/standins.

act 0.2.89 decides where a job of a matrix runs from a value that the jobs of the matrix overwrite for each other: what is to
run here is chosen with --matrix, so that no job is taken for one of another runner.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci.errors import CiError
from ci.paths import ROOT

STANDINS = ROOT / "scripts" / "standins"


@dataclass(kw_only=True)
class Ran:
    """jobs: result by name; said: the last lines of each job."""

    status: int
    jobs: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)


def command(checkout: Path, workflow: str, event: str, payload: Path, runner: str, env: Mapping[str, str]) -> list[str]:
    """act's command line: one job after the other, on this machine in place of `runner`."""
    act = str(Path(sys.executable).parent / "act")
    words = [act, event, "--directory", str(checkout), "--workflows", f".github/workflows/{workflow}"]
    words += ["--eventpath", str(payload), "--platform", f"{runner}=-self-hosted", "--json", "--no-cache-server"]
    words += ["--action-offline-mode", "--no-skip-checkout", "--concurrent-jobs", "1"]
    for name, commit in actions(checkout / ".github" / "workflows"):
        words += ["--local-repository", f"actions/{name}@{commit}={STANDINS / name}"]
    for key, value in env.items():
        words += ["--env", f"{key}={value}"]
    return words


def actions(folder: Path) -> list[tuple[str, str]]:
    """Every action that the workflows use, and its commit; a CiError for one that has no stand-in."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml")))
    found = sorted(set(re.findall(r"uses: actions/([a-z-]+)@([0-9a-f]{40})", text)))
    for name, _ in found:
        if not (STANDINS / name / "action.yml").is_file():
            raise CiError(
                f"actions/{name} has no stand-in",
                expected=f"one of {', '.join(sorted(path.parent.name for path in STANDINS.glob('*/action.yml')))}",
                found=name,
                todo=f"write {STANDINS.relative_to(ROOT) / name}/action.yml",
            )
    return found


def run(words: Sequence[str], log: Path, env: Mapping[str, str], *, timeout: float = 7200) -> Ran:
    """Runs act to its end, everything it says in `log`."""
    with log.open("wb") as file:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=dict(env), timeout=timeout, check=False
        )
    return read(done.returncode, log.read_text(encoding="utf-8", errors="replace").splitlines())


def read(status: int, lines: Sequence[str]) -> Ran:
    """What act's JSON lines say of each job."""
    ran = Ran(status=status)
    for row in rows(lines):
        job = row.get("job", "").strip()
        if not job:
            continue
        if result := row.get("jobResult"):
            ran.jobs[job] = result
        elif "Skipping unsupported platform" in row.get("msg", ""):
            ran.jobs[job] = "skipped"
        if row.get("raw_output"):
            ran.said.setdefault(job, []).append(row["msg"].rstrip("\n"))
        if row.get("stage") == "Main" and "executionTime" in row:
            ran.seconds[job] = ran.seconds.get(job, 0) + row["executionTime"] / 1e9
    return ran


def rows(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row
