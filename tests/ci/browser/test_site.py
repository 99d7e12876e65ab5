"""The documentation as a person meets it: every page, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ci.browser.conftest import LOOKS, Seen, pages

Look = Callable[..., Seen]

THEIRS = {
    "aria-required-attr": "Sphinx writes the captions of the sidebar's lists as headings without a level",
    "landmark-unique": "furo's two sidebars are both asides without a name",
    "scrollable-region-focusable": "Sphinx and furo set no tabindex on code and tables that scroll; Chromium focuses them",
    "empty-table-header": "Markdown has no table without a head: where columns need no names, it is empty",
}
"""Rules of axe that the theme, the generator or the format breaks, and what it is there."""


@pytest.mark.parametrize("page", pages())
def test_page(look: Look, site: str, page: str) -> None:
    """No error, no request that leaves the machine, no page wider than its window; axe finds nothing of ours."""
    found = {}
    for width, scheme in LOOKS:
        seen = look(site + page, width, scheme)
        bad = [*seen.errors, *seen.left, *([f"{seen.overflow} pixels too wide"] if seen.overflow else [])]
        if bad := [*bad, *seen.violations(THEIRS)]:
            found[f"{width}, {scheme}"] = bad
    assert found == {}
