"""The directive `speed`: a table of how fast the project and its peers are, made from the raw results in benchmarks/."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from benchmarks.table import rows, where

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"


class Speed(SphinxDirective):
    """Its argument: a file of benchmarks/results without its ending; only: what a row's name has to hold."""

    required_arguments = 1
    option_spec = {"only": directives.unchanged}  # noqa: RUF012 - docutils declares it so

    def run(self) -> list[nodes.Node]:
        path = RESULTS / f"{self.arguments[0]}.json"
        self.env.note_dependency(str(path))
        results = json.loads(path.read_bytes())
        only = self.options.get("only", "")
        chosen = [row for row in rows(results) if only in row.work]
        if not chosen:
            raise self.error(f"no row of {path.name} has {only!r} in its name")
        lines = ["| work | engine | a call | rate | × peer |", "| --- | --- | ---: | ---: | ---: |"]
        for row in chosen:
            for number, engine in enumerate(row.engines):
                mark = "**" if engine.own else ""
                lines.append(
                    f"| {row.work if number == 0 else ''} | {mark}{engine.name}{mark} | {engine.time} | {engine.rate} "
                    f"| {mark}{engine.ratio}{mark} |"
                )
        lines += ["", f"*{where(results)}. The peer is the engine at 1.00. `nox -s bench -- {path.stem.rpartition('-')[2]}`*"]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=False)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("speed", Speed)
    return {"parallel_read_safe": True}
