"""Reads a zip archive of which every byte is accounted for: what two unpackers could read differently is refused.

The format is PKWARE's APPNOTE.TXT 6.3.10. Members follow each other from the first byte on, the directory follows the last
of them, its end record ends the file, and what a member's own header says is what the directory says. zipfile is not enough:
it takes the directory's word and leaves the rest unread, where others read the members' headers as they come.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci.audit.members import MOST, Names
from ci.audit.unsafe import refused

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCAL_SIGNATURE, CENTRAL_SIGNATURE, END_SIGNATURE = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
STORED, DEFLATED = 0, 8
UTF8 = 0x800  # the only flag that may be set: names are ASCII, with or without it
UNIX = 3
SMALL, TIMES = 1 << 20, 500
"""What unpacks to more than SMALL bytes and to more than TIMES its packed size is a bomb."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A member as the directory lists it. facts: what its own header must repeat."""

    name: bytes
    system: int
    facts: tuple[int, ...]
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int


def read(path: Path, *, limit: int) -> dict[str, bytes]:
    """The members by name; a CiError for anything but an archive of plain files that unpack to at most `limit` bytes."""
    if (there := path.stat().st_size) > limit:
        raise refused("larger than what it may unpack to", f"at most {limit:,} bytes", f"{there:,} bytes")
    data = path.read_bytes()
    entries = list(directory(data))
    if (total := sum(entry.size for entry in entries)) > limit:
        raise refused("unpacks to too much", f"at most {limit:,} bytes", f"{total:,} bytes")
    names, members, at = Names(), {}, 0
    for entry in entries:
        name = entry.name.decode("utf-8", "backslashreplace")
        names.take(name)
        plain(name, entry)
        at = follows(data, name, entry, at)
        members[name] = content(data[at - entry.packed : at], name, entry)
    (start,) = END.unpack(data[-END.size :])[6:7]
    if at != start:
        raise refused("bytes between the last member and the directory", "none", f"{start - at:,} bytes")
    return members


def directory(data: bytes) -> Iterator[Entry]:
    """The directory's entries. The end record must be the last thing in the file, and the directory before it."""
    whole = "a local header first, the end record last"
    if not data.startswith(LOCAL_SIGNATURE):
        raise refused("not one whole zip archive", whole, f"it begins with {data[:8]!r}")
    behind = len(data) - data.rfind(END_SIGNATURE) - END.size
    if behind == len(data) + 1 - END.size or behind < 0:
        raise refused("not one whole zip archive", whole, "cut off: no end record")
    if behind:
        raise refused("not one whole zip archive", whole, f"{behind} bytes behind the end record")
    if data[-2:] != b"\0\0":
        raise refused("not one whole zip archive", whole, "a comment, in which another end record can hide")
    count, start = ended(data)
    at = start
    for number in range(1, count + 1):
        if at + CENTRAL.size > len(data) - END.size or data[at : at + 4] != CENTRAL_SIGNATURE:
            raise refused("a directory that is cut off", f"{count} entries", f"no entry number {number}")
        entry, at = listed(data, at)
        yield entry
    if at != len(data) - END.size:
        raise refused("bytes between the directory and its end", "none", f"{len(data) - END.size - at:,} bytes")


def ended(data: bytes) -> tuple[int, int]:
    """How many entries the directory has and where it begins, as the end record says; it must be all of what is before that."""
    _, disk, first, here, count, size, start, _ = END.unpack(data[-END.size :])
    if 0xFFFF in (disk, first, here, count) or 0xFFFFFFFF in (size, start) or data[-END.size - 20 :][:4] == b"PK\x06\x07":
        raise refused("a zip64 archive", "sizes that fit", "numbers that stand somewhere else")
    if disk or first or here != count or start + size != len(data) - END.size:
        raise refused("an end record that is not true", "where the directory lies, whole", f"{size:,} bytes from {start:,}")
    if count > MOST:
        raise refused("too many members", f"at most {MOST:,}", f"{count:,}")
    return count, start


