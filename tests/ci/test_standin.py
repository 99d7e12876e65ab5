"""The stand-in image: what it is made from decides its name, and only the network is told to the container."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from ci import interpreters
from ci.errors import CiError
from ci.matrix import Interpreter, Matrix, Platform
from scripts import standin


@pytest.fixture
def prefixes(declared: Matrix, tmp_path: Path) -> dict[Interpreter, Path]:
    return {interpreter: tmp_path / interpreter.name for interpreter in declared.interpreters}


def test_the_name_follows_the_inputs(
    declared: Matrix, linux: tuple[Platform, ...], prefixes: dict[Interpreter, Path], tmp_path: Path
) -> None:
    name = standin.key(declared, linux[0], prefixes)
    assert standin.key(declared, linux[0], dict(reversed(prefixes.items()))) == name
    elsewhere = prefixes | {declared.interpreters[0]: tmp_path / "elsewhere"}
    lanes = (dataclasses.replace(declared.lanes[0], maturin="1.13.3"), *declared.lanes[1:])
    others = {
        standin.key(declared, linux[0], elsewhere),
        standin.key(declared, dataclasses.replace(linux[0], tag="manylinux_2_34_x86_64"), prefixes),
        standin.key(dataclasses.replace(declared, lanes=lanes), linux[0], prefixes),
    }
    assert len(others | {name}) == 4


def test_what_the_container_is_told(prefixes: dict[Interpreter, Path], tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("")
    environ = {"SSL_CERT_FILE": str(bundle), "UV_DEFAULT_INDEX": "https://index.example/simple", "SECRET_TOKEN": "x"}
    said = standin.engine(prefixes, tmp_path / "rust", environ)
    name, _, words = said.partition("; create_args: ")
    assert name == "podman"
    assert words.endswith("; disable_host_mount: true")
    assert f"--volume={bundle}:{standin.CERTIFICATES}:ro" in words
    assert f"--volume={tmp_path / 'rust'}:/opt/rust:ro" in words
    assert "--env=UV_DEFAULT_INDEX" in words, "podman takes the value from its own environment"
    assert "index.example" not in said
    assert "SECRET_TOKEN" not in said
    mounts = [word for word in words.partition(";")[0].split() if word.startswith("--volume=")]
    assert mounts
    assert all(word.endswith(":ro") for word in mounts)


def test_a_path_that_the_setting_cannot_hold_is_refused(prefixes: dict[Interpreter, Path], tmp_path: Path) -> None:
    with pytest.raises(CiError, match="cannot be mounted"):
        standin.engine(prefixes, tmp_path / "a b", {})


def test_who_is_not_root_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "podman" else f"/usr/bin/{name}")
    with pytest.raises(CiError, match="not there: podman") as caught:
        standin.install_packages()
    assert "apt-get install --no-install-recommends podman" in caught.value.todo
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(CiError, match="run as root here"):
        standin.install_packages()


def test_a_missing_interpreter_is_named(declared: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find", lambda _: None)
    with pytest.raises(CiError, match=r"no python3\.12 to put into the image"):
        list(standin.mounted(declared))


def test_the_image_says_what_a_manylinux_image_says(linux: tuple[Platform, ...]) -> None:
    said = standin.variables(linux[0])
    assert said["AUDITWHEEL_PLAT"] == "manylinux_2_28_x86_64"
    assert said["AUDITWHEEL_POLICY"] == "manylinux_2_28"
    assert "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER" in said
    assert standin.glibc(linux[0]) == "2.28"
