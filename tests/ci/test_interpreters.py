"""Finding interpreters, and providing those that are missing, with programs that only say what an interpreter says."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from pathlib import Path

import pytest

from ci import interpreters
from ci.errors import CiError
from ci.interpreters import Candidate, choose, find
from ci.matrix import Interpreter
from scripts import interpreters as providing

CP313 = Interpreter(name="cp313", version="3.13", free_threaded=False)
CP313T = Interpreter(name="cp313t", version="3.13", free_threaded=True)


def said(version: str = "3.13.5", *, level: str = "final", **changes: object) -> dict[str, object]:
    """What an interpreter says of itself."""
    numbers = [int(part) for part in version.split(".")]
    return {
        "executable": "/elsewhere/python",
        "implementation": "cpython",
        "version": [*numbers, level, 0 if level == "final" else 2],
        "free_threaded": False,
        "machine": platform.machine(),
        "bits": 64,
        "virtual": False,
        **changes,
    }


def fake(path: Path, answer: dict[str, object] | None) -> Path:
    """A program at `path` that answers so, under its own path; None: one that fails, as a shim does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = f"echo '{json.dumps(answer | {'executable': str(path)})}'" if answer else "exit 127"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any interpreter: its cache, PATH and home are below the folder."""
    for name in ("UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "CI", "HOTKERNELS_CPYTHON_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}{os.pathsep}/bin")
    return tmp_path


class TestFind:
    def test_nothing(self, machine: Path) -> None:
        assert find(CP313) is None

    def test_order_of_places(self, machine: Path) -> None:
        uv = fake(machine / "home/.local/share/uv/python/cpython-3.13.9-linux/bin/python3.13", said("3.13.9"))
        assert find(CP313) == uv
        pyenv = fake(machine / "pyenv/versions/3.13.0/bin/python3.13", said("3.13.0"))
        assert find(CP313) == pyenv
        path = fake(machine / "second/python3.13", said("3.13.1"))
        assert find(CP313) == path
        cached = fake(machine / "cache/interpreters/bin/python3.13", said("3.13.0"))
        assert find(CP313) == cached

    def test_free_threaded_under_the_plain_name_is_not_cp313(self, machine: Path) -> None:
        wrong = fake(machine / "first/python3.13", said(free_threaded=True))
        assert find(CP313) is None
        assert find(CP313T) is None, "and under that name it is not looked at for cp313t either"
        right = fake(machine / "second/python3.13", said())
        assert find(CP313) == right != wrong

    def test_gil_build_under_the_free_threaded_name_is_not_cp313t(self, machine: Path) -> None:
        fake(machine / "first/python3.13t", said())
        assert find(CP313T) is None

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            said("3.12.9"),
            said(implementation="pypy"),
            said(machine="s390x"),
            said(bits=32),
            said(virtual=True),
            {"unexpected": 1},
        ],
        ids=["a shim that fails", "version", "implementation", "machine", "bits", "virtual environment", "other words"],
    )
    def test_passed_over(self, machine: Path, answer: dict[str, object] | None) -> None:
        fake(machine / "first/python3.13", answer)
        good = fake(machine / "second/python3.13", said())
        assert find(CP313) == good

    def test_final_elsewhere_beats_a_cached_pre_release(self, machine: Path) -> None:
        early = fake(machine / "cache/interpreters/bin/python3.13", said("3.13.0", level="candidate"))
        assert find(CP313) == early
        final = fake(machine / "pyenv/versions/3.13.0/bin/python3.13", said("3.13.0"))
        assert find(CP313) == final

    def test_not_executable(self, machine: Path) -> None:
        fake(machine / "first/python3.13", said()).chmod(0o644)
        assert find(CP313) is None

    def test_this_one_is_found_by_what_it_says(self) -> None:
        candidate = interpreters.probe(Path(sys.executable))
        assert candidate is not None
        assert candidate.version == tuple(sys.version_info)
        assert candidate.bits == 64


def test_ranking() -> None:
    def candidate(*version: object) -> Candidate:
        answer = said() | {"version": version, "executable": Path(".".join(map(str, version)))}
        return Candidate(**answer)  # type: ignore[arg-type]

    rows = [
        candidate(3, 13, 1, "candidate", 1),
        candidate(3, 13, 0, "final", 0),
        candidate(3, 13, 10, "final", 0),
        candidate(3, 13, 9, "final", 0),
        candidate(3, 13, 11, "beta", 4),
    ]
    assert choose(CP313, rows) == rows[2]
    assert choose(CP313, [rows[4], None, rows[0]]) == rows[4], "of pre-releases the newest"
    assert choose(CP313, []) is None
    assert candidate(3, 15, 0, "candidate", 2).release == "3.15.0rc2"
    assert rows[2].release == "3.13.10"


class TestSources:
    def archives(self, folder: Path, *names: str) -> Path:
        folder.mkdir()
        rows = []
        for name in names:
            (folder / name).write_text(name)
            rows.append(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n")
        (folder / "SHA256SUMS").write_text("".join(rows))
        return folder

    def test_newest_of_the_minor_version(self, tmp_path: Path) -> None:
        names = ("Python-3.13.9.tar.xz", "Python-3.13.15.tar.xz", "Python-3.14.0.tar.xz", "Python-3.1.tgz", "Python-3.x.tar.xz")
        folder = self.archives(tmp_path / "s", *names)
        chosen = providing.archive(folder, "3.13")
        assert chosen is not None
        assert chosen.name == "Python-3.13.15.tar.xz"
        assert providing.archive(folder, "3.15") is None

    def test_final_before_pre_release(self, tmp_path: Path) -> None:
        folder = self.archives(tmp_path / "s", "Python-3.15.0.tar.xz", "Python-3.15.1rc1.tar.xz", "Python-3.15.0rc2.tar.xz")
        assert providing.archive(folder, "3.15") == folder / "Python-3.15.0.tar.xz"

    def test_a_good_sum(self, tmp_path: Path) -> None:
        providing.check_sum(self.archives(tmp_path / "s", "Python-3.13.9.tar.xz") / "Python-3.13.9.tar.xz")

    def test_other_bytes_are_refused_by_name(self, tmp_path: Path) -> None:
        path = self.archives(tmp_path / "s", "Python-3.13.9.tar.xz") / "Python-3.13.9.tar.xz"
        path.write_text("something else")
        with pytest.raises(CiError, match=r"Python-3\.13\.9\.tar\.xz: not the archive that SHA256SUMS lists"):
            providing.check_sum(path)

    def test_not_listed_is_refused(self, tmp_path: Path) -> None:
        folder = self.archives(tmp_path / "s", "Python-3.13.9.tar.xz")
        (folder / "SHA256SUMS").unlink()
        with pytest.raises(CiError, match="not listed in SHA256SUMS"):
            providing.check_sum(folder / "Python-3.13.9.tar.xz")

    def test_a_bad_sum_stops_before_anything_is_built(
        self, machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        folder = self.archives(tmp_path / "s", "Python-3.13.9.tar.xz")
        (folder / "Python-3.13.9.tar.xz").write_text("something else")
        monkeypatch.setattr(providing, "fetch", lambda interpreter: (None, False))
        monkeypatch.setattr(providing, "build", lambda *_: pytest.fail("built from an archive that was not checked"))
        with pytest.raises(CiError, match="not the archive"):
            providing.provide([CP313], folder)


class TestProvide:
    def test_found_is_linked(self, machine: Path) -> None:
        found = fake(machine / "first/python3.13t", said(free_threaded=True))
        assert providing.provide([CP313T], None) == []
        link = machine / "cache/interpreters/bin/python3.13t"
        assert link.readlink() == found
        assert providing.provide([CP313T], None) == [], "again"

    def test_missing_is_named_and_a_dead_link_goes(
        self, machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        link = machine / "cache/interpreters/bin/python3.13"
        link.parent.mkdir(parents=True)
        link.symlink_to(machine / "gone")
        asked: list[str] = []

        def fetch(interpreter: Interpreter) -> tuple[None, bool]:
            asked.append(interpreter.name)
            return None, False

        monkeypatch.setattr(providing, "fetch", fetch)
        assert providing.provide([CP313, CP313T], None) == ["cp313", "cp313t"]
        assert asked == ["cp313"], "where there is no network uv is asked once"
        assert not link.is_symlink()
        assert "python3.13t" in capsys.readouterr().out

    @pytest.mark.parametrize(("strict", "status"), [(True, 1), (False, 0)])
    def test_only_ci_must_have_all(self, strict: bool, status: int) -> None:
        assert providing.verdict(["cp313t"], strict=strict) == status
        assert providing.verdict([], strict=strict) == 0

    def test_ci_fails(self, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(providing, "fetch", lambda interpreter: (None, False))
        monkeypatch.setattr(sys, "argv", ["interpreters", "cp313t"])
        assert providing.main() == 0
        monkeypatch.setenv("CI", "true")
        assert providing.main() == 1

    def test_a_build_that_fails_leaves_nothing_and_shows_why(self, machine: Path) -> None:
        source = machine / "Python-3.13.9.tar.xz"
        source.write_text("not an archive")
        outcome = providing.from_source(CP313, source, machine)
        assert outcome.error is not None
        assert "tar" in str(outcome.error)
        left = [path.name for path in (machine / "cache/interpreters").iterdir()]
        assert left == ["logs"], "and the log, which is named"
        assert str(machine / "cache/interpreters/logs") in str(outcome.error)
