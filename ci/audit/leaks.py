"""The paths check: no member, SBOM and binary included, holds a path of the machine that built it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ci.audit import elf
from ci.audit.opened import Opened
from ci.errors import CiError

# Where people, hosted runners and build containers keep sources and caches. Paths of the compiler's own build
# (/rustc/<commit>/, /rust/deps/) and remapped ones (/crates/) are no machine's.
PREFIXES = (
    "/home/", "/root/", "/work/", "/tmp/", "/Users/", "/private/var/", "/var/folders/", "/__w/", "/project/", "/host/",  # noqa: S108
    "/github/", "/mnt/", "/builds/", "file:///",
)  # fmt: skip
WINDOWS = re.compile(rb"[A-Za-z]:\\{1,2}Users\\")
SHOWN = 60


def check(file: Opened) -> dict[str, Any]:
    anywhere = prefixes(file.root)
    # In a text, https://index.example/project/ is no path: there a path begins where a word does not go on.
    in_text = re.compile(rb"(?<![A-Za-z0-9_.~-])(?:" + anywhere.pattern + rb")")
    found = []
    scanned = 0
    for name, data in members(file):
        scanned += len(data)
        # Strings in a Rust binary follow each other without a separator: what comes before a path says nothing.
        for expression in (anywhere if b"\0" in data else in_text, WINDOWS):
            if match := expression.search(data):
                seen = re.match(rb"[\x21-\x7e]*", data[match.start() : match.start() + SHOWN])
                found.append(f"{name}: {(seen[0] if seen else match[0]).decode('ascii', 'replace')}")
    if found:
        raise CiError(
            "a path of the machine that built it",
            expected="none in any member",
            found="; ".join(found),
            todo="build with `python -m ci build`: it remaps the compiler's paths and finishes the SBOM",
        )
    return {"bytes": scanned, "prefixes": list(PREFIXES)}


def members(file: Opened) -> Iterator[tuple[str, bytes]]:
    """Every member, and the compressed sections of the binary unpacked: a path may hide in one."""
    for name, data in file.members.items():
        yield name, data
        if data.startswith(b"\x7fELF"):
            for section in elf.Elf.read(data).compressed_sections:
                yield f"{name} (a compressed section)", section


def prefixes(root: Path) -> re.Pattern[bytes]:
    """The known prefixes, and this machine's own folders, since it may be the one that built the file."""
    here = [root, Path.home(), Path(tempfile.gettempdir())]
    here += [Path(os.environ[name]) for name in ("CARGO_HOME", "RUSTUP_HOME", "GITHUB_WORKSPACE") if os.environ.get(name)]
    # A folder such as / or /opt is too short to mean anything.
    own = {f"{path.resolve()}/" for path in here if len(path.resolve().parts) > 2} - set(PREFIXES)
    return re.compile(b"|".join(re.escape(prefix.encode()) for prefix in (*PREFIXES, *sorted(own))))
