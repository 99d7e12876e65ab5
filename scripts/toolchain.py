"""Provides what builds and runs the wheels of other platforms on Linux x86_64; the second run only looks.

Everything is in the cache, but for what rustup keeps. What comes from Debian is unpacked there, not installed.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from ci import cross, host, matrix, tools
from ci.console import console, errors
from ci.errors import CiError
from ci.matrix import Matrix
from ci.paths import ROOT
from ci.process import run
from scripts import emulated, sdk
from scripts.provide import LLVM, first_line, needs, packages, piece, tool, wrapper

RUST_SUITES = ("bookworm", "bookworm-security")  # the newest Rust and LLVM that Debian keeps, for browsers' sake
RUST = ("rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src")

TOOLS = {name: f"llvm-{name.removeprefix('llvm-').replace('_', '-')}" for name in
         ("lipo", "install_name_tool", "llvm-ar", "llvm-ranlib", "llvm-readelf")}  # fmt: skip
"""Programs of bin/, and LLVM's names of them: delocate asks for Apple's names."""

# Apple's has -m, which delocate passes: file names are not archive members. LLVM's knows no other way.
WITHOUT_M = 'for word; do shift; [ "$word" = -m ] || set -- "$@" "$word"; done'


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One thing that is provided. make says how it came."""

    name: str
    make: Callable[[], str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s toolchain --", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--sources",
        type=Path,
        default=os.environ.get("HOTKERNELS_CPYTHON_SOURCES"),
        metavar="DIR",
        help="a folder of Python-3.*.tar.xz with their SHA256SUMS ($HOTKERNELS_CPYTHON_SOURCES)",
    )
    sources = parser.parse_args().sources
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        console.print(f"nothing to provide: {host.here()} builds and tests its own platform's wheels alone")
        return 0
    declared = matrix.load()
    missing = [piece.name for piece in pieces(declared, Path(sources) if sources else None) if not provided(piece)]
    if missing:
        console.print(f"[yellow]missing: {', '.join(missing)}[/]  (what needs them will say so)")
    return 1 if missing else 0


def provided(piece: Piece) -> bool:
    """Provides one piece, and says in a line how it came, or why it did not."""
    started = time.monotonic()
    try:
        with console.status(piece.name):
            how = piece.make()
    except CiError as error:
        errors.print(f"[yellow]missing[/]  {piece.name:9}  {escape(str(error))}")
        return False
    console.print(f"[green]ready[/]    {piece.name:9}  {escape(how)}  {time.monotonic() - started:.1f} s")
    return True


def pieces(declared: Matrix, sources: Path | None) -> list[Piece]:
    """In the order in which they need each other."""
    targets = [each.target for each in declared.platforms if not host.runs(each)]
    return [
        Piece(name="rust", make=lambda: rust(targets)),
        Piece(name="llvm", make=llvm),
        Piece(name="sdk", make=lambda: macos(declared)),
        Piece(name="qemu", make=emulated.qemu),
        Piece(name="root", make=lambda: emulated.root(declared)),
        Piece(name="sysroot", make=emulated.sysroot),
        *(
            Piece(name=interpreter.name, make=functools.partial(emulated.cpython, interpreter, sources))
            for interpreter in emulated.rehearsed(declared, free_threaded=True)
        ),
    ]


def rust(targets: Sequence[str]) -> str:
    """std for each target: what is there, what rustup fetches, or else Debian's compiler and the sources of its std."""
    lacking = [t for t in targets if not cross.has_std("rustc", t, os.environ)]
    refused = ""
    if lacking and os.environ.get("HOTKERNELS_CROSS_RUST") != "debian":
        try:
            run(["rustup", "target", "add", *lacking], what="rustup target add", timeout=300)
        except CiError as error:
            refused = str(error)
        lacking = [t for t in targets if not cross.has_std("rustc", t, os.environ)]
    if os.environ.get("HOTKERNELS_CROSS_RUST") == "debian":
        lacking = list(targets)
    if not lacking:
        return f"{first_line('rustc', '--version')} with std for {', '.join(targets)}"
    try:
        debian_rust()
    except CiError as error:
        raise CiError(f"no std for {', '.join(lacking)}", found=f"{refused}\n{error}".strip(), todo=error.todo) from error
    return f"Debian's {first_line(str(cross.debian_rust() / 'bin' / 'rustc'), '--version')} for {', '.join(lacking)}"


def debian_rust() -> None:
    """rustc-web with std for aarch64 Linux, and the sources of std, which is compiled with the crates for macOS."""
    libraries = f"{cross.debian_rust()}/usr/lib/x86_64-linux-gnu"

    def make(folder: Path) -> None:
        apt, arm = packages(*RUST_SUITES), packages(*RUST_SUITES, architecture="arm64")
        chosen = [*apt.exactly(RUST), *needs(apt, [f"libllvm{LLVM}"]), *arm.exactly(["libstd-rust-web-dev"])]
        apt.unpacked(chosen, folder)
        (folder / "bin").unlink()
        (folder / "bin").mkdir()
        for name in ("rustc", "rustdoc"):
            wrapper(folder / "bin" / name, [cross.debian_rust() / "usr" / "bin" / name], libraries=libraries)
        # What strips a macOS file: rustc asks for it by this name.
        wrapper(folder / "bin" / "rust-objcopy", [tool("llvm-objcopy")])

    piece(cross.debian_rust(), make, f"{RUST_SUITES} {RUST} {LLVM}")


def llvm() -> str:
    """clang and lld for every target, the readers of macOS files, and what these need of libraries."""
    names = (f"clang-{LLVM}", f"lld-{LLVM}", f"llvm-{LLVM}", f"libclang-common-{LLVM}-dev")

    def make(folder: Path) -> None:
        apt = packages(*RUST_SUITES)
        chosen = [*apt.exactly(names), *needs(apt, [f"libllvm{LLVM}", f"libclang-cpp{LLVM}"])]
        apt.unpacked(chosen, folder)

    piece(cross.folder() / "llvm", make, f"{RUST_SUITES} {names}")
    for name, real in TOOLS.items():
        wrapper(cross.bin_folder() / name, [tool(real)])
    wrapper(cross.bin_folder() / "otool", [tool("llvm-otool")], before=WITHOUT_M)
    return f"{first_line(str(cross.bin_folder() / 'lipo'), '--version', find='version')}"


def macos(declared: Matrix) -> str:
    """The stub SDK, and the linker that uses it."""
    requirements = ROOT / "ci" / "requirements" / f"maturin-{declared.lanes[0].maturin}.txt"
    found = list(tools.environment(requirements).parent.glob("lib/python*/site-packages/ziglang"))
    if len(found) != 1:
        raise CiError("no zig to take the stubs from", expected="the package ziglang", found=f"{len(found)} of them")
    piece(cross.sdk(), lambda folder: sdk.write(found[0], folder), sdk.recipe(found[0]))
    for each in declared.platforms:
        if "-darwin" in each.target:
            words = ["--target=arm64-apple-macos", "-fuse-ld=lld", f"-B{tool('clang').parent}", f"-isysroot{cross.sdk()}"]
            wrapper(cross.linker(each.target), [tool("clang"), *words])
    return "stubs of libSystem, from zig's; clang and lld link"


if __name__ == "__main__":
    sys.exit(main())
