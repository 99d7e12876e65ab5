"""The platform check on Linux: runs on every system that the manylinux tag promises, and is linked safely."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from ci import unwinder
from ci.audit.opened import Opened
from ci.console import shorten
from ci.errors import CiError

MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}


def check(file: Opened) -> dict[str, Any]:
    machine(file)
    hardened(file)
    unwinds(file)
    floor = file.artifact.platform.tag if file.artifact.platform else ""
    too_new(file, floor)
    said = auditwheel(file)
    promised, consistent = glibc(floor), glibc(said["overall_tag"])
    outside = sorted(said["external_libs"])
    if outside or promised is None or consistent is None or consistent > promised:
        upgrades = said["policy_upgrades"].get(floor, {})
        raise CiError(
            "not consistent with its manylinux tag",
            expected=f"{floor} or older, no other library than the policy's",
            found=f"{said['overall_tag']}; "
            + (f"libraries outside the policy: {', '.join(outside)}; " if outside else "")
            + shorten(json.dumps(upgrades or said["versioned_symbols"])),
            todo="build with --zig --compatibility, or in the manylinux image; link other libraries statically",
        )
    return {"consistent_with": said["overall_tag"], "needed": list(file.elf.needed)}


def machine(file: Opened) -> None:
    target = file.artifact.platform.target if file.artifact.platform else ""
    wanted = MACHINES.get(target.split("-")[0], target)
    if file.elf.machine != wanted:
        raise CiError(
            "made for another processor",
            expected=wanted,
            found=file.elf.machine,
            todo=f"build it with --target {target}",
        )


def hardened(file: Opened) -> None:
    """No search path that a stranger may fill; no memory that is writable and executable."""
    elf = file.elf
    found = [f"RPATH or RUNPATH {path}" for path in elf.run_paths]
    found += ["an executable stack"] if elf.executable_stack else []
    found += ["text relocations"] if elf.text_relocations else []
    found += [] if elf.read_only_relocations else ["no RELRO"]
    found += [] if elf.bind_now else ["lazy binding"]
    if found:
        raise CiError(
            "not linked safely",
            expected="no RPATH or RUNPATH, a stack that is not executable, no text relocations, full RELRO (-z now)",
            found=", ".join(found),
            todo="look at what passes linker flags: RUSTFLAGS, .cargo/config.toml, a C compiler wrapper",
        )


def unwinds(file: Opened) -> None:
    """With the system, as the C library does that ends threads: two unwinders in one process crash it (ci/unwinder.py)."""
    if unwinder.NAME not in file.elf.needed:
        raise CiError(
            "has an unwinder of its own",
            expected=f"{unwinder.NAME} among the libraries that it needs",
            found=", ".join(file.elf.needed) or "no library",
            todo="give zig the stand-in of ci/unwinder.py to link with, or link with the platform's own compiler",
        )


def too_new(file: Opened, floor: str) -> None:
    """Names the symbols that the oldest promised glibc does not have; auditwheel names their versions alone."""
    promised = glibc(floor) or (0, 0)
    new = sorted(
        f"{symbol}@{version}"
        for version, symbol in file.elf.versions
        if (match := re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", version)) and (int(match[1]), int(match[2])) > promised
    )
    if new:
        raise CiError(
            f"uses symbols newer than {floor} promises",
            expected=f"GLIBC_{promised[0]}.{promised[1]} or older",
            found=", ".join(new),
            todo="build with --zig --compatibility, or in the manylinux image: this one was linked against a newer glibc",
        )


def auditwheel(file: Opened) -> dict[str, Any]:
    command = [sys.executable, "-m", "auditwheel", "show", "--json", str(file.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = {}
    if done.returncode or "overall_tag" not in said:
        raise CiError(
            f"auditwheel does not judge it, status {done.returncode}",
            expected="a verdict in JSON",
            found=shorten(said.get("error") or done.stderr.strip() or done.stdout.strip() or "nothing"),
            todo="run `auditwheel show` on the file to see why",
        )
    return said


def glibc(tag: str) -> tuple[int, int] | None:
    """The glibc of a manylinux tag; None for any other tag."""
    old = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
    if match := re.match(r"manylinux_(\d+)_(\d+)_", tag):
        return int(match[1]), int(match[2])
    return old.get(tag.split("_", maxsplit=1)[0])
