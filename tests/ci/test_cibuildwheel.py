"""The session that runs the real cibuildwheel: what it compares with, and what it says where it cannot run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci import head, host
from ci.errors import CiError
from ci.matrix import Artifact
from scripts import cibuildwheel, reproduce, standin, wheels
from tests.ci import factory


@pytest.fixture
def made(tmp_path: Path, by_label: dict[str, Artifact]) -> Path:
    """One wheel that maturin made, of the commit 0…0."""
    artifact = by_label["cp312-cp312"]
    factory.write_wheel(tmp_path / artifact.filename, factory.wheel_members(artifact))
    factory.prove(tmp_path, artifact)
    return tmp_path


def test_what_is_there_is_compared(
    made: Path, artifacts: tuple[Artifact, ...], by_label: dict[str, Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "commit", lambda: "0" * 40)
    assert cibuildwheel.comparable(artifacts, made) == [by_label["cp312-cp312"].filename]
    assert cibuildwheel.comparable(artifacts, made / "nothing") == []


def test_another_commit_is_refused_before_the_work(
    made: Path, artifacts: tuple[Artifact, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "commit", lambda: "1" * 40)
    with pytest.raises(CiError, match="built from another commit") as caught:
        cibuildwheel.comparable(artifacts, made)
    assert (caught.value.expected, caught.value.found) == ("1" * 40, "0" * 40)


class TestSession:
    @pytest.fixture(autouse=True)
    def stand_ins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """No verb is run: `failing` is the one that fails."""
        self.ran: list[list[str]] = []
        self.failing, self.different = "", 0

        def python_ci(*words: str) -> int:
            self.ran.append(list(words))
            return int(words[0] == self.failing)

        monkeypatch.delenv(cibuildwheel.IMAGE, raising=False)
        monkeypatch.setattr(os, "environ", dict(os.environ))
        monkeypatch.setattr(cibuildwheel, "FOLDER", tmp_path / "made")
        monkeypatch.setattr(cibuildwheel, "DIST", tmp_path / "dist")
        monkeypatch.setattr(wheels, "python_ci", python_ci)
        monkeypatch.setattr(standin, "environment", lambda *_: {cibuildwheel.IMAGE: "stand-in"})
        monkeypatch.setattr(host, "runs", lambda _: True)
        monkeypatch.setattr(reproduce, "compare", lambda *_: self.different)
        monkeypatch.setattr(cibuildwheel, "comparable", lambda *_: ["a.whl"])

    def test_every_verb_in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        assert cibuildwheel.main([]) == 0
        assert [words[0] for words in self.ran] == ["build", "audit", "test", "gate", "report"]
        assert {words[1] for words in self.ran} == {str(tmp_path / "made")}
        assert self.ran[0][2:4] == ["--with", "cibuildwheel"]

    def test_a_failure_ends_it_but_for_the_report(self) -> None:
        self.failing = "audit"
        assert cibuildwheel.main([]) == 1
        assert [words[0] for words in self.ran] == ["build", "audit", "report"]

    def test_other_bytes_fail(self) -> None:
        self.different = 1
        assert cibuildwheel.main([]) == 1

    def test_a_real_image_is_not_compared(self, capsys: pytest.CaptureFixture[str]) -> None:
        os.environ[cibuildwheel.IMAGE] = "manylinux_2_28"
        self.different = 1
        assert cibuildwheel.main([]) == 0
        assert "not compared with what maturin makes: its linker is another one" in capsys.readouterr().out

    def test_elsewhere_it_says_so(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(host, "runs", lambda _: False)
        assert cibuildwheel.main([]) == 1
        assert "this session runs on linux-x86_64" in capsys.readouterr().out
        assert self.ran == []
