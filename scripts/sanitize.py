"""Runs the kernels' own tests, and the package in a CPython built the same way, under AddressSanitizer or ThreadSanitizer.

What AddressSanitizer or ThreadSanitizer reports fails the run, wherever it comes from; what is known of others and not ours
to mend is in scripts/sanitizers/*.supp, each with its reason.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from ci import clean, host, interpreters, matrix, tools
from ci.console import console, errors
from ci.errors import CiError
from ci.matrix import Interpreter
from ci.paths import ROOT
from ci.process import run
from scripts import kept
from scripts.kept import Ran
from scripts.sanitizers import compilers, cpython
from scripts.sanitizers.compilers import CONFIG, TARGET, Compilers

INTERPRETERS = {"address": "cp314", "thread": "cp314t"}
"""ThreadSanitizer wants the build where threads run at once; AddressSanitizer the one that most people have."""

THREADS = 4  # of each test of the package, under ThreadSanitizer

KERNELS = {"address": (), "thread": ("threads", "counter", "batch", "matrix", "top_k", "program", "arrow", "image")}
"""Names of the kernels' tests of the short run: those where threads meet; what is empty is all."""

PACKAGE = {
    "address": ("tests",),
    "thread": ("test_threads", "test_vector_class", "test_chart", "test_batch", "test_top_k", "test_columns", "test_image"),
}
"""The same for the package's tests."""

EXAMPLES = {"short": "2", "full": "8"}  # of each property; natively it is 256
PROFILES = {"short": "sanitized", "full": "emulated"}  # tests/conftest.py's: 3 examples of each property, or 10

MEANT = ("tests/test_threads.py::test_reading_while_another_writes_is_no_crash", "tests/test_races.py")
"""Tests whose threads race over an array's numbers on purpose: that nothing crashes is looked at, the race itself is not."""

LEFT_OUT = ("tests/test_no_memory.py::test_no_memory_is_a_memory_error",)
"""It takes address space from the process, which a sanitizer's run time cannot do without: that is what would end there."""

# Under AddressSanitizer: more than one allocation of the tests is meant to fail; NumPy's and SciPy's C++ is theirs.
ADDRESS = {
    "abort_on_error": "0",
    "allocator_may_return_null": "1",
    "detect_stack_use_after_return": "1",
    "strict_string_checks": "1",
    "check_initialization_order": "1",
    "alloc_dealloc_mismatch": "0",
}
# Under ThreadSanitizer: a child of fork starts threads.
THREAD = {
    "exitcode": "66",
    "allocator_may_return_null": "1",
    "die_after_fork": "0",
    "history_size": "4",
    "second_deadlock_stack": "1",
}

BUILDS = {
    "kernels": "std and all instrumented, at every level of the machine",
    "package": "CPython, the extension and std instrumented",
}

REPORT = re.compile(r"^(?:WARNING|.*ERROR): (?:Address|Thread|Leak)Sanitizer", re.MULTILINE)
REFUSED = re.compile(r"^==\d+==WARNING: \w+Sanitizer failed to allocate .*\n", re.MULTILINE)
"""Said of memory that is not to be had, which some tests ask for: no report."""

QUIET = {"ASAN_OPTIONS": "detect_leaks=0", "TSAN_OPTIONS": "report_bugs=0"}
"""For programs that only prepare something."""

