"""What dyld itself reads of a Mach-O file to bind and export symbols: import tables old and new, and the export trie.

As <mach-o/loader.h> and <mach-o/fixup-chains.h> define them. A table that leaves its bounds is a ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from macholib import mach_o

SPECIAL = {0x00: "the file itself", 0xFD: "a weak lookup", 0xFE: "a dynamic lookup", 0xFF: "the executable"}
"""Library ordinals that are no library's, as one byte."""

DONE, SET_ORDINAL, SET_ORDINAL_ULEB, SET_SPECIAL, SET_SYMBOL = 0x00, 0x10, 0x20, 0x30, 0x40
OPERANDS = {
    DONE: 0,
    SET_ORDINAL: 0,
    SET_ORDINAL_ULEB: 1,
    SET_SPECIAL: 0,
    SET_SYMBOL: 0,  # a string
    0x50: 0,  # SET_TYPE_IMM
    0x60: 1,  # SET_ADDEND_SLEB
    0x70: 1,  # SET_SEGMENT_AND_OFFSET_ULEB
    0x80: 1,  # ADD_ADDR_ULEB
    0x90: 0,  # DO_BIND
    0xA0: 1,  # DO_BIND_ADD_ADDR_ULEB
    0xB0: 0,  # DO_BIND_ADD_ADDR_IMM_SCALED
    0xC0: 2,  # DO_BIND_ULEB_TIMES_SKIPPING_ULEB
}
"""How many LEB128 numbers follow each bind opcode."""
BINDS = (0x90, 0xA0, 0xB0, 0xC0)


def where(ordinal: int, libraries: Sequence[str]) -> str:
    """The library of this ordinal, or a word of SPECIAL."""
    if special := SPECIAL.get(ordinal):
        return special
    if ordinal > len(libraries):
        raise ValueError(f"library ordinal {ordinal} of {len(libraries)}")
    return libraries[ordinal - 1]


def imports(data: bytes, commands: list[Any]) -> set[tuple[str, int]]:
    """(symbol, library ordinal) of all that dyld binds, by whichever table the file has."""
    found: set[tuple[str, int]] = set()
    for load, command, _ in commands:
        if load.cmd == mach_o.LC_DYLD_CHAINED_FIXUPS:
            found.update(chained(part(data, command.dataoff, command.datasize)))
        elif load.cmd in (mach_o.LC_DYLD_INFO, mach_o.LC_DYLD_INFO_ONLY):
            found.update(opcodes(part(data, command.bind_off, command.bind_size)))
            found.update(opcodes(part(data, command.lazy_bind_off, command.lazy_bind_size), lazy=True))
            # Weak definitions are looked up by name in every image.
            found.update((name, 0xFD) for name, _ in opcodes(part(data, command.weak_bind_off, command.weak_bind_size)))
    return found


def exports(data: bytes, commands: list[Any]) -> set[str]:
    """The names in the export trie."""
    found: set[str] = set()
    for load, command, _ in commands:
        if load.cmd in (mach_o.LC_DYLD_EXPORTS_TRIE, 0x80000000 | mach_o.LC_DYLD_EXPORTS_TRIE):
            found.update(trie(part(data, command.dataoff, command.datasize)))
        elif load.cmd in (mach_o.LC_DYLD_INFO, mach_o.LC_DYLD_INFO_ONLY):
            found.update(trie(part(data, command.export_off, command.export_size)))
    return found


def part(data: bytes, offset: int, size: int) -> bytes:
    if offset + size > len(data):
        raise ValueError(f"a table at {offset:#x} that ends after the file")
    return data[offset : offset + size]


def trie(table: bytes) -> Iterator[str]:
    """A node: size of what is exported here, that many bytes, the number of children, each a string and an offset."""
    waiting = [(0, b"")] if table else []
    seen = set()
    while waiting:
        at, prefix = waiting.pop()
        if at in seen:
            raise ValueError("an export trie with a loop")
        seen.add(at)
        size, at = uleb(table, at)
        if size:
            yield prefix.decode("utf-8")
        at += size
        children, at = part(table, at, 1)[0], at + 1
        for _ in range(children):
            label, at = string(table, at)
            offset, at = uleb(table, at)
            waiting.append((offset, prefix + label))


def chained(table: bytes) -> Iterator[tuple[str, int]]:
    """The imports of LC_DYLD_CHAINED_FIXUPS."""
    _, _, start, names, count, kind, compression = struct.unpack_from("<7I", table)
    if compression or kind not in (1, 2, 3):
        raise ValueError(f"chained imports of format {kind}, compression {compression}")
    # 1: ordinal 8 bits, weak 1, name 23. 2: the same and an addend. 3: ordinal 16, weak 1, unused 15, name 32, an addend.
    size = {1: 4, 2: 8, 3: 16}[kind]
    for number in range(count):
        entry = part(table, start + number * size, size)
        if kind == 3:
            (bits,) = struct.unpack_from("<Q", entry)
            ordinal, name = bits & 0xFFFF, bits >> 32
            ordinal = ordinal & 0xFF if ordinal >= 0xFFF0 else ordinal
        else:
            (bits,) = struct.unpack_from("<I", entry)
            ordinal, name = bits & 0xFF, bits >> 9
        yield string(table, names + name)[0].decode("utf-8"), ordinal


def opcodes(table: bytes, *, lazy: bool = False) -> Iterator[tuple[str, int]]:
    """What the opcodes of LC_DYLD_INFO bind. Where they bind it does not matter here."""
    at, ordinal, label = 0, 0, b""
    while at < len(table):
        opcode, immediate = table[at] & 0xF0, table[at] & 0x0F
        if opcode == DONE and not lazy:  # among the lazy ones, the end of one symbol
            return
        if opcode not in OPERANDS:
            raise ValueError(f"bind opcode {opcode:#x}")
        at, operand = at + 1, 0
        if opcode == SET_SYMBOL:
            label, at = string(table, at)
        for _ in range(OPERANDS[opcode]):
            operand, at = uleb(table, at)
        if opcode in BINDS:
            yield label.decode("utf-8"), ordinal
        if opcode == SET_SPECIAL:  # a negative number, or 0
            immediate = immediate and 0xF0 | immediate
        if opcode in (SET_ORDINAL, SET_ORDINAL_ULEB, SET_SPECIAL):
            ordinal = operand or immediate


def uleb(table: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number at `at`, read as unsigned, and where it ends."""
    value = shift = 0
    while True:
        byte = part(table, at, 1)[0]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a LEB128 number without an end")


def string(table: bytes, at: int) -> tuple[bytes, int]:
    """A string that ends in NUL, and where it ends."""
    end = table.find(b"\0", at)
    if at < 0 or end < 0:
        raise ValueError("a string without an end")
    return table[at:end], end + 1
