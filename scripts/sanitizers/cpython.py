"""A CPython that a sanitizer watches, built from its sources once and kept; the suppressions come from the same sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ci.errors import CiError
from ci.matrix import Interpreter
from ci.process import run
from scripts.interpreters import archive, check_sum
from scripts.provide import piece
from scripts.sanitizers import compilers
from scripts.sanitizers.compilers import Compilers

CONFIGURE = (
    "--quiet", "--disable-test-modules", "--with-ensurepip=no", "--without-static-libpython",
    "CFLAGS=-gline-tables-only -O1 -fno-omit-frame-pointer",  # more would be twice as long to build, and no better watched
)  # fmt: skip

WATCHED = {
    "address": ("--with-address-sanitizer", "--without-pymalloc"),  # each object is an allocation of its own
    "thread": ("--with-thread-sanitizer", "--disable-gil"),
}

OPTIONS = {"address": {"ASAN_OPTIONS": "detect_leaks=0"}, "thread": {"TSAN_OPTIONS": "report_bugs=0"}}
"""While CPython is built: its programs leak what they do not need to free, and its own races are not ours."""

MODULES = ("ctypes", "zlib", "ssl")  # the tests and NumPy need them

KEPT = ("Tools/tsan/suppressions_free_threading.txt", "Tools/tsan/suppressions.txt", "Misc/valgrind-python.supp")
"""What CPython knows of its own reports; those that this version has."""


def provide(sanitizer: str, interpreter: Interpreter, sources: Path | None, made: Compilers) -> Path:
    """The interpreter, built with the sanitizer; a CiError where there is neither one in the cache nor its sources."""
    options = [*CONFIGURE, *WATCHED[sanitizer]]
    digest = hashlib.sha256("\0".join([*options, *compilers.CLANG]).encode()).hexdigest()[:8]
    source = archive(sources, interpreter.version) if sources else None
    if source is None:
        kept = sorted(compilers.folder().glob(f"{interpreter.name}-{sanitizer}-*-{digest}/bin/{interpreter.command}"))
        if kept:
            return kept[-1]
        raise CiError(
            f"no CPython {interpreter.version} with the {sanitizer} sanitizer, and no sources to build it from",
            expected=f"Python-{interpreter.version}.* and SHA256SUMS in a folder",
            found=str(sources or "no folder named"),
            todo="nox -s sanitize -- --sources DIR, or HOTKERNELS_CPYTHON_SOURCES=DIR",
        )
    version = source.name.removeprefix("Python-").partition(".t")[0]
    target = compilers.folder() / f"{interpreter.name}-{sanitizer}-{version}-{digest}"

    def make(folder: Path) -> None:
        check_sum(source)
        build(source, folder, target, options, os.environ | OPTIONS[sanitizer] | tools(made), interpreter)

    piece(target, make, " ".join([source.name, *options]))
    return target / "bin" / interpreter.command


def tools(made: Compilers) -> dict[str, str]:
    return {
        "CC": str(made.clang),
        "CXX": str(made.clang.with_name("clang++")),
        "AR": str(made.clang.with_name("llvm-ar")),
        "RANLIB": str(made.clang.with_name("llvm-ranlib")),
    }


def build(
    source: Path, folder: Path, target: Path, options: list[str], environ: Mapping[str, str], interpreter: Interpreter
) -> None:
    """Builds the archive for `target`, in `folder` beside it."""
    log = compilers.folder() / "logs" / f"{target.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    # PYTHON*: they would reach the interpreters that the build itself runs.
    env = {key: value for key, value in environ.items() if not key.startswith("PYTHON")}
    with tempfile.TemporaryDirectory(prefix=".build-", dir=compilers.folder()) as name:
        tree, stage = Path(name) / "tree", Path(name) / "stage"
        tree.mkdir()
        steps: tuple[list[str | Path], ...] = (
            ["tar", "xf", source, "-C", tree, "--strip-components=1"],
            ["./configure", f"--prefix={target}", *options],
            ["make", "-s", f"-j{os.cpu_count() or 1}"],
            ["make", "-s", "install", f"DESTDIR={stage}"],
        )
        for command in steps:
            run(command, what=f"building {target.name}", cwd=tree, env=env, log=log, timeout=7200, todo=f"see {log}")
        made = stage / target.relative_to("/")
        for module in MODULES:
            python: list[str | Path] = [made / "bin" / interpreter.command, "-I", "-c", f"import {module}"]
            run(python, what=f"{target.name}: no {module}", env=env, todo=f"see {log}")
        (made / "share").mkdir(exist_ok=True)
        for kept in KEPT:
            if (tree / kept).is_file():
                shutil.copyfile(tree / kept, made / "share" / Path(kept).name)
        shutil.copytree(made, folder, dirs_exist_ok=True, symlinks=True)


def suppressions(python: Path) -> Path:
    """What CPython suppresses of its own races, in the sources that `python` is built from."""
    share = python.parent.parent / "share"
    for kept in KEPT[:2]:
        if (found := share / Path(kept).name).is_file():
            return found
    raise CiError(f"{share}: no suppressions of CPython's own", expected=Path(KEPT[0]).name)
