"""Runs the kernels' own tests, and a use of each function of the wheel, under valgrind's memcheck.

memcheck knows what AddressSanitizer does not: which bytes were never written. It knows AVX2 and not AVX-512, and shows the
programs that it runs a CPU of that kind.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from rich.markup import escape

from ci import clean, interpreters, matrix, tools
from ci.console import console, errors
from ci.errors import CiError
from ci.paths import ROOT
from ci.process import run
from scripts import kept, tests
from scripts.interpreters import archive, check_sum
from scripts.kept import Ran

INTERPRETER = "cp314"
EXTENSION = "hotkernels/_native."
"""What the path of our extension has, and no other."""

SUPPRESSIONS = "Misc/valgrind-python.supp"
EXAMPLES = {"short": "2", "full": "16"}  # of each property
LONG = ("matrices_of_several_blocks",)  # by itself as long as all others; with --full
LEVEL = "avx2"
BUILDS = {
    "kernels": "as compiled for speed, up to AVX2",
    "wheel": "the wheel as it ships, at AVX2: each public name (tests/uses.py)",
}
FAILED = 99  # the status of a program in which memcheck found something; no test ends with it
MEMCHECK = (
    "--quiet",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
    "--num-callers=30",
)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s memcheck --", description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="more examples of each property")
    parser.add_argument("--only", choices=("kernels", "wheel"), help="one half of it")
    parser.add_argument("--record", action="store_true", help="keep what it comes to in docs/results/runs.json")
    parser.add_argument("--test", action="append", default=[], metavar="NAME", help="these tests of the kernels alone")
    parser.add_argument("--install", action="store_true", help="valgrind by apt, where it is not there: for hosted machines")
    parser.add_argument(
        "--sources",
        type=Path,
        default=os.environ.get("HOTKERNELS_CPYTHON_SOURCES"),
        metavar="DIR",
        help="a folder of Python-3.*.tar.xz, for CPython's own suppressions ($HOTKERNELS_CPYTHON_SOURCES)",
    )
    args = parser.parse_args(words)
    if args.record and args.test:
        parser.error("--record is for whole runs, not for --test")
    size = "full" if args.full else "short"
    bad = False
    try:
        valgrind = program(install=args.install)
        parts: dict[str, Callable[[], Ran]] = {
            "kernels": lambda: kernels(valgrind, args.test, size),
            "wheel": lambda: wheel(valgrind, Path(args.sources) if args.sources else None),
        }
        for name in [args.only] if args.only else parts:
            ran, took = timed(name, parts[name])
            bad |= bool(ran.status)
            if args.record and not ran.status:
                words = ["nox -s memcheck --", *(["--full"] if args.full and name == "kernels" else []), "--only", name]
                row = {"command": " ".join(words), "build": BUILDS[name], **ran.counts, **took}
                kept.record("runs", {f"memcheck {name}" + (f" {size}" if name == "kernels" else ""): row})
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return 1 if bad else 0


def timed(name: str, part: Callable[[], Ran]) -> tuple[Ran, dict[str, float]]:
    started = time.monotonic()
    console.rule(f"memcheck: {name}", align="left")
    with kept.processor_time() as took:
        ran = part()
    console.print(f"memcheck: {name} {'[bold red]FAILED[/]' if ran.status else 'passed'}  {time.monotonic() - started:.0f} s")
    return ran, took


def program(*, install: bool) -> Path:
    """The valgrind on PATH; install: by apt where there is none."""
    if install and not shutil.which("valgrind"):
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "valgrind", "libc6-dbg"]):
            run([*sudo, "apt-get", "--quiet", *words], what="installing valgrind", todo="install valgrind")
    if found := shutil.which("valgrind"):
        return Path(found)
    raise CiError("valgrind is not there", todo="apt-get install valgrind; on macOS there is none: run it on Linux")


def kernels(valgrind: Path, chosen: list[str], size: str) -> Ran:
    """The kernels' tests, every level that memcheck knows."""
    command = ["cargo", "test", "--release", "--locked", "--package=hotkernels-kernels", "--lib", "--no-run"]
    options = ["--target-dir=target/memcheck", "--config=profile.release.strip=false", "--config=profile.release.debug=1"]
    # Quicker to compile; the wheel is as shipped.
    options += [f"--config=profile.release.package.hotkernels-kernels.{each}" for each in ("opt-level=1", "codegen-units=16")]
    said = run([*command, *options, "--message-format=json"], what="building the kernels' tests", cwd=ROOT)
    env = os.environ | {"PROPTEST_CASES": EXAMPLES[size], "HOTKERNELS_SIMD": LEVEL}
    chosen = [*chosen, *(word for name in (() if size == "full" or chosen else LONG) for word in ("--skip", name))]
    ran = Ran()
    for test in executables(said):
        under = [str(valgrind), *MEMCHECK, f"--error-exitcode={FAILED}", str(test), "--test-threads=1", *chosen]
        ran.add(kept.run(under, env=env))
    return ran