PREPARED = {"PYTHONDONTWRITEBYTECODE": "1"}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s sanitize --", description=__doc__.partition("\n")[0])
    parser.add_argument("sanitizer", nargs="?", choices=tuple(INTERPRETERS), help="the one to run (both)")
    parser.add_argument("--full", action="store_true", help="every test, with more examples of each property")
    parser.add_argument("--only", choices=("kernels", "package"), help="one half of it")
    parser.add_argument("--record", action="store_true", help="keep what it comes to in docs/results/runs.json")
    parser.add_argument(
        "--test", action="append", default=[], metavar="NAME", help="these tests alone, as cargo or pytest takes them"
    )
    parser.add_argument(
        "--sources",
        type=Path,
        default=os.environ.get("HOTKERNELS_CPYTHON_SOURCES"),
        metavar="DIR",
        help="a folder of Python-3.*.tar.xz with their SHA256SUMS ($HOTKERNELS_CPYTHON_SOURCES)",
    )
    args = parser.parse_args(words)
    if args.record and args.test:
        parser.error("--record is for whole runs, not for --test")
    size = "full" if args.full else "short"
    sources = Path(args.sources) if args.sources else None
    parts = {"kernels": kernels, "package": package}
    bad = False
    try:
        if host.here() != "x86_64 linux":
            raise CiError("the sanitizers are set up for Linux x86_64", found=host.here(), todo="run it there, or in CI")
        with console.status("compilers"):
            made = compilers.provide()
        for sanitizer in [args.sanitizer] if args.sanitizer else INTERPRETERS:
            for name in [args.only] if args.only else parts:
                started = time.monotonic()
                console.rule(f"{sanitizer}: {name}", align="left")
                with kept.processor_time() as took:
                    ran = parts[name](sanitizer, made, sources, size, args.test)
                told = "[bold red]FAILED[/]" if ran.status else "passed"
                console.print(f"{sanitizer}: {name} {told}  {time.monotonic() - started:.0f} s")
                bad |= bool(ran.status)
                if args.record and not ran.status:
                    words = ["nox -s sanitize --", sanitizer, *(["--full"] if args.full else []), "--only", name]
                    row = {"command": " ".join(words), "build": BUILDS[name], **ran.counts, **took}
                    kept.record("runs", {f"{sanitizer} {name} {size}": row})
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    return 1 if bad else 0


def kernels(sanitizer: str, made: Compilers, _sources: Path | None, size: str, tests: Sequence[str]) -> Ran:
    """The kernels' tests, std and all instrumented."""
    with tempfile.TemporaryDirectory(prefix="hotkernels-sanitize-") as name:
        folder = Path(name)
        env = compilers.cargo(made, sanitizer, target(sanitizer)) | {"PROPTEST_CASES": EXAMPLES[size]}
        # Leaks here alone: an interpreter leaves much to the system when it ends.
        env |= options(sanitizer, made, folder, [], leaks=True)
        chosen = tests or (KERNELS[sanitizer] if size == "short" else ())
        command = ["cargo", "test", "--release", "--locked", "--package=hotkernels-kernels", "--lib", *CONFIG, "--", *chosen]
        ran = kept.run(command, env=env)
        ran.status = 0 if verdict(folder, ran.status) else 1
        return ran


def package(sanitizer: str, made: Compilers, sources: Path | None, size: str, tests: Sequence[str]) -> Ran:
    """The package's tests, in a CPython that the same sanitizer watches."""
    (interpreter,) = (each for each in matrix.load().interpreters if each.name == INTERPRETERS[sanitizer])
    with console.status(f"{interpreter.command} with the {sanitizer} sanitizer"):
        python = cpython.provide(sanitizer, interpreter, sources, made)
    with console.status("the extension"):
        library = extension(sanitizer, made, python)
    with console.status("what the tests need"):
        packages = needed(interpreter)
    with tempfile.TemporaryDirectory(prefix="hotkernels-sanitize-") as name:
        folder = Path(name)
        site = install(library, python, folder / "site")
        own = [cpython.suppressions(python)] if sanitizer == "thread" else []
        env = os.environ | options(sanitizer, made, folder, own) | PREPARED | {"PYTHONPATH": f"{site}{os.pathsep}{packages}"}
        command: list[str | Path] = [python, "-P", "-m", "pytest", "-p", "no:cacheprovider"]
        command += [f"--basetemp={folder / 'tmp'}", "--ignore=tests/ci", f"--hypothesis-profile={PROFILES[size]}"]
        if interpreter.free_threaded:
            command += [f"--parallel-threads={THREADS}"]
        chosen = list(tests) or list(files(sanitizer, size))
        meant = MEANT if sanitizer == "thread" else ()
        deselected = [f"--deselect={test}" for test in (*meant, *LEFT_OUT)]
        ran = kept.run([*command, *deselected, *chosen], env=env)
        ran.status = 0 if verdict(folder, ran.status) else 1
        if meant and not tests:
            console.print("tests that mean to race, whose races are not looked at:")
            quiet = env | {"TSAN_OPTIONS": f"{env['TSAN_OPTIONS']}:report_bugs=0"}
            apart = kept.run([*command, *meant], env=quiet)
            ran.add(apart)
            ran.left_out -= apart.passed  # of the ones that the first program left out
        return ran


