"""What the documentation tells a person to run is there, and its table is of the results beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import standing, table
from ci.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks" / "README.md"])
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")
SESSIONS = set(re.findall(r"^@session\(.*\)\ndef (\w+)\(", NOXFILE, re.MULTILINE))
VERBS = {"plan", "build", "audit", "test", "gate", "report", "publish", "published"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_sessions_that_there_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:nox|noxfile\.py) -s (\w+)", text))
    assert named <= SESSIONS
    assert set(re.findall(r"-s ci -- (\w+)", text)) <= VERBS


def test_every_session_is_told_of() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    told = set(re.findall(r"-s (\w+)", text)) | set(re.findall(r"^\| (\w+)", text, re.MULTILINE))
    assert told >= SESSIONS


def test_links_between_files_lead_somewhere() -> None:
    lost = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not lost


def test_the_table_of_the_benchmarks_is_of_their_results() -> None:
    text = standing.README.read_text(encoding="utf-8")
    assert text == standing.written(text), "stale: python -m benchmarks.standing"


def test_a_row_has_the_median_of_the_ratios() -> None:
    row = {
        "work": "w",
        "unit": "bytes",
        "amount": 4e9,
        "peer": "p",
        "seconds": {"hotkernels": [1.0, 2.0, 4.0], "p": [2.0, 8.0, 4.0]},
    }
    (made,) = table.rows({"results": [row]})
    assert [engine.own for engine in made.engines] == [True, False]
    assert (made.engines[0].time, made.engines[0].rate, made.engines[0].ratio) == ("2.00 s", "2.00 GB/s", "2.00")


@pytest.mark.parametrize(
    ("seconds", "said"), [(7200.0, "2.00 h"), (0.25, "250 ms"), (1.5e-5, "15.0 µs"), (6.6e-8, "66.0 ns"), (1e-3, "1.00 ms")]
)
def test_durations_have_three_digits(seconds: float, said: str) -> None:
    assert table.duration(seconds) == said


def test_kept_results_say_where_they_are_from() -> None:
    for path in standing.RESULTS.glob("*.json"):
        assert table.where(json.loads(path.read_bytes())).startswith(json.loads(path.read_bytes())["machine"]["cpu"])
