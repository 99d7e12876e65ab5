"""The verb report: draws the release decision, and what it rests on, as report.html and report.md.

Where the decision is to release, SHA256SUMS lists the files that it is about, for who attests, announces or downloads them, and
evidence.zip holds what it rests on, for who compares the next release with this one.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ci import decision, evidence
from ci.console import console, failed, passed
from ci.decision import Decision
from ci.report import before, facts, since
from ci.report.markdown import markdown
from ci.report.model import PASS, Report
from ci.report.page import html


def add_arguments(parser: argparse.ArgumentParser) -> None:
    decision.add_arguments(parser)
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="the release before, as a folder of its files, a wheel or an SBOM: what differs since in sizes, crates, symbols "
        "and, where its evidence is there too, times",
    )


def run(args: argparse.Namespace) -> int:
    this = report(decision.from_args(args), args.against)
    text = markdown(this)
    show(this)
    for name, content in (("report.md", text), ("report.html", html(this))):
        evidence.write_text(args.dist / name, content)
        console.print(args.dist / name)
    keep(this.made, args.dist)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):  # what a hosted job shows on its page
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    console.print(this.made.verdict)
    return 0


def report(made: Decision, against: list[Path] | None = None) -> Report:
    """All that a report says; against: where the release before lies."""
    return Report(
        made=made,
        entries=facts.entries(made),
        glance=facts.glance(made),
        tables=facts.tables(made),
        since=since.compare(made, against) if against else None,
    )


def show(this: Report) -> None:
    """One line an artifact, as every verb has them, and what differs from the release before."""
    for row in this.made.rows:
        mine = [entry for entry in this.entries if entry.row is row]
        good = sum(entry.state == PASS for entry in mine)
        said = f"{row.artifact.filename}  {good} of {len(mine)} checks"
        said += f"  {row.size:,} bytes" if row.path else ""
        (failed if row.problems else passed)(said)
    if this.since:
        console.print(f"since {this.since.name}:", markup=False)
        for line in this.since.digest:
            console.print(f"      {line}", markup=False)


def keep(made: Decision, dist: Path) -> None:
    """What goes out beside the artifacts; nothing of what is not to be released, a rehearsal among it.

    The sums are as sha256sum writes them, and reads them with --check.
    """
    sums, archive = dist / "SHA256SUMS", dist / before.ARCHIVE
    native = not made.not_run and set(made.hosts.values()) == {"native"}
    if not (made.complete and native):
        sums.unlink(missing_ok=True)
        archive.unlink(missing_ok=True)
        return
    before.pack(dist)
    rows = sorted((row.artifact.filename, row.sha256) for row in made.rows)
    evidence.write_text(sums, "".join(f"{sha256}  {name}\n" for name, sha256 in rows))
    for path in (archive, sums):
        console.print(path)
