"""The directive `bindings`: a table of what ways to write an extension cost, made from the raw results in benchmarks/."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from benchmarks import bindings_tables


class Bindings(SphinxDirective):
    """Its argument: the name of a table of benchmarks/bindings_tables.py."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in bindings_tables.TABLES:
            raise self.error(f"no table {name!r}; there are {', '.join(bindings_tables.TABLES)}")
        for file in bindings_tables.FILES:
            self.env.note_dependency(str(bindings_tables.RESULTS / file))
        return self.parse_text_to_nodes(bindings_tables.made(name), allow_section_headings=False)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("bindings", Bindings)
    return {"parallel_read_safe": True}
