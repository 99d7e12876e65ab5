"""Provides every interpreter that is served: links what the machine has, lets uv fetch the rest, or builds it from source.

What is provided is in the cache, under names that mean one interpreter each. The second run only looks.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version
from rich.markup import escape

from ci import interpreters, matrix, once, tools
from ci.console import console, errors
from ci.errors import CiError
from ci.evidence import sha256
from ci.matrix import Interpreter
from ci.paths import cache
from ci.process import run

# As fast as a release build tests need: optimised, without the profile-guided second build, debug information, CPython's
# own tests and what only embedding uses.
CONFIGURE = ("--quiet", "--disable-test-modules", "--with-ensurepip=no", "--without-static-libpython", "CFLAGS=-g0 -O2")

# Built where the headers are there, left out where not; the tests and tools need all of them.
EXTENSIONS = {"ssl": "libssl-dev", "zlib": "zlib1g-dev", "ctypes": "libffi-dev", "sqlite3": "libsqlite3-dev",
              "bz2": "libbz2-dev", "lzma": "liblzma-dev"}  # fmt: skip

AT_ONCE = 2  # configure and the end of make use one core: two builds fill two cores


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one interpreter: how it came, or why it did not."""

    interpreter: Interpreter
    how: str
    seconds: float
    error: CiError | None = None


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s interpreters --", description=__doc__.partition("\n")[0])
    parser.add_argument("name", nargs="*", help="cp314t, …: of ci/matrix.toml; all of them by default")
    parser.add_argument(
        "--sources",
        type=Path,
        default=os.environ.get("HOTKERNELS_CPYTHON_SOURCES"),
        metavar="DIR",
        help="a folder of Python-3.*.tar.xz with their SHA256SUMS ($HOTKERNELS_CPYTHON_SOURCES)",
    )
    args = parser.parse_args()
    declared = matrix.load().interpreters
    if unknown := set(args.name) - {interpreter.name for interpreter in declared}:
        parser.error(f"{min(unknown)}: not in ci/matrix.toml")
    wanted = [interpreter for interpreter in declared if interpreter.name in args.name or not args.name]
    try:
        missing = provide(wanted, Path(args.sources) if args.sources else None)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return verdict(missing, strict=bool(os.environ.get("CI")))


def verdict(missing: list[str], *, strict: bool) -> int:
    """A machine without one of them is of use to a person, who is told; CI must have them all."""
    if not missing:
        return 0
    console.print(f"[yellow]missing: {', '.join(missing)}[/]" + ("" if strict else "  (what needs them will say so)"))
    return 1 if strict else 0


def provide(wanted: list[Interpreter], sources: Path | None) -> list[str]:
    """Provides what it can, a line each as it comes; the names of those it could not."""
    missing, online = [], True
    for interpreter in wanted:
        started = time.monotonic()
        how, online = at_hand(interpreter, online=online)
        if how:
            show(Outcome(interpreter=interpreter, how=how, seconds=time.monotonic() - started))
        else:
            missing.append(interpreter)
    archives = {interpreter.name: archive(sources, interpreter.version) for interpreter in missing} if sources else {}
    for checked in {path for path in archives.values() if path}:
        check_sum(checked)

    def attempt(interpreter: Interpreter) -> Outcome:
        return from_source(interpreter, archives.get(interpreter.name), sources)

    if any(archives.values()):
        console.print("building from source, some minutes each …")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda interpreter: show(attempt(interpreter)), missing))
    return [outcome.interpreter.name for outcome in outcomes if outcome.error]


def show(outcome: Outcome) -> Outcome:
    name = f"{outcome.interpreter.name:7}"
    if outcome.error:
        console.print(f"[yellow]missing[/]  {name}  {escape(str(outcome.error))}")
    else:
        console.print(f"[green]ready[/]    {name}  {escape(outcome.how)}  {outcome.seconds:.1f} s")
    return outcome


def at_hand(interpreter: Interpreter, *, online: bool) -> tuple[str, bool]:
    """Links the one that the machine has, or that uv fetches; how it came, and whether asking uv again makes sense."""
    if found := interpreters.search(interpreter):
        link(interpreter, found.executable)
        return f"{found.release} in {found.executable.resolve().parent}", online
    (interpreters.bin_folder() / interpreter.command).unlink(missing_ok=True)  # it no longer leads anywhere
    if online:
        fetched, online = fetch(interpreter)
        if fetched:
            link(interpreter, fetched.executable)
            return f"{fetched.release} by uv", online
    return "", online


def link(interpreter: Interpreter, executable: Path) -> None:
    """Puts it into the folder of unambiguous names."""
    target = interpreters.bin_folder() / interpreter.command
    if executable == target:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    part.symlink_to(executable)
    part.replace(target)


