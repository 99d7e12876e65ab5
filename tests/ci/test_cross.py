"""Builds for other platforms: which compiler, which environment, and the native way on a machine of the platform."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ci import build, cross, host, interpreters, process, recipe, unwinder
from ci.errors import CiError
from ci.matrix import Artifact, Matrix, Platform
from scripts import provide, sdk, toolchain

LINUX, MACOS = "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"


@pytest.fixture
def platforms(declared: Matrix) -> dict[str, Platform]:
    return {platform.name: platform for platform in declared.platforms}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Linux x86_64 with an empty cache, and a rustc on PATH that has std for nothing."""
    monkeypatch.setattr(host, "here", lambda: "x86_64 linux")
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    for name in ("HOTKERNELS_CROSS_RUST", "RUSTC", "MACOSX_DEPLOYMENT_TARGET", "SDKROOT"):
        monkeypatch.delenv(name, raising=False)
    rustc(tmp_path / "bin" / "rustc")
    return tmp_path


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def rustc(path: Path, *targets: str) -> Path:
    """A compiler that has std for these targets."""
    for target in targets:
        (path.parent / "std" / target).mkdir(parents=True)
        (path.parent / "std" / target / "libstd-1.rlib").touch()
    return program(
        path, f'case "$*" in *target-libdir*) echo "{path.parent}/std/$4";; *) echo "rustc of {path.parent.name}";; esac'
    )


def links(machine: Path) -> None:
    program(cross.linker(MACOS), "true")
    cross.sdk().mkdir(parents=True)
    assert machine in cross.sdk().parents


