"""A clean environment for one artifact and one interpreter: the artifact from its file alone, the tests beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci import matrix, supervise, tools
from ci.errors import CiError
from ci.matrix import Interpreter
from ci.paths import ROOT


@dataclass(frozen=True, kw_only=True)
class Clean:
    """folder: outside the checkout, and gone afterwards. python: the environment's. wheel: what was installed."""

    folder: Path
    python: Path
    wheel: Path
    env: dict[str, str]
    log: Path


def requirements(interpreter: Interpreter, root: Path = ROOT) -> Path:
    """What the tests need, with hashes: a file of the interpreter's own where the newest releases dropped it."""
    own = root / "ci" / "requirements" / f"test-{interpreter.name}.txt"
    common = root / "ci" / "requirements" / "test.txt"
    found = own if own.is_file() else common
    if not found.is_file():
        raise CiError(
            f"no requirements to test {interpreter.name} with",
            expected=f"{common.relative_to(root)}",
            found="no such file",
            todo="nox -s lock writes it",
        )
    return found


def create(artifact: Path, interpreter: Interpreter, python: Path, folder: Path, *, root: Path = ROOT) -> Clean:
    """Makes the environment, builds a wheel if the artifact is an sdist, installs it, and copies the tests."""
    log = folder / "log.txt"
    env = environment(folder)
    wheel = artifact
    if artifact.name.endswith(".tar.gz"):
        wheel = build_wheel(artifact, python, folder, env, log, build_tools(root))
    venv = folder / "environment"
    uv(["venv", "--python", python, venv], "no environment could be made", folder, env, log)
    # No cache: the very bytes of this file. No index: what it says it needs must not hide that it needs more.
    install: list[str | Path] = ["pip", "install", "--python", venv, "--no-deps", "--no-index", "--no-cache", wheel]
    uv(install, "it does not install", folder, env, log)
    flags = ["--require-hashes", "--only-binary", ":all:"]
    wanted: list[str | Path] = ["pip", "install", "--python", venv, *flags, "-r", requirements(interpreter, root)]
    uv(wanted, "what the tests need does not install", folder, env, log)
    shutil.copytree(root / "tests", folder / "tests", ignore=leave_out(root / "tests"))
    # pytest takes its settings from here, as it does in the checkout.
    shutil.copyfile(root / "pyproject.toml", folder / "pyproject.toml")
    return Clean(folder=folder, python=venv / "bin" / "python", wheel=wheel, env=env, log=log)


def build_tools(root: Path = ROOT) -> Path:
    """The locked maturin that releases are built with, with hashes."""
    return root / "ci" / "requirements" / f"maturin-{matrix.load().lanes[0].maturin}.txt"


def build_wheel(sdist: Path, python: Path, folder: Path, env: dict[str, str], log: Path, constraints: Path) -> Path:
    """A wheel from the sdist as a user's front end makes it: isolated, from the file alone.

    constraints: what it may fetch to build with, of those bytes.
    """
    out = folder / "wheel"
    uv(
        [
            "build",
            "--wheel",
            "--python",
            python,
            "--build-constraints",
            constraints,
            "--require-hashes",
            "--out-dir",
            out,
            sdist,
        ],
        "no wheel can be built from it",
        folder,
        env,
        log,
    )
    wheels = list(out.glob("*.whl"))
    if len(wheels) != 1:
        raise CiError(
            "the sdist did not give one wheel", expected="one wheel", found=", ".join(p.name for p in wheels) or "none"
        )
    return wheels[0]


def environment(folder: Path) -> dict[str, str]:
    """This process's environment without what would change how Python, pytest, cargo or the package behave."""
    ours = ("PYTHON", "PYTEST_", "HOTKERNELS_", "COVERAGE_", "MATURIN_", "CARGO_BUILD_", "UV_PYTHON", "UV_PROJECT")
    names = {"VIRTUAL_ENV", "CONDA_PREFIX", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"}
    env = {key: value for key, value in os.environ.items() if not key.startswith(ours) and key not in names}
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return env | {"UV_PYTHON_DOWNLOADS": "never", "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}


def uv(words: Sequence[str | Path], message: str, folder: Path, env: dict[str, str], log: Path) -> None:
    """Runs uv; a CiError with the end of its log when it fails."""
    status = supervise.run([tools.uv(), *words], cwd=folder / "tmp", env=env, log=log)
    if status:
        raise CiError(
            message,
            expected=f"`uv {' '.join(str(word) for word in words[:2])}` to succeed",
            found=f"status {status}\n{supervise.tail(log)}",
            todo="see the log",
        )


def leave_out(tests: Path) -> Callable[[str, list[str]], set[str]]:
    """The tests of the release line itself do not belong to the package's."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name == "__pycache__" or (Path(folder) == tests and name == "ci")}

    return ignore
