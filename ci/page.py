"""report.html: one file without scripts or anything from elsewhere, light or dark as the reader's system is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ci import facts
from ci.decision import Decision
from ci.errors import CiError
from ci.facts import MARKS, Table

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #40464f); --head: light-dark(#f3f5f7, #20252b);
  --good: light-dark(#116329, #6fdd8b); --bad: light-dark(#a40e26, #ff9492); --page: light-dark(#fff, #14171a);
  --text: light-dark(#1a1d21, #e6e9ed); }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
  max-width: 80rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
.scroll:focus-visible { outline: .2rem solid var(--good); }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { padding: .35rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--head); }
tbody th { font-weight: 400; background: var(--page); }
.hash { font-family: ui-monospace, monospace; font-size: .8rem; }
@media (min-width: 50rem) { tbody th { position: sticky; left: 0; } }
@media (max-width: 50rem) { tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 12rem; } }
.problems > li { margin-bottom: 1rem; overflow-wrap: anywhere; }
dl { margin: .25rem 0 0; display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem; }
dt { opacity: .75; } dd { margin: 0; white-space: pre-wrap; min-width: 0; }
"""


def html(made: Decision, more: Sequence[Table] = ()) -> str:
    """The whole page; more: tables behind those of every report."""
    state = "good" if made.complete else "bad"
    title = f"hotkernels {made.version}: {made.verdict}"
    there = sum(row.path is not None for row in made.rows)
    words = sum(len(row.words) for row in made.rows)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>hotkernels {escape(made.version)}: <span class="{state}">{escape(made.verdict)}</span></h1>
<p>{there} of {len(made.rows)} declared artifacts are there, with {words} pieces of evidence.</p>
{problems(made.all_problems)}{"".join(table(each, number) for number, each in enumerate([*facts.tables(made), *more]))}</main>
</body>
</html>
"""


def problems(found: list[CiError]) -> str:
    if not found:
        return ""
    items = "".join(f"<li><strong>{escape(problem.message)}</strong>{rows(problem)}</li>\n" for problem in found)
    heading = '<section aria-labelledby="refused">\n<h2 id="refused">What is refused</h2>'
    return f'{heading}\n<ol class="problems">\n{items}</ol>\n</section>\n'


def rows(problem: CiError) -> str:
    pairs = (("expected", problem.expected), ("found", problem.found), ("do", problem.todo))
    shown = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in pairs if text)
    return f"<dl>{shown}</dl>" if shown else ""


def table(this: Table, number: int) -> str:
    """A table in a region of its own that scrolls, also by keyboard, so that the page does not."""
    name = f"table-{number}"
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in this.head)
    body = "".join(line(row, this.head) for row in this.rows)
    note = f"<p>{escape(this.note)}</p>\n" if this.note else ""
    return f"""<section aria-labelledby="{name}">
<h2 id="{name}">{escape(this.title)}</h2>
{note}<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0">
<table aria-labelledby="{name}">
<thead><tr>{head}</tr></thead>
<tbody>
{body}</tbody>
</table>
</div>
</section>
"""


def line(row: list[str], head: list[str]) -> str:
    cells = "".join(cell(text, column) for text, column in zip(row[1:], head[1:], strict=True))
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>\n'


def cell(text: str, column: str) -> str:
    if text == facts.PASS:
        return '<td><span class="good" role="img" aria-label="pass">✓</span></td>'
    shown, kind = MARKS.get(text, (text, "good" if text.startswith("✓") else "bad" if text.startswith("✗") else ""))
    if column == "SHA-256":
        kind = "hash"
    return f'<td class="{kind}">{escape(shown)}</td>' if kind else f"<td>{escape(shown)}</td>"
