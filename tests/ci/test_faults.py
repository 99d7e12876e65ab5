"""A panic, on any thread, is an exception that says what to report; no memory is a MemoryError; the process goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci import interpreters, matrix
from ci.paths import ROOT

COMMAND = ("cargo", "rustc", "--quiet", "--locked", "--release", "--package=hotkernels-bindings", "--features=abi3")
"""Beside the kernels' own tests, whose profile this is, so that the kernels are compiled once."""

CHECKED = ("--config=profile.release.debug-assertions=true", "--config=profile.release.overflow-checks=true")

PROGRAM = """
import importlib.machinery, importlib.util, json, sys
loader = importlib.machinery.ExtensionFileLoader("hotkernels._native", sys.argv[1])
native = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(native)
said = {}
for what in ("index", "message", "memory", "every", "nothing"):
    for threads in (0, 1, 4):  # of 0, attached
        try:
            native._fault(what, threads)
        except Exception as error:
            said[f"{what} {threads}"] = [type(error).__name__, str(error)]
print(json.dumps(said | {"afterwards": native.levenshtein_distance("kitten", "sitting")}))
"""

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="linked as on Linux"),
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension with what ends in faults, as a file that Python imports."""
    env = os.environ | {"PYO3_NO_PYTHON": "1", "PYO3_BUILD_EXTENSION_MODULE": "1", "CARGO_TERM_COLOR": "never"}
    command = [*COMMAND, *CHECKED, "--target-dir=target/checks", "--", "--cfg", "faulty"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    built = ROOT / "target" / "checks" / "release" / "lib_native.so"
    return Path(shutil.copyfile(built, tmp_path_factory.mktemp("faulty") / "_native.abi3.so"))


def served() -> Path:
    """An interpreter that the limited API of the build serves; the one that runs this may be older."""
    for interpreter in matrix.load().interpreters:
        if not interpreter.free_threaded and (python := interpreters.find(interpreter)):
            return python
    pytest.skip("no interpreter of the matrix; nox -s interpreters")


def test_a_fault_is_an_exception(faulty: Path) -> None:
    result = subprocess.run([served(), "-c", PROGRAM, str(faulty)], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    for threads in (0, 1, 4):
        for what, expected in {
            "index": "index out of bounds: the len is 0 but the index is 7",
            "message": "piece 7 is one too many",
            "every": "on every thread",
        }.items():
            kind, message = said[f"{what} {threads}"]
            assert kind == "RuntimeError"
            assert message.startswith("a bug in hotkernels ")
            assert f": {expected}. Please report it" in message
            assert "/issues" in message
        assert said[f"memory {threads}"] == ["MemoryError", "there is no memory for this call"]
        assert f"nothing {threads}" not in said
    assert said["afterwards"] == 3
    assert "src/bindings/src/faulty.rs:" in result.stderr  # where it is, for the report


def test_no_wheel_has_them(faulty: Path) -> None:
    """They are in that build alone: what is shipped is compiled without the cfg, and the name is the test's way to see it."""
    assert b"_fault" in faulty.read_bytes()
    manifest = (ROOT / "src" / "bindings" / "Cargo.toml").read_text() + (ROOT / "Cargo.toml").read_text()
    assert "faulty" not in manifest  # no feature that a build could ask for
