"""Emulation: which host runs what, the script that stands for an interpreter, and what the evidence says of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci import cross, dynamic, emulation, host, interpreters, matrix, test
from ci.clean import Clean
from ci.dynamic import Session
from ci.errors import CiError
from ci.matrix import Artifact, Interpreter, Matrix, Platform
from ci.paths import ROOT
from scripts import emulated, kernels


@pytest.fixture
def platforms(declared: Matrix) -> dict[str, Platform]:
    return {platform.name: platform for platform in declared.platforms}


@pytest.fixture
def x86_64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Linux x86_64 with an empty cache."""
    monkeypatch.setattr(host, "here", lambda: "x86_64 linux")
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def provide(declared: Matrix) -> None:
    """An emulated interpreter of each kind, as far as finding them goes."""
    program(emulation.qemu(), "true")
    for interpreter in declared.interpreters:
        program(emulation.bin_folder() / interpreter.command, "true")


def of(declared: Matrix, platform: Platform, tag: str) -> Artifact:
    return next(a for a in declared.artifacts(matrix.project_version(), [platform]) if a.label == tag)


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        ("x86_64 linux", {"linux-x86_64": "native", "linux-aarch64": "emulated", "macos-arm64": "static"}),
        ("aarch64 linux", {"linux-x86_64": "static", "linux-aarch64": "native", "macos-arm64": "static"}),
        ("aarch64 darwin", {"linux-x86_64": "static", "linux-aarch64": "static", "macos-arm64": "native"}),
    ],
)
def test_the_way_of_each_platform(declared: Matrix, monkeypatch: pytest.MonkeyPatch, here: str, expected: object) -> None:
    monkeypatch.setattr(host, "here", lambda: here)
    assert {platform.name: host.way(platform) for platform in declared.platforms} == expected


class TestPlanned:
    def test_emulated_but_for_those_that_are_not_to_be_had(
        self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform], capsys: pytest.CaptureFixture[str]
    ) -> None:
        provide(declared)
        runs = test.planned([of(declared, platforms["linux-aarch64"], "cp312-abi3")])
        assert [run.interpreter.name for run in runs] == ["cp313", "cp314", "cp315"]
        assert {run.host for run in runs} == {"emulated"}
        assert all(run.python.is_relative_to(emulation.folder()) for run in runs)
        assert "cp312: there is none to emulate" in capsys.readouterr().out

    def test_free_threaded_ones_too(self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform]) -> None:
        provide(declared)
        runs = test.planned([of(declared, platforms["linux-aarch64"], "cp315-abi3.abi3t")])
        assert [run.python.name for run in runs] == ["python3.15t", "python3.15"]  # it takes longer

    def test_a_missing_one_is_an_error(self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform]) -> None:
        with pytest.raises(CiError, match=r"no emulated python3\.14 to test it on") as caught:
            test.planned([of(declared, platforms["linux-aarch64"], "cp314-cp314")])
        assert "nox -s toolchain" in caught.value.todo

    def test_native_on_a_machine_of_the_platform(
        self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(host, "here", lambda: "aarch64 linux")
        monkeypatch.setattr(interpreters, "find", lambda interpreter: Path("/native") / interpreter.command)
        runs = test.planned([of(declared, platforms["linux-aarch64"], "cp312-abi3")])
        assert [run.interpreter.name for run in runs] == ["cp312", "cp313", "cp314", "cp315"]
        assert {(run.host, run.python.parent) for run in runs} == {("native", Path("/native"))}

    def test_macos_is_skipped_by_name(
        self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform], capsys: pytest.CaptureFixture[str]
    ) -> None:
        provide(declared)
        macos, linux = (
            of(declared, platforms["macos-arm64"], "cp314-cp314"),
            of(declared, platforms["linux-aarch64"], "cp314-cp314"),
        )
        assert [run.artifact for run in test.planned([macos, linux])] == [linux]
        assert f"{macos.filename}  macos-arm64 does not run on x86_64 linux" in capsys.readouterr().out

    def test_every_run_left_out_is_nothing_tested(self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform]) -> None:
        with pytest.raises(CiError, match="nothing was tested"):
            test.planned([of(declared, platforms["linux-aarch64"], "cp312-cp312")])


