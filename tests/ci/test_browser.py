"""The browser is found, or the way to one is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.errors import CiError
from scripts import browser


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOTKERNELS_CHROMIUM", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", browser.NAMES)
def test_on_path(name: str, bin_folder: Path) -> None:
    there = program(bin_folder / name)
    assert browser.provided() == there


def test_named(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bin_folder / "chromium")
    mine = program(bin_folder / "mine")
    monkeypatch.setenv("HOTKERNELS_CHROMIUM", str(mine))
    assert browser.provided() == mine
    monkeypatch.setenv("HOTKERNELS_CHROMIUM", str(bin_folder / "gone"))
    with pytest.raises(CiError, match="HOTKERNELS_CHROMIUM names no program") as caught:
        browser.provided()
    assert "apt-get install chromium" in caught.value.todo


def test_none(bin_folder: Path) -> None:
    with pytest.raises(CiError, match="no Chromium on this machine") as caught:
        browser.provided()
    assert "apt-get install chromium" in caught.value.todo


@pytest.mark.parametrize("root", [True, False])
def test_installed_on_a_machine_of_ci(bin_folder: Path, monkeypatch: pytest.MonkeyPatch, root: bool) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> str:
        ran.append(command)
        if "install" in command:
            program(bin_folder / "chromium")
        return ""

    program(bin_folder / "apt-get")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(browser, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    assert browser.provided() == bin_folder / "chromium"
    assert [command[0] for command in ran] == ["apt-get" if root else "sudo"] * 2
    assert ran[1][-1] == "chromium"
