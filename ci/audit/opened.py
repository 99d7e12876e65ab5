"""An artifact opened for its checks: every member in memory, read once, behind the safety checks of archive.py."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ci import checks
from ci.audit import archive
from ci.audit.elf import Elf
from ci.audit.macho import MachO
from ci.errors import CiError
from ci.matrix import Artifact, Matrix


@dataclass(frozen=True)
class Opened:
    """One artifact. root is the checkout whose lock files and sources it is compared with.

    The members of an archive that is not safe to read raise the refusal of the `archive` check, in whatever check asks
    for them first: nothing is judged that cannot be read.
    """

    path: Path
    artifact: Artifact
    declared: Matrix
    root: Path

    @cached_property
    def members(self) -> dict[str, bytes]:
        return archive.read(self.path, self.artifact, self.declared)

    @property
    def dist_info(self) -> str:
        """The folder of the wheel's metadata, as its file name says."""
        return f"{self.declared.name}-{self.artifact.version}.dist-info"

    @property
    def top(self) -> str:
        """The one folder that an sdist unpacks to."""
        return f"{self.declared.name}-{self.artifact.version}"

    def text(self, name: str) -> str:
        """A member that must be there and be UTF-8."""
        if name not in self.members:
            alike = [member for member in self.members if member.rsplit("/", 1)[-1] == name.rsplit("/", 1)[-1]]
            raise CiError(
                f"no {name}",
                expected=name,
                found=", ".join(alike) or "no such member",
                todo="build it again; a file that was renamed does not become another version or another project",
            )
        try:
            return self.members[name].decode("utf-8")
        except UnicodeDecodeError as error:
            raise CiError(f"{name} is not UTF-8: {error}", expected="UTF-8 text", todo="build it again") from error

    @cached_property
    def extension(self) -> str:
        """The name of the one extension module: where the matrix says it is, and the only compiled file there is."""
        compiled = [
            name
            for name, data in self.members.items()
            if name.endswith((".so", ".pyd", ".dylib", ".dll")) or ".so." in name or data[:4] in MAGIC
        ]
        stem = self.declared.module.replace(".", "/")
        if len(compiled) != 1 or not compiled[0].startswith(f"{stem}."):
            raise CiError(
                "not exactly one extension module",
                expected=f"one compiled file, {stem}.*",
                found=", ".join(compiled) or "none",
                todo="[tool.maturin] module-name names it; a library beside it was grafted, and must be linked statically",
            )
        return compiled[0]

    @cached_property
    def elf(self) -> Elf:
        return Elf.read(self.members[self.extension])

    @cached_property
    def macho(self) -> MachO:
        return MachO.read(self.members[self.extension])

    @property
    def binary(self) -> Elf | MachO:
        """The extension in the format of the wheel's platform, whatever it begins with."""
        return self.macho if checks.kind(self.artifact) == "macos" else self.elf


MAGIC = {
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",  # Mach-O, either order, 32 and 64 bits, and fat
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xca\xfe\xba\xbf",
}
"""How compiled files begin, whatever they are called."""
