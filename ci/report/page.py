"""report.html: one file, with nothing from elsewhere, whole without its one script, light or dark as the reader's system is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from ci import matrix
from ci.decision import Row
from ci.errors import CiError
from ci.report import entries
from ci.report.model import NUMBER, PASS, Cell, Column, Line, Report, Since, Table, key

HERE = Path(__file__).resolve().parent
FIRST = 5  # problems that are there before one asks for more: the checks are to be seen, too


def html(this: Report) -> str:
    style, script = (f"\n{(HERE / name).read_text(encoding='utf-8')}" for name in ("style.css", "filters.js"))
    policy = f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; base-uri 'none'; form-action 'none'"
    made = this.made
    project = matrix.load().name
    title = f"{project} {made.version}: {made.verdict}"
    tables = "".join(map(section, this.tables))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#checks">Skip to the checks</a>
<header>
<h1>{escape(project)} {escape(made.version)}</h1>
<p class="verdict {"good" if made.complete else "bad"}">{"✓" if made.complete else "✗"} {escape(made.verdict)}</p>
{facts(this)}{contents(this)}</header>
<main>
{problems(this)}{filters(this)}{glance(this.glance)}{since(this.since)}{tables}{entries.html(this)}</main>
<footer><p>Made by <code>python -m ci report</code>. This page is one file, and asks the network for nothing.</p></footer>
<script>{script}</script>
</body>
</html>
"""


def digest(text: str) -> str:
    """What a Content-Security-Policy knows an element by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def facts(this: Report) -> str:
    rows = this.made.rows
    there = [row for row in rows if row.path]
    builds = [word for row in rows if (word := row.words.get(("build", "")))]
    commits = dict.fromkeys(str(word.detail.get("commit") or "unknown") for word in builds)
    finished = sorted(word.finished for row in rows for word in row.words.values())
    said = {
        "artifacts": f"{len(there)} of {len(rows)}",
        "checks passed": f"{sum(entry.state == PASS for entry in this.entries)} of {len(this.entries)}",
        "bytes": f"{sum(row.size for row in there):,}",
        "commit": ", ".join(commit[:12] for commit in commits) or "unknown",
    }
    if finished:
        first, last = (time[:16].replace("T", " ") for time in (finished[0], finished[-1]))
        said["evidence of"] = f"{first} to {last.removeprefix(first[:11])} UTC"
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>\n" for name, text in said.items())
    return f'<dl class="facts">\n{items}</dl>\n'


def contents(this: Report) -> str:
    links = [("refused", "What is refused")] if this.made.all_problems else []
    links += [("checks", "Artifacts by checks")]
    links += [("since", "Since the release before")] if this.since else []
    links += [(name(table), table.title) for table in this.tables] + [("evidence", "Evidence")]
    items = "".join(f'<li><a href="#{target}">{escape(text)}</a></li>\n' for target, text in links)
    return f'<nav aria-label="Parts of this page">\n<ul>\n{items}</ul>\n</nav>\n'


def problems(this: Report) -> str:
    made = this.made
    found = [(problem, None) for problem in made.problems] + [(p, row) for row in made.rows for p in row.problems]
    if not found:
        return ""
    items = [f"<li><strong>{escape(problem.message)}</strong>{said(problem, row)}</li>\n" for problem, row in found]
    shown = f'<ol class="problems">\n{"".join(items[:FIRST])}</ol>\n'
    if more := items[FIRST:]:
        rest = f'<ol class="problems" start="{FIRST + 1}">\n{"".join(more)}</ol>'
        shown += f"<details>\n<summary>{len(more)} more</summary>\n{rest}\n</details>\n"
    return f'<section aria-labelledby="refused">\n<h2 id="refused">What is refused</h2>\n{shown}</section>\n'


def said(problem: CiError, row: Row | None) -> str:
    pairs = (("expected", problem.expected), ("found", problem.found), ("do", problem.todo))
    shown = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in pairs if text)
    link = (
        f'<dt>evidence</dt><dd><a href="#{escape(key(row.artifact))}">{escape(row.artifact.filename)}</a></dd>' if row else ""
    )
    return f"<dl>{shown}{link}</dl>"


def filters(this: Report) -> str:
    """The form; hidden until the script shows it, for without that it does nothing."""
    artifacts = [entry.row.artifact for entry in this.entries]
    offered: dict[str, tuple[str, list[str]]] = {
        "platform": ("Platform", [artifact.platform.name for artifact in artifacts if artifact.platform]),
        "abi": ("ABI", [artifact.label for artifact in artifacts]),
        "on": ("Interpreter", sorted(entry.expected.subject for entry in this.entries if entry.expected.subject)),
        "check": ("Check", [entry.expected.check for entry in this.entries]),
        "state": ("Verdict", [entry.state for entry in this.entries]),
    }
    fields = "".join(select(field, label, values) for field, (label, values) in offered.items())
    return f"""<search>
