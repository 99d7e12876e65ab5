"""The checks that run an artifact: on real interpreters where the machine has them, and on small suites of tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ci import clean, dynamic, host, interpreters, matrix, supervise, test
from ci.clean import Clean
from ci.dynamic import Session
from ci.errors import CiError
from ci.matrix import Artifact, Interpreter, Matrix
from tests.ci import factory

MODULE = """
#include <Python.h>
static PyObject *info(PyObject *self, PyObject *none) {{ return Py_BuildValue("{{s:s}}", "abi", "{abi}"); }}
static PyMethodDef methods[] = {{{{"build_info", info, METH_NOARGS, ""}}, {{0}}}};
static PyModuleDef_Slot slots[] = {{
{slot}    {{0, NULL}}}};
static struct PyModuleDef definition = {{PyModuleDef_HEAD_INIT, "_native", "", 0, methods, slots}};
PyMODINIT_FUNC PyInit__native(void) {{ return PyModuleDef_Init(&definition); }}
"""
GIL_NOT_USED = "    {Py_mod_gil, Py_MOD_GIL_NOT_USED},\n"


def real_wheel(artifact: Artifact, python: Path, folder: Path, *, slot: str, abi: str = "") -> Path:
    """A wheel whose extension is compiled for a real interpreter, from C."""
    assert artifact.wheel
    include = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('include'))"], capture_output=True, text=True, check=True
    ).stdout.strip()
    source = MODULE.format(slot=slot, abi=abi or artifact.wheel.tag.split("-")[1])
    members = factory.wheel_members(artifact, factory.compiled(source, (*factory.SAFE, f"-I{include}")))
    members["hotkernels/__init__.py"] = f"from ._native import build_info\n__version__ = '{artifact.version}'\n".encode()
    return factory.write_wheel(folder / artifact.filename, members)


@pytest.fixture
def free_threaded(
    by_label: dict[str, Artifact], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Artifact, Interpreter, Path]:
    """A wheel of a free-threaded interpreter that this machine has; nothing but the wheel is installed beside it."""
    nothing = tmp_path / "nothing.txt"
    nothing.touch()
    monkeypatch.setattr(clean, "requirements", lambda *_: nothing)
    for artifact in by_label.values():
        interpreter = artifact.tested_on[0]
        if artifact.wheel and not artifact.wheel.limited_api and interpreter.free_threaded:
            python = interpreters.find(interpreter)
            if python is not None:
                return artifact, interpreter, python
    missing = "no free-threaded interpreter here; nox -s interpreters provides one"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def start(artifact: Artifact, interpreter: Interpreter, python: Path, wheel: Path, folder: Path) -> Session:
    folder.mkdir()
    return dynamic.start(artifact, wheel, interpreter, python, folder, "hotkernels._native")


def test_an_import_that_leaves_the_gil_off(free_threaded: tuple[Artifact, Interpreter, Path], tmp_path: Path) -> None:
    artifact, interpreter, python = free_threaded
    wheel = real_wheel(artifact, python, tmp_path, slot=GIL_NOT_USED)
    session = start(artifact, interpreter, python, wheel, tmp_path / "space")
    assert dynamic.gil_off(session) == {"gil_before": False, "gil_after": False}
    assert dynamic.imported(session)["build_info"] == {"abi": interpreter.name}


def test_an_import_that_switches_the_gil_on(free_threaded: tuple[Artifact, Interpreter, Path], tmp_path: Path) -> None:
    artifact, interpreter, python = free_threaded
    wheel = real_wheel(artifact, python, tmp_path, slot="")
    session = start(artifact, interpreter, python, wheel, tmp_path / "space")
    with pytest.raises(CiError, match="the import switches the GIL on") as caught:
        dynamic.gil_off(session)
    assert caught.value.found == "before: False, after: True"
    assert "gil_used = false" in caught.value.todo


def test_what_says_another_abi(free_threaded: tuple[Artifact, Interpreter, Path], tmp_path: Path) -> None:
    artifact, interpreter, python = free_threaded
    wheel = real_wheel(artifact, python, tmp_path, slot=GIL_NOT_USED, abi="cp312-abi3")
    session = start(artifact, interpreter, python, wheel, tmp_path / "space")
    with pytest.raises(CiError, match="abi") as caught:
        dynamic.imported(session)
    assert (caught.value.expected, caught.value.found) == (interpreter.name, "cp312-abi3")


def test_what_does_not_import(free_threaded: tuple[Artifact, Interpreter, Path], tmp_path: Path) -> None:
    artifact, interpreter, python = free_threaded
    wheel = factory.write_wheel(tmp_path / artifact.filename, factory.wheel_members(artifact, b"nothing"))
    with pytest.raises(CiError, match="it does not import") as caught:
        start(artifact, interpreter, python, wheel, tmp_path / "space")
    assert "ImportError" in caught.value.found


def test_what_does_not_install_is_failed_evidence(
    free_threaded: tuple[Artifact, Interpreter, Path],
    declared: Matrix,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every check of the run fails, the log is kept and named, and goes when the run passes."""
    artifact, interpreter, python = free_threaded
    members = factory.wheel_members(artifact)
    del members[f"hotkernels-{artifact.version}.dist-info/WHEEL"]
    factory.write_wheel(tmp_path / artifact.filename, members)
    done = test.test(test.Run(artifact, interpreter, python), tmp_path, declared)
    assert {word.check: word.verdict for word in done.words} == dict.fromkeys(("import", "gil", "tests", "threads"), "fail")
    assert test.show(done)
    log = tmp_path / "logs" / f"{artifact.filename}.{interpreter.name}.log"
    assert log.is_file()
    out = capsys.readouterr().out
    assert str(log) in out
    assert out.count("it does not install") == 1


