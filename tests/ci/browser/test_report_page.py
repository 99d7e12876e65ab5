"""The report's page as a person meets it: by mouse and keyboard, with scripts and without, wide and narrow, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from ci import checks
from ci.matrix import Artifact
from tests.ci.browser.conftest import LOOKS, Seen

Look = Callable[..., Seen]
ALL = re.compile(r"^(\d+) of \1 artifacts, (\d+) of \2 checks are shown\.$")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("fragment", ["", "#?state=fail"])
def test_looks(look: Look, report: str, width: str, scheme: str, fragment: str) -> None:
    """No error, no request, no page wider than its window; axe finds nothing, colours included."""
    seen = look(report + fragment, width, scheme)
    seen.page.locator("details.artifact").first.evaluate("node => node.open = true")
    assert seen.overflow == 0
    assert seen.violations({}) == []
    assert (seen.errors, seen.left) == ([], [])


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_without_scripts(look: Look, report: str, artifacts: tuple[Artifact, ...], width: str, scheme: str) -> None:
    """All is there and readable; what does nothing without scripts is not shown."""
    page = look(report, width, scheme, scripts=False).page
    expect(page.get_by_role("heading", level=1)).to_have_text(f"hotkernels {artifacts[0].version}")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#glance tbody tr[data-artifact]")).to_have_count(len(artifacts))
    expect(page.locator("#glance tbody tr[data-artifact]").last).to_be_visible()
    expect(page.get_by_text("the tests failed").first).to_be_visible()
    page.locator("details.artifact > summary").first.click()
    expect(page.locator("details.artifact li").first).to_be_visible()


def test_a_mark_leads_to_its_evidence(look: Look, report: str, by_label: dict[str, Artifact]) -> None:
    """One click, from the table to what the check said."""
    page = look(report).page
    page.get_by_role("link", name="sbom: pass").first.click()
    target = page.locator(":target")
    expect(target).to_be_visible()
    expect(target).to_be_in_viewport()
    expect(target).to_contain_text("sbom ✓ pass")
    page.get_by_role("link", name="on cp314: tests: fail").click()
    expect(page.locator(":target")).to_contain_text("1 failed, <b>bold</b>")
    expect(page.locator(":target")).to_be_in_viewport()


@pytest.mark.parametrize("scripts", [True, False])
def test_every_link_leads_somewhere(look: Look, report: str, artifacts: tuple[Artifact, ...], scripts: bool) -> None:
    page = look(report, scripts=scripts).page
    links = [link.get_attribute("href") or "" for link in page.locator("a").all()]
    known = {node.get_attribute("id") for node in page.locator("[id]").all()}
    assert {link for link in links if not link.startswith("#") or link[1:] not in known} == set()
    asked = sum(len(checks.expected_checks(artifact)) for artifact in artifacts)
    expect(page.locator("li[data-check]")).to_have_count(asked)


def test_filters_by_keyboard(look: Look, report: str) -> None:
    """Tab comes to each field, visibly; what is chosen is shown, said and kept in the address."""
    page = look(report).page
    status = page.get_by_role("status")
    expect(status).to_have_text(ALL)
    page.get_by_label("Platform", exact=True).focus()
    for name in ("ABI", "Interpreter", "Check", "Verdict", "Text"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(name, exact=True)).to_be_focused()
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"the focus on {name} is not seen"
    page.keyboard.press("Shift+Tab")
    verdict = page.get_by_label("Verdict", exact=True)
    for _ in range(verdict.locator("option").count()):
        if verdict.input_value() != "fail":
            page.keyboard.press("ArrowDown")
    expect(status).to_have_text(re.compile(r"^1 of \d+ artifacts, 1 of \d+ checks are shown\.$"))
    assert page.url.endswith("#?state=fail")
    expect(page.locator("#glance tbody tr[data-artifact]:visible")).to_have_count(1)
    expect(page.locator("#glance thead [data-checks]:visible")).to_have_text(["cp314"])
    expect(page.locator("details.artifact:visible")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.type("bold cp314")
    expect(status).to_have_text(re.compile("^1 of"))
    page.keyboard.type("zzz")
    expect(status).to_have_text("Nothing matches. No artifact is shown.")
    page.keyboard.press("Enter")  # sends nothing anywhere
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show all")).to_be_focused()
    page.keyboard.press("Enter")
    expect(status).to_have_text(ALL)
    assert "#" not in page.url
    expect(page.locator("details.artifact[open]")).to_have_count(0)


@pytest.mark.parametrize(
    ("field", "value", "name", "columns"),
    [
        ("Platform", "linux-x86_64", "platform", None),
        ("ABI", "cp312-abi3", "abi", None),
        ("Interpreter", "cp313t", "on", ["cp313t"]),
        ("Check", "sbom", "check", ["sbom"]),
        ("Check", "gil", "check", ["cp313t", "cp314t", "cp315t"]),
        ("Verdict", "missing", "state", ["cp315"]),
    ],
)
def test_each_filter(look: Look, report: str, field: str, value: str, name: str, columns: list[str] | None) -> None:
    """It leaves what it names, in the table and in the evidence; its address shows the same to who opens it."""
    page = look(report).page
    page.get_by_label(field, exact=True).select_option(value)
    status = page.get_by_role("status").inner_text()
    assert page.url.endswith(f"#?{name}={value}")
    shown = page.locator("li[data-check]:not([hidden])")
    assert shown.count() > 0
    owner = "details.artifact:not([hidden])" if name in ("platform", "abi") else "li[data-check]:not([hidden])"
    found = page.locator(owner).evaluate_all(f"nodes => nodes.map(node => node.dataset.{name})")
    assert set(found) == {value}
    if columns is not None:
        expect(page.locator("#glance thead [data-checks]:visible")).to_have_text(columns)
    again = look(page.url).page
    expect(again.get_by_label(field, exact=True)).to_have_value(value)
    expect(again.get_by_role("status")).to_have_text(status)


def test_a_link_shows_what_a_filter_hides(look: Look, report: str) -> None:
    page = look(f"{report}#?state=fail").page
    page.get_by_role("link", name="What is refused").click()
    target = page.locator(".problems a").last
    key = target.get_attribute("href") or ""
    target.click()
    expect(page.locator(f"[id='{key[1:]}']")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("status")).to_have_text(re.compile("^1 of"))


def test_an_address_with_unknown_words(look: Look, report: str) -> None:
    """A filter of another report, or no filter at all, hides nothing and breaks nothing."""
    for fragment in ("#?platform=moon", "#?moon=1", "#nowhere", "#?"):
        seen = look(report + fragment)
        expect(seen.page.get_by_role("status")).to_have_text(ALL)
        assert seen.errors == []


def test_what_a_screen_reader_says(look: Look, report: str, artifacts: tuple[Artifact, ...]) -> None:
    """Landmarks, headings, names of regions and tables, heads of rows and columns, and words where signs are seen."""
    page = look(report).page
    said = page.locator("body").aria_snapshot()
    for name in (
        '- navigation "Parts of this page":',
        "- search:",
        '- form "Filters":',
        "- main:",
        '- heading "Artifacts by checks" [level=2]',
        '- group "Artifacts by checks":',
        '- heading "Sizes since the release before" [level=3]',
        '- heading "Evidence" [level=2]',
    ):  # fmt: skip
        assert name in said, name
    expect(page.get_by_role("table", name="Sizes and hashes")).to_be_visible()
    table = page.get_by_role("table", name=re.compile("^Artifacts by checks"))
    expect(table.get_by_role("columnheader", name="sbom")).to_be_visible()
    expect(table.get_by_role("rowheader", name="cp312-abi3")).to_be_visible()
    expect(table.get_by_role("link", name=re.compile("tests on cp312: pass, 3"))).not_to_have_count(0)
    heads = page.locator("th")
    assert heads.evaluate_all("nodes => nodes.every(node => node.scope)")
    assert page.locator("table:not(:has(caption))").count() == 0


def test_since_the_release_before(look: Look, report: str) -> None:
    page = look(report).page
    sizes = page.get_by_role("table", name="Sizes since the release before")
    expect(sizes.get_by_role("row", name=re.compile("cp315-abi3.abi3t.* new"))).to_be_visible()
    expect(sizes.get_by_role("row", name=re.compile("cp311-abi3.* gone"))).to_be_visible()
    symbols = page.get_by_role("table", name="Symbols and libraries since the release before")
    expect(symbols.get_by_role("row", name="PyList_New imported symbol went all 6")).to_be_visible()
