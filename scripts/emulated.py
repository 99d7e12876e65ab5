"""What runs aarch64 code on x86_64 Linux: qemu, a root folder of Debian's libraries, and an interpreter of each kind.

Debian has the interpreters with a GIL. The free-threaded ones no registry has: they are cross-compiled from CPython's
sources, for a sysroot of Debian's oldest suite that is in use, whose libraries' newer versions the root folder has.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
from pathlib import Path

from ci import cross, emulation, interpreters
from ci.errors import CiError
from ci.matrix import Interpreter, Matrix, Platform
from ci.process import run
from scripts.interpreters import EXTENSIONS, archive, check_sum
from scripts.provide import packages, piece, tool, wrapper

TARGET = "aarch64-unknown-linux-gnu"
TRIPLE = "aarch64-linux-gnu"

QEMU = "sid"  # its qemu is static, and runs the tests six times as fast as Debian 12's
ROOT = "forky"  # the suite that has Python 3.13, 3.14 and 3.15
LIBRARIES = ("libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libsqlite3-0", "libssl3t64", "libstdc++6", "zlib1g")
SYSROOT = "bookworm"
HEADERS = ("libc6-dev", "libgcc-12-dev", *EXTENSIONS.values())

CONFIGURE = (
    "--quiet", f"--host={TRIPLE}", "--build=x86_64-linux-gnu", "--disable-gil", "--disable-test-modules",
    "--with-ensurepip=no", "--without-static-libpython", "--disable-ipv6",
    "ac_cv_file__dev_ptmx=yes", "ac_cv_file__dev_ptc=no",  # what configure would have to look up on the target itself
    "CFLAGS=-g0 -O2",
)  # fmt: skip


def rehearsed(declared: Matrix, *, free_threaded: bool) -> list[Interpreter]:
    """The interpreters that emulation is to have."""
    left_out = {name for each in emulated(declared) for name in each.not_rehearsed}
    return [i for i in declared.interpreters if i.free_threaded == free_threaded and i.name not in left_out]


def emulated(declared: Matrix) -> list[Platform]:
    return [each for each in declared.platforms if each.rehearsed == "emulated"]


def qemu() -> str:
    def make(folder: Path) -> None:
        apt = packages(QEMU)
        apt.unpacked(apt.exactly(["qemu-user"]), folder)

    piece(cross.folder() / "qemu", make, f"{QEMU} qemu-user")
    return run([emulation.qemu(), "--version"], what="asking qemu for its version").partition("\n")[0]


def root(declared: Matrix) -> str:
    """The folder that programs see as /, with Debian's own interpreters in it."""
    served = rehearsed(declared, free_threaded=False)
    names = [*(i.command for i in served), *LIBRARIES]

    def make(folder: Path) -> None:
        apt = packages(ROOT, architecture="arm64")
        apt.unpacked(apt.closure(names), folder)
        for interpreter in served:
            hide(folder / "usr", emulation.root() / "usr", interpreter)

    piece(emulation.root(), make, f"{ROOT} {names} {launcher(Path('x'))}")
    for interpreter in served:
        link(interpreter, emulation.root() / "usr")
    return f"of Debian's {ROOT}, with {', '.join(release(i) for i in served)}"


def sysroot() -> str:
    """What is compiled and linked against for aarch64, and the compiler that does."""
    folder = emulation.folder() / "sysroot"

    def make(made: Path) -> None:
        apt = packages(SYSROOT, architecture="arm64")
        apt.unpacked(apt.closure(HEADERS), made)

    piece(folder, make, f"{SYSROOT} {HEADERS}")
    words = [str(tool("clang")), f"--target={TRIPLE}", f"--sysroot={folder}", "-fuse-ld=lld", f"-B{tool('clang').parent}"]
    # cc of a build that makes no difference between compiling and linking says -fuse-ld too often.
    wrapper(cross.linker(TARGET), [*words, "-Wno-unused-command-line-argument"])
    return f"of Debian's {SYSROOT}"


