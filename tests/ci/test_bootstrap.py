"""The door: nox's environment in each way that there is, and the settings that keep everything in one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci import environment
from ci.errors import CiError
from ci.paths import ROOT, cache
from scripts import bootstrap


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path / "cache"))


class TestSettings:
    def test_all_below_the_cache(self) -> None:
        added = environment.settings({})
        for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "CARGO_HOME", "ZIG_GLOBAL_CACHE_DIR", "CARGO_ZIGBUILD_CACHE_DIR"):
            assert Path(added[name]).is_relative_to(cache())
        assert added["UV_PYTHON_DOWNLOADS"] == "never"

    def test_twice_is_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HOTKERNELS_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
        first = environment.settings(os.environ)
        for name, value in first.items():
            monkeypatch.setenv(name, value)
        assert environment.settings(os.environ) | environment.DEFAULTS == first | environment.DEFAULTS
        assert first["HOTKERNELS_CACHE"] == "/somewhere/hotkernels"

    def test_a_person_decides_where_they_may(self) -> None:
        assert "UV_SYSTEM_CERTS" not in environment.settings({"UV_SYSTEM_CERTS": "false"})

    def test_cargo_configuration_is_linked(self, tmp_path: Path) -> None:
        theirs = tmp_path / ".cargo"
        theirs.mkdir()
        (theirs / "config.toml").write_text("[net]\n")
        environ = {"CARGO_HOME": str(theirs)}
        for _ in range(2):
            environment.apply(environ)
            assert (cache() / "cargo" / "config.toml").readlink() == theirs / "config.toml"
        (theirs / "config.toml").unlink()
        environment.apply({"CARGO_HOME": str(theirs)})
        assert not (cache() / "cargo" / "config.toml").is_symlink()


class TestWays:
    def test_the_first_that_works(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        tried = []

        def way(name: str, *, works: bool) -> Callable[[Path], None]:
            def attempt(target: Path) -> None:
                tried.append(name)
                if not works:
                    raise CiError(f"{name} lacks something")

            return attempt

        for name, works in (("uv", False), ("ensurepip", False), ("system_pip", True), ("virtualenv", True)):
            monkeypatch.setattr(bootstrap, f"with_{name}", way(name, works=works))
        bootstrap.fill(tmp_path)
        assert tried == ["uv", "ensurepip", "system_pip"]

    def test_none_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        with pytest.raises(CiError) as caught:
            bootstrap.fill(tmp_path)
        assert "python3-venv" in caught.value.todo
        assert "ensurepip" in caught.value.found
        assert "virtualenv" in caught.value.found

    def test_a_persons_pip_settings_do_not_move_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: dict[str, Any] = {}
        monkeypatch.setattr(bootstrap, "run", lambda command, *, what, env: seen.update(env=env, command=command))
        monkeypatch.setenv("PIP_TARGET", "/elsewhere")
        monkeypatch.setenv("PIP_USER", "1")
        bootstrap.install(["pip"])
        assert "PIP_TARGET" not in seen["env"]
        assert seen["env"]["PIP_USER"] == "0"
        assert "--require-hashes" in seen["command"]


def test_an_environment_whose_base_went_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def fill(target: Path) -> None:
        made.append(target)
        (target / "bin").mkdir()
        (target / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "fill", fill)
    folder = bootstrap.folder()
    assert bootstrap.folder() == folder
    assert len(made) == 1
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to("/gone")
    assert bootstrap.works(bootstrap.folder())
    assert len(made) == 2


def test_an_old_python_is_told() -> None:
    program = (
        f"import sys; sys.version_info = (3, 9, 1, 'final', 0); sys.path.insert(0, {str(ROOT)!r}); import scripts.bootstrap"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Python 3.9" in done.stderr
    assert "3.11 or later" in done.stderr
