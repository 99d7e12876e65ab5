"""Holds the instructions of the hot kernels to benchmarks/instructions.toml: they are stable where times are not.

callgrind counts what src/kernels/examples/counts.rs runs: each kernel once, on the same input, at the scalar level and with
AVX2, the highest that valgrind knows. The kernels' own instructions are the same on every machine that compiles with the same
rustc; the C library's (memcpy, malloc) stand beside them, and are looked at where it is the same C library.

No harness from crates.io: gungraun, formerly iai-callgrind, wants a runner of its own version installed beside it and keeps its
baselines in target/, uncommitted, while all that is needed of callgrind is two options and the reading of its output.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape

from ci import evidence, host
from ci.console import console, errors, failed, passed
from ci.errors import CiError
from ci.paths import ROOT
from ci.process import run
from scripts import memcheck

BASELINE = ROOT / "benchmarks" / "instructions.toml"
MADE_BY = "# Made by: nox -s counts -- --keep"
COUNTED = "counts::counted"
"""The function of the example in which instructions are counted."""

SHARE, MORE = 0.02, 16
"""A kernel may take that much more than its baseline, and so many instructions: what follows from where memory lies."""

LIBRARY_MORE = 400
"""The same of the C library: an allocation more or less, as its lists of free memory are."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """Instructions of one kernel: its own, and those of the libraries that it calls."""

    own: int
    library: int = 0


@dataclass(frozen=True, kw_only=True)
class Counts:
    """All of them, by level and name, and what they were made with."""

    rustc: str
    libc: str
    valgrind: str
    kernels: dict[tuple[str, str], Count] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is to be said of one kernel. worse: it fails; better: the baseline can be lowered."""

    name: str
    said: str
    worse: bool = False
    better: bool = False


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s counts --", description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--keep", action="store_true", help=f"write {BASELINE.relative_to(ROOT)} anew")
    parser.add_argument("--install", action="store_true", help="valgrind by apt, where it is not there: for hosted machines")
    args = parser.parse_args(words)
    try:
        if host.here() != "x86_64 linux":
            raise CiError(f"instructions are counted on x86_64 Linux, and this is {host.here()}", todo="run it there")
        valgrind = memcheck.program(install=args.install)
        with tempfile.TemporaryDirectory(prefix="hotkernels-counts-") as folder:
            found = measure(valgrind, build(), Path(folder))
        if args.keep:
            evidence.write_text(BASELINE, text(found))
            console.print(f"{BASELINE.relative_to(ROOT)}: {len(found.kernels)} kernels")
            return 0
        return show(compare(read(BASELINE), found))
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1


def build() -> Path:
    """The example as wheels are compiled, but with the names of its functions; the program."""
    command = ["cargo", "build", "--release", "--locked", "--package=hotkernels-kernels", "--example=counts"]
    options = ["--target-dir=target/counts", "--config=profile.release.strip=false"]
    with console.status("compiling the kernels"):
        run([*command, *options], what="building the kernels", cwd=ROOT, env=plain(os.environ))
    return ROOT / "target" / "counts" / "release" / "examples" / "counts"


def plain(environment: os._Environ[str]) -> dict[str, str]:
    """Without what would change the code or the level."""
    changes = ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "CARGO_PROFILE_")
    return {key: value for key, value in environment.items() if not key.startswith((*changes, "HOTKERNELS_SIMD"))}


def measure(valgrind: Path, program: Path, folder: Path) -> Counts:
    """Runs the program once, all kernels of it. Each counts from zero, and is written to a file of its own."""
    started = time.monotonic()
    out = folder / "callgrind"
    options = [f"--callgrind-out-file={out}", f"--zero-before={COUNTED}", f"--dump-after={COUNTED}"]
    options += ["--compress-strings=no", "--compress-pos=no"]
    with console.status("counting"):
        # Nothing of this environment: its size moves the stack, and with it what lies there.
        said = run(
            [valgrind, "--quiet", "--tool=callgrind", *options, program], what="counting", cwd=folder, env={"LC_ALL": "C"}
        )
    rows = [tuple(line.split("\t")) for line in said.splitlines() if "\t" in line]
    kernels = {}
    for number, row in enumerate(rows, 1):
        part = out.with_name(f"{out.name}.{number}")
        if len(row) != 2 or row in kernels or not part.is_file():
            raise CiError("callgrind has not counted each kernel once", expected=part.name, found=" ".join(row))
        level, name = row
        kernels[level, name] = parse(part.read_text(encoding="utf-8", errors="replace"), str(program))
    if not any(level == "avx2" for level, _ in kernels):
        raise CiError("this CPU has no AVX2, whose kernels are counted as well", todo="run it on an x86-64-v3 CPU")
    console.print(f"{len(kernels)} kernels counted in {time.monotonic() - started:.0f} s")
    return Counts(
        rustc=run(["rustc", "--version"], what="asking rustc").split()[1],
        libc=" ".join(platform.libc_ver()),
        valgrind=run([valgrind, "--version"], what="asking valgrind").strip(),
        kernels=kernels,
    )