def executables(said: str) -> list[Path]:
    """The programs that `cargo --message-format=json` says it has made."""
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    found = [Path(row["executable"]) for row in rows if row.get("executable") and row.get("profile", {}).get("test")]
    if not found:
        raise CiError("cargo has made no tests", found=said[-600:])
    return found


def wheel(valgrind: Path, sources: Path | None) -> Ran:
    """The wheel of one interpreter: each function, arrays that end with their allocation."""
    declared = matrix.load()
    (interpreter,) = (each for each in declared.interpreters if each.name == INTERPRETER)
    if (python := interpreters.find(interpreter)) is None:
        raise CiError(f"no {interpreter.command} here", todo="nox -s interpreters provides it")
    with tempfile.TemporaryDirectory(prefix="hotkernels-memcheck-") as name:
        folder = Path(name)
        site = tests.install(declared, interpreter, python, folder)
        bin_folder = tools.environment(clean.requirements(interpreter), python=python)
        report = folder / "report.xml"
        env = os.environ | {"PYTHONMALLOC": "malloc", "PYTHONPATH": str(site), "HOTKERNELS_SIMD": LEVEL}
        # The interpreter itself: an environment's is a link, and starts nothing else.
        command: list[str | Path] = [valgrind, *MEMCHECK, "--xml=yes", f"--xml-file={report}"]
        command += [f"--suppressions={path}" for path in suppressions(sources, interpreter.version, folder)]
        command += [bin_folder / "python", "-P", ROOT / "tests" / "uses.py"]
        status = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
        found = [error for error in ElementTree.parse(report).getroot().iter("error") if ours(error)]  # noqa: S314  (valgrind's)
        for error in found[:5]:
            errors.print(escape(shown(error)), highlight=False)
        if found:
            errors.print(f"[bold red]{len(found)} errors in the extension[/], of which the first are above")
        return Ran(status=status or (FAILED if found else 0))


def suppressions(sources: Path | None, version: str, folder: Path) -> Iterator[Path]:
    """CPython's own, from its sources where they are at hand; its errors are not counted either way."""
    if sources and (source := archive(sources, version)):
        check_sum(source)
        inside = f"{source.name.partition('.t')[0]}/{SUPPRESSIONS}"
        with tarfile.open(source) as files:
            files.extract(inside, folder, filter="data")
        yield folder / inside


def ours(error: ElementTree.Element) -> bool:
    """Whether the extension was at work: what it read, wrote or allocated, or handed to another library to do so."""
    stack = error.find("stack")  # the first one says where it happened, others where the memory is from
    return stack is not None and any(EXTENSION in (frame.findtext("obj") or "") for frame in stack.iter("frame"))


def shown(error: ElementTree.Element) -> str:
    """One error as a person reads it."""
    lines = [error.findtext("what") or error.findtext("xwhat/text") or error.findtext("kind") or "an error"]
    for frame in error.iter("frame"):
        where = frame.findtext("fn") or frame.findtext("ip") or "?"
        lines.append(f"  {where}  {frame.findtext('file') or frame.findtext('obj') or ''}:{frame.findtext('line') or ''}")
    return "\n".join(lines[:40])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
