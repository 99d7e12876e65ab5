"""The verb report: draws the release decision, and what it rests on, as report.html and report.md.

Where the decision is to release, SHA256SUMS lists the files that it is about, for who attests, announces or downloads them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from ci import decision, evidence, facts, page
from ci.console import console
from ci.decision import Decision
from ci.facts import MARKS, Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    decision.add_arguments(parser)
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="the release before, as a folder of wheels, a wheel or an SBOM: the crates that came, went and changed since",
    )


def run(args: argparse.Namespace) -> int:
    made = decision.from_args(args)
    more = [facts.crates(made, args.against)] if args.against else []
    text = markdown(made, more)
    for name, content in (("report.md", text), ("report.html", page.html(made, more))):
        evidence.write_text(args.dist / name, content)
        console.print(args.dist / name)
    write_sums(made, args.dist / "SHA256SUMS")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):  # what a hosted job shows on its page
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    console.print(made.verdict)
    return 0


def write_sums(made: Decision, path: Path) -> None:
    """As sha256sum writes them, and reads them with --check; none for what is not to be released, a rehearsal among it."""
    native = not made.not_run and set(made.hosts.values()) == {"native"}
    if not (made.complete and native):
        path.unlink(missing_ok=True)
        return
    rows = sorted((row.artifact.filename, row.sha256) for row in made.rows)
    evidence.write_text(path, "".join(f"{sha256}  {name}\n" for name, sha256 in rows))
    console.print(path)


def markdown(made: Decision, more: Sequence[Table] = ()) -> str:
    """The report for a job summary or a terminal; more: tables behind those of every report."""
    parts = [f"# hotkernels {made.version}: {made.verdict}", ""]
    if made.all_problems:
        parts += ["## What is refused", ""]
        for problem in made.all_problems:
            parts += [f"- **{plain(problem.message)}**"]
            said = (("expected", problem.expected), ("found", problem.found), ("do", problem.todo))
            parts += [f"  - {name}: {plain(text)}" for name, text in said if text]
        parts.append("")
    if made.not_run:
        parts += ["Not run, checked as a file alone:", ""]
        parts += [f"- {plain(artifact)} on {plain(interpreter)}" for artifact, interpreter in made.not_run]
        parts.append("")
    for title, note, head, rows in [*facts.tables(made), *more]:
        parts += [f"## {title}", "", *([note, ""] if note else [])]
        parts += [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
        parts += [f"| {' | '.join(plain(MARKS.get(cell, (cell,))[0]) for cell in row)} |" for row in rows]
        parts.append("")
    return "\n".join(parts)


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    for char in "\\`*_<>|[]":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.split())
