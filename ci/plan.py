"""The verb plan: lists the declared artifacts, what each is built with, and what each is tested on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ci import checks, matrix
from ci.errors import CiError
from ci.matrix import Artifact, Matrix, Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--platform", action="append", default=[], metavar="P", help="a platform of the matrix (all)")
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="text for a person, json for a program, github for the matrix of a job: fromJSON() takes it",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="with --format github: jobs=… and platforms=… added to FILE, as in $GITHUB_OUTPUT",
    )


def run(args: argparse.Namespace) -> int:
    declared = matrix.load()
    platforms = declared.select_platforms(args.platform)
    if args.output and args.format != "github":
        raise CiError("--output goes with --format github", expected="--format github", found=f"--format {args.format}")
    artifacts = declared.artifacts(matrix.project_version(), platforms)
    if args.format == "github":
        jobs = json.dumps(job_matrix(declared, platforms), separators=(",", ":"))
        print(jobs)
        if args.output:
            with args.output.open("a", encoding="utf-8") as file:
                file.write(f"jobs={jobs}\nplatforms={json.dumps(platform_matrix(platforms), separators=(',', ':'))}\n")
    elif args.format == "json":
        print(json.dumps([row(artifact) for artifact in artifacts], indent=1))
    else:
        print(*lines(artifacts), sep="\n")
        print(f"{len(artifacts)} artifacts, {sum(len(a.tested_on) for a in artifacts)} runs of the tests")
    return 0


def row(artifact: Artifact) -> dict[str, Any]:
    """One artifact as a program wants it."""
    wheel, platform = artifact.wheel, artifact.platform
    return {
        "filename": artifact.filename,
        "version": artifact.version,
        "label": artifact.label,
        "platform": platform.name if platform else None,
        "lane": wheel.lane.name if wheel else None,
        "lock": wheel.lane.lock if wheel else None,
        "features": list(wheel.lane.features) if wheel else [],
        "maturin": wheel.lane.maturin if wheel else None,
        "cibuildwheel": wheel.lane.cibuildwheel if wheel else None,
        "built_on": wheel.interpreter.name if wheel else None,
        "tested_on": [interpreter.name for interpreter in artifact.tested_on],
        "checks": [str(check) for check in checks.expected_checks(artifact)],
    }


def job_matrix(declared: Matrix, platforms: tuple[Platform, ...]) -> dict[str, list[dict[str, Any]]]:
    """One job a platform and lane: what a lane builds there shares a lock file, tools and compiled crates."""
    jobs = []
    for platform in platforms:
        for lane in declared.lanes:
            wheels = [wheel for wheel in declared.wheels if wheel.lane == lane]
            if not wheels:
                continue
            jobs.append(
                {
                    "platform": platform.name,
                    "runner": platform.runner,
                    "lane": lane.name,
                    "tags": " ".join(wheel.tag for wheel in wheels),
                    "interpreters": " ".join(dict.fromkeys(wheel.interpreter.name for wheel in wheels)),
                    "cibuildwheel": lane.cibuildwheel,
                    "maturin": lane.maturin,
                }
            )
    return {"include": jobs}


def platform_matrix(platforms: tuple[Platform, ...]) -> dict[str, list[dict[str, str]]]:
    """One job a platform."""
    return {"include": [{"platform": platform.name, "runner": platform.runner} for platform in platforms]}


def lines(artifacts: tuple[Artifact, ...]) -> Iterator[str]:
    """Aligned columns for a person; never cut off, whatever the width of the terminal."""
    rows = [("artifact", "built on", "lane", "maturin", "tested on")]
    for artifact in artifacts:
        wheel, tested = artifact.wheel, " ".join(interpreter.name for interpreter in artifact.tested_on)
        made = (wheel.interpreter.name, wheel.lane.name, wheel.lane.maturin) if wheel else ("-", "-", "-")
        rows.append((artifact.filename, *made, tested))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row_ in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row_, widths, strict=True)).rstrip()
