"""What long runs came to, kept in docs/results: the raw results that the tables of docs/reliability.md are made of.

A run with --record writes its own rows anew and leaves the others. Each row says when, of which commit, and beside how much
other work it was made.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ci.console import console
from ci.paths import ROOT

FOLDER = ROOT / "docs" / "results"

CARGO = re.compile(
    r"^test result: \w+\. (\d+) passed; \d+ failed; (\d+) ignored; \d+ measured; (\d+) filtered out", re.MULTILINE
)
PYTEST = re.compile(r"^=* ?(?:\d+ failed, )?(\d+) passed(?:, (\d+) skipped)?(?:, (\d+) deselected)?.* in [\d.]+s", re.MULTILINE)
"""What they say last of all: how many passed, did not run here, were not asked for."""


def record(name: str, rows: Mapping[str, Mapping[str, object]]) -> None:
    """Puts the rows into that file of docs/results, in the place of those of the same keys."""
    path = FOLDER / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    told = circumstances()
    kept |= {key: {**told, **row} for key, row in rows.items()}
    FOLDER.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    console.print(f"recorded: {path.relative_to(ROOT)}: {', '.join(rows)}")


def circumstances() -> dict[str, object]:
    """What a result depends on, or may: the sources, the machine, and what else it did."""
    said = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": said.stdout.strip() or "none",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[2], 1),  # of the last 15 minutes
    }


@dataclass(kw_only=True)
class Ran:
    """A program of tests that has ended: how many passed, were skipped, were left out by name."""

    status: int = 0
    passed: int = 0
    skipped: int = 0
    left_out: int = 0

    def add(self, other: Ran) -> None:
        """As if both were one program."""
        self.status = self.status or other.status
        self.passed += other.passed
        self.skipped += other.skipped
        self.left_out += other.left_out

    @property
    def counts(self) -> dict[str, int]:
        return {"passed": self.passed, "skipped": self.skipped, "left out": self.left_out}


def run(command: Sequence[str | Path], *, env: Mapping[str, str]) -> Ran:
    """Runs cargo's or pytest's tests, which are seen as they come, and reads what they say in the end."""
    said = []
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        # By the character: pytest's dots come one by one.
        while piece := process.stdout.read(1) if process.stdout else "":
            said.append(piece)
            sys.stdout.write(piece)
            if piece in "\n.·":
                sys.stdout.flush()
    found = counted("".join(said))
    found.status = process.returncode
    return found


def counted(text: str) -> Ran:
    """What the last lines of all programs of tests say together."""
    ran = Ran()
    for passed, skipped, left_out in (*CARGO.findall(text), *PYTEST.findall(text)):
        ran.add(Ran(passed=int(passed), skipped=int(skipped or 0), left_out=int(left_out or 0)))
    return ran


@contextmanager
def processor_time() -> Iterator[dict[str, float]]:
    """Fills in "seconds": the processor time of all programs that were started and ended within."""

    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = spent()
    took: dict[str, float] = {}
    try:
        yield took
    finally:
        took["seconds"] = round(spent() - before, 2)