@pytest.fixture
def session(by_label: dict[str, Artifact], tmp_path: Path) -> Session:
    """A session whose environment is the one of these tests; its suite is written by each test."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tmp").mkdir()
    made = Clean(
        folder=tmp_path,
        python=Path(sys.executable),
        wheel=tmp_path / "x.whl",
        env=clean.environment(tmp_path),
        log=tmp_path / "log.txt",
    )
    artifact = by_label["cp312-cp312"]
    return Session(artifact=artifact, interpreter=artifact.tested_on[0], module="hotkernels._native", clean=made, said={})


@pytest.mark.parametrize(
    ("source", "message", "found"),
    [
        ("def test_a(): assert False\ndef test_b(): pass\n", "the tests failed, status 1", "1 passed, 1 failures"),
        ("import nothing_of_this_name\n", "the tests failed, status 2", "1 errors"),
        ("", "the tests failed, status 5", "0 passed"),
        ("import pytest\ndef test_a(): pytest.skip('no')\n", "no test passed", "0 passed, 0 failures, 0 errors, 1 skipped"),
        ("import os\ndef test_a(): os._exit(0)\n", "no test passed", "0 passed"),
        ("import os\ndef test_a(): os.abort()\n", "the tests failed, status -6", "0 passed"),
    ],
)
def test_a_suite_that_fails(source: str, message: str, found: str, session: Session) -> None:
    (session.clean.folder / "tests" / "test_small.py").write_text(source)
    with pytest.raises(CiError) as caught:
        dynamic.tests(session)
    assert caught.value.message == message
    assert found in caught.value.found


def test_a_suite_that_passes(session: Session) -> None:
    (session.clean.folder / "tests" / "test_small.py").write_text("def test_a(): pass\n")
    assert dynamic.tests(session) == {"tests": 1, "failures": 0, "errors": 0, "skipped": 0, "passed": 1}


def test_the_environment_does_not_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTEST_ADDOPTS", "HOTKERNELS_SIMD", "VIRTUAL_ENV", "RUSTFLAGS"):
        monkeypatch.setenv(name, "x")
    env = clean.environment(tmp_path)
    assert not {"PYTHONPATH", "PYTEST_ADDOPTS", "HOTKERNELS_SIMD", "VIRTUAL_ENV", "RUSTFLAGS"} & env.keys()
    assert env["TMPDIR"] == str(tmp_path / "tmp")
    assert env["UV_PYTHON_DOWNLOADS"] == "never"


def test_tests_of_the_release_line_stay_behind(tmp_path: Path) -> None:
    ignore = clean.leave_out(tmp_path)
    assert ignore(str(tmp_path), ["ci", "test_x.py", "__pycache__"]) == {"ci", "__pycache__"}
    assert ignore(str(tmp_path / "data"), ["ci"]) == set()


def test_requirements_of_an_interpreter_s_own(tmp_path: Path, declared: Matrix) -> None:
    (tmp_path / "ci" / "requirements").mkdir(parents=True)
    by_name = {interpreter.name: interpreter for interpreter in declared.interpreters}
    with pytest.raises(CiError, match="no requirements"):
        clean.requirements(by_name["cp314"], tmp_path)
    for name in ("test.txt", "test-cp313t.txt"):
        (tmp_path / "ci" / "requirements" / name).touch()
    assert clean.requirements(by_name["cp314"], tmp_path).name == "test.txt"
    assert clean.requirements(by_name["cp313t"], tmp_path).name == "test-cp313t.txt"


def test_a_missing_interpreter_is_named(by_label: dict[str, Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find", lambda _: None)
    monkeypatch.setattr(clean, "requirements", lambda *_: None)
    monkeypatch.setattr(host, "runs", lambda _: True)
    with pytest.raises(CiError, match=r"no python3\.13t to test it on") as caught:
        test.planned([by_label["cp313-cp313t"]])
    assert "nox -s interpreters" in caught.value.todo


def test_other_platforms_are_skipped_aloud(
    declared: Matrix, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(host, "way", lambda _: "static")
    wheels = [a for a in declared.artifacts(matrix.project_version()) if not a.is_sdist]
    with pytest.raises(CiError, match="nothing was tested"):
        test.planned(wheels)
    assert capsys.readouterr().out.count("the gate asks for it") == len(wheels)


def test_what_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    started = time.monotonic()
    status = supervise.run(["sh", "-c", "sleep 60 & sleep 60"], cwd=tmp_path, env={}, log=log, timeout=0.3)
    assert status == supervise.TOO_LONG
    assert time.monotonic() - started < 10
    assert "ended after" in supervise.tail(log)


def test_the_extension_s_hash(by_label: dict[str, Artifact], dist: Path) -> None:
    wheel = by_label["cp312-cp312"]
    expected = hashlib.sha256(factory.module("cp312")).hexdigest()
    assert dynamic.extension_sha256(dist / wheel.filename, "hotkernels._native") == expected