def fetch(interpreter: Interpreter) -> tuple[interpreters.Candidate | None, bool]:
    """What uv could download, and whether the next one may be asked for: without a network each would only take time."""
    folder = cache() / "interpreters" / "uv"
    request = interpreter.command.removeprefix("python")
    env = os.environ | {"UV_PYTHON_DOWNLOADS": "manual", "UV_HTTP_RETRIES": "1", "UV_HTTP_CONNECT_TIMEOUT": "10"}
    command = [tools.uv(), "python", "install", "--quiet", "--no-bin", "--install-dir", str(folder), request]
    try:
        run(command, what=f"uv python install {request}", env=env, timeout=180)
    except CiError as error:
        return None, "No download found" in error.found
    paths = folder.glob(f"cpython-*/bin/{interpreter.command}")
    return interpreters.choose(interpreter, (interpreters.probe(path) for path in paths)), True


def archive(sources: Path, version: str) -> Path | None:
    """The newest source archive of this minor version, a final release before any pre-release."""
    if not sources.is_dir():
        raise CiError(f"{sources}: no such folder of CPython sources", todo="name another with --sources")
    found: list[tuple[bool, Version, Path]] = []
    for path in sources.iterdir():
        match = re.fullmatch(r"Python-(3\..+?)\.(tar\.xz|tgz|tar\.gz)", path.name)
        try:
            release = Version(match[1]) if match else None
        except InvalidVersion:
            continue
        if release and f"{release.major}.{release.minor}" == version:
            found.append((not release.is_prerelease, release, path))
    return max(found)[2].resolve() if found else None


def check_sum(path: Path) -> None:
    """A CiError unless SHA256SUMS beside the archive lists exactly its bytes."""
    sums = path.with_name("SHA256SUMS")
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    rows = dict(line.replace(" *", "  ").split("  ", 1)[::-1] for line in lines if "  " in line.replace(" *", "  "))
    if (listed := rows.get(path.name)) is None:
        raise CiError(f"{path}: not listed in SHA256SUMS", todo="add its line, from where the archive was published")
    if (digest := sha256(path)) != listed.lower():
        raise CiError(
            f"{path}: not the archive that SHA256SUMS lists",
            expected=listed,
            found=digest,
            todo="fetch the archive again; never correct SHA256SUMS to match",
        )


def from_source(interpreter: Interpreter, source: Path | None, sources: Path | None) -> Outcome:
    """Builds it, unless that was done before; the outcome says how it went."""
    started = time.monotonic()
    try:
        if source is None:
            where = f"no Python-{interpreter.version}.* in {sources}" if sources else "neither here nor to be fetched by uv"
            todo = (
                f"put {interpreter.command} on PATH, or its source archive and SHA256SUMS into a folder:"
                " nox -s interpreters -- --sources DIR"
            )
            raise CiError(where, todo=todo)
        built = build(interpreter, source)
        link(interpreter, built / "bin" / interpreter.command)
        found = interpreters.search(interpreter)
        if found is None:
            raise CiError(f"{built}: not {interpreter.name} after all", todo="remove the folder; say it to the developers")
    except CiError as error:
        return Outcome(interpreter=interpreter, how="", seconds=time.monotonic() - started, error=error)
    return Outcome(interpreter=interpreter, how=f"{found.release} from source", seconds=time.monotonic() - started)


def build(interpreter: Interpreter, source: Path) -> Path:
    """The folder of the interpreter built from this archive with CONFIGURE; made beside its place, renamed when whole."""
    options = [*CONFIGURE, *(["--disable-gil"] if interpreter.free_threaded else [])]
    base = cache() / "interpreters"
    version = source.name.removeprefix("Python-").partition(".t")[0]
    digest = hashlib.sha256("\0".join(options).encode()).hexdigest()[:8]
    target = base / f"{interpreter.name}-{version}-{digest}"

    def make(folder: Path) -> None:
        log = base / "logs" / f"{target.name}.log"
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        todo = f"see {log}; a build needs a C compiler, make and (Debian) {' '.join(EXTENSIONS.values())}"
        # PYTHON*: they would reach the interpreters that the build itself runs.
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        with tempfile.TemporaryDirectory(prefix=".build-", dir=base) as name:
            tree, stage = Path(name) / "tree", Path(name) / "stage"
            tree.mkdir()
            steps: tuple[list[str | Path], ...] = (
                ["tar", "xf", source, "-C", tree, "--strip-components=1"],
                ["./configure", f"--prefix={target}", *options],
                ["make", "-s", f"-j{os.cpu_count() or 1}"],
                ["make", "-s", "install", f"DESTDIR={stage}"],
            )
            for command in steps:
                run(command, what=f"building {interpreter.name}", cwd=tree, env=env, log=log, timeout=3600, todo=todo)
            python = stage / target.relative_to("/") / "bin" / interpreter.command
            for module, package in EXTENSIONS.items():
                without = f"building {interpreter.name}: no {module}"
                run([python, "-I", "-c", f"import {module}"], what=without, env=env, todo=f"install its headers ({package})")
            (stage / target.relative_to("/")).rename(folder)  # onto the empty folder that it is given

    return once.folder(target, make, whole=lambda folder: (folder / "bin" / interpreter.command).is_file())


if __name__ == "__main__":
    sys.exit(main())
