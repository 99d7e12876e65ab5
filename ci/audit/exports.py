"""The exports check: the extension offers the linker its one init function and nothing else."""

from __future__ import annotations

from typing import Any

from ci.audit.opened import Opened
from ci.console import shorten
from ci.errors import CiError


def elf(file: Opened) -> dict[str, Any]:
    wanted = init_symbol(file)
    if file.elf.exported != {wanted}:
        raise refused(wanted, file.elf.exported)
    return {"exported": [wanted]}


def macho(file: Opened) -> dict[str, Any]:
    """By the export trie, which dyld reads, and by the symbol table, which linkers and debuggers read."""
    wanted = init_symbol(file)
    for exported in (file.macho.in_trie, file.macho.in_table):
        if exported != {wanted}:
            raise refused(wanted, exported)
    return {"exported": [wanted]}


def init_symbol(file: Opened) -> str:
    """PyInit_…, or for the stable ABI of 3.15 PyModExport_… (PEP 793)."""
    module = file.declared.module.rsplit(".", 1)[-1]
    tag = file.artifact.wheel.tag if file.artifact.wheel else ""
    return f"PyModExport_{module}" if tag.endswith(".abi3t") else f"PyInit_{module}"


def refused(wanted: str, exported: frozenset[str]) -> CiError:
    extra = sorted(exported - {wanted})
    return CiError(
        "does not export exactly its init function",
        expected=wanted,
        found=shorten(", ".join([*(["no " + wanted] if wanted not in exported else []), *extra])),
        todo="an extra symbol comes from a C library or #[no_mangle]; a missing one from a build for another ABI",
    )
