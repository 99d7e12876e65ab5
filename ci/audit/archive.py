"""The archive check: a wheel or sdist that every unpacker unpacks alike, and that cannot write outside its folder."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ci.errors import CiError

if TYPE_CHECKING:
    from ci.audit.opened import Opened

END_OF_ZIP = b"PK\x05\x06"
END_OF_ZIP_SIZE = 22  # without a comment


def check(file: Opened) -> dict[str, Any]:
    """Reads every member, so that every check sum is compared."""
    return {"members": len(file.members), "bytes": sum(map(len, file.members.values()))}


def read_wheel(path: Path, *, limit: int) -> dict[str, bytes]:
    """The members of a zip archive that is nothing but one; a CiError for any other, or for more than `limit` bytes."""
    data = path.read_bytes()
    # An archive that begins or ends with something else is read differently by different programs.
    if not data.startswith(b"PK\x03\x04") or data[-END_OF_ZIP_SIZE : -END_OF_ZIP_SIZE + 4] != END_OF_ZIP:
        raise refused("not one whole zip archive", "a local header first, the end record last", "cut off or added to")
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if infos and min(info.header_offset for info in infos) != 0:
                raise refused("bytes before the first member", "an archive that begins with a member", "something else")
            if (total := sum(info.file_size for info in infos)) > limit:
                raise refused("unpacks to too much", f"at most {limit:,} bytes", f"{total:,} bytes")
            for info in infos:
                safe_name(info.orig_filename, members)
                if info.flag_bits & 0x1:
                    raise refused(f"{info.filename}: encrypted", "plain members", "an encrypted one")
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise refused(f"{info.filename}: unusual compression", "stored or deflated", str(info.compress_type))
                mode = stat.S_IFMT(info.external_attr >> 16)
                if info.is_dir() or (mode and not stat.S_ISREG(mode)):
                    raise refused(f"{info.filename}: not a plain file", "plain files", "a link, folder or device")
                members[info.filename] = archive.read(info)  # compares the CRC, and the name in the local header
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise refused("does not unpack", "an archive whose check sums are right", str(error)) from error
    return members


def read_sdist(path: Path, *, limit: int) -> dict[str, bytes]:
    """The files of a .tar.gz, folders left out; a CiError for links, devices, odd names or more than `limit` bytes."""
    members: dict[str, bytes] = {}
    try:
        with gzip.open(path) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise refused("unpacks to too much", f"at most {limit:,} bytes", "more")
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            # Safe names and plain files alone are stricter than tarfile's data filter, which 3.11.2 does not have.
            for info in archive:
                safe_name(info.name, members)
                if info.isdir():
                    continue
                content = archive.extractfile(info) if info.isreg() else None
                if content is None:
                    raise refused(f"{info.name}: not a plain file", "plain files and folders", "a link or device")
                members[info.name] = content.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError) as error:
        raise refused("does not unpack", "a gzip-compressed tar archive, whole", str(error)) from error
    return members


def safe_name(name: str, before: dict[str, bytes]) -> None:
    """Refuses a name that leaves the folder, that not every file system can hold, or that is there already."""
    path = PurePosixPath(name)
    odd = {"\\", ":", "\0"}.intersection(name) or any(ord(char) < 0x20 for char in name)
    if odd or path.is_absolute() or ".." in path.parts or str(path) != name.rstrip("/") or not path.parts:
        raise refused(f"{name!r}: an unsafe name", "a relative path with / in it", repr(name))
    # Two names that differ in case alone are one file on macOS and Windows.
    if name.casefold() in {other.casefold() for other in before}:
        raise refused(f"{name}: twice in the archive", "each name once", "a second one")


def refused(message: str, expected: str, found: str) -> CiError:
    return CiError(message, expected=expected, found=found, todo="build or download the file again; do not repair it by hand")
