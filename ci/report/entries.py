"""The evidence in report.html: every check of every artifact, with what it said, so that the page stands by itself."""

from __future__ import annotations

import json
from html import escape
from itertools import groupby

from ci.evidence import Evidence
from ci.report.model import BAD, GOOD, NOT_RUN, OPEN, PASS, STATES, Entry, Report, key


def html(this: Report) -> str:
    parts = "".join(artifact(list(group)) for _, group in groupby(this.entries, key=lambda entry: entry.row.artifact.filename))
    return f"""<section aria-labelledby="evidence">
<h2 id="evidence">Evidence</h2>
<p class="hint">What each check said of each artifact, and the file beside the artifacts that says it.</p>
{parts}</section>
"""


def artifact(mine: list[Entry]) -> str:
    row = mine[0].row
    made = row.artifact
    kind, count = counted([entry.state for entry in mine])
    about = f"{row.size:,} bytes, SHA-256 {row.sha256}" if row.path else "The file is missing."
    data = {"name": made.filename, "platform": made.platform.name if made.platform else "", "abi": made.label}
    shown = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return f"""<details class="artifact" id="{escape(key(made))}"{shown}>
<summary><h3>{escape(made.filename)}</h3> <span class="count {kind}">{count}</span></summary>
<p class="code">{escape(about)}</p>
<ol>
{"".join(map(entry, mine))}</ol>
</details>
"""


def counted(states: list[str]) -> tuple[str, str]:
    """The class of an artifact's checks taken together, and the same in words."""
    good, idle = states.count(PASS), states.count(NOT_RUN)
    if good == len(states):
        return GOOD, f"✓ all {good} checks pass"
    if good + idle == len(states):
        return OPEN, f"{good} of {len(states)} checks pass, {idle} not run"
    return BAD, f"✗ {good} of {len(states)} checks pass"


def entry(this: Entry) -> str:
    data = {"check": this.expected.check, "on": this.expected.subject, "state": this.state}
    shown = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    sign, kind = STATES[this.state]
    sign = f"{sign} pass" if this.state == PASS else sign
    head = f'<b>{escape(str(this.expected))}</b> <span class="{kind}">{escape(sign)}</span>'
    if this.word:
        head += f' <span class="quiet">{escape(by(this.word))}</span>'
    return f'<li id="{escape(this.id)}"{shown}><p>{head}</p>{detail(this.word) if this.word else ""}</li>\n'


def by(word: Evidence) -> str:
    """Who said it, where and when."""
    how = {"native": f"native on {word.machine}", "emulated": f"emulated on {word.machine}", "static": "the file alone"}
    tool = " ".join(filter(None, (word.tool, word.version)))
    return f"{tool}, {how[word.host]}, {word.finished[:19].replace('T', ' ')} UTC"


def detail(word: Evidence) -> str:
    said = {**word.detail, "file": f"evidence/{word.filename}"}
    items = "".join(f"<div><dt>{escape(name)}</dt> <dd>{escape(text(value))}</dd></div>\n" for name, value in said.items())
    return f"\n<dl>\n{items}</dl>"


def text(value: object) -> str:
    """A value of the detail as a person reads it: lists and tables by their parts, everything else as JSON has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(text, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {text(part)}" for name, part in value.items()) or "none"
    return json.dumps(value, ensure_ascii=False)
