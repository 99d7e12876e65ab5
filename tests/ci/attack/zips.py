"""Writes zip archives field by field, lies included."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UNIX, FILE = 3, 0o100644


@dataclass(kw_only=True)
class Member:
    """One member. local and central: header fields that differ from the truth; before: bytes in front of its header.

    offset: where the directory says that it begins, if not where it does. ghost: in the directory alone.
    """

    name: bytes
    data: bytes
    method: int = 8
    flags: int = 0
    mode: int = FILE
    system: int = UNIX
    packed: bytes | None = None
    local: Mapping[str, int | bytes] = field(default_factory=dict)
    central: Mapping[str, int | bytes] = field(default_factory=dict)
    before: bytes = b""
    offset: int | None = None
    comment: bytes = b""
    ghost: bool = False


def members(contents: Mapping[str, bytes]) -> list[Member]:
    return [Member(name=name.encode(), data=data) for name, data in contents.items()]


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def build(
    all_members: Iterable[Member], *, end: Mapping[str, int] | None = None, between: bytes = b"", tail: bytes = b""
) -> bytes:
    """The archive. end: fields of the end record that differ from the truth; between: bytes before the directory."""
    body, directory, count = b"", b"", 0
    for member in all_members:
        body += member.before
        offset = len(body) if member.offset is None else member.offset
        body += b"" if member.ghost else own(member)
        directory += central(truth(member) | dict(member.central), member, offset)
        count += 1
    said = {"here": count, "count": count, "size": len(directory), "start": len(body) + len(between), "comment": 0} | dict(
        end or {}
    )
    record = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, said["here"], said["count"], said["size"], said["start"], said["comment"])
    return body + between + directory + record + tail


def packed_data(member: Member) -> bytes:
    if member.packed is not None:
        return member.packed
    return deflated(member.data) if member.method == 8 else member.data


def truth(member: Member) -> dict[str, int | bytes]:
    """The fields of its headers."""
    return {
        "name": member.name,
        "flags": member.flags,
        "method": member.method,
        "crc": zlib.crc32(member.data),
        "packed": len(packed_data(member)),
        "size": len(member.data),
        "extra": b"",
    }


def own(member: Member) -> bytes:
    """Its own header and its data, as they stand in the archive."""
    return local(truth(member) | dict(member.local)) + packed_data(member)


def local(says: Mapping[str, int | bytes]) -> bytes:
    name, extra = says["name"], says["extra"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    fields = (20, says["flags"], says["method"], 0, 0x21, says["crc"], says["packed"], says["size"], len(name), len(extra))
    return struct.pack("<4s5H3I2H", b"PK\3\4", *fields) + name + extra


def central(says: Mapping[str, int | bytes], member: Member, offset: int) -> bytes:
    name, extra = says["name"], says["extra"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    fields = (member.system << 8 | 20, 20, says["flags"], says["method"], 0, 0x21, says["crc"], says["packed"], says["size"])
    lengths = (len(name), len(extra), len(member.comment), 0, 0, member.mode << 16, offset)
    return struct.pack("<4s6H3I5H2I", b"PK\1\2", *fields, *lengths) + name + extra + member.comment


def inflated(packed: bytes) -> bytes:
    return zlib.decompress(packed, -zlib.MAX_WBITS)
