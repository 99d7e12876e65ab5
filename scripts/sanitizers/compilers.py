"""The compilers that instrument: clang with its sanitizers' run times, and a rustc with the sources of std.

An instrumented std is what makes ThreadSanitizer's reports true: it sees the synchronisation inside. Both compilers are
built on one LLVM, and what they instrument shares one run time, the program's. Debian keeps both; a nightly of rustup
with rust-src is taken where it is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ci.errors import CiError
from ci.paths import cache
from scripts.provide import LLVM, needs, packages, piece, wrapper

SUITES = ("bookworm", "bookworm-security")
RUST = ("rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src")
CLANG = (f"clang-{LLVM}", f"lld-{LLVM}", f"llvm-{LLVM}", f"libclang-common-{LLVM}-dev", f"libclang-rt-{LLVM}-dev")

TARGET = "x86_64-unknown-linux-gnu"

# The checks of a debug build. Optimised a little: more takes three times as long to compile, and hides accesses.
CONFIG = (
    "--config=profile.release.debug-assertions=true",
    "--config=profile.release.overflow-checks=true",
    "--config=profile.release.package.hotkernels-kernels.opt-level=1",
    "--config=profile.release.package.hotkernels-kernels.codegen-units=16",  # minutes of one core else
)
"""What cargo is told for every build under a sanitizer, so that std and the crates are compiled once for all of them."""


def folder() -> Path:
    """All that is provided for the sanitizers."""
    return cache() / "sanitizers"


def bin_folder() -> Path:
    return folder() / "bin"


@dataclass(frozen=True, kw_only=True)
class Compilers:
    """clang: links everything, for the run time is its own. rust: the environment in which cargo instruments std as well."""

    clang: Path
    symbolizer: Path
    rust: dict[str, str] = field(default_factory=dict)


def provide() -> Compilers:
    """Both compilers; made once."""
    clang()
    rust = nightly() or debian_rust()
    return Compilers(clang=bin_folder() / "clang", symbolizer=bin_folder() / "llvm-symbolizer", rust=rust)


def clang() -> None:
    """Debian's clang, lld and symbolizer, and wrappers that run them where they lie."""
    place = folder() / "clang"

    def make(made: Path) -> None:
        apt = packages(*SUITES)
        apt.unpacked([*apt.exactly(CLANG), *needs(apt, [f"libllvm{LLVM}", f"libclang-cpp{LLVM}"])], made)

    piece(place, make, f"{SUITES} {CLANG}")
    libraries = f"{place}/usr/lib/x86_64-linux-gnu"
    real = place / "usr" / "lib" / f"llvm-{LLVM}" / "bin"
    # lld: binutils of Debian 12 is older than what this LLVM writes.
    words: list[str | Path] = [real / "clang", "-fuse-ld=lld", f"-B{real}", "-Wno-unused-command-line-argument"]
    wrapper(bin_folder() / "clang", words, libraries=libraries)
    wrapper(bin_folder() / "clang++", [real / "clang++", *words[1:]], libraries=libraries)
    for name in ("llvm-symbolizer", "llvm-ar", "llvm-ranlib"):
        wrapper(bin_folder() / name, [real / name], libraries=libraries)


def nightly() -> dict[str, str]:
    """The settings with which cargo uses rustup's nightly, where that has the sources of std; else nothing."""
    if shutil.which("rustup") is None:
        return {}
    command = ["rustup", "which", "--toolchain", "nightly", "rustc"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {}
    rustc = Path(done.stdout.strip())
    if not (rustc.parent.parent / "lib" / "rustlib" / "src" / "rust" / "library" / "std" / "Cargo.toml").is_file():
        return {}
    return {"RUSTUP_TOOLCHAIN": "nightly", "CARGO_UNSTABLE_BUILD_STD": "std,panic_unwind"}


def debian_rust() -> dict[str, str]:
    """The settings with which cargo uses Debian's rustc, which is stable and is told to take what only a nightly does."""
    place = folder() / "rust"

    def make(made: Path) -> None:
        apt = packages(*SUITES)
        apt.unpacked([*apt.exactly(RUST), *needs(apt, [f"libllvm{LLVM}"])], made)

    piece(place, make, f"{SUITES} {RUST} {LLVM}")
    if not list((place / "usr" / "src").glob("rustc-*/library/std/Cargo.toml")):
        raise CiError("Debian's Rust came without the sources of std", expected=f"{place}/usr/src/rustc-*/library")
    for name in ("rustc", "rustdoc"):
        wrapper(bin_folder() / name, [place / "usr" / "bin" / name], libraries=f"{place}/usr/lib/x86_64-linux-gnu")
    return {
        "RUSTC": str(bin_folder() / "rustc"),
        "RUSTDOC": str(bin_folder() / "rustdoc"),
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_UNSTABLE_BUILD_STD": "std,panic_unwind",
    }


def cargo(compilers: Compilers, sanitizer: str, target_dir: Path) -> dict[str, str]:
    """The environment in which cargo builds for TARGET with a sanitizer, std included: address or thread."""
    name = TARGET.upper().replace("-", "_")
    flags = [
        f"-Zsanitizer={sanitizer}",
        "-Zexternal-clangrt",  # clang links its own run time into programs; libraries find it there
        f"-Clink-arg=-fsanitize={sanitizer}",
        "-Cforce-frame-pointers=yes",
        "-Cdebuginfo=line-tables-only",
        "-Cstrip=none",
    ]
    return (
        os.environ
        | compilers.rust
        | {
            f"CARGO_TARGET_{name}_LINKER": str(compilers.clang),
            f"CARGO_TARGET_{name}_RUSTFLAGS": " ".join(flags),
            "CARGO_BUILD_TARGET": TARGET,
            "CARGO_TARGET_DIR": str(target_dir),
        }
    )
