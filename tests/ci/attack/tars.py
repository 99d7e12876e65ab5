"""Writes tar archives header by header, lies included."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BLOCK = 512


@dataclass(kw_only=True)
class Header:
    """One header and its data. size: what it says, octal digits or bytes as they are; told: its check sum, if not true."""

    name: str
    data: bytes = b""
    kind: bytes = b"0"
    mode: int = 0o644
    size: int | bytes | None = None
    link: bytes = b""
    magic: bytes = b"ustar\x0000"
    told: int | None = None
    padding: bytes = b"\0"

    def build(self) -> bytes:
        size = len(self.data) if self.size is None else self.size
        digits = size if isinstance(size, bytes) else f"{size:011o}\0".encode()
        head = (
            self.name.encode().ljust(100, b"\0") + f"{self.mode:07o}\0".encode() + b"0000000\0" * 2 + digits + b"00000000000\0"
        )
        rest = self.kind + self.link.ljust(100, b"\0") + self.magic + bytes(64 + 16 + 155 + 12)
        summed = sum(head) + 8 * 32 + sum(rest) if self.told is None else self.told
        return head + f"{summed:06o}\0 ".encode() + rest + self.data + self.padding * (-len(self.data) % BLOCK)


def headers(contents: Mapping[str, bytes]) -> list[Header]:
    return [Header(name=name, data=data) for name, data in contents.items()]


def build(all_headers: Iterable[Header], *, end: bytes = bytes(2 * BLOCK)) -> bytes:
    return b"".join(header.build() for header in all_headers) + end


def pack(tar: bytes) -> bytes:
    return gzip.compress(tar, mtime=0)
