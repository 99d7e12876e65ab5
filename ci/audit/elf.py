"""What the checks ask of an ELF shared object, read once with pyelftools."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection, GNUVerSymSection
from elftools.elf.sections import Symbol, SymbolTableSection

from ci.errors import CiError

PF_X = 0x1
DF_TEXTREL, DF_BIND_NOW = 0x4, 0x8
DF_1_NOW = 0x1


@dataclass(frozen=True, kw_only=True)
class Elf:
    """exported: dynamic symbols that others can link to. versions: of undefined symbols, e.g. ("GLIBC_2.14", "memcpy")."""

    machine: str
    exported: frozenset[str]
    undefined: frozenset[str]
    versions: frozenset[tuple[str, str]]
    needed: tuple[str, ...]
    run_paths: tuple[str, ...]
    executable_stack: bool
    text_relocations: bool
    read_only_relocations: bool
    bind_now: bool
    compressed_sections: tuple[bytes, ...]

    @classmethod
    def read(cls, data: bytes) -> Elf:
        try:
            return cls._read(ELFFile(io.BytesIO(data)))
        except (ELFError, ValueError, KeyError, AttributeError) as error:
            raise CiError(
                f"the extension does not read as ELF: {error}",
                expected="an ELF shared object with a dynamic section",
                found=f"a file that begins {data[:8]!r}",
                todo="build it again for this platform",
            ) from error

    @classmethod
    def _read(cls, elf: ELFFile) -> Elf:
        dynamic = next(section for section in [*elf.iter_sections(), None] if isinstance(section, DynamicSection | None))
        symbols = elf.get_section_by_name(".dynsym")
        if dynamic is None or not isinstance(symbols, SymbolTableSection):
            raise ValueError("no dynamic section or no dynamic symbols")
        tags: list[tuple[str, Any]] = [(tag.entry.d_tag, tag) for tag in dynamic.iter_tags()]
        values = {name: tag.entry.d_val for name, tag in tags}
        flags, flags_1 = values.get("DT_FLAGS", 0), values.get("DT_FLAGS_1", 0)
        segments = {segment.header.p_type: segment.header for segment in elf.iter_segments()}
        stack = segments.get("PT_GNU_STACK")
        named = [symbol for symbol in symbols.iter_symbols() if symbol.name]
        return cls(
            machine=elf.header.e_machine,
            exported=frozenset(s.name for s in named if s.entry.st_shndx != "SHN_UNDEF" and visible(s)),
            undefined=frozenset(s.name for s in named if s.entry.st_shndx == "SHN_UNDEF"),
            versions=frozenset(symbol_versions(elf, symbols)),
            needed=tuple(str(tag.needed) for name, tag in tags if name == "DT_NEEDED"),
            run_paths=tuple(
                tag.rpath if name == "DT_RPATH" else tag.runpath for name, tag in tags if name in ("DT_RPATH", "DT_RUNPATH")
            ),
            # Without the header the kernel takes the architecture's default, which is an executable stack on x86.
            executable_stack=stack is None or bool(stack.p_flags & PF_X),
            text_relocations="DT_TEXTREL" in values or bool(flags & DF_TEXTREL),
            read_only_relocations="PT_GNU_RELRO" in segments,
            bind_now="DT_BIND_NOW" in values or bool(flags & DF_BIND_NOW) or bool(flags_1 & DF_1_NOW),
            compressed_sections=tuple(section.data() for section in elf.iter_sections() if section.compressed),
        )


def visible(symbol: Symbol) -> bool:
    entry = symbol.entry
    return entry.st_info.bind != "STB_LOCAL" and entry.st_other.visibility in ("STV_DEFAULT", "STV_PROTECTED")


def symbol_versions(elf: ELFFile, symbols: SymbolTableSection) -> list[tuple[str, str]]:
    """(version, symbol) of every undefined symbol that asks for a version of a library."""
    needs = elf.get_section_by_name(".gnu.version_r")
    of_symbol = elf.get_section_by_name(".gnu.version")
    if not isinstance(needs, GNUVerNeedSection) or not isinstance(of_symbol, GNUVerSymSection):
        return []
    names = {aux.entry.vna_other: aux.name for _, auxiliaries in needs.iter_versions() for aux in auxiliaries}
    found = []
    for number, symbol in enumerate(symbols.iter_symbols()):
        index = of_symbol.get_symbol(number).entry["ndx"]
        if isinstance(index, int) and (version := names.get(index & 0x7FFF)) is not None:
            found.append((version, symbol.name))
    return found
