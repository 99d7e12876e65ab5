"""What a report says of the crates that came, went and changed since the release before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci import crates, decision, matrix
from ci.errors import CiError
from ci.matrix import Artifact, Matrix
from ci.report import report
from ci.report.markdown import markdown
from ci.report.model import Table
from ci.report.page import html
from tests.ci import factory


def write(folder: Path, artifact: Artifact, parts: list[dict[str, Any]]) -> Path:
    """A wheel whose SBOM lists these parts."""
    bom = factory.sbom(artifact.version) | {"components": parts}
    members = factory.wheel_members(artifact, b"")
    members[f"hotkernels-{artifact.version}.dist-info/sboms/hotkernels-bindings.cyclonedx.json"] = json.dumps(bom).encode()
    folder.mkdir(exist_ok=True)
    return factory.write_wheel(folder / artifact.filename, members)


def part(name: str, version: str, licence: str = "MIT") -> dict[str, Any]:
    return {"name": name, "version": version, "licenses": [{"expression": licence}]}


OLD = [part("pyo3", "0.28.3"), part("libc", "0.2.190"), part("gone", "1.0.0"), part("turned", "2.0.0")]
NEW = [part("pyo3", "0.30.1"), part("libc", "0.2.190"), part("came", "1.0.0", "Zlib"), part("turned", "2.0.0", "GPL-3.0-only")]


@pytest.fixture
def two(by_label: dict[str, Artifact], tmp_path: Path) -> tuple[Path, Path]:
    """A release before, and one now, of two wheels each."""
    for label in ("cp312-cp312", "cp312-abi3"):
        write(tmp_path / "old", by_label[label], OLD)
        write(tmp_path / "new", by_label[label], NEW)
    return tmp_path / "old", tmp_path / "new"


def test_all_kinds_of_change(two: tuple[Path, Path]) -> None:
    assert crates.compare(crates.read([two[0]]), crates.read([two[1]])) == [
        ["came", "added", "", "1.0.0 (Zlib)", "all 2"],
        ["gone", "removed", "1.0.0 (MIT)", "", "all 2"],
        ["pyo3", "another version", "0.28.3", "0.30.1", "all 2"],
        ["turned", "another licence", "MIT", "GPL-3.0-only", "all 2"],
    ]


def test_a_change_in_one_wheel_names_it(two: tuple[Path, Path], by_label: dict[str, Artifact]) -> None:
    write(two[1], by_label["cp312-abi3"], OLD)
    rows = crates.compare(crates.read([two[0]]), crates.read([two[1]]))
    assert {row[-1] for row in rows} == {"cp312-cp312-manylinux_2_28_x86_64"}


def test_the_same_is_no_change(two: tuple[Path, Path]) -> None:
    assert crates.compare(crates.read([two[0]]), crates.read([two[0]])) == []


def test_one_sbom_for_all(two: tuple[Path, Path], tmp_path: Path) -> None:
    bom = tmp_path / "bom.json"
    bom.write_text(json.dumps(factory.sbom("0.0.9") | {"components": OLD}))
    before = crates.read([bom])
    assert [row[0] for row in crates.compare(before, crates.read([two[1]]))] == ["came", "gone", "pyo3", "turned"]
    assert crates.without(before, crates.read([two[1]])) == []


def test_two_versions_of_a_crate() -> None:
    found = crates.of({"components": [part("syn", "3.0.9"), part("syn", "2.0.1", "Zlib")]})
    assert found == {"syn": ("2.0.1, 3.0.9", "MIT, Zlib")}


def test_licences_in_every_form_of_cyclonedx() -> None:
    licences = [{"license": {"id": "MIT"}}, {"license": {"name": "ours"}}]
    assert crates.of({"components": [{"name": "a", "version": "1", "licenses": licences}]}) == {"a": ("1", "MIT AND ours")}
    assert crates.of({"components": [{"name": "a", "version": "1"}]}) == {"a": ("1", "")}


@pytest.mark.parametrize("name", ["none", "empty", "x.whl", "odd.json"])
def test_nothing_to_compare_with(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.whl").write_bytes(b"")
    (tmp_path / "odd.json").write_text("[]")
    with pytest.raises(CiError):
        crates.read([tmp_path / name])


def test_a_wheel_that_cannot_be_read(by_label: dict[str, Artifact], tmp_path: Path) -> None:
    (tmp_path / by_label["cp312-abi3"].filename).write_bytes(b"PK")
    with pytest.raises(CiError, match="nothing to compare with"):
        crates.read([tmp_path])


def test_both_reports_show_it(two: tuple[Path, Path], declared: Matrix) -> None:
    made = decision.decide(two[1], declared, matrix.project_version(), declared.platforms)

    def table(before: Path) -> Table:
        since = report(made, [before]).since
        assert since is not None
        return next(table for table in since.tables if table.title.startswith("Crates"))

    assert len(table(two[0]).lines) == 4
    assert "2 wheels, 4 crates in all, with those of old." in table(two[0]).note
    for text in (markdown(report(made, [two[0]])), html(report(made, [two[0]]))):
        assert "Crates since the release before" in text
        assert "GPL-3.0-only" in text
    assert "Crates since" not in html(report(made))
    assert table(two[1]).lines == ()
    extra = two[0] / next(two[0].glob("*abi3*")).name.replace("cp312-abi3", "cp399-abi3")
    next(two[0].glob("*abi3*")).rename(extra)
    assert "Not compared: cp312-abi3" in table(two[0]).note
