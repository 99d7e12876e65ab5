"""The documentation as a person meets it: every page, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ci.browser.conftest import LOOKS, Seen, pages

Look = Callable[..., Seen]

THEIRS: dict[str, str] = {}
"""Rules of axe that the theme or the generator breaks, not we, and what it is there."""


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