def needed(interpreter: Interpreter) -> Path:
    """The packages that the tests need, installed for the machine's own interpreter of this kind: the ABI is the same."""
    if (own := interpreters.find(interpreter)) is None:
        raise CiError(f"no {interpreter.command} here", todo="nox -s interpreters provides it")
    (packages,) = tools.environment(clean.requirements(interpreter), python=own).parent.glob("lib/python*/site-packages")
    return packages


def files(sanitizer: str, size: str) -> Iterator[str]:
    """The package's tests of a run."""
    for name in PACKAGE[sanitizer] if size == "short" else ("tests",):
        yield name if name == "tests" else f"tests/{name}.py"


def target(sanitizer: str) -> Path:
    return ROOT / "target" / "sanitize" / sanitizer


def extension(sanitizer: str, made: Compilers, python: Path) -> Path:
    """hotkernels._native for this interpreter, with the sanitizer."""
    env = compilers.cargo(made, sanitizer, target(sanitizer)) | QUIET
    env |= {"PYO3_PYTHON": str(python), "PYO3_BUILD_EXTENSION_MODULE": "1"}  # as maturin does: no libpython is linked
    command = ["cargo", "build", "--release", "--locked", "--package=hotkernels-bindings", *CONFIG]
    run(command, what=f"building the extension with the {sanitizer} sanitizer", cwd=ROOT, env=env)
    return target(sanitizer) / TARGET / "release" / "lib_native.so"


def install(library: Path, python: Path, site: Path) -> Path:
    """A folder with the package as an installer would leave it."""
    shutil.copytree(ROOT / "src" / "hotkernels", site / "hotkernels", ignore=shutil.ignore_patterns("__pycache__"))
    question = "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"
    said = run([python, "-I", "-c", question], what=f"asking {python}", env=os.environ | QUIET)
    shutil.copyfile(library, site / "hotkernels" / f"_native{said.strip()}")
    version = matrix.project_version()
    info = site / f"hotkernels-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: hotkernels\nVersion: {version}\n", encoding="utf-8")
    return site


def options(sanitizer: str, made: Compilers, folder: Path, others: Sequence[Path], *, leaks: bool = False) -> dict[str, str]:
    """What the run time is told: where reports go, what is left out. others: suppressions beside ours."""
    known = folder / "suppressions.txt"
    ours = ROOT / "scripts" / "sanitizers"
    symbolizer = str(made.symbolizer)
    if sanitizer == "thread":
        known.write_text("".join(text(path) for path in (ours / "thread.supp", *others)), encoding="utf-8")
        settings = THREAD | {
            "log_path": str(folder / "report"),
            "suppressions": str(known),
            "external_symbolizer_path": symbolizer,
        }
        return {"TSAN_OPTIONS": joined(settings)}
    known.write_text(text(ours / "leak.supp"), encoding="utf-8")
    settings = ADDRESS | {"log_path": str(folder / "report"), "detect_leaks": str(int(leaks))}
    return {
        "ASAN_OPTIONS": joined(settings),
        "LSAN_OPTIONS": f"suppressions={known}:print_suppressions=0",
        "ASAN_SYMBOLIZER_PATH": symbolizer,
    }


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8") + "\n"


def joined(settings: Mapping[str, str]) -> str:
    return ":".join(f"{key}={value}" for key, value in settings.items())


def verdict(folder: Path, status: int, lines: int = 60) -> bool:
    """Whether the run passed: no test failed, and no process of it left a report."""
    reports = 0
    for path in sorted(folder.glob("report.*")):
        told = path.read_text(encoding="utf-8", errors="replace")
        said = REFUSED.sub("", told)
        if told and not said:
            continue
        found = len(REPORT.findall(said)) or 1
        if reports < 5:
            errors.print(escape("\n".join(said.splitlines()[:lines])), highlight=False)
        reports += found
    if reports:
        errors.print(f"[bold red]{reports} reports[/], of which the first are above")
    return status == 0 and not reports


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