def parse(out: str, program: str) -> Count:
    """The instructions of one file of callgrind's: those of the program's own code, and all others.

    Names are written in full (no compression). A line of two numbers is what a function itself takes; the one behind `calls=`
    is what is called takes, which stands with its own functions.
    """
    own = total = 0
    summary, program_s, called = -1, False, False
    for line in out.splitlines():
        key, equals, value = line.partition("=")
        if line.startswith(("summary:", "totals:")):
            summary = max(summary, int(line.split()[1]))
        elif equals and key == "ob":
            program_s = value == program
        elif equals and key == "calls":
            called = True
        elif line[:1].isdigit():
            cost = int(line.split()[1]) if not called else 0
            called = False
            total += cost
            own += cost if program_s else 0
    if total != summary or not own:
        raise CiError("callgrind's output is not as expected", expected=f"{summary} instructions", found=f"{total}, {own} own")
    return Count(own=own, library=total - own)


def compare(before: Counts, after: Counts) -> list[Finding]:
    """What is to be said of each kernel, worst first; a CiError where another compiler makes other instructions."""
    if before.rustc != after.rustc:
        raise CiError(
            "the baseline was made with another compiler, whose instructions are others",
            expected=f"rustc {before.rustc}",
            found=f"rustc {after.rustc}",
            todo="nox -s rust; or where ci/matrix.toml has another one now: nox -s counts -- --keep, and look at what differs",
        )
    found = [
        finding(" ".join(key), before.kernels.get(key), after.kernels.get(key), same_libc=before.libc == after.libc)
        for key in before.kernels | after.kernels
    ]
    return sorted(found, key=lambda each: (not each.worse, not each.better))


def finding(name: str, before: Count | None, after: Count | None, *, same_libc: bool) -> Finding:
    if before is None or after is None:
        return Finding(name=name, said="not in the baseline" if before is None else "not counted any more", worse=True)
    parts = [("", before.own, after.own, MORE)]
    if same_libc:
        parts.append((" in the C library", before.library, after.library, LIBRARY_MORE))
    said = [f"{now:,} instructions{where}, {change(was, now)}" for where, was, now, _ in parts if now or was]
    return Finding(
        name=name,
        said="; ".join(said),
        worse=any(now > was * (1 + SHARE) + more for _, was, now, more in parts),
        better=any(now < was * (1 - SHARE) - more for _, was, now, more in parts),
    )


def change(before: int, after: int) -> str:
    if before == after:
        return "as before"
    return f"{before:,} before ({after / before - 1:+.1%})" if before else "none before"


def show(findings: list[Finding]) -> int:
    for each in findings:
        if each.worse:
            failed(f"{each.name}: {each.said}")
        elif each.better:
            console.print(f"[cyan]less[/]  {escape(each.name)}: {escape(each.said)}")
        else:
            passed(f"{each.name}: {each.said}")
    worse, better = (sum(getattr(each, name) for each in findings) for name in ("worse", "better"))
    if worse:
        console.print(f"{worse} of {len(findings)} are not as the baseline; where that is meant: nox -s counts -- --keep")
    if better:
        console.print(f"{better} take less than the baseline, which can be lowered: nox -s counts -- --keep")
    return 1 if worse else 0


def read(path: Path) -> Counts:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    made = raw.pop("made-with")
    kernels = {(level, name): Count(own=own, library=library) for level in raw for name, (own, library) in raw[level].items()}
    return Counts(rustc=made["rustc"], libc=made["libc"], valgrind=made["valgrind"], kernels=kernels)


def text(counts: Counts) -> str:
    """The baseline as a file; a line a kernel, so that a reviewer sees what changes."""
    lines = [f"{MADE_BY}. Instructions of each hot kernel, once: its own, and those of the C library."]
    lines += ["", "[made-with]"]
    lines += [f'{name} = "{getattr(counts, name)}"' for name in ("rustc", "libc", "valgrind")]
    for level in dict.fromkeys(level for level, _ in counts.kernels):
        lines += ["", f"[{level}]"]
        lines += [f'"{name}" = [{count.own}, {count.library}]' for (at, name), count in counts.kernels.items() if at == level]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
