"""examples/linkage.py: from two CSV files to one."""

from __future__ import annotations

import csv
import io
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

EXAMPLE = Path(__file__).with_name("linkage.py")
PEOPLE = 'id,name\n1,Zoë Müller\n2,"O\'Brien, Patrick"\n3,Nobody Here\n4,\n'
REGISTER = "full_name,city\nPatrick O'Brien,Cork\nZoe Mueller,Bonn\nZoe Muller,Ulm\n"


@pytest.fixture(scope="module")
def example() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(EXAMPLE)))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8-sig")  # with a mark, as spreadsheets write it
    (tmp_path / "register.csv").write_text(REGISTER, encoding="utf-8")
    return [str(tmp_path / "people.csv"), str(tmp_path / "register.csv"), "--right", "full_name"]


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_rows_are_linked_and_none_is_lost(example, files, tmp_path, capsys) -> None:
    output = tmp_path / "linked.csv"
    assert example.main([*files, "--output", str(output), "--sort-words"]) == 0
    assert rows(output) == [
        ["id", "name", "linked_full_name", "linked_city", "score"],
        ["1", "Zoë Müller", "Zoe Muller", "Ulm", "1"],
        ["2", "O'Brien, Patrick", "Patrick O'Brien", "Cork", "1"],
        ["3", "Nobody Here", "", "", ""],
        ["4", "", "", "", ""],
    ]
    assert "2 of 4 rows linked" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["linked.csv", "people.csv", "register.csv"]


def test_a_distance_takes_a_largest_one(example, files, tmp_path) -> None:
    output = tmp_path / "linked.csv"
    example.main([*files, "--output", str(output), "--scorer", "osa", "--cutoff", "1"])
    assert [row[-1] for row in rows(output)[1:]] == ["0", "", "", ""]


def test_a_missing_column_is_named_with_those_that_there_are(example, files, tmp_path) -> None:
    with pytest.raises(SystemExit, match="no column 'surname'; it has id, name"):
        example.main([*files, "--left", "surname", "--output", str(tmp_path / "x.csv")])
    assert not (tmp_path / "x.csv").exists()


def test_a_missing_file_is_named(example, files, tmp_path) -> None:
    with pytest.raises(SystemExit, match=r"gone\.csv: No such file"):
        example.main([str(tmp_path / "gone.csv"), *files[1:], "--output", str(tmp_path / "x.csv")])


def test_a_terminal_sees_a_bar(example, files, tmp_path, monkeypatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    example.main([*files, "--output", str(tmp_path / "x.csv")])
    assert terminal.getvalue().endswith(f"[{'#' * 40}] 100% of 12 pairs\n")


@pytest.mark.parametrize(
    ("name", "wanted"), [("Åsa-Lena  Öberg", "asa lena oberg"), ("STRASSE straße", "strasse strasse"), ("…", None), ("ﬁ", "fi")]
)
def test_what_is_compared_of_a_name(example, name, wanted) -> None:
    assert example.key(name) == wanted
