"""The system's unwinder for extensions that zig links on Linux: a stand-in for libgcc_s that the linker finds its names in.

zig would link an unwinder of its own into the extension. Two unwinders in one process do not understand each other's state:
before CPython 3.14, a thread that comes back to an interpreter which is shutting down is ended by pthread_exit, glibc unwinds
it with libgcc_s, and Rust's part of the stack would ask its own unwinder about that: a crash at exit. PyO3 stops such a thread
instead, where both are the same. Every manylinux policy promises libgcc_s.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ci import once
from ci.environment import settings
from ci.matrix import Platform
from ci.paths import cache
from ci.process import run

NAME = "libgcc_s.so.1"

VERSIONS = {
    "GCC_3.0": (
        "DeleteException",
        "GetDataRelBase",
        "GetGR",
        "GetIP",
        "GetLanguageSpecificData",
        "GetRegionStart",
        "GetTextRelBase",
        "RaiseException",
        "Resume",
        "SetGR",
        "SetIP",
    ),
    "GCC_3.3": ("Backtrace", "FindEnclosingFunction", "GetCFA", "Resume_or_Rethrow"),
    "GCC_4.2.0": ("GetIPInfo",),
}
"""What Rust's std asks an unwinder for, by the version in which libgcc_s has had it since: the same on x86_64 and aarch64."""


def library(bin_folder: Path, platform: Platform) -> Path:
    """The file to link with, made once by the zig of that environment; no code of it goes into what is linked."""
    arch = platform.target.partition("-")[0]
    glibc = platform.tag.removeprefix("manylinux_").removesuffix(f"_{arch}").replace("_", ".")
    sources = {"unwinder.c": definitions(), "unwinder.map": version_script()}
    digest = hashlib.sha256("\0".join([str(bin_folder), *sources.values()]).encode()).hexdigest()[:16]

    def make(folder: Path) -> None:
        for name, text in sources.items():
            (folder / name).write_text(text, encoding="utf-8")
        command: list[str | Path] = [bin_folder / "python", "-m", "ziglang", "cc", "-target", f"{arch}-linux-gnu.{glibc}"]
        command += [
            "-shared",
            "-nostdlib",
            f"-Wl,-soname,{NAME}",
            "-Wl,--version-script=unwinder.map",
            "-o",
            NAME,
            "unwinder.c",
        ]
        run(command, what=f"a stand-in for {NAME} of {platform.target}", cwd=folder, env=os.environ | settings(os.environ))

    target = cache() / "unwinder" / f"{platform.target}-{digest}"
    return once.folder(target, make, whole=lambda folder: (folder / NAME).is_file()) / NAME


def flag(path: Path) -> str:
    """What rustc is given: a library that comes before zig's own, whose names are then not wanted any more."""
    return f"-Clink-arg={path}"


def definitions() -> str:
    return "".join(f"void _Unwind_{name}(void) {{}}\n" for names in VERSIONS.values() for name in names)


def version_script() -> str:
    return "".join(
        f"{version} {{ {' '.join(f'_Unwind_{name};' for name in names)} }};\n" for version, names in VERSIONS.items()
    )
