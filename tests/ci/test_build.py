"""build: what comes out is what was asked for, no path of the machine goes in, another lock file gets a tree of its own."""

from __future__ import annotations

import argparse
import dataclasses
import re
from pathlib import Path

import pytest

from ci import build, evidence, finish, interpreters, matrix, notices, process, recipe, tools
from ci.errors import CiError
from ci.paths import ROOT


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in small, with two lock files."""
    root = tmp_path / "checkout"
    texts = ("README.md", "LICENSE-MIT", "LICENSE-APACHE", notices.NAME)
    for name in ("Cargo.toml", "pyproject.toml", *texts, "src/kernels/src/lib.rs"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "src" / "hotkernels" / "__pycache__").mkdir(parents=True)
    (root / "src" / "hotkernels" / "__pycache__" / "x.pyc").write_text("")
    (root / "src" / "hotkernels" / "_native.so").write_text("")
    (root / "Cargo.lock").write_text("new")
    (root / "old.lock").write_text("old")
    monkeypatch.setattr(build, "ROOT", root)
    return root


def lane(lock: str) -> matrix.Lane:
    return dataclasses.replace(matrix.load().lanes[0], name="other", lock=lock)


def test_the_lock_file_of_the_checkout_is_built_in_the_checkout(tree: Path) -> None:
    assert build.tree_for(lane("Cargo.lock")) == tree


def test_another_lock_file_gets_a_copy_that_follows_the_sources(tree: Path) -> None:
    copy = build.tree_for(lane("old.lock"))
    files = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    assert "src/kernels/src/lib.rs" in files
    assert not any(name.endswith((".so", ".pyc")) for name in files)
    assert (copy / "Cargo.lock").read_text() == "old"
    source, target = tree / "src/kernels/src/lib.rs", copy / "src/kernels/src/lib.rs"
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    before = (copy / "Cargo.toml").stat()
    source.write_text("changed")
    (tree / "src/kernels/src/new.rs").write_text("")
    (tree / "README.md").write_text("other")
    assert build.tree_for(lane("old.lock")) == copy
    assert target.read_text() == "changed"
    assert (copy / "src/kernels/src/new.rs").exists()
    assert (copy / "Cargo.toml").stat().st_ino == before.st_ino  # what did not change was left alone
    (tree / "src/kernels/src/new.rs").unlink()
    build.tree_for(lane("old.lock"))
    assert not (copy / "src/kernels/src/new.rs").exists()


def test_each_wheel_has_a_place_of_its_own() -> None:
    slots = [recipe.slot(wheel.tag) for wheel in matrix.load().wheels]
    assert len(set(slots)) == len(slots)
    assert all(re.fullmatch(r"profile\.release\.package\.pyo3-build-config\.codegen-units=\d+", slot) for slot in slots)


def test_compiled_crates_are_read_off_the_log() -> None:
    log = (
        "\x1b[1m\x1b[92m   Compiling\x1b[0m pyo3 v0.30.1\n"
        "   Compiling hotkernels-kernels v0.1.0 (/x/src/kernels)\n   Fresh libc v0.2\n"
    )
    assert recipe.compiled_crates(log) == ["pyo3", "hotkernels-kernels"]


def test_folders_of_crates_are_remapped(tmp_path: Path) -> None:
    (tmp_path / "registry" / "src" / "index-1").mkdir(parents=True)
    pairs = dict(build.remapped({"CARGO_HOME": str(tmp_path)}))
    assert pairs[tmp_path / "registry" / "src" / "index-1"] == "/crates"
    assert pairs[ROOT] == "."


def test_the_environment_is_cleared_of_what_would_change_the_build(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "MATURIN_PEP517_ARGS"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setattr(process, "run", lambda *_, **__: "")
    made = build.build_environment(tmp_path / "bin", tree, None)
    assert made["PATH"].startswith(str(tmp_path / "bin"))
    assert not {"RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "MATURIN_PEP517_ARGS"} & made.keys()
    assert "--remap-path-prefix=" in made["CARGO_ENCODED_RUSTFLAGS"]
    assert made["SOURCE_DATE_EPOCH"].isdecimal()


def test_only_takes_what_is_declared(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="--only cp39-cp39: nothing of that tag is declared"):
        build.run(argparse.Namespace(dist=tmp_path, platform=[], only=["cp39-cp39"]))


class TestOneWheel:
    """One build, maturin's work done by a stand-in that leaves `gives` in the output folder."""

    gives = ""

    @pytest.fixture(autouse=True)
    def stand_ins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        def maturin(_artifact: object, _lane: object, _tree: object, out: Path, *_: object) -> str:
            if self.gives:
                (out / self.gives).write_bytes(b"new")
            return ""

        def finished(source: Path, target: Path, *, epoch: int) -> None:
            assert epoch
            target.write_bytes(source.read_bytes())

        monkeypatch.setattr(build, "maturin_build", maturin)
        monkeypatch.setattr(finish, "wheel", finished)
        monkeypatch.setattr(build, "build_environment", lambda *_: {"HOTKERNELS_COMMIT": "c", "SOURCE_DATE_EPOCH": "1"})
        monkeypatch.setattr(tools, "environment", lambda *_, **__: tmp_path)
        monkeypatch.setattr(interpreters, "find", lambda _: tmp_path)
        self.declared = matrix.load()
        self.artifact = self.declared.artifacts("1.0")[5]
        self.dist = tmp_path / "dist"
        self.dist.mkdir()

    @pytest.mark.parametrize("other", ["", "hotkernels-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"])
    def test_another_tag_is_refused_and_nothing_changes(self, other: str) -> None:
        self.gives = other
        (self.dist / self.artifact.filename).write_bytes(b"old")
        with pytest.raises(CiError, match="the build gave something else") as caught:
            build.build(self.declared, self.artifact, self.dist)
        assert caught.value.expected == self.artifact.filename
        assert caught.value.found == (other or "nothing")
        assert (self.dist / self.artifact.filename).read_bytes() == b"old"

    def test_evidence_of_the_old_bytes_goes(self) -> None:
        self.gives = self.artifact.filename
        stale = evidence.folder(self.dist) / f"{self.artifact.filename}.tests.cp312.json"
        stale.parent.mkdir()
        stale.write_text("{}")
        made = build.build(self.declared, self.artifact, self.dist)
        assert (self.dist / self.artifact.filename).read_bytes() == b"new"
        assert [path.name for path in stale.parent.iterdir()] == [made.filename]
        assert made.sha256 == evidence.sha256(self.dist / self.artifact.filename)
        assert [path.name for path in self.dist.iterdir() if path.name.startswith(".")] == []

    def test_a_missing_interpreter_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(interpreters, "find", lambda _: None)
        with pytest.raises(CiError, match=r"no python3\.12 to build it on"):
            build.build(self.declared, self.artifact, self.dist)
