"""Builds for a platform that this machine is not: where the cross-compilers are, and the environment that they need.

scripts/toolchain.py provides them in the cache. On a machine of the platform none of this is used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci import host
from ci.errors import CiError
from ci.matrix import Platform
from ci.paths import cache

PROVIDE = "nox -s toolchain provides it"


def folder() -> Path:
    """All that scripts/toolchain.py provides."""
    return cache() / "toolchain"


def bin_folder() -> Path:
    """Linkers of the other platforms, and the tools that read macOS files under Apple's names: otool, lipo, …"""
    return folder() / "bin"


def sdk() -> Path:
    """What the linker has to know of macOS: which symbols its system libraries have, and nothing else."""
    return folder() / "sdk"


def debian_rust() -> Path:
    """Debian's Rust, for where rustup brings no other target: usr/bin/rustc, and the sources of its std."""
    return folder() / "rust"


def linker(target: str) -> Path:
    return bin_folder() / f"{target}-cc"


@dataclass(frozen=True, kw_only=True)
class Rust:
    """A compiler that makes code for a target. rustc: None is the one on PATH. build_std: std is compiled first."""

    rustc: Path | None
    build_std: bool = False


def rust(target: str, environ: Mapping[str, str]) -> Rust | None:
    """The machine's own compiler where it has the target's std, else Debian's; None where neither has.

    HOTKERNELS_CROSS_RUST=debian passes the machine's own over.
    """
    if environ.get("HOTKERNELS_CROSS_RUST") != "debian" and has_std("rustc", target, environ):
        return Rust(rustc=None)
    wrapper = debian_rust() / "bin" / "rustc"
    if not wrapper.is_file():
        return None
    if has_std(str(wrapper), target, environ):
        return Rust(rustc=wrapper)
    sources = list((debian_rust() / "usr" / "src").glob("rustc-*/library/std/Cargo.toml"))
    return Rust(rustc=wrapper, build_std=True) if sources else None


def has_std(rustc: str, target: str, environ: Mapping[str, str]) -> bool:
    """Whether this compiler comes with the std of the target."""
    try:
        command = [rustc, "--print", "target-libdir", "--target", target]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0 and any(Path(done.stdout.strip()).glob("libstd-*.rlib"))


def environment(platform: Platform, environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ` to build for the platform here: nothing on a machine of it; a CiError without a toolchain."""
    added = {}
    macos = "-darwin" in platform.target
    if macos:
        added["MACOSX_DEPLOYMENT_TARGET"] = ".".join(platform.tag.split("_")[1:3])
    if host.runs(platform):
        return added
    if (found := rust(platform.target, environ)) is None:
        raise CiError(f"no Rust here compiles for {platform.target}", expected=f"std for {platform.target}", todo=PROVIDE)
    if macos:
        if not (linker(platform.target).is_file() and sdk().is_dir()):
            raise CiError(f"nothing here links for {platform.name}", expected=str(linker(platform.target)), todo=PROVIDE)
        name = f"CARGO_TARGET_{platform.target.upper().replace('-', '_')}_LINKER"
        added |= {name: str(linker(platform.target)), "SDKROOT": str(sdk())}
    path = environ.get("PATH", os.defpath)
    if found.rustc:
        path = os.pathsep.join([str(found.rustc.parent), path])
        added |= {"RUSTC": str(found.rustc), "RUSTDOC": str(found.rustc.with_name("rustdoc")), "PATH": path}
    if found.build_std:
        added |= {"RUSTC_BOOTSTRAP": "1", "CARGO_UNSTABLE_BUILD_STD": "std,panic_unwind"}
    return added


def flags(platform: Platform) -> list[str]:
    """What rustc is given for the platform, wherever it is built."""
    if "-darwin" in platform.target:
        # Room for longer names of libraries: who grafts or relocates one rewrites them in place.
        return ["-Clink-arg=-Wl,-headerpad_max_install_names"]
    return []


def remapped() -> Iterator[tuple[Path, str]]:
    """Folders of Debian's Rust that a std compiled here would name, and what is written instead."""
    if debian_rust().is_dir():
        yield debian_rust(), "/rust"


def compiler(environ: Mapping[str, str]) -> str:
    """The rustc that a build in this environment uses."""
    return environ.get("RUSTC") or shutil.which("rustc", path=environ.get("PATH")) or "rustc"
