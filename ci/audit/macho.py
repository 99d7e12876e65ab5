"""What the checks ask of a Mach-O extension, read once: load commands and symbols with macholib, what dyld reads in dyld.py."""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from macholib import mach_o, ptypes
from macholib.MachO import MachO as Reader
from macholib.SymbolTable import SymbolTable

from ci.audit import dyld
from ci.errors import CiError

LOADS = frozenset(
    {
        mach_o.LC_LOAD_DYLIB,
        mach_o.LC_LOAD_WEAK_DYLIB,
        mach_o.LC_REEXPORT_DYLIB,
        mach_o.LC_LOAD_UPWARD_DYLIB,
        mach_o.LC_LAZY_LOAD_DYLIB,
        mach_o.LC_PREBOUND_DYLIB,
    }
)
"""Commands that load a library. Their order gives each library its ordinal, from 1."""

N_STAB, N_PEXT, N_TYPE, N_EXT = 0xE0, 0x10, 0x0E, 0x01
UNDEFINED = (0x0, 0xC)  # N_UNDF and N_PBUD under N_TYPE
CPU_SUBTYPE = 0x00FFFFFF  # the rest is capabilities
CPU_SUBTYPE_ARM64E = 2


@dataclass(frozen=True, kw_only=True)
class Segment:
    """protection: what its memory starts with or may be given, of r, w and x. end: in the file."""

    name: str
    protection: frozenset[str]
    end: int


@dataclass(frozen=True, kw_only=True)
class MachO:
    """One thin 64-bit file; of a fat one, the first slice. Symbols are as C names them, without the leading underscore.

    builds: (platform, oldest version) of each LC_BUILD_VERSION. libraries: in the order of their ordinals.
    undefined: where each undefined symbol of the symbol table is looked up: in a library, or a word of dyld.SPECIAL. In a
    two-level file (MH_TWOLEVEL) the linker writes it into the symbol's n_desc. Every import has an entry there, whichever way
    dyld binds; but dyld does not read it, so that `bound`, what dyld does read, is held against it.
    in_table, in_trie: exports, as linkers and as dyld read them. signature: (offset, size).
    """

    architectures: tuple[str, ...]
    fat: bool
    file_type: str
    flags: frozenset[str]
    commands: tuple[str, ...]
    builds: tuple[tuple[str, tuple[int, int]], ...]
    libraries: tuple[str, ...]
    install_name: str | None
    run_paths: tuple[str, ...]
    segments: tuple[Segment, ...]
    undefined: dict[str, str]
    bound: frozenset[tuple[str, str]]
    in_table: frozenset[str]
    in_trie: frozenset[str]
    signature: tuple[int, int] | None

    @classmethod
    def read(cls, data: bytes) -> MachO:
        try:
            return cls._read(data)
        # macholib believes the file; one that lies to it ends in one of these.
        except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, struct.error) as error:
            raise CiError(
                f"the extension does not read as Mach-O: {error}",
                expected="a Mach-O bundle or dynamic library",
                found=f"a file that begins {data[:8]!r}",
                todo="build it again for this platform",
            ) from error

    @classmethod
    def _read(cls, data: bytes) -> MachO:
        with tempfile.TemporaryDirectory(prefix="hotkernels-audit-") as folder:
            path = Path(folder) / "extension"  # macholib reads files
            path.write_bytes(data)
            reader = Reader(str(path))
            header = reader.headers[0]
            symbols = SymbolTable(reader, header)
        if symbols.symtab is None:
            raise ValueError("no symbol table")
        commands = header.commands
        data = data[header.offset : header.offset + header.size]
        # macholib reads past the end of both tables without a word.
        dyld.part(data, symbols.symtab.symoff, 16 * symbols.symtab.nsyms)
        if not dyld.part(data, symbols.symtab.stroff, symbols.symtab.strsize).endswith(b"\0"):
            raise ValueError("a symbol's name without an end")
        libraries = tuple(name(*command) for command in commands if command[0].cmd in LOADS)
        external = [(s, c_name(n)) for s, n in symbols.nlists if s.n_type & N_EXT and not s.n_type & N_STAB]
        undefined = [(s, n) for s, n in external if s.n_type & N_TYPE in UNDEFINED]
        defined = [(s, n) for s, n in external if s.n_type & N_TYPE not in UNDEFINED]
        signatures = of_kind(commands, mach_o.LC_CODE_SIGNATURE)
        return cls(
            architectures=tuple(architecture(each.header) for each in reader.headers),
            fat=reader.fat is not None,
            file_type=header.filetype,
            flags=frozenset(word for bit, word in mach_o.MH_FLAGS_NAMES.items() if header.header.flags & bit),
            commands=tuple(load.get_cmd_name() for load, _, _ in commands),
            builds=tuple(
                (mach_o.PLATFORM_NAMES.get(int(c.platform), str(c.platform)), (c.minos >> 16, c.minos >> 8 & 0xFF))
                for c in of_kind(commands, mach_o.LC_BUILD_VERSION)
            ),
            libraries=libraries,
            install_name=next((name(*c) for c in commands if c[0].cmd == mach_o.LC_ID_DYLIB), None),
            run_paths=tuple(name(*c) for c in commands if c[0].cmd == mach_o.LC_RPATH),
            segments=tuple(map(segment, of_kind(commands, mach_o.LC_SEGMENT_64))),
            undefined={n: dyld.where(s.n_desc >> 8 & 0xFF, libraries) for s, n in undefined},
            bound=frozenset((c_name(n), dyld.where(at, libraries)) for n, at in dyld.imports(data, commands)),
            in_table=frozenset(n for s, n in defined if not s.n_type & N_PEXT),
            in_trie=frozenset(map(c_name, dyld.exports(data, commands))),
            signature=(int(signatures[0].dataoff), int(signatures[0].datasize)) if len(signatures) == 1 else None,
        )


def of_kind(commands: list[Any], number: int) -> list[Any]:
    return [command for load, command, _ in commands if load.cmd == number]


def architecture(header: Any) -> str:
    """As lipo says it: arm64, arm64e, x86_64."""
    word = mach_o.CPU_TYPE_NAMES.get(int(header.cputype), f"processor {int(header.cputype):#x}")
    if word == "ARM64":
        return "arm64e" if header.cpusubtype & CPU_SUBTYPE == CPU_SUBTYPE_ARM64E else "arm64"
    return str(word)


def segment(command: Any) -> Segment:
    may = int(command.initprot) | int(command.maxprot)
    return Segment(
        name=command.segname.rstrip(b"\0").decode("ascii"),
        protection=frozenset(letter for letter, bit in (("r", 1), ("w", 2), ("x", 4)) if may & bit),
        end=int(command.fileoff) + int(command.filesize),
    )


def name(load: Any, command: Any, rest: bytes) -> str:
    """The string that a load command ends with."""
    offset = int(command.path if load.cmd == mach_o.LC_RPATH else command.name)
    start = offset - ptypes.sizeof(load) - ptypes.sizeof(command)
    if not 0 <= start < len(rest):
        raise ValueError(f"a {load.get_cmd_name()} without its name")
    return bytes(rest[start:]).partition(b"\0")[0].decode("utf-8")


def c_name(symbol: bytes | str) -> str:
    """_PyLong_FromLong is C's PyLong_FromLong."""
    text = symbol.decode("utf-8") if isinstance(symbol, bytes) else symbol
    return text.removeprefix("_")
