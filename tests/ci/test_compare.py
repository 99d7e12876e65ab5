"""compare: the same bytes pass, an explained difference passes, a new one is named and refused."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from ci import evidence
from ci.errors import CiError
from ci.matrix import Artifact
from scripts import compare
from tests.ci import factory


@pytest.fixture
def wheel(by_label: dict[str, Artifact]) -> Artifact:
    return by_label["cp312-cp312"]


@pytest.fixture
def sides(tmp_path: Path, wheel: Artifact) -> tuple[Path, Path]:
    """Two folders with the same wheel and its evidence."""
    left, right = tmp_path / "left", tmp_path / "right"
    for folder in (left, right):
        folder.mkdir()
        factory.write_wheel(folder / wheel.filename, factory.wheel_members(wheel))
        factory.prove(folder, wheel)
    return left, right


def again(folder: Path, wheel: Artifact, members: dict[str, bytes]) -> None:
    factory.write_wheel(folder / wheel.filename, members)
    factory.prove(folder, wheel)


def found(sides: tuple[Path, Path], wheel: Artifact) -> set[tuple[str, str]]:
    left, right = (folder / wheel.filename for folder in sides)
    return {(difference.member.rpartition("/")[2], difference.what) for difference in compare.differences(left, right)}


def test_the_same_bytes(sides: tuple[Path, Path], wheel: Artifact, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.folders([wheel], *sides) == 0
    assert f"{wheel.filename}: the same bytes" in capsys.readouterr().out


def test_a_new_difference_is_named_and_refused(
    sides: tuple[Path, Path], wheel: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    again(sides[1], wheel, factory.wheel_members(wheel) | {"hotkernels/__init__.py": b"print(1)\n"})
    assert found(sides, wheel) == {("__init__.py", "text"), ("RECORD", "text")}
    assert compare.folders([wheel], *sides) == 1
    out = capsys.readouterr().out
    assert "2 differences, 1 without an explanation" in out
    assert "print(1)" in out


def test_members_and_their_order(sides: tuple[Path, Path], wheel: Artifact) -> None:
    members = factory.wheel_members(wheel)
    again(sides[1], wheel, dict(reversed(members.items())))
    assert ("", "order") in found(sides, wheel)
    again(sides[1], wheel, members | {"hotkernels/more.py": b""})
    assert ("more.py", "member") in found(sides, wheel)
    assert compare.folders([wheel], *sides) == 1


def test_the_modes(sides: tuple[Path, Path], wheel: Artifact) -> None:
    path = sides[1] / wheel.filename
    with zipfile.ZipFile(path) as old:
        infos = [(info, old.read(info)) for info in old.infolist()]
    with zipfile.ZipFile(path, "w") as new:
        for info, data in infos:
            info.external_attr = 0o100755 << 16
            new.writestr(info, data)
    assert ("__init__.py", "mode") in found(sides, wheel)


def test_only_how_it_is_packed(sides: tuple[Path, Path], wheel: Artifact) -> None:
    path = sides[1] / wheel.filename
    with zipfile.ZipFile(path) as old:
        members = [(info.filename, old.read(info)) for info in old.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for name, data in members:
            new.writestr(zipfile.ZipInfo(name), data)
    assert found(sides, wheel) == {(wheel.filename, "bytes")}


def test_what_an_extension_is_made_of(sides: tuple[Path, Path], wheel: Artifact) -> None:
    flags = (*factory.SAFE, "-DMORE", "-lm", "-Wl,--no-as-needed")
    other = factory.module("cp312", more='__attribute__((visibility("default"))) int more(void) { return 1; }', flags=flags)
    again(sides[1], wheel, factory.wheel_members(wheel, other))
    kinds = {what for name, what in found(sides, wheel) if name.endswith(".so")}
    assert {"exported", "section .text", "section .dynsym"} <= kinds


def test_another_commit_is_not_compared(sides: tuple[Path, Path], wheel: Artifact) -> None:
    factory.prove(sides[1], wheel, commit="1" * 40)
    with pytest.raises(CiError, match="not built from the same") as caught:
        compare.folders([wheel], *sides)
    assert "1" * 40 in caught.value.found


def test_without_evidence_nothing_is_known(sides: tuple[Path, Path], wheel: Artifact) -> None:
    shutil.rmtree(evidence.folder(sides[1]))
    with pytest.raises(CiError, match=r"build\.json: not there"):
        compare.folders([wheel], *sides)


def test_nothing_to_compare_is_an_error(tmp_path: Path, wheel: Artifact) -> None:
    with pytest.raises(CiError, match="nothing to compare"):
        compare.folders([wheel], tmp_path, tmp_path)


def test_explanations_have_reasons_and_are_not_for_everything() -> None:
    for row in compare.EXPLAINED:
        assert len(row.why.split()) > 4
        assert not re.fullmatch(row.member, "hotkernels/__init__.py")
        assert not re.fullmatch(row.what, "exported")
        assert compare.explanation(compare.Difference(member="hotkernels/x", what="section .text", left="", right="")) is None
