"""Fuzzes the kernels and the import layer: each target for some time, from the kept corpus on, and Python's exporters.

A finding is told with the commands that show it again. --keep makes the corpus anew of all that was found by now: the fewest
inputs that go everywhere, in one file a target, which `cargo test` in fuzz/ replays with any Rust.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from ci import matrix, once
from ci.console import console, errors
from ci.errors import CiError
from ci.paths import ROOT, cache
from ci.process import run
from scripts import kept, tests

FUZZ = ROOT / "fuzz"
CARGO_FUZZ = "0.13.2"
TOOLCHAIN = "nightly"  # libFuzzer's instrumentation is behind flags that no other Rust takes
EXPORTERS = "exporters"  # Python's side: the tests of hostile exporters, with examples without end
SUITE = ("tests/test_hostile_buffers.py", "tests/test_hostile_tensors.py", "tests/test_hostile_columns.py")
PREFERRED = "cp314"
LONGEST = 4096  # bytes of an input
LIMITS = ("-timeout=60", "-rss_limit_mb=3000", f"-max_len={LONGEST}", "-print_final_stats=1")
KEPT = ("seconds", "executions", "edges", "inputs")
BUDGET = 160_000  # bytes of a target's kept inputs: fuzz/tests/corpus.rs holds all together to 2 MB


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a target's run came to."""

    target: str
    seconds: float
    executions: int = 0
    edges: int = 0
    inputs: int = 0
    finding: str = ""


def main(words: list[str]) -> int:
    known = (*targets(), EXPORTERS)
    parser = argparse.ArgumentParser(prog="nox -s fuzz --", description=__doc__)
    parser.add_argument("target", nargs="*", help=f"{', '.join(known)} (all)")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--keep", action="store_true", help="make the kept corpus anew, of what was found too")
    parser.add_argument("--record", action="store_true", help="keep what it comes to in docs/results/fuzz.json")
    parser.add_argument("--install", action="store_true", help="take a nightly Rust from rustup where there is none")
    args = parser.parse_args(words)
    chosen = args.target or list(known)
    if wrong := [target for target in chosen if target not in known]:
        parser.error(f"{', '.join(known)} are targets, got {', '.join(wrong)}")
    try:
        compiled = [target for target in chosen if target != EXPORTERS]
        env = toolchain(install=args.install) if compiled else dict(os.environ)
        results = []
        if compiled:
            with console.status("building the targets"):
                run([*cargo("fuzz", "build")], what="building the targets", cwd=FUZZ, env=env, lines=200)
        for target in chosen:
            results.append(exporters(args.seconds) if target == EXPORTERS else fuzz(target, args.seconds, env))
            say(results[-1])
            if args.record and not results[-1].finding:
                kept.record("fuzz", {target: {key: value for key, value in asdict(results[-1]).items() if key in KEPT}})
            if args.keep and target != EXPORTERS and not results[-1].finding:
                keep(target, env)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.print(table(results))
    return 1 if any(result.finding for result in results) else 0


def targets() -> tuple[str, ...]:
    """The programs of fuzz/Cargo.toml."""
    declared = tomllib.loads((FUZZ / "Cargo.toml").read_text(encoding="utf-8"))
    return tuple(program["name"] for program in declared["bin"])


def cargo(*words: str) -> tuple[str, ...]:
    return ("cargo", f"+{TOOLCHAIN}", *words)