<form id="filters" aria-label="Filters" hidden>
{fields}<div class="field text"><label for="by-text">Text</label>
<input type="search" id="by-text" name="text" autocomplete="off" spellcheck="false"></div>
<button type="reset">Show all</button>
<p id="shown" role="status"></p>
</form>
</search>
"""


def select(field: str, label: str, values: Sequence[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in dict.fromkeys(values))
    choices = f'<select id="by-{field}" name="{field}"><option value="">all</option>{options}</select>'
    return f'<div class="field"><label for="by-{field}">{label}</label>\n{choices}</div>\n'


def glance(tables: Sequence[Table]) -> str:
    """Artifacts by checks: the tables side by side, the platforms one under the other."""
    columns = [(number, column) for number, table in enumerate(tables) for column in table.columns]
    edges = {sum(len(table.columns) for table in tables[:number]) for number in range(len(tables))}
    parts = "".join(
        f'<th scope="colgroup" class="edge" colspan="{len(table.columns)}" data-part="{number}">{escape(table.title)}</th>'
        for number, table in enumerate(tables)
        if table.columns
    )
    heads = "".join(heading(part, column, place in edges) for place, (part, column) in enumerate(columns))
    lines = list(zip(*(table.lines for table in tables), strict=True))
    bodies = ""
    for platform, group in groupby(lines, key=lambda line: line[0].artifact and line[0].artifact.platform):
        label = f'{platform.name} <span class="quiet">{platform.tag}</span>' if platform else "sources"
        top = f'<tr><th scope="rowgroup" colspan="{1 + len(columns)}"><span class="label">{label}</span></th></tr>\n'
        bodies += f"<tbody>\n{top}{''.join(glanced(line, edges) for line in group)}</tbody>\n"
    notes = "".join(f"<p>{escape(table.title)}: {escape(table.note)}</p>\n" for table in tables)
    return f"""<section aria-labelledby="checks">
<h2 id="checks">Artifacts by checks</h2>
<p class="hint">Each mark leads to the evidence that it rests on.</p>
<div class="scroll" role="group" aria-labelledby="checks" tabindex="0">
<table id="glance">
<caption class="spoken">Artifacts by checks: {escape(" and ".join(table.title.lower() for table in tables))}</caption>
<thead>
<tr><th scope="col" rowspan="2">artifact</th>{parts}</tr>
<tr>{heads}</tr>
</thead>
{bodies}</table>
</div>
<div class="hint">
{notes}</div>
</section>
"""


def heading(part: int, column: Column, edge: bool) -> str:  # whether it is the first of its part
    data = f'data-of="{part}" data-on="{escape(column.subject)}" data-checks="{escape(" ".join(column.checks))}"'
    return f'<th scope="col"{edged(edge)} {data}><span>{escape(column.name)}</span></th>'


def edged(edge: bool, kind: str = "") -> str:  # the same
    words = [*([kind] if kind else []), *(["edge"] if edge else [])]
    return f' class="{" ".join(words)}"' if words else ""


def glanced(line: Sequence[Line], edges: set[int]) -> str:
    artifact = line[0].artifact
    if artifact is None:
        return ""
    cells = [cell for part in line for cell in part.cells]
    shown = "".join(mark(cell, place in edges) for place, cell in enumerate(cells))
    label = f'<a href="#{escape(key(artifact))}" title="{escape(artifact.filename)}">{escape(artifact.label)}</a>'
    return f'<tr data-artifact="{escape(key(artifact))}"><th scope="row">{label}</th>{shown}</tr>\n'


def mark(cell: Cell, edge: bool) -> str:  # the same
    if not cell.text:
        return f"<td{edged(edge)}></td>"
    first, *rest = cell.text.split(", ")
    text = escape(first) + "".join(f"<small>{escape(part)}</small>" for part in rest)
    spoken = f' aria-label="{escape(cell.spoken)}"' if cell.spoken else ""
    return f'<td{edged(edge, cell.kind)}><a href="#{escape(cell.entry)}"{spoken}>{text}</a></td>'


def since(this: Since | None) -> str:
    if this is None:
        return ""
    items = "".join(f"<li>{escape(line)}</li>\n" for line in this.digest)
    parts = "".join(section(table, "h3") for table in this.tables)
    return f"""<section aria-labelledby="since">
<h2 id="since">Since the release before ({escape(this.name)})</h2>
<ul class="digest">
{items}</ul>
{parts}</section>
"""


def name(this: Table) -> str:
    return "-".join(this.title.lower().split())


def section(this: Table, level: str = "h2") -> str:
    """A table in a group of its own that scrolls, also by keyboard, so that the page does not."""
    note = f'<p class="hint">{escape(this.note)}</p>\n' if this.note else ""
    head = f'<section aria-labelledby="{name(this)}">\n<{level} id="{name(this)}">{escape(this.title)}</{level}>\n{note}'
    if not this.lines:
        return f"{head}<p>{escape(this.empty[0].upper() + this.empty[1:])}.</p>\n</section>\n"
    right = [cell.kind == NUMBER for cell in this.lines[0].cells]
    heads = "".join(
        f'<th scope="col"{edged(False, NUMBER if number else "")}>{escape(column.name)}</th>'
        for column, number in zip(this.columns, right, strict=True)
    )
    return f"""{head}<div class="scroll list" role="group" aria-labelledby="{name(this)}" tabindex="0">
<table>
<caption class="spoken">{escape(this.title)}</caption>
<thead><tr><th scope="col">{escape(this.name)}</th>{heads}</tr></thead>
<tbody>
{"".join(listed(this.lines))}</tbody>
</table>
</div>
</section>
"""


def listed(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        about = f' data-artifact="{escape(key(line.artifact))}"' if line.artifact else ""
        shown = "".join(f"<td{edged(False, cell.kind)}>{escape(cell.text)}</td>" for cell in line.cells)
        yield f'<tr{about}><th scope="row">{named(line)}</th>{shown}</tr>\n'


def named(line: Line) -> str:
    """An artifact of this release in few words, which lead to its file's name and evidence; anything else as it is."""
    if (artifact := line.artifact) is None:
        return escape(line.name)
    platform = f' <span class="quiet">{artifact.platform.name}</span>' if artifact.platform else ""
    return f'<a href="#{escape(key(artifact))}">{escape(artifact.label)}</a>{platform}'
