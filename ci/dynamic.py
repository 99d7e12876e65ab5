"""The checks that run an artifact: import, gil, tests and threads, on one interpreter in a clean environment."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ci import checks, clean, emulation, supervise
from ci.clean import Clean
from ci.errors import CiError
from ci.matrix import Artifact, Host, Interpreter

THREADS: dict[Host, int] = {"native": 4, "emulated": 2}  # under emulation all takes ten times as long
PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True, kw_only=True)
class Session:
    """An artifact installed for one interpreter; said is what probe.py found when it imported the package.

    host: how the interpreter runs. Under emulation the tests try fewer examples.
    """

    artifact: Artifact
    interpreter: Interpreter
    module: str
    clean: Clean
    said: dict[str, Any]
    host: Host = "native"


@dataclass(frozen=True)
class Check:
    """run returns the detail of a pass and raises a CiError to refuse; tool is a key of the probe's tools, or cpython."""

    run: Callable[[Session], dict[str, Any]]
    tool: str

    def version(self, session: Session) -> str:
        return str(session.said["python"] if self.tool == "cpython" else session.said["tools"][self.tool])


def start(
    artifact: Artifact,
    path: Path,
    interpreter: Interpreter,
    python: Path,
    folder: Path,
    module: str,
    host: Host = "native",
) -> Session:
    """Installs the artifact and imports it once; a CiError when either does not work."""
    made = clean.create(path, interpreter, python, folder)
    log = folder / "probe.txt"
    # -I: nothing of this environment, of the user or of the current folder is imported.
    status = supervise.run([made.python, "-I", PROBE, module], cwd=folder / "tmp", env=made.env, log=log, timeout=120)
    with made.log.open("ab") as whole:
        whole.write(log.read_bytes())
    if status:
        raise CiError(
            "it does not import",
            expected=f"import {module} to succeed",
            found=f"status {status}\n{supervise.tail(log)}",
            todo="see the log",
        )
    said = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    return Session(artifact=artifact, interpreter=interpreter, module=module, clean=made, said=said, host=host)


def imported(this: Session) -> dict[str, Any]:
    """The interpreter is the one of the matrix; what it imported are the artifact's bytes, of the ABI of its name."""
    said = this.said
    rows = (
        ("the interpreter", this.interpreter.version, said["minor"]),
        ("whether the interpreter is free-threaded", this.interpreter.free_threaded, said["free_threaded"]),
        ("the implementation", "cpython", said["implementation"]),
        ("imported from the environment", True, Path(said["extension"]).is_relative_to(this.clean.folder)),
        ("the imported extension's sha256", extension_sha256(this.clean.wheel, this.module), said["sha256"]),
        ("build_info()['abi']", checks.abi(this.artifact), said["build_info"].get("abi")),
        ("__version__", this.artifact.version, said["version"]),
        ("the installed version", this.artifact.version, said["installed"]),
    )
    for what, expected, found in rows:
        if expected != found:
            raise CiError(
                f"{what} is not as it must be",
                expected=str(expected),
                found=str(found),
                todo="the wheel is not what its name says, or the interpreter is not: build and test again",
            )
    return {"python": said["python"], "build_info": said["build_info"], "tools": said["tools"]}


def gil_off(this: Session) -> dict[str, Any]:
    """On a free-threaded interpreter, the import leaves the GIL off."""
    before, after = this.said["gil_before"], this.said["gil_after"]
    if before or after:
        raise CiError(
            "the GIL was on before the import" if before else "the import switches the GIL on",
            expected="sys._is_gil_enabled() is False before and after the import",
            found=f"before: {before}, after: {after}",
            todo="declare the module free-threaded, #[pymodule(gil_used = false)]; set no PYTHON_GIL",
        )
    return {"gil_before": before, "gil_after": after}


def tests(this: Session) -> dict[str, Any]:
    """The suite, each test alone."""
    return suite(this, "tests", [])


def threads(this: Session) -> dict[str, Any]:
    """The suite, each test in several threads at once."""
    # A dependency that switches the GIL back on would make this a test of nothing.
    number = THREADS[this.host]
    options = [f"--parallel-threads={number}", "-W", "error:The global interpreter lock:RuntimeWarning"]
    return {**suite(this, "threads", options), "threads": number}


CHECKS = {
    "import": Check(imported, "cpython"),
    "gil": Check(gil_off, "cpython"),
    "tests": Check(tests, "pytest"),
    "threads": Check(threads, "pytest-run-parallel"),
}


def suite(this: Session, name: str, options: list[str]) -> dict[str, Any]:
    """Runs pytest from the clean folder; its counts, or a CiError unless something passed and nothing failed."""
    made = this.clean
    report = made.folder / f"{name}.xml"
    # -P: the current folder is not imported from. Plain order: what fails here fails again.
    command: list[str | Path] = [made.python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    fewer = {"hypothesis_profile": emulation.PROFILE} if this.host == "emulated" else {}
    command += [f"--hypothesis-profile={profile}" for profile in fewer.values()]
    command += [f"--junitxml={report}", "-o", "faulthandler_timeout=600", *options, "tests"]
    status = supervise.run(command, cwd=made.folder, env=made.env, log=made.log)
    counts = junit(report)
    passed = counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
    if status or counts["failures"] or counts["errors"] or passed <= 0:
        said = ", ".join(f"{number} {what}" for what, number in counts.items() if what != "tests")
        raise CiError(
            f"the tests failed, status {status}" if status else "no test passed",
            expected="status 0, no failure, no error, at least one test passed",
            found=f"{passed} passed, {said}\n{supervise.tail(made.log)}",
            todo="see the log",
        )
    return {**counts, "passed": passed, **fewer}


def junit(report: Path) -> dict[str, int]:
    """tests, failures, errors, skipped; zeros where pytest came to no end."""
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314  # pytest wrote it just now
    except (OSError, ElementTree.ParseError):
        suites = []
    return {key: sum(int(s.get(key, 0)) for s in suites) for key in ("tests", "failures", "errors", "skipped")}


def extension_sha256(wheel: Path, module: str) -> str:
    """The SHA-256 of the extension module inside a wheel."""
    stem = module.replace(".", "/") + "."
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(stem) and name.endswith((".so", ".pyd"))]
        if len(names) != 1:
            raise CiError("not exactly one extension module", expected=f"{stem}*.so", found=", ".join(names) or "none")
        return hashlib.sha256(archive.read(names[0])).hexdigest()