def listed(data: bytes, at: int) -> tuple[Entry, int]:
    """The entry that begins there, and where the next one does."""
    _, made, needed, flags, method, time, date, crc, packed, unpacked, name, extra, comment, disk, _, attributes, offset = (
        CENTRAL.unpack_from(data, at)
    )
    at += CENTRAL.size
    called = data[at : at + name]
    if 0xFFFFFFFF in (packed, unpacked, offset) or disk:
        raise refused("a zip64 member", "sizes that fit", called.decode("utf-8", "backslashreplace"))
    if extra or comment:
        found = f"{extra} and {comment} bytes of {called.decode('utf-8', 'backslashreplace')}"
        raise refused("an extra field or a comment", "none: some unpackers take a name or a size from it", found)
    entry = Entry(
        name=called,
        system=made >> 8,
        facts=(needed, flags, method, time, date, crc, packed, unpacked),
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        size=unpacked,
        mode=attributes >> 16,
        offset=offset,
    )
    return entry, at + name


def plain(name: str, entry: Entry) -> None:
    """Only a plain file, stored or deflated."""
    if entry.flags & 0x1:
        raise refused(f"{name}: encrypted", "plain members", "an encrypted one")
    if entry.flags & ~UTF8:
        raise refused(f"{name}: an odd flag", "none but that of UTF-8", f"{entry.flags:#06x}")
    if entry.method not in (STORED, DEFLATED):
        raise refused(f"{name}: unusual compression", "stored or deflated", f"method {entry.method}")
    if entry.system != UNIX:
        raise refused(f"{name}: made for another system", "Unix, whose modes count", f"system {entry.system}")
    kind = stat.S_IFMT(entry.mode)
    if name.endswith("/") or (kind and not stat.S_ISREG(entry.mode)):
        raise refused(f"{name}: not a plain file", "plain files", "a link, folder or device")
    if entry.mode & 0o7000:
        raise refused(f"{name}: runs as somebody else", "a mode without setuid, setgid and sticky", f"{entry.mode:o}")


def follows(data: bytes, name: str, entry: Entry, at: int) -> int:
    """Where the member ends: it begins where the one before ended, and its own header says what the directory says."""
    if entry.offset < at:
        raise refused(f"{name}: lies in another member", f"a member from {at:,} on", f"one from {entry.offset:,} on")
    if entry.offset > at:
        raise refused(f"{name}: unnamed bytes before it", f"a member from {at:,} on", f"one from {entry.offset:,} on")
    if at + LOCAL.size > len(data):
        raise refused(f"{name}: cut off", "a local header", "the end of the file")
    signature, *facts, length, extra = LOCAL.unpack_from(data, at)
    at += LOCAL.size
    if signature != LOCAL_SIGNATURE or data[at : at + length] != entry.name:
        found = data[at : at + length].decode("ascii", "backslashreplace")
        raise refused(f"{name}: another name in its own header", name, found or "no header")
    if tuple(facts) != entry.facts:
        names = ("version", "flags", "method", "time", "date", "check sum", "packed size", "size")
        odd = [f"{what} {a}, not {b}" for what, a, b in zip(names, facts, entry.facts, strict=True) if a != b]
        raise refused(f"{name}: its own header is not the directory's", "the same of both", "; ".join(odd))
    if extra:
        raise refused(f"{name}: an extra field in its own header", "none", f"{extra} bytes")
    return at + int(length) + entry.packed


def content(packed: bytes, name: str, entry: Entry) -> bytes:
    """The member unpacked: not one byte more than the directory says, whatever the packed bytes would give."""
    if entry.size > SMALL and entry.size > TIMES * entry.packed:
        raise refused(
            f"{name}: a bomb", f"at most {TIMES} times its packed size", f"{entry.size:,} from {entry.packed:,} bytes"
        )
    made, rest = packed, b""
    if entry.method == DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            made = unpacker.decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise refused("does not unpack", "an archive whose check sums are right", f"{name}: {error}") from error
        rest = unpacker.unused_data
        if len(made) <= entry.size and not unpacker.eof:
            raise refused("does not unpack", "a deflated member, whole", f"{name}: cut off")
    if len(made) != entry.size or rest:
        raise refused(
            f"{name}: not the size that it says", f"{entry.size:,} bytes", "more" if len(made) > entry.size or rest else "less"
        )
    if zlib.crc32(made) != entry.crc:
        raise refused("does not unpack", "an archive whose check sums are right", f"{name}: another check sum")
    return made
