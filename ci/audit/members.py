"""The names of an archive's members: relative, the same file on every system, each once."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ci.audit.unsafe import refused

MOST = 5_000
"""Members of an archive: ours have hundreds."""

DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, with any ending."""


class Names:
    """The names so far. `take` refuses one that leaves the folder, that not every file system holds, or that is there."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()  # those that are implied too
        self._listed: set[str] = set()
        self._taken = 0

    def take(self, name: str, *, folder: bool = False) -> None:
        self._taken += 1
        if self._taken > MOST:
            raise refused("too many members", f"at most {MOST:,}", "more")
        if why := unsafe(name):
            raise refused(f"{name!r}: an unsafe name: {why}", "a relative path of ASCII with / in it", repr(name))
        # Two names that differ in case alone are one file on macOS and Windows.
        key = name.rstrip("/").casefold()
        above = {parent.as_posix() for parent in PurePosixPath(key).parents} - {"."}
        if (key in self._files and not folder) or (folder and key in self._listed):
            raise refused(f"{name}: twice in the archive", "each name once", "a second one")
        if key in (self._files if folder else self._folders) or not above.isdisjoint(self._files):
            raise refused(f"{name}: a file and a folder of one name", "each name once", "both")
        self._folders |= above | ({key} if folder else set())
        (self._listed if folder else self._files).add(key)


def unsafe(name: str) -> str:
    """Why a name is not taken; empty for one that is."""
    path = PurePosixPath(name)
    rows = (
        ("it is empty", not path.parts),
        ("it is absolute", path.is_absolute()),
        ("it leaves its folder", ".." in path.parts),
        ("it has a backslash", "\\" in name),
        ("it has a colon", ":" in name),
        ("it has a control character", any(ord(char) < 0x20 or ord(char) == 0x7F for char in name)),
        ("it is not ASCII", not name.isascii()),
        ("it can be written shorter", bool(path.parts) and str(path) != name.removesuffix("/")),
        ("a part of it ends with a dot or a space", any(part.endswith((".", " ")) for part in path.parts)),
        ("Windows takes it for a device", any(DEVICES.fullmatch(part) for part in path.parts)),
    )
    return next((why for why, is_so in rows if is_so), "")