def cpython(interpreter: Interpreter, sources: Path | None) -> str:
    """A free-threaded interpreter, cross-compiled from its sources with the native one of the same version at hand."""
    if (native := interpreters.find(interpreter)) is None:
        raise CiError(f"no native {interpreter.command}, which the build runs", todo="nox -s interpreters provides it")
    source = archive(sources, interpreter.version) if sources else None
    existing = sorted(emulation.folder().glob(f"{interpreter.name}-*-*"))
    if source is None and existing:
        target = existing[-1]
    elif source is None:
        todo = "nox -s toolchain -- --sources DIR, a folder of its archive and SHA256SUMS"
        raise CiError(f"no source archive of Python {interpreter.version}", found=str(sources or "no folder"), todo=todo)
    else:
        version = source.name.removeprefix("Python-").partition(".t")[0]
        digest = hashlib.sha256("\0".join([*CONFIGURE, launcher(Path("x"))]).encode()).hexdigest()[:8]
        target = emulation.folder() / f"{interpreter.name}-{version}-{digest}"
        build(interpreter, source, native, target)
    link(interpreter, target)
    return f"{release(interpreter)} from source"


def build(interpreter: Interpreter, source: Path, native: Path, target: Path) -> None:
    """Cross-compiles the archive for `target`, made beside its place."""

    def make(folder: Path) -> None:
        check_sum(source)
        log = cross.folder() / "logs" / f"{target.name}.log"
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        # Headers and libraries are where the compiler looks by itself; this machine's pkg-config knows other ones.
        llvm = {name: str(cross.bin_folder() / f"llvm-{name.lower()}") for name in ("AR", "RANLIB", "READELF")}
        env |= {"CC": str(cross.linker(TARGET)), "PKG_CONFIG": "false", **llvm}
        with tempfile.TemporaryDirectory(prefix=".build-", dir=emulation.folder()) as name:
            tree, stage = Path(name) / "tree", Path(name) / "stage"
            tree.mkdir()
            openssl = f"--with-openssl={emulation.folder() / 'sysroot' / 'usr'}"
            configure: list[str | Path] = [
                "./configure",
                f"--prefix={target}",
                f"--with-build-python={native}",
                openssl,
                *CONFIGURE,
            ]
            steps: tuple[list[str | Path], ...] = (
                ["tar", "xf", source, "-C", tree, "--strip-components=1"],
                configure,
                ["make", "-s", f"-j{os.cpu_count() or 1}"],
                ["make", "-s", "install", f"DESTDIR={stage}"],
            )
            what = f"cross-compiling {interpreter.name}"
            for command in steps:
                run(command, what=what, cwd=tree, env=env, log=log, timeout=3600, todo=f"see {log}")
            made = stage / target.relative_to("/")
            hide(made, target, interpreter)
            for module in EXTENSIONS:
                python: list[str | Path] = [emulation.qemu(), "-L", emulation.root(), made / "libexec" / interpreter.command]
                without = f"{what}: no {module}"
                run([*python, "-I", "-c", f"import {module}"], what=without, env=env, todo=f"see {log}")
            made.rename(folder)

    piece(target, make, source.name)


def hide(prefix: Path, final: Path, interpreter: Interpreter) -> None:
    """Puts a script in the place of an interpreter's program, which moves aside. final: where the prefix will stand."""
    program, aside = prefix / "bin" / interpreter.command, prefix / "libexec" / interpreter.command
    aside.parent.mkdir(exist_ok=True)
    program.rename(aside)
    program.write_text(launcher(final / "libexec" / interpreter.command), encoding="utf-8")
    program.chmod(0o755)


def launcher(program: Path) -> str:
    """The script. What the interpreter is told as its own name is the script's, so that it finds its prefix, or that of a
    virtual environment whose bin/python leads here, and gives sys.executable a name that can be started."""
    words = shlex.join(map(str, [emulation.qemu(), "-L", emulation.root()]))
    return f'#!/bin/sh\nexec {words} -0 "$0" {shlex.quote(str(program))} "$@"\n'


def link(interpreter: Interpreter, prefix: Path) -> None:
    """Puts the interpreter into the folder of unambiguous names."""
    place = emulation.bin_folder() / interpreter.command
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    part.symlink_to(prefix / "bin" / interpreter.command)
    part.replace(place)


def release(interpreter: Interpreter) -> str:
    """What the emulated interpreter says of itself; a CiError unless it is the one that it stands for."""
    found = emulation.find(interpreter)
    said = interpreters.probe(found) if found else None
    if said is None or not said.serves(interpreter, machine="aarch64"):
        raise CiError(
            f"the emulated {interpreter.command} does not run, or is another",
            expected=f"CPython {interpreter.version} for aarch64{', free-threaded' if interpreter.free_threaded else ''}",
            found=str(said or "nothing"),
            todo=f"remove {emulation.folder()} and run this again",
        )
    return said.release
