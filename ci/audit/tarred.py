"""Reads a .tar.gz of which every byte is accounted for: plain ustar headers, plain files and folders, nothing behind them.

The format is POSIX.1-1988's ustar, which is what maturin writes. Headers that change the meaning of the next (pax, GNU's long
names, sparse files) are where unpackers disagree: none is taken. tarfile is not enough: it stops at the end it sees, and a
sparse file of its kind is as large as it says without a byte of data.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from ci.audit.members import Names
from ci.audit.unsafe import refused

BLOCK = 512
USTAR = b"ustar\x0000"
FILE, FOLDER = b"0", b"5"
REWRITES = {b"x": "pax", b"g": "global pax", b"L": "long name", b"K": "long link", b"S": "sparse file", b"M": "volume"}
"""Headers that change what the next header, or the data, means."""

SMALL, TIMES = 1 << 20, 500
"""What unpacks to more than SMALL bytes and to more than TIMES its packed size is a bomb."""


def read(path: Path, *, limit: int) -> dict[str, bytes]:
    """The files by name, folders left out; a CiError for anything else, or for more than `limit` bytes."""
    if (there := path.stat().st_size) > limit:
        raise refused("larger than what it may unpack to", f"at most {limit:,} bytes", f"{there:,} bytes")
    data = gunzip(path.read_bytes(), limit)
    names, members, at = Names(), {}, 0
    while True:
        header = data[at : at + BLOCK]
        if len(header) < BLOCK:
            raise refused("does not unpack", "a tar archive with its end", "cut off")
        if not any(header):
            break
        name, kind, size = described(header)
        names.take(name, folder=kind == FOLDER)
        at += BLOCK
        if at + size > len(data):
            raise refused(f"{name}: larger than the archive", f"at most {len(data) - at:,} bytes", f"{size:,} bytes")
        if kind == FILE:
            members[name] = data[at : at + size]
        end = at + -(-size // BLOCK) * BLOCK
        if any(data[at + size : end]):
            raise refused(f"{name}: something behind its last byte", "zeros up to the next header", "other bytes")
        at = end
    if len(data) - at < 2 * BLOCK or any(data[at:]):
        raise refused("something behind the end of the archive", "two blocks of zeros or more", f"{len(data) - at:,} bytes")
    return members


def gunzip(data: bytes, limit: int) -> bytes:
    """The one gzip stream of the file, which is all of it; at most `limit` bytes."""
    if data[:3] == b"\x1f\x8b\x08" and data[3:4] > b"\0":
        raise refused("a gzip header with more in it", "no name, comment or extra field", f"flags {data[3]:#04x}")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        made = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise refused("does not unpack", "a gzip-compressed tar archive, whole", str(error)) from error
    if len(made) > limit:
        raise refused("unpacks to too much", f"at most {limit:,} bytes", "more")
    if not unpacker.eof:
        raise refused("does not unpack", "a gzip-compressed tar archive, whole", "cut off")
    if unpacker.unused_data:
        found = "another stream" if unpacker.unused_data.startswith(b"\x1f\x8b") else "other bytes"
        raise refused("something behind the gzip stream", "the end of the file", found)
    if len(made) > SMALL and len(made) > TIMES * len(data):
        raise refused("a bomb", f"at most {TIMES} times its packed size", f"{len(made):,} from {len(data):,} bytes")
    return made


def described(header: bytes) -> tuple[str, bytes, int]:
    """Name, kind and size of one header; a CiError unless it is a plain one."""
    mode, size, told = (number(header[at : at + length]) for at, length in ((100, 8), (124, 12), (148, 8)))
    summed = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
    if told != summed:
        raise refused("a header whose check sum is not right", str(summed), "no number" if told is None else str(told))
    name = header[:100].rstrip(b"\0").decode("utf-8", "backslashreplace")
    if prefix := header[345:500].rstrip(b"\0").decode("utf-8", "backslashreplace"):
        name = f"{prefix}/{name}"
    kind = header[156:157]
    if kind in REWRITES:
        raise refused(f"{name}: a header that rewrites others", "plain ustar headers", REWRITES[kind])
    if kind not in (FILE, FOLDER) or any(header[157:257]):
        raise refused(f"{name}: not a plain file", "plain files and folders", f"a link or device, type {kind!r}")
    if header[257:265] != USTAR or any(header[500:]):
        raise refused(f"{name}: not a plain ustar header", repr(USTAR), repr(header[257:265]))
    if size is None or mode is None:
        raise refused(
            f"{name}: a number that is not octal", "octal digits", repr(header[124:136] if size is None else header[100:108])
        )
    if mode & 0o7000:
        raise refused(f"{name}: runs as somebody else", "a mode without setuid, setgid and sticky", f"{mode:o}")
    if kind == FOLDER and size:
        raise refused(f"{name}: a folder with a size", "0", f"{size:,} bytes, which some unpackers skip and others do not")
    return name, kind, size


def number(field: bytes) -> int | None:
    """An octal field; None for another notation, such as GNU's base 256."""
    digits = field.rstrip(b"\0 ")
    return int(digits, 8) if digits and all(char in b"01234567" for char in digits) else None