class TestSuite:
    def session(self, declared: Matrix, platform: Platform, tmp_path: Path, how: matrix.Host) -> Session:
        """A session whose interpreter writes down what it was called with, and a report of one passed test."""
        artifact = of(declared, platform, "cp314-cp314")
        text = f"""
            for word; do case "$word" in --junitxml=*)
            echo '<testsuites><testsuite tests="1" failures="0" errors="0" skipped="0"/></testsuites>' > "${{word#--junitxml=}}"
            esac; done; echo "$@" > {tmp_path}/called"""
        python = program(tmp_path / "python", text)
        made = Clean(folder=tmp_path, python=python, wheel=tmp_path, env={"PATH": "/usr/bin:/bin"}, log=tmp_path / "log.txt")
        interpreter = artifact.tested_on[0]
        return Session(
            artifact=artifact, interpreter=interpreter, module="m", clean=made, said={"tools": {"pytest": "9"}}, host=how
        )

    def test_fewer_examples_and_the_evidence_says_so(
        self, declared: Matrix, platforms: dict[str, Platform], tmp_path: Path
    ) -> None:
        session = self.session(declared, platforms["linux-aarch64"], tmp_path, "emulated")
        detail = dynamic.tests(session)
        assert detail["hypothesis_profile"] == "emulated"
        assert "--hypothesis-profile=emulated" in (tmp_path / "called").read_text().split()
        run = test.Run(session.artifact, session.interpreter, session.clean.python, "emulated")
        word = test.judge("tests", session, run, "0" * 64)
        assert (word.host, word.verdict) == ("emulated", "pass")

    def test_all_examples_natively(self, declared: Matrix, platforms: dict[str, Platform], tmp_path: Path) -> None:
        detail = dynamic.tests(self.session(declared, platforms["linux-x86_64"], tmp_path, "native"))
        assert "hypothesis_profile" not in detail
        assert "hypothesis-profile" not in (tmp_path / "called").read_text()

    def test_a_refusal_under_emulation_is_evidence_of_that_host(
        self, declared: Matrix, platforms: dict[str, Platform], tmp_path: Path
    ) -> None:
        artifact = of(declared, platforms["linux-aarch64"], "cp314-cp314")
        run = test.Run(artifact, artifact.tested_on[0], tmp_path, "emulated")
        word = test.judge("import", CiError("it does not install"), run, "0" * 64)
        assert (word.host, word.verdict) == ("emulated", "fail")

    def test_the_profile_is_one_of_the_suite_s(self, tmp_path: Path) -> None:
        shutil.copyfile(ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
        (tmp_path / "test_it.py").write_text(
            "from hypothesis import settings\ndef test_it():\n    assert settings.default.max_examples == 10\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--hypothesis-profile={emulation.PROFILE}"]
        done = subprocess.run(
            [*command, "-c", "/dev/null", tmp_path], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout


class TestLauncher:
    def test_an_environment_s_python_is_named_as_itself(self, x86_64: Path) -> None:
        program(emulation.qemu(), 'printf "%s|" "$@"')
        script = program(x86_64 / "prefix" / "bin" / "python3.14", "")
        script.write_text(emulated.launcher(Path("/a prefix/libexec/python3.14")))
        python = x86_64 / "environment" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(script)
        said = subprocess.run([python, "-c", "a b"], capture_output=True, text=True, check=True).stdout
        assert said == f"-L|{emulation.root()}|-0|{python}|/a prefix/libexec/python3.14|-c|a b|"

    def test_in_the_place_of_the_program(self, x86_64: Path, declared: Matrix) -> None:
        interpreter = declared.interpreters[-1]
        program(x86_64 / "made" / "bin" / interpreter.command, "the program")
        emulated.hide(x86_64 / "made", x86_64 / "final", interpreter)
        assert "the program" in (x86_64 / "made" / "libexec" / interpreter.command).read_text()
        assert (
            str(x86_64 / "final" / "libexec" / interpreter.command)
            in (x86_64 / "made" / "bin" / interpreter.command).read_text()
        )

    def test_found_where_its_prefix_is(self, x86_64: Path, declared: Matrix) -> None:
        interpreter = declared.interpreters[-1]
        assert emulation.find(interpreter) is None
        script = program(x86_64 / "prefix" / "bin" / interpreter.command, "true")
        emulated.link(interpreter, x86_64 / "prefix")
        assert emulation.find(interpreter) is None, "without qemu it does not run"
        program(emulation.qemu(), "true")
        assert emulation.find(interpreter) == script

    @pytest.mark.parametrize(
        ("machine", "minor", "good"), [("aarch64", 14, True), ("x86_64", 14, False), ("aarch64", 13, False)]
    )
    def test_only_the_one_that_it_stands_for(self, x86_64: Path, machine: str, minor: int, good: bool) -> None:
        interpreter = Interpreter(name="cp314", version="3.14", free_threaded=False)
        said = {
            "executable": "/x",
            "implementation": "cpython",
            "version": [3, minor, 2, "final", 0],
            "free_threaded": False,
            "machine": machine,
            "bits": 64,
            "virtual": False,
        }
        program(emulation.qemu(), "true")
        program(emulation.bin_folder() / "python3.14", f"echo '{json.dumps(said)}'")
        if good:
            assert emulated.release(interpreter) == "3.14.2"
        else:
            with pytest.raises(CiError, match=r"python3\.14 does not run, or is another"):
                emulated.release(interpreter)


class TestProvided:
    def test_the_interpreters_of_the_matrix(self, declared: Matrix) -> None:
        assert [i.name for i in emulated.rehearsed(declared, free_threaded=False)] == ["cp313", "cp314", "cp315"]
        assert [i.name for i in emulated.rehearsed(declared, free_threaded=True)] == ["cp313t", "cp314t", "cp315t"]

    def test_a_free_threaded_one_needs_its_sources(
        self, x86_64: Path, declared: Matrix, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (interpreter,) = (i for i in declared.interpreters if i.name == "cp314t")
        monkeypatch.setattr(interpreters, "find", lambda _: None)
        with pytest.raises(CiError, match=r"no native python3\.14t"):
            emulated.cpython(interpreter, None)
        monkeypatch.setattr(interpreters, "find", lambda _: Path("/native"))
        with pytest.raises(CiError, match=r"no source archive of Python 3\.14") as caught:
            emulated.cpython(interpreter, x86_64)
        assert "--sources DIR" in caught.value.todo


class TestKernels:
    def test_what_cargo_is_told(
        self, x86_64: Path, declared: Matrix, platforms: dict[str, Platform], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        platform = platforms["linux-aarch64"]
        with pytest.raises(CiError, match="is not there") as caught:
            kernels.environment(platform)
        assert "nox -s toolchain" in caught.value.todo
        provide(declared)
        emulation.root().mkdir()
        program(cross.linker(platform.target), "true")
        monkeypatch.setattr(cross, "environment", lambda *_: {"RUSTC": "/x/rustc"})
        made = kernels.environment(platform)
        assert made["CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"] == f"{emulation.qemu()} -L {emulation.root()}"
        assert made["CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"] == str(cross.linker(platform.target))
        assert made["RUSTC"] == "/x/rustc"
        monkeypatch.setattr(host, "here", lambda: "aarch64 linux")
        assert kernels.environment(platform) == {}