def toolchain(*, install: bool) -> dict[str, str]:
    """The environment in which `cargo +nightly fuzz` runs; a CiError where there is no nightly."""
    todo = f"rustup toolchain install {TOOLCHAIN} --profile minimal, or nox -s fuzz -- --install"
    command = ["rustup", "toolchain", "install", TOOLCHAIN, "--profile", "minimal", "--no-self-update"]
    try:
        run(cargo("--version"), what="looking for a nightly Rust", todo=todo)
    except CiError:
        if not install:
            raise
        run(command, what="installing a nightly Rust")

    def make(folder: Path) -> None:
        words = ("cargo", "install", "--quiet", "--locked", "--root", str(folder), f"--version={CARGO_FUZZ}", "cargo-fuzz")
        with console.status("building cargo-fuzz"):
            run(words, what="building cargo-fuzz")

    folder = once.folder(cache() / f"cargo-fuzz-{CARGO_FUZZ}", make, whole=lambda folder: (folder / "bin").is_dir())
    return os.environ | {"PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])}


def fuzz(target: str, seconds: int, env: dict[str, str]) -> Result:
    """Runs a target, from what is kept and what was found since."""
    corpus = unpack(target)
    started = time.monotonic()
    words = [*cargo("fuzz", "run", target), "--", *LIMITS, f"-max_total_time={seconds}"]
    # libFuzzer speaks on stderr, a line now and then: it is shown as it comes, and kept.
    said = []
    with subprocess.Popen(words, cwd=FUZZ, env=env, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stderr or ():
            said.append(line)
            if console.is_terminal:
                console.print(escape(line.rstrip()), style="dim")
    text = "".join(said)
    return Result(
        target=target,
        seconds=time.monotonic() - started,
        executions=last_number(r"stat::number_of_executed_units:\s*(\d+)", text),
        edges=last_number(r"cov: (\d+)", text),
        inputs=len(list(corpus.iterdir())),
        finding=finding(target, text, process.returncode),
    )


def last_number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def finding(target: str, text: str, status: int) -> str:
    """What went wrong, and how to see it again; nothing where nothing did."""
    if status == 0:
        return ""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if re.search(r"panicked at|ERROR: (Address|lib)|SUMMARY", line)]
    first = starts[0] if starts else max(len(lines) - 30, 0)
    shown = lines[first : first + 12]
    artifact = re.search(r"Test unit written to (\S+)", text)
    again = []
    if artifact:
        path = Path(artifact[1])
        path = path.relative_to(FUZZ) if path.is_relative_to(FUZZ) else path
        again = [
            f"again: (cd fuzz && cargo +{TOOLCHAIN} fuzz run {target} {path})",
            f"or with any Rust: cargo run --release --manifest-path fuzz/Cargo.toml --bin {target} -- fuzz/{path}",
        ]
    return "\n".join([f"{target}: status {status}", *shown, *again])


def exporters(seconds: int) -> Result:
    """Tries Python's hostile exporters on one interpreter, other examples each time, until the time is over."""
    declared = matrix.load()
    names = [interpreter.name for interpreter in declared.interpreters]
    name = PREFERRED if PREFERRED in names else names[0]
    started, rounds, status = time.monotonic(), 0, 0
    while status == 0 and (rounds == 0 or time.monotonic() - started < seconds):
        status = tests.main([name, *SUITE, "--hypothesis-profile=nightly", "-q"])
        rounds += 1
    said = f"{EXPORTERS}: pytest said it above; Hypothesis shows the example and keeps it in .hypothesis" if status else ""
    return Result(target=EXPORTERS, seconds=time.monotonic() - started, inputs=rounds, finding=said)


def unpack(target: str) -> Path:
    """The folder that libFuzzer works in, with the kept inputs in it."""
    folder, pack = FUZZ / "corpus" / target, FUZZ / "corpus" / f"{target}.pack"
    folder.mkdir(parents=True, exist_ok=True)
    rest = pack.read_bytes() if pack.is_file() else b""
    number = 0
    while rest:
        length = 4 + int.from_bytes(rest[:4], "little")
        (folder / f"kept-{number:04}").write_bytes(rest[4:length])
        rest, number = rest[length:], number + 1
    return folder


def keep(target: str, env: dict[str, str]) -> None:
    """Makes the pack anew: the fewest inputs that go everywhere, the smallest first, as far as the budget goes."""
    with console.status(f"{target}: the fewest inputs that go everywhere"):
        run(cargo("fuzz", "cmin", target, "--", *LIMITS[:3]), what=f"minimising the corpus of {target}", cwd=FUZZ, env=env)
    folder = FUZZ / "corpus" / target
    found = sorted((path.read_bytes() for path in folder.iterdir()), key=lambda data: (len(data), data))
    packed, size = [], 0
    for data in found:
        size += 4 + len(data)
        if size > BUDGET:
            break
        packed.append(len(data).to_bytes(4, "little") + data)
    (FUZZ / "corpus" / f"{target}.pack").write_bytes(b"".join(packed))
    shutil.rmtree(folder)
    console.print(f"kept  {target}  {len(packed)} of {len(found)} inputs, {sum(map(len, packed)):,} bytes")


def say(result: Result) -> None:
    if result.finding:
        console.print(f"[bold red]FOUND[/] {escape(result.finding)}")
    else:
        console.print(f"[green]pass[/]  {result.target}  {result.executions:,} inputs, {result.seconds:.0f} s")


def table(results: list[Result]) -> Table:
    shown = Table("target", *(f"{name}" for name in ("seconds", "inputs tried", "edges", "corpus", "")))
    for result in results:
        numbers = (f"{result.seconds:.0f}", f"{result.executions:,}", f"{result.edges:,}", f"{result.inputs:,}")
        shown.add_row(result.target, *numbers, "FOUND" if result.finding else "nothing found")
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
