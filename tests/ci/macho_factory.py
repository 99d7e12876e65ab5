"""Makes small but whole Mach-O extensions for arm64, and bad ones, without any toolchain: header, tables, signature.

The formats are those of <mach-o/loader.h>, <mach-o/nlist.h>, <mach-o/fixup-chains.h> and <kern/cs_blobs.h>.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

SYSTEM = "/usr/lib/libSystem.B.dylib"
DYNAMIC, EXECUTABLE = 0xFE, 0xFF
ARM64, X86_64 = 0x0100000C, 0x01000007
DYLIB, BUNDLE = 6, 8
TWO_LEVEL = 0x85  # NOUNDEFS, DYLDLINK, TWOLEVEL
PAGE = 0x4000

IMPORTS = {"PyLong_FromLong": DYNAMIC, "_Py_NoneStruct": DYNAMIC, "malloc": 1}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What the signature says; None is the truth."""

    flags: int = 0x20002
    page: int = 12
    hash_type: int = 2
    limit: int | None = None
    pages: int | None = None
    magic: int = 0xFADE0CC0
    directory: int = 0xFADE0C02
    slots: Mapping[int, bytes] = field(default_factory=dict)
    sealed: Mapping[int, bytes] = field(default_factory=dict)  # hashes of special slots; those of `slots` otherwise
    after: bytes = b""

    def blob(self, image: bytes) -> bytes:
        size = 1 << self.page
        limit = len(image) if self.limit is None else self.limit
        hashes = [hashlib.sha256(image[at : min(at + size, limit)]).digest() for at in range(0, limit, size)]
        special = {slot: hashlib.sha256(blob).digest() for slot, blob in self.slots.items() if slot < 0x1000} | dict(
            self.sealed
        )
        highest = max(special, default=0)
        before = b"".join(special.get(slot, bytes(32)) for slot in range(highest, 0, -1))
        name = b"_native\0"
        start = 88 + len(name) + len(before)
        fields = (0x20400, self.flags, start, 88, highest, len(hashes) if self.pages is None else self.pages, limit)
        rest = struct.pack(">4B", 32, self.hash_type, 0, self.page) + bytes(48)
        body = struct.pack(">7I", *fields) + rest + name + before + b"".join(hashes)
        blobs = {0: struct.pack(">2I", self.directory, 8 + len(body)) + body, **self.slots}
        index, data, at = b"", b"", 12 + 8 * len(blobs)
        for slot, each in blobs.items():
            index += struct.pack(">2I", slot, at + len(data))
            data += each
        return struct.pack(">3I", self.magic, at + len(data), len(blobs)) + index + data + self.after


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What to make; the defaults make a good one. imports, bound: symbols and the library's ordinal, as the symbol table
    and as dyld's own table have them. in_table: exports of the symbol table, in_trie of the trie."""

    abi: str = "cp312"
    processor: int = ARM64
    subtype: int = 0
    file_type: int = DYLIB
    flags: int = TWO_LEVEL
    builds: tuple[tuple[int, int, int], ...] = ((1, 11, 0),)
    libraries: tuple[str, ...] = (SYSTEM,)
    install_name: str = "@rpath/_native.so"
    run_paths: tuple[str, ...] = ()
    protection: int = 5
    data: str = "__DATA"
    imports: Mapping[str, int] = field(default_factory=lambda: IMPORTS)
    bound: Mapping[str, int] | None = None
    in_table: tuple[str, ...] | None = None
    in_trie: tuple[str, ...] | None = None
    chained: bool = True
    bytes_more: bytes = b""
    commands: tuple[bytes, ...] = ()
    signature: Signature | None = Signature()
    after: bytes = b""

    def build(self) -> bytes:
        init = ("PyModExport__native" if self.abi.endswith("abi3t") else "PyInit__native",)
        in_table, in_trie = (init if names is None else names for names in (self.in_table, self.in_trie))
        bound = self.imports if self.bound is None else self.bound
        text = b"\xc0\x03\x5f\xd6" + (f"hotkernels-abi:{self.abi};".encode() if self.abi else b"") + self.bytes_more
        linkedit, tables = 3 * PAGE, b""

        def table(data: bytes) -> tuple[int, int]:
            nonlocal tables
            at = linkedit + len(tables)
            tables += data + bytes(-len(data) % 8)
            return at, len(data)

        exports = table(trie(in_trie))
        fixups = table(chained(bound) if self.chained else opcodes(bound))
        symbols, strings = symbol_table(in_table, self.imports)
        symbol_part, string_part = table(symbols), table(strings)
        tables += bytes(-len(tables) % 16)
        end = linkedit + len(tables)
        commands = [segment("__TEXT", 0, PAGE, self.protection), segment(self.data, PAGE, 2 * PAGE, 3)]
        size = len(self.signature.blob(bytes(end))) if self.signature else 0
        commands += [segment("__LINKEDIT", linkedit, end + size - linkedit, 1)]
        commands += [text_command(0x0D, self.install_name, 24, struct.pack("<3I", 1, 0, 0))] if self.install_name else []
        if self.chained:
            commands += [struct.pack("<4I", 0x80000034, 16, *fixups), struct.pack("<4I", 0x80000033, 16, *exports)]
        else:
            commands += [struct.pack("<12I", 0x80000022, 48, 0, 0, *fixups, 0, 0, 0, 0, *exports)]
        commands += [struct.pack("<6I", 0x02, 24, symbol_part[0], len(symbols) // 16, *string_part)]
        counts = (0, 0, 0, len(in_table), len(in_table), len(self.imports))
        commands += [struct.pack("<20I", 0x0B, 80, *counts, *bytes(12))]
        commands += [
            struct.pack("<6I", 0x32, 24, number, major << 16 | minor << 8, 0, 0) for number, major, minor in self.builds
        ]
        commands += [text_command(0x0C, name, 24, struct.pack("<3I", 2, 0, 0)) for name in self.libraries]
        commands += [text_command(0x8000001C, path, 12, b"") for path in self.run_paths]
        commands += self.commands
        commands += [struct.pack("<4I", 0x1D, 16, end, size)] if self.signature else []
        packed = b"".join(commands)
        head = (0xFEEDFACF, self.processor, self.subtype, self.file_type, len(commands), len(packed), self.flags, 0)
        image = (struct.pack("<8I", *head) + packed).ljust(PAGE - len(text), b"\0") + text
        image = image.ljust(linkedit, b"\0") + tables
        return image + (self.signature.blob(image) if self.signature else b"") + self.after


def segment(name: str, start: int, size: int, protection: int) -> bytes:
    return struct.pack("<2I16s4Q4I", 0x19, 72, name.encode(), start, size, start, size, protection, protection, 0, 0)


def text_command(number: int, text: str, offset: int, middle: bytes) -> bytes:
    """A load command that ends in a string, padded to eight bytes."""
    body = text.encode() + b"\0"
    body += bytes(-(offset + len(body)) % 8)
    return struct.pack("<3I", number, offset + len(body), offset) + middle + body


def symbol_table(defined: tuple[str, ...], undefined: Mapping[str, int]) -> tuple[bytes, bytes]:
    symbols, strings = b"", b" \0"
    entries = [(name, 0x0F, 1, 0) for name in defined] + [(name, 0x01, 0, at << 8) for name, at in undefined.items()]
    for name, kind, section, description in entries:
        symbols += struct.pack("<IBBHQ", len(strings), kind, section, description, 0)
        strings += f"_{name}\0".encode()
    return symbols, strings


def trie(names: tuple[str, ...]) -> bytes:
    """A root with one child a name; offsets in two bytes each."""
    root = bytes([0, len(names)])
    at = len(root) + sum(len(name) + 4 for name in names)
    leaves = b""
    for name in names:
        offset = at + len(leaves)
        root += f"_{name}\0".encode() + bytes([0x80 | offset & 0x7F, offset >> 7])
        leaves += bytes([2, 0, 0, 0])  # two bytes of content: no flags, address 0; no children
    return root + leaves


def chained(bound: Mapping[str, int]) -> bytes:
    entries, names = b"", b"\0"
    for name, ordinal in bound.items():
        entries += struct.pack("<I", ordinal | len(names) << 9)
        names += f"_{name}\0".encode()
    head = struct.pack("<8I", 0, 28, 32, 32 + len(entries), len(bound), 1, 0, 0)
    return head + entries + names


def opcodes(bound: Mapping[str, int]) -> bytes:
    """For each symbol: ordinal, name, type pointer, segment 1 and offset 0, bind."""
    made = b""
    for name, ordinal in bound.items():
        made += bytes([0x30 | ordinal & 0x0F]) if ordinal >= 0xF0 else bytes([0x20, ordinal])
        made += b"\x40" + f"_{name}\0".encode() + b"\x51\x71\x00\x90"
    return made + b"\0"


def fat(*slices: bytes) -> bytes:
    """A universal file of these."""
    head, at, body = struct.pack(">2I", 0xCAFEBABE, len(slices)), PAGE, b""
    for each in slices:
        processor, subtype = struct.unpack_from("<2I", each, 4)
        head += struct.pack(">5I", processor, subtype, at + len(body), len(each), 14)
        body += each + bytes(-len(each) % PAGE)
    return head.ljust(PAGE, b"\0") + body
