"""Says in which bytes two builds of one artifact differ: which member, and there which line, section or field."""

from __future__ import annotations

import difflib
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

Member = tuple[Mapping[str, object], bytes]
"""Everything about a member but its name: fields of its header, and its content."""

SHOWN = 8
"""At most so many lines about one member."""


def artifacts(one: Path, other: Path) -> list[str]:
    """What differs, a line each; nothing when every byte is the same."""
    first, second = one.read_bytes(), other.read_bytes()
    if first == second:
        return []
    read = wheel if one.suffix == ".whl" else sdist
    try:
        packed = f"the same members in the same order, packed otherwise, by another zlib or zip writer: {at(first, second)}"
        return members(read(first), read(second)) or [packed]
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as error:
        return [f"one of them does not unpack: {error}", at(first, second)]


def wheel(data: bytes) -> dict[str, Member]:
    fields = ("date_time", "compress_type", "external_attr", "create_system", "create_version", "flag_bits", "extra", "comment")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {i.filename: ({name: getattr(i, name) for name in fields}, archive.read(i)) for i in archive.infolist()}


def sdist(data: bytes) -> dict[str, Member]:
    fields = ("mode", "uid", "gid", "uname", "gname", "mtime", "type", "linkname", "pax_headers")
    found: dict[str, Member] = {"(the gzip header)": ({}, data[:10])}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data)), mode="r:") as archive:
        for info in archive:
            content = archive.extractfile(info) if info.isreg() else None
            found[info.name] = ({name: getattr(info, name) for name in fields}, content.read() if content else b"")
    return found


def members(first: Mapping[str, Member], second: Mapping[str, Member]) -> list[str]:
    lines = [f"{name}: in one alone" for name in sorted(first.keys() ^ second.keys())]
    if list(first) != list(second) and not lines:
        lines.append("the members are in another order")
    said: dict[str, list[str]] = {}
    for name in first.keys() & second.keys():
        (fields, data), (others, other) = first[name], second[name]
        for key in fields:
            if fields[key] != others[key]:
                said.setdefault(f"{key} {fields[key]!r} and {others[key]!r}", []).append(name)
        if data != other:
            lines += [f"{name}: {line}" for line in content(name, data, other)]
    for text, names in said.items():  # a time that every member has is told once
        lines += [f"{len(names)} members: {text}"] if len(names) > SHOWN else [f"{name}: {text}" for name in names]
    # RECORD holds the hash of every member: it says nothing new.
    told = [line for line in lines if "/RECORD: " not in line]
    return sorted(told or lines)


def content(name: str, data: bytes, other: bytes) -> list[str]:
    """Sections of a binary; lines of a text, those of JSON made readable first; else the first byte."""
    if b"\0" in data or b"\0" in other:
        return sections(data, other)
    try:
        one, another = (pretty(name, each.decode("utf-8")) for each in (data, other))
    except (UnicodeDecodeError, ValueError):
        return [at(data, other)]
    changed = difflib.unified_diff(one, another, lineterm="", n=0)
    lines = [line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return lines[:SHOWN] + ([f"and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []) or [at(data, other)]


def pretty(name: str, text: str) -> list[str]:
    return (json.dumps(json.loads(text), indent=1) if name.endswith(".json") else text).splitlines()


def sections(data: bytes, other: bytes) -> list[str]:
    """Section by section where both are ELF; for anything else the first bytes."""
    parts = [dict(elf_sections(each)) for each in (data, other)]
    first, second = parts
    if not first or not second:
        return [at(data, other)]
    lines = [f"section {name} in one alone" for name in sorted(first.keys() ^ second.keys())]
    lines += [
        f"section {name}, {len(first[name]):,} and {len(second[name]):,} bytes: {at(first[name], second[name])}"
        for name in first.keys() & second.keys()
        if first[name] != second[name]
    ]
    return sorted(lines) or [at(data, other)]


def elf_sections(data: bytes) -> Iterator[tuple[str, bytes]]:
    if not data.startswith(b"\x7fELF"):
        return
    try:
        for section in ELFFile(io.BytesIO(data)).iter_sections():
            if section.name and section["sh_type"] != "SHT_NOBITS":
                yield section.name, section.data()
    except (ELFError, ValueError):
        return


def at(data: bytes, other: bytes) -> str:
    """Where they part, and a few readable bytes of each from there."""
    first = next((n for n, (a, b) in enumerate(zip(data, other, strict=False)) if a != b), min(len(data), len(other)))
    count = sum(a != b for a, b in zip(data, other, strict=False)) + abs(len(data) - len(other))
    start = max(0, first - 16)
    return f"{count:,} bytes, the first at {first:#x}: {data[start : first + 24]!r} and {other[start : first + 24]!r}"
