"""The directive `reliability`: a table of what long runs came to, made from the raw results in docs/results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parents[1] / "results"

Rows = dict[str, dict[str, Any]]

TABLES: dict[str, Callable[[Rows], list[str]]] = {}
"""By the name of the file."""


def table(make: Callable[[Rows], list[str]]) -> Callable[[Rows], list[str]]:
    TABLES[make.__name__] = make
    return make


def circumstances(row: dict[str, Any]) -> str:
    load = "load not recorded" if row["load"] is None else f"load {row['load']}"
    return f"{row['finished'][:10]}, {row['commit']}, {load}"


def with_when(
    header: list[str], aligned: list[str], rows: Rows, cells: Callable[[str, dict[str, Any]], list[str]]
) -> list[str]:
    """A table with a row each, and when that was: in a column, or once below it where it is the same for all."""
    when = {key: circumstances(row) for key, row in rows.items()}
    apart = len(set(when.values())) > 1
    lines = [[*header, "when"], [*aligned, "---"]] if apart else [header, aligned]
    lines += [[*cells(key, row), when[key]] if apart else cells(key, row) for key, row in rows.items()]
    return [f"| {' | '.join(line)} |" for line in lines] + (
        [] if apart else ["", *(f"*{text}*" for text in set(when.values()))]
    )


def size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


@table
def fuzz(rows: Rows) -> list[str]:
    """exporters counts rounds of its tests, a thousand examples each."""

    def cells(target: str, row: dict[str, Any]) -> list[str]:
        if row["executions"]:
            return [target, f"{row['seconds']:,.0f}", *(f"{row[name]:,}" for name in ("executions", "edges", "inputs"))]
        return [target, f"{row['seconds']:,.0f}", f"{row['inputs']:,} rounds", "", ""]

    return with_when(["target", "seconds", "inputs tried", "edges", "inputs kept"], ["---", *["---:"] * 4], rows, cells)


@table
def load(rows: Rows) -> list[str]:
    lines = ["| | " + " | ".join(rows) + " |", "| --- |" + " ---: |" * len(rows)]
    told: dict[str, Callable[[dict[str, Any]], str]] = {
        "minutes": lambda row: f"{row['seconds'] / 60:,.0f}",
        "threads, of which new ones came": lambda row: f"{row['threads']}, {row['rounds']} times",
        "calls": lambda row: f"{row['calls']:,}",
        "of these refused, as they have to be": lambda row: f"{row['refused']:,}",
        "wrong answers": lambda row: f"**{row['wrong']:,}**",
        "memory, on average and at most": lambda row: (
            f"{row['memory']['resident']['mean'] / 2**20:,.0f} MiB, {row['peak'] / 2**20:,.0f} MiB"
        ),
        "its slope, an hour": lambda row: f"{row['memory']['resident']['an hour'] / 2**20:+.2f} MiB",
        "blocks of Python's memory, an hour": lambda row: (
            f"{row['memory']['blocks']['an hour']:+,.0f} of {row['memory']['blocks']['mean']:,.0f}"
        ),
        "when": circumstances,
    }
    return lines + [f"| {name} | " + " | ".join(tell(row) for row in rows.values()) + " |" for name, tell in told.items()]


@table
def large(rows: Rows) -> list[str]:
    def cells(call: str, row: dict[str, Any]) -> list[str]:
        documented = size(row["documented"]) if row["documented"] else "nothing"
        return [call, size(row["input"]), size(row["beside"]), documented, f"{row['seconds']:,.1f}"]

    return with_when(["call", "input", "beside it", "documented", "seconds"], ["---", *["---:"] * 4], rows, cells)


@table
def runs(rows: Rows) -> list[str]:
    def cells(_: str, row: dict[str, Any]) -> list[str]:
        counts = [f"{row['passed']:,} passed"] if row["passed"] else ["passed"]
        counts += [f"{row[name]:,} {name}" for name in ("skipped", "left out") if row[name]]
        return [f"`{row['command']}`", row["build"], ", ".join(counts), f"{row['seconds']:,.0f} s"]

    return with_when(["run", "build", "tests", "processor time"], ["---", "---", "---", "---:"], rows, cells)


class Reliability(SphinxDirective):
    """Its argument: a file of docs/results without its ending."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in TABLES:
            raise self.error(f"no table {name!r}; there are {', '.join(TABLES)}")
        path = RESULTS / f"{name}.json"
        self.env.note_dependency(str(path))
        lines = TABLES[name](json.loads(path.read_bytes()))
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=False)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("reliability", Reliability)
    return {"parallel_read_safe": True}
