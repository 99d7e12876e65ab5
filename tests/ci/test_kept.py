"""The raw results behind docs/reliability.md: read from what programs say, kept row by row; what it says of the attack."""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path

import pytest

from ci.paths import ROOT
from scripts import kept
from tests.ci.attack import archives, folders, matrices, sdists, wheels, words
from tests.ci.attack.release import MUTATIONS

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")

CARGO = """
test result: ok. 148 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 3.1s
test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (CARGO, (153, 1, 2)),
        (
            "..x [100%]\n\n== 1 failed, 1538 passed, 8 skipped, 30 deselected in 1643.14s (0:27:23) =====\n",
            (1538, 8, 30),
        ),
        ("======== 27 passed in 47.16s ========\n", (27, 0, 0)),
        ("27 passed, 2 deselected, 3 warnings in 0.5s\n", (27, 0, 2)),
        ("no tests ran in 0.01s\n", (0, 0, 0)),
    ],
)
def test_what_programs_of_tests_say_last(said: str, counts: tuple[int, int, int]) -> None:
    ran = kept.counted(said)
    assert (ran.passed, ran.skipped, ran.left_out) == counts


def test_a_program_is_seen_as_it_comes_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    program = "import sys; sum(range(5_000_000)); print('.. \\u00b7'); print('2 passed, 1 skipped in 0.1s'); sys.exit(3)"
    with kept.processor_time() as took:
        ran = kept.run([sys.executable, "-X", "utf8", "-c", program], env=os.environ)
    assert (ran.status, ran.passed, ran.skipped) == (3, 2, 1)
    assert capfd.readouterr().out.endswith("2 passed, 1 skipped in 0.1s\n")
    assert 0 < took["seconds"] < 60


def test_a_row_takes_the_place_of_its_own_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    monkeypatch.setattr(kept, "ROOT", tmp_path)  # no repository: no commit
    kept.record("fuzz", {"text": {"edges": 1}, "image": {"edges": 2}})
    kept.record("fuzz", {"text": {"edges": 3}})
    rows = json.loads((tmp_path / "fuzz.json").read_text())
    assert {name: row["edges"] for name, row in rows.items()} == {"text": 3, "image": 2}
    assert rows["text"]["commit"] == "none"
    assert rows["text"].keys() > {"finished", "cores", "load"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fuzz.json"]


TOLD = {
    "mutations of the archive of a wheel": archives,
    "of what a wheel holds": wheels,
    "of the sdist": sdists,
    "of evidence": words,
    "of the folder, of attestations": folders,
    "of the matrix, after the release was made": matrices,
}


def test_the_page_counts_the_mutations_that_there_are() -> None:
    for told, module in TOLD.items():
        count = sum(mutation.change.__module__ == module.__name__ for mutation in MUTATIONS.values())
        assert f"| {told} | {count} |" in PAGE, f"{told}: {count}"
    assert f"| mutations in all | {len(MUTATIONS)} |" in PAGE


LISTED = {
    ("tests/test_interrupt.py", "WORK"): "{} kinds of long calls",
    ("tests/test_races.py", "WORK"): "{} calls read what another thread fills",
    ("tests/test_no_memory.py", "CALLS"): "{} calls in processes that may have",
    ("scripts/endurance/load.py", "HEAVY"): "those 157 calls and {} heavier ones",
}
"""Where tests list what they try, and how the page says how many these are."""


@pytest.mark.parametrize(("path", "name"), LISTED)
def test_the_page_counts_what_the_tests_list(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name]
    (value,) = (node.value for node in assigned)
    assert isinstance(value, ast.Dict)
    assert all(value.keys), "a dict in another: count what is in it as well"
    assert f"(../{path}): {LISTED[path, name].format(len(value.keys))}" in PAGE


@pytest.mark.parametrize("name", ["fuzz", "load", "large", "runs"])
def test_the_page_has_the_table_of_each_file(name: str) -> None:
    assert f"```{{reliability}} {name}\n```" in PAGE
    assert json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())