class TestEnvironment:
    def test_own_compiler_first(self, machine: Path, platforms: dict[str, Platform]) -> None:
        rustc(machine / "bin" / "rustc", LINUX, MACOS)
        links(machine)
        assert cross.environment(platforms["linux-aarch64"], os.environ) == {}
        assert cross.environment(platforms["macos-arm64"], os.environ) == {
            "MACOSX_DEPLOYMENT_TARGET": "11.0",
            "CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER": str(cross.linker(MACOS)),
            "SDKROOT": str(cross.sdk()),
        }

    def test_else_debian_s(self, machine: Path, platforms: dict[str, Platform]) -> None:
        theirs = rustc(cross.debian_rust() / "bin" / "rustc", LINUX)
        made = cross.environment(platforms["linux-aarch64"], os.environ)
        assert made["RUSTC"] == str(theirs)
        assert made["RUSTDOC"] == str(theirs.with_name("rustdoc"))
        assert made["PATH"].split(os.pathsep)[0] == str(theirs.parent)
        assert "RUSTC_BOOTSTRAP" not in made

    def test_debian_s_compiles_std_for_macos(self, machine: Path, platforms: dict[str, Platform]) -> None:
        rustc(cross.debian_rust() / "bin" / "rustc", LINUX)
        links(machine)
        with pytest.raises(CiError, match="no Rust here compiles for aarch64-apple-darwin"):
            cross.environment(platforms["macos-arm64"], os.environ)
        manifest = cross.debian_rust() / "usr" / "src" / "rustc-1.0" / "library" / "std" / "Cargo.toml"
        manifest.parent.mkdir(parents=True)
        manifest.touch()
        made = cross.environment(platforms["macos-arm64"], os.environ)
        assert (made["RUSTC_BOOTSTRAP"], made["CARGO_UNSTABLE_BUILD_STD"]) == ("1", "std,panic_unwind")

    def test_debian_s_when_asked_for(
        self, machine: Path, platforms: dict[str, Platform], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rustc(machine / "bin" / "rustc", LINUX)
        theirs = rustc(cross.debian_rust() / "bin" / "rustc", LINUX)
        monkeypatch.setenv("HOTKERNELS_CROSS_RUST", "debian")
        assert cross.environment(platforms["linux-aarch64"], os.environ)["RUSTC"] == str(theirs)

    @pytest.mark.parametrize("name", ["linux-aarch64", "macos-arm64"])
    def test_no_compiler(self, machine: Path, platforms: dict[str, Platform], name: str) -> None:
        with pytest.raises(CiError, match="no Rust here compiles for") as caught:
            cross.environment(platforms[name], os.environ)
        assert "nox -s toolchain" in caught.value.todo

    def test_no_rust_at_all(self, machine: Path, platforms: dict[str, Platform]) -> None:
        (machine / "bin" / "rustc").unlink()
        assert cross.rust(LINUX, {"PATH": str(machine / "bin")}) is None

    def test_no_linker(self, machine: Path, platforms: dict[str, Platform]) -> None:
        rustc(machine / "bin" / "rustc", MACOS)
        with pytest.raises(CiError, match="nothing here links for macos-arm64") as caught:
            cross.environment(platforms["macos-arm64"], os.environ)
        assert "nox -s toolchain" in caught.value.todo

    @pytest.mark.parametrize(
        ("here", "name", "expected"),
        [
            ("x86_64 linux", "linux-x86_64", {}),
            ("aarch64 linux", "linux-aarch64", {}),
            ("aarch64 darwin", "macos-arm64", {"MACOSX_DEPLOYMENT_TARGET": "11.0"}),
        ],
    )
    def test_a_machine_of_the_platform_needs_no_toolchain(
        self,
        machine: Path,
        platforms: dict[str, Platform],
        monkeypatch: pytest.MonkeyPatch,
        here: str,
        name: str,
        expected: object,
    ) -> None:
        monkeypatch.setattr(host, "here", lambda: here)
        assert cross.environment(platforms[name], os.environ) == expected

    def test_the_compiler_in_use(self, machine: Path) -> None:
        assert cross.compiler({"RUSTC": "/x/rustc"}) == "/x/rustc"
        assert cross.compiler({"PATH": str(machine / "bin")}) == str(machine / "bin" / "rustc")


class TestBuild:
    def commands(self, artifact: Artifact, machine: Path, monkeypatch: pytest.MonkeyPatch, interpreter: str) -> list[str]:
        """What maturin is called with."""
        seen: list[list[str]] = []

        def ran(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            seen.append(command)
            return subprocess.CompletedProcess(command, 0, stdout="")

        monkeypatch.setattr(subprocess, "run", ran)
        assert artifact.wheel
        build.maturin_build(artifact, artifact.wheel.lane, machine, machine, interpreter, {})
        return seen[0]

    def artifact(self, declared: Matrix, platform: Platform, tag: str) -> Artifact:
        return next(a for a in declared.artifacts("1.0", [platform]) if a.label == tag)

    def test_zig_links_for_linux_alone(
        self, machine: Path, declared: Matrix, platforms: dict[str, Platform], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        linux = self.artifact(declared, platforms["linux-aarch64"], "cp314-cp314t")
        command = self.commands(linux, machine, monkeypatch, "python3.14t")
        assert "--zig" in command
        assert command[command.index("--compatibility") + 1] == "manylinux_2_28"
        assert command[command.index("--target") + 1] == LINUX
        macos = self.artifact(declared, platforms["macos-arm64"], "cp314-cp314t")
        command = self.commands(macos, machine, monkeypatch, "python3.14t")
        assert not {"--zig", "--compatibility", "--auditwheel"} & set(command)
        assert command[command.index("--target") + 1] == MACOS
        assert command[command.index("--interpreter") + 1] == "python3.14t"

    def test_another_platform_s_interpreter_is_named_not_run(
        self, machine: Path, declared: Matrix, platforms: dict[str, Platform], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        macos = self.artifact(declared, platforms["macos-arm64"], "cp313-cp313t")
        assert build.interpreter_for(macos) == "python3.13t"
        monkeypatch.setattr(host, "here", lambda: "aarch64 darwin")
        monkeypatch.setattr(interpreters, "find", lambda _: Path("/opt/python3.13t"))
        assert build.interpreter_for(macos) == "/opt/python3.13t"
        assert build.interpreter_for(declared.artifacts("1.0")[-1]) == "", "the sdist needs none"

    def test_every_platform_has_places_of_its_own(self, declared: Matrix) -> None:
        slots = [recipe.slot(f"{wheel.tag}-{platform.tag}") for wheel in declared.wheels for platform in declared.platforms]
        assert len(set(slots)) == len(slots)

    def test_flags_and_folders_of_the_target(
        self, machine: Path, platforms: dict[str, Platform], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process, "run", lambda *_, **__: "")
        monkeypatch.setattr(unwinder, "library", lambda *_: machine / "unwinder")
        monkeypatch.setenv("PYO3_CROSS_LIB_DIR", "mine")
        rustc(machine / "bin" / "rustc", LINUX, MACOS)
        links(machine)
        made = build.build_environment(machine, machine, platforms["macos-arm64"])
        flags = made["CARGO_ENCODED_RUSTFLAGS"].split("\x1f")
        assert "-Clink-arg=-Wl,-headerpad_max_install_names" in flags
        assert not any("unwinder" in flag for flag in flags)  # macOS has one, and nothing is linked beside it
        assert "PYO3_CROSS_LIB_DIR" not in made
        assert made["SDKROOT"] == str(cross.sdk())
        assert not any(str(cross.debian_rust()) in flag for flag in flags)
        cross.debian_rust().mkdir()
        made = build.build_environment(machine, machine, platforms["linux-aarch64"])
        flags = made["CARGO_ENCODED_RUSTFLAGS"].split("\x1f")
        assert f"--remap-path-prefix={cross.debian_rust()}=/rust" in flags
        assert not any("headerpad" in flag for flag in flags)
        assert f"-Clink-arg={machine / 'unwinder'}" in flags


class TestProvide:
    def test_a_piece_is_made_once_and_anew_when_its_recipe_changes(self, tmp_path: Path) -> None:
        made: list[Path] = []
        for wanted in ("one", "one", "two"):
            provide.piece(tmp_path / "piece", made.append, wanted)
        assert len(made) == 2

    def test_a_wrapper_passes_words_on(self, machine: Path) -> None:
        path = machine / "wrapped"
        provide.wrapper(path, ["/bin/sh", "-c", 'printf "%s|" "$LD_LIBRARY_PATH" "$@"', "x"], libraries="/a b")
        inode = path.stat().st_ino
        said = subprocess.run([path, "two words", "$HOME"], capture_output=True, text=True, check=True).stdout
        assert said == "/a b|two words|$HOME|"
        provide.wrapper(path, ["/bin/sh", "-c", 'printf "%s|" "$LD_LIBRARY_PATH" "$@"', "x"], libraries="/a b")
        assert path.stat().st_ino == inode, "what is as it should be is left alone"

    def test_otool_is_called_without_m(self, machine: Path) -> None:
        path = machine / "otool"
        provide.wrapper(path, ["printf", "%s|"], libraries="/x", before=toolchain.WITHOUT_M)
        said = subprocess.run([path, "-m", "-L", "a file.so"], capture_output=True, text=True, check=True).stdout
        assert said == "-L|a file.so|"

    def test_a_piece_that_cannot_be_had_is_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def refuse() -> str:
            raise CiError("no mirror", todo="another way")

        pieces = [toolchain.Piece(name="good", make=lambda: "here"), toolchain.Piece(name="bad", make=refuse)]
        monkeypatch.setattr(toolchain, "pieces", lambda *_: pieces)
        monkeypatch.setattr(sys, "argv", ["toolchain"])
        monkeypatch.setattr(platform, "machine", lambda: "x86_64")
        assert toolchain.main() == 1
        said = capsys.readouterr()
        assert "ready" in said.out
        assert "missing: bad" in said.out
        assert "another way" in said.err

    def test_other_machines_need_nothing(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(sys, "argv", ["toolchain"])
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        assert toolchain.main() == 0
        assert "nothing to provide" in capsys.readouterr().out

    def test_rust_is_left_alone_where_it_has_both(self, machine: Path) -> None:
        rustc(machine / "bin" / "rustc", LINUX, MACOS)
        program(machine / "bin" / "rustup", "exit 1")
        assert toolchain.rust([LINUX, MACOS]).startswith("rustc of bin with std for")

    def test_rust_by_rustup(self, machine: Path) -> None:
        std = machine / "bin" / "std" / LINUX
        program(machine / "bin" / "rustup", f'echo "$@" > {machine}/asked; mkdir -p {std}; touch {std}/libstd-2.rlib')
        assert LINUX in toolchain.rust([LINUX])
        assert (machine / "asked").read_text().split() == ["target", "add", LINUX]

    def test_neither_way(self, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def none() -> None:
            raise CiError("no apt here", todo="hosted CI")

        program(machine / "bin" / "rustup", "echo could not download; exit 1")
        monkeypatch.setattr(toolchain, "debian_rust", none)
        with pytest.raises(CiError, match=f"no std for {LINUX}") as caught:
            toolchain.rust([LINUX])
        assert "could not download" in caught.value.found
        assert "no apt here" in caught.value.found
        assert caught.value.todo == "hosted CI"


class TestSdk:
    def test_stubs_count_for_arm64(self, tmp_path: Path) -> None:
        stub = tmp_path / "zig" / "lib" / "libc" / "darwin" / "libSystem.tbd"
        stub.parent.mkdir(parents=True)
        stub.write_text("targets: [ x86_64-macos, arm64e-macos, arm64e-maccatalyst, arm64e.x1-macos ]\n")
        before = sdk.recipe(tmp_path / "zig")
        sdk.write(tmp_path / "zig", tmp_path / "sdk")
        libraries = tmp_path / "sdk" / "usr" / "lib"
        assert "x86_64-macos, arm64-macos, arm64-maccatalyst, arm64e-macos" in (libraries / "libm.tbd").read_text()
        assert "_iconv_open" in (libraries / "libiconv.tbd").read_text()
        stub.write_text("other")
        assert sdk.recipe(tmp_path / "zig") != before

    def test_a_zig_without_them(self, tmp_path: Path) -> None:
        with pytest.raises(CiError, match=r"zig has no libSystem\.tbd"):
            sdk.write(tmp_path, tmp_path / "sdk")
