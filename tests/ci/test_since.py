"""What a report says of the release before: sizes, symbols, libraries and times, and what one of the two does not have."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import __main__, decision, evidence, matrix
from ci.matrix import Artifact, Matrix, Platform
from ci.report import before, report
from ci.report.markdown import markdown, plain
from ci.report.model import Since, Table
from ci.report.page import html
from tests.ci import earlier, factory

Compare = Callable[..., Since]


@pytest.fixture
def old(tmp_path: Path, declared: Matrix, linux: tuple[Platform, ...]) -> Path:
    return earlier.release(tmp_path / "old", declared, linux)


@pytest.fixture
def compare(dist: Path, declared: Matrix, linux: tuple[Platform, ...]) -> Compare:
    earlier.timed(dist)

    def run(*against: Path) -> Since:
        found = report(decision.decide(dist, declared, matrix.project_version(), linux), list(against)).since
        assert found is not None
        return found

    return run


def table(since: Since, what: str) -> Table:
    return next(table for table in since.tables if table.title.startswith(what))


def rows(since: Since, what: str) -> dict[str, list[str]]:
    return {line.name: [cell.text for cell in line.cells] for line in table(since, what).lines}


def test_sizes(compare: Compare, old: Path, by_label: dict[str, Artifact], dist: Path) -> None:
    found = rows(compare(old), "Sizes")
    name = by_label["cp312-cp312"].filename
    now, then = (dist / name).stat().st_size, (old / name.replace("-0.1.0-", "-0.0.9-")).stat().st_size
    sign = "+" if now > then else "−"
    assert found[name][:3] == [f"{then:,}", f"{now:,}", f"{sign}{abs(now - then):,}"]
    assert found[name][3].endswith(" %")
    assert found[by_label[earlier.NEW].filename][0::2] == ["-", "new"]
    gone = next(old.glob(f"*{earlier.OLD}-*"))
    assert found[gone.name] == [f"{gone.stat().st_size:,}", "-", "gone", "-"]
    assert "all that both have" in found


def test_the_same_is_no_difference(compare: Compare, dist: Path, tmp_path: Path) -> None:
    since = compare(Path(shutil.copytree(dist, tmp_path / "same")))
    assert since.digest[0].endswith("±0.0 %.")
    assert {cells[2] for cells in rows(since, "Sizes").values()} == {"±0"}
    assert table(since, "Symbols").lines == table(since, "Crates").lines == ()
    assert {line.cells[3].text for line in table(since, "Times").lines} == {"±0.0"}


def test_symbols_and_libraries(compare: Compare, old: Path) -> None:
    since = compare(old)
    assert rows(since, "Symbols") == {"PyList_New": ["imported symbol", "went", "all 6"]}
    assert since.digest[2] == "Symbols and libraries: 0 came, 1 went."
    note = table(since, "Symbols").note
    assert f"{earlier.NEW}-manylinux_2_28_x86_64 is new" in note
    assert f"{earlier.OLD}-manylinux_2_28_x86_64 is gone" in note


def test_times(compare: Compare, old: Path, by_label: dict[str, Artifact]) -> None:
    lines = [line for line in table(compare(old), "Times").lines if line.name == by_label["cp313-cp313t"].filename]
    assert [[cell.text for cell in line.cells] for line in lines] == [
        ["build, CPU time", "4.0", "2.0", "−2.0", "−50.0 %"],
        ["tests on cp313t", "10.0", "12.5", "+2.5", "+25.0 %"],
        ["threads on cp313t", "10.0", "12.5", "+2.5", "+25.0 %"],
    ]


def test_times_of_the_evidence_that_a_release_has(compare: Compare, old: Path, tmp_path: Path) -> None:
    """As it is downloaded: the archive and not the folder."""
    as_files = table(compare(old), "Times")
    before.pack(old)
    shutil.rmtree(evidence.folder(old))
    assert table(compare(old), "Times") == as_files
    (old / before.ARCHIVE).unlink()
    since = compare(old)
    assert "without its evidence" in table(since, "Times").note
    assert (table(since, "Times").lines, since.digest[3]) == ((), "Times: not compared.")


def test_evidence_that_cannot_be_read_is_said(compare: Compare, old: Path) -> None:
    next(evidence.folder(old).glob("*.tests.cp312.json")).write_text('{"format": 1}')
    assert "1 of its pieces of evidence could not be read" in table(compare(old), "Times").note


@pytest.mark.parametrize("name", ["../x.json", "x/y.json", "x.txt", ""])
def test_an_archive_of_anything_else(compare: Compare, old: Path, name: str) -> None:
    shutil.rmtree(evidence.folder(old))
    if name:
        with zipfile.ZipFile(old / before.ARCHIVE, "w") as archive:
            archive.writestr(name, "{}")
    else:
        (old / before.ARCHIVE).write_bytes(b"PK")
    assert "could not be read" in table(compare(old), "Times").note
    assert not list(old.rglob("x*"))


def test_an_archive_that_unpacks_to_much(compare: Compare, old: Path) -> None:
    shutil.rmtree(evidence.folder(old))
    with zipfile.ZipFile(old / before.ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.json", bytes(60_000_000))
    assert "more than the evidence of a release" in table(compare(old), "Times").note


def test_an_extension_that_cannot_be_read(compare: Compare, old: Path, dist: Path, by_label: dict[str, Artifact]) -> None:
    """The report of a broken release is drawn all the same."""
    (dist / by_label["cp312-cp312"].filename).write_bytes(b"PK")
    other = by_label["cp313-cp313"]
    factory.write_wheel(dist / other.filename, factory.wheel_members(other, b"no ELF"))
    since = compare(old)
    note = table(since, "Symbols").note
    assert f"{by_label['cp312-cp312'].filename}: does not read as a wheel" in note
    assert "the extension does not read as Mach-O" in note
    assert by_label["cp312-cp312"].filename in table(since, "Crates").note


def test_an_sbom_says_crates_alone(compare: Compare, tmp_path: Path) -> None:
    bom = tmp_path / "bom.json"
    bom.write_text(json.dumps(factory.sbom("0.0.9") | {"components": [{"name": "pyo3", "version": "0.1.0"}]}))
    since = compare(bom)
    assert table(since, "Crates").lines
    assert table(since, "Sizes").lines == ()
    assert since.digest[0] == "Sizes: not compared."


def test_both_reports_and_the_terminal_say_the_same(
    dist: Path, declared: Matrix, linux: tuple[Platform, ...], old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One model: each cell of it is in the page and in the Markdown, and its digest is printed, too."""
    made = report(decision.decide(dist, declared, matrix.project_version(), linux), [old])
    assert made.since is not None
    page, text = html(made), markdown(made)
    for each in made.since.tables:
        assert each.title in page
        assert f"### {each.title}" in text
        for line in each.lines:
            shown = " | ".join(plain(cell.text) for cell in line.cells)
            assert f"| {plain(line.name)} | {shown} |" in text
            assert all(f">{cell.text}</td>" in page for cell in line.cells)
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64", "--against", str(old)]) == 0
    out = capsys.readouterr().out
    assert all(line in out for line in made.since.digest)
    assert all(line in page and plain(line) in text for line in made.since.digest)


def test_evidence_goes_out_with_what_may_be_released(dist: Path) -> None:
    words = ["report", str(dist), "--platform", "linux-x86_64"]
    assert __main__.main(words) == 0
    first = (dist / before.ARCHIVE).read_bytes()
    with zipfile.ZipFile(dist / before.ARCHIVE) as archive:
        assert sorted(archive.namelist()) == sorted(path.name for path in evidence.folder(dist).iterdir())
    assert __main__.main(words) == 0
    assert (dist / before.ARCHIVE).read_bytes() == first
    assert __main__.main(["gate", *words[1:]]) == 0
    next(evidence.folder(dist).glob("*.size.json")).unlink()
    assert __main__.main(words) == 0
    assert not (dist / before.ARCHIVE).exists()
