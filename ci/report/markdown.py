"""report.md: for the summary of a hosted job, and for who reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ci import matrix
from ci.report.model import Report, Table


def markdown(this: Report) -> str:
    made = this.made
    parts = [f"# {matrix.load().name} {made.version}: {made.verdict}", ""]
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
    for table in this.glance:
        parts += drawn(table)
    if this.since:
        parts += [f"## Since the release before ({plain(this.since.name)})", ""]
        parts += [f"- {plain(line)}" for line in this.since.digest]
        parts.append("")
        for table in this.since.tables:
            parts += drawn(table, "###")
    for table in this.tables:
        parts += drawn(table)
    return "\n".join(parts)


def drawn(this: Table, sign: str = "##") -> Iterator[str]:
    yield from (f"{sign} {this.title}", "")
    if this.note:
        yield from (plain(this.note), "")
    if not this.lines:
        yield from (f"{plain(this.empty)}.", "")
        return
    head = [this.name, *(column.name for column in this.columns)]
    right = ["---", *("---:" if cell.kind == "number" else "---" for cell in this.lines[0].cells)]
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join(right)} |"
    for line in this.lines:
        yield f"| {' | '.join(plain(text) for text in [line.name, *(cell.text for cell in line.cells)])} |"
    yield ""


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    for char in "\\`*_<>|[]":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.split())
