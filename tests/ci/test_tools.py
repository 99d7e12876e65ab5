"""Environments of tools, folders made once, and what a failed command says."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci import once, process, tools
from ci.errors import CiError


class TestOnce:
    def test_made_once(self, tmp_path: Path) -> None:
        calls = []

        def make(folder: Path) -> None:
            calls.append(folder)
            (folder / "file").write_text("x")

        target = tmp_path / "a" / "target"
        assert once.folder(target, make) == once.folder(target, make) == target
        assert len(calls) == 1
        assert calls[0].parent == target.parent, "beside its place: renaming across file systems copies"
        assert [path.name for path in target.parent.iterdir()] == ["target"]

    def test_nobody_sees_half(self, tmp_path: Path) -> None:
        target = tmp_path / "target"

        def make(folder: Path) -> None:
            (folder / "first").touch()
            time.sleep(0.02)
            (folder / "second").touch()

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: {path.name for path in once.folder(target, make).iterdir()}, range(8)))
        assert made == [{"first", "second"}] * 8
        assert [path.name for path in tmp_path.iterdir()] == ["target"]

    def test_a_failure_leaves_nothing(self, tmp_path: Path) -> None:
        def make(folder: Path) -> None:
            (folder / "file").touch()
            raise CiError("no")

        with pytest.raises(CiError):
            once.folder(tmp_path / "target", make)
        assert list(tmp_path.iterdir()) == []

    def test_damaged_is_made_again(self, tmp_path: Path) -> None:
        target = tmp_path / "target"
        (target / "old").mkdir(parents=True)
        once.folder(target, lambda folder: (folder / "python").touch(), whole=lambda folder: (folder / "python").exists())
        assert [path.name for path in target.iterdir()] == ["python"]
        assert [path.name for path in tmp_path.iterdir()] == ["target"]


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def _cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path / "cache"))

    @pytest.fixture
    def commands(self, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        """What would be run; making an environment only leaves its Python."""
        ran: list[list[str]] = []

        def run(command: list[object], **_: object) -> str:
            ran.append([str(word) for word in command])
            if "venv" in ran[-1]:
                python = Path(ran[-1][-1]) / "bin" / "python"
                python.parent.mkdir(parents=True)
                python.touch()
            return ""

        monkeypatch.setattr(tools, "run", run)
        monkeypatch.setattr(tools, "uv", lambda: "uv")
        return ran

    def test_hashes_and_wheels_only(self, tmp_path: Path, commands: list[list[str]]) -> None:
        requirements = tmp_path / "ci.txt"
        requirements.write_text("a==1")
        assert (tools.environment(requirements) / "python").exists()
        install = next(command for command in commands if "install" in command)
        assert {"--require-hashes", "--only-binary", ":all:"} <= set(install)
        made = len(commands)
        tools.environment(requirements)
        assert len(commands) == made, "the second time nothing is run"

    def test_other_requirements_and_interpreters_have_their_own(self, tmp_path: Path, commands: list[list[str]]) -> None:
        requirements, python = tmp_path / "ci.txt", tmp_path / "python3.13"
        requirements.write_text("a==1")
        python.symlink_to(sys.executable)
        first = tools.environment(requirements)
        second = tools.environment(requirements, python=python)
        requirements.write_text("a==2")
        assert len({first, second, tools.environment(requirements), tools.environment(requirements, python=python)}) == 4

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(CiError, match=r"none\.txt: no such requirements"):
            tools.environment(tmp_path / "none.txt")


class TestProcess:
    def test_output(self) -> None:
        assert process.run([sys.executable, "-c", "print('said')"], what="saying") == "said\n"

    def test_failure_shows_the_end(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        program = "import sys; print('first'); print('last', file=sys.stderr); sys.exit(3)"
        with pytest.raises(CiError, match=r"working: .* ended with status 3") as caught:
            process.run([sys.executable, "-c", program], what="working", log=log, lines=1, todo="repair it")
        assert caught.value.found in {"first", "last"}
        assert caught.value.todo == "repair it"
        assert {"first", "last"} <= set(log.read_text().splitlines())

    def test_not_there(self) -> None:
        with pytest.raises(CiError, match="no-such-program is not there"):
            process.run(["no-such-program"], what="working")

    def test_too_long(self) -> None:
        with pytest.raises(CiError, match="no answer within"):
            process.run([sys.executable, "-c", "import time; time.sleep(30)"], what="working", timeout=0.2)
