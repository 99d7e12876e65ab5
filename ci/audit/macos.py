"""The platform check on macOS: loads on every system that the tag promises, finds what it needs there, and is signed."""

from __future__ import annotations

import re
from typing import Any

from ci.audit import delocated, signature
from ci.audit.dyld import SPECIAL
from ci.audit.opened import Opened
from ci.errors import CiError

ARCHITECTURES = {"aarch64": "arm64", "x86_64": "x86_64"}
SYSTEM = frozenset(
    {
        "/usr/lib/libSystem.B.dylib",  # the C library, threads, dyld and the unwinder: all that Rust's std stands on
        "/usr/lib/libiconv.2.dylib",  # Rust's libc crate asks the linker for it; nothing here calls it
    }
)
"""Libraries that are there on every macOS of every tag, and have a reason. A new one comes with its own."""

COMMANDS = frozenset(
    {
        "LC_SEGMENT_64",
        "LC_SYMTAB",
        "LC_DYSYMTAB",
        "LC_DYLD_INFO",
        "LC_DYLD_INFO_ONLY",
        "LC_DYLD_CHAINED_FIXUPS",
        "LC_DYLD_EXPORTS_TRIE",
        "LC_ID_DYLIB",
        "LC_LOAD_DYLIB",
        "LC_LOAD_WEAK_DYLIB",
        "LC_RPATH",  # refused by name, below
        "LC_UUID",
        "LC_BUILD_VERSION",
        "LC_SOURCE_VERSION",
        "LC_FUNCTION_STARTS",
        "LC_DATA_IN_CODE",
        "LC_CODE_SIGNATURE",
    }
)
"""What a linker writes into a Python extension."""

DYNAMIC = SPECIAL[0xFE]
SEGMENTS = ("__TEXT", "__DATA_CONST", "__DATA", "__LINKEDIT")


def check(file: Opened) -> dict[str, Any]:
    processor(file)
    oldest = version(file)
    ordinary(file)
    libraries(file)
    looked_up = symbols(file)
    signed = signature.check(file.members[file.extension], file.macho)
    return {
        "macos": ".".join(map(str, oldest)),
        "libraries": list(file.macho.libraries),
        "python_symbols": looked_up,
        "signature": signed,
        "delocate": delocated.check(file),
    }


def processor(file: Opened) -> None:
    target = file.artifact.platform.target if file.artifact.platform else ""
    wanted = ARCHITECTURES.get(target.split("-", maxsplit=1)[0], target)
    macho = file.macho
    if macho.fat or macho.architectures != (wanted,) or macho.file_type not in ("bundle", "dylib"):
        raise CiError(
            "made for another processor, or no library",
            expected=f"a thin bundle or dynamic library for {wanted}",
            found=f"{'a fat' if macho.fat else 'a thin'} file of type {macho.file_type} for {', '.join(macho.architectures)}",
            todo=f"build it with --target {target}",
        )


def version(file: Opened) -> tuple[int, int]:
    """The oldest macOS that it loads on; no newer than the tag's."""
    tag = file.artifact.platform.tag if file.artifact.platform else ""
    match = re.match(r"macosx_(\d+)_(\d+)_", tag)
    promised = (int(match[1]), int(match[2])) if match else (0, 0)
    builds = file.macho.builds
    if len(builds) != 1 or builds[0][0] != "macOS" or builds[0][1] > promised:
        raise CiError(
            f"does not load on what {tag} promises",
            expected=f"one LC_BUILD_VERSION, of macOS {promised[0]}.{promised[1]} or older",
            found=", ".join(f"{name} {major}.{minor}" for name, (major, minor) in builds) or "none",
            todo=f"build it with MACOSX_DEPLOYMENT_TARGET={promised[0]}.{promised[1]}",
        )
    return builds[0][1]


def ordinary(file: Opened) -> None:
    """Nothing that a linker does not write into an extension, and no memory that is writable and executable."""
    macho = file.macho
    found = [f"load command {name}" for name in macho.commands if name not in COMMANDS]
    found += [f"segment {s.name}" for s in macho.segments if s.name not in SEGMENTS]
    found += [f"{s.name} writable and executable" for s in macho.segments if {"w", "x"} <= s.protection]
    found += ["a flat name space"] if "MH_TWOLEVEL" not in macho.flags or "MH_FORCE_FLAT" in macho.flags else []
    found += ["an executable stack"] if "MH_ALLOW_STACK_EXECUTION" in macho.flags else []
    found += [f"RPATH {path}" for path in macho.run_paths]
    # A bundle has no install name; maturin gives a dynamic library @rpath/<file>. Nothing links to either.
    if macho.install_name is not None and "/" in macho.install_name.removeprefix("@rpath/"):
        found.append(f"install name {macho.install_name}")
    if found:
        raise CiError(
            "not linked safely",
            expected=f"segments {', '.join(SEGMENTS)}, a two-level name space, no RPATH, no path in the install name",
            found=", ".join(found),
            todo="look at what passes linker flags: RUSTFLAGS, .cargo/config.toml, a C compiler wrapper; strip debug sections",
        )


def libraries(file: Opened) -> None:
    if outside := sorted(set(file.macho.libraries) - SYSTEM):
        raise CiError(
            "loads libraries that are not the system's",
            expected=", ".join(sorted(SYSTEM)),
            found=", ".join(outside),
            todo="link it statically; a library of macOS itself gets its row, with the reason, in ci/audit/macos.py",
        )


def symbols(file: Opened) -> int:
    """Every undefined symbol is Python's, or bound to a library of the system; how many are Python's.

    -undefined dynamic_lookup, without which no extension links, makes the linker silent about every missing symbol: it is
    looked up among all that the process has loaded, which finds Python's, and anything else only by luck.
    """
    table, bound = set(file.macho.undefined.items()), file.macho.bound
    looked_up = {(name, at) for name, at in table | bound if python(name) and at == DYNAMIC}
    if missing := sorted(f"{n} ({at})" for n, at in (table | bound) - looked_up if python(n) or at in SPECIAL.values()):
        raise CiError(
            "undefined symbols that are neither Python's nor bound to a library",
            expected=f"Py… and _Py… by {DYNAMIC}, every other symbol from a library of the system",
            found=", ".join(missing),
            todo="link what defines them: -undefined dynamic_lookup hides that they are missing",
        )
    # What is in the table alone is bound by nothing: lld lists dyld_stub_binder there beside chained fixups.
    if differ := sorted(f"{n} ({at})" for n, at in bound - table):
        raise CiError(
            "what dyld binds is not what the symbol table says",
            expected="nothing bound that is not in it, with the same place",
            found=", ".join(differ),
            todo="build it again, and let nothing but the linker and strip change it",
        )
    return len(looked_up)


def python(name: str) -> bool:
    return name.startswith(("Py", "_Py"))
