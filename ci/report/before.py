"""The release before, as far as its files are there: sizes, what the extensions are linked with, evidence."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ci import crates, evidence
from ci.audit.elf import Elf
from ci.audit.macho import MachO
from ci.crates import Crates
from ci.errors import CiError
from ci.evidence import Evidence

ARCHIVE = "evidence.zip"
"""The evidence of a release as one file, beside its artifacts."""

MOST = 5_000
"""Pieces of evidence: a release has hundreds."""

LARGEST = 50_000_000
"""Bytes of an extension."""

LIBRARY, VERSION, IMPORT, EXPORT = "library", "symbol version", "imported symbol", "exported symbol"

Linked = frozenset[tuple[str, str]]
"""Kind and name of all that an extension asks the dynamic linker for, and offers it."""


@dataclass(kw_only=True)
class Release:
    """By what stays the same from one release to the next: a wheel's tags, and sdist.

    unread: what was there and could not be read, with the reason.
    """

    name: str
    files: dict[str, Path] = field(default_factory=dict)
    crates: dict[str, Crates] = field(default_factory=dict)
    words: dict[str, list[Evidence]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read(paths: Iterable[Path]) -> Release:
    """What the release before left; paths are folders of its files, wheels, or an SBOM. A CiError for anything else."""
    paths = list(paths)
    found = Release(name=", ".join(path.name or str(path) for path in paths), crates=crates.read(paths))
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.suffix == ".whl" or file.name.endswith(".tar.gz"):
                found.files[label(file.name)] = file
        if path.is_dir():
            for word in words(path, found.unread):
                found.words.setdefault(label(word.artifact), []).append(word)
    return found


def label(filename: str) -> str:
    """The tags of a wheel, or sdist."""
    return "sdist" if filename.endswith(".tar.gz") else "-".join(filename.removesuffix(".whl").split("-")[-3:])


def words(folder: Path, unread: list[str]) -> Iterator[Evidence]:
    """The evidence that lies in a folder: as files, as a build leaves it, or in one archive, as a release does."""
    if (there := evidence.folder(folder)).is_dir():
        yield from each(sorted(there.glob("*.json")), unread)
    elif (archive := folder / ARCHIVE).is_file():
        with tempfile.TemporaryDirectory(prefix="hotkernels-evidence-") as name:
            try:
                unpack(archive, Path(name))
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                unread.append(f"{ARCHIVE}: {error}")
                return
            yield from each(sorted(Path(name).iterdir()), unread)


def each(files: Iterable[Path], unread: list[str]) -> Iterator[Evidence]:
    for path in files:
        try:
            yield evidence.read(path)
        except CiError as error:
            unread.append(error.message)


def unpack(archive: Path, folder: Path) -> None:
    """The members of an archive of evidence, by their plain names; a ValueError for any other archive."""
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        if len(members) > MOST or sum(member.file_size for member in members) > MOST * evidence.LARGEST // 100:
            raise ValueError("more than the evidence of a release")
        for member in members:
            if Path(member.filename).name != member.filename or not member.filename.endswith(".json"):
                raise ValueError(f"{member.filename!r} is no piece of evidence")
            (folder / member.filename).write_bytes(opened.read(member))


def pack(dist: Path) -> None:
    """Writes the evidence of a folder as one archive, always the same bytes for the same evidence."""
    part = dist / f".{ARCHIVE}.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(evidence.folder(dist).glob("*.json")):
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    part.replace(dist / ARCHIVE)


def linked(wheel: Path) -> Linked:
    """What the one extension of a wheel is linked with; a CiError where it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".so")]
            if len(members) != 1 or members[0].file_size > LARGEST:
                raise CiError(f"{wheel.name}: not one extension of less than {LARGEST:,} bytes")
            data = archive.read(members[0])
    except (OSError, zipfile.BadZipFile) as error:
        raise CiError(f"{wheel.name}: does not read as a wheel: {error}") from error
    if data.startswith(b"\x7fELF"):
        elf = Elf.read(data)
        asked = {LIBRARY: elf.needed, VERSION: {version for version, _ in elf.versions}, IMPORT: elf.undefined}
        return frozenset((kind, name) for kind, names in {**asked, EXPORT: elf.exported}.items() for name in names)
    macho = MachO.read(data)
    asked = {LIBRARY: macho.libraries, IMPORT: macho.undefined.keys(), EXPORT: macho.in_trie}
    return frozenset((kind, name) for kind, names in asked.items() for name in names)
