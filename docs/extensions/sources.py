"""Links from a page to a file of the repository that is no page: in the site they lead to the file at its public home."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def lead_home(app: Sphinx, doctree: nodes.document) -> None:
    """Replaces what would be a download, or a page outside of the site; a file that is not there stays a warning."""
    source = Path(app.srcdir)
    for node in [*doctree.findall(addnodes.download_reference), *doctree.findall(addnodes.pending_xref)]:
        # MyST says of a page that is not among the sources its whole path, without the ending.
        pages = node.get("refdomain") == "doc"
        found = (source / f"{node['reftarget']}{'.md' if pages else ''}").resolve()
        if found.exists() and source not in found.parents and source.parent in found.parents:
            anchor = f"#{node['reftargetid']}" if node.get("reftargetid") else ""
            link = nodes.reference("", "", refuri=f"{app.config.source_url}/{found.relative_to(source.parent)}{anchor}")
            link += node.children
            node.replace_self(link)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("source_url", "", "env")
    app.connect("doctree-read", lead_home)
    return {"parallel_read_safe": True}
