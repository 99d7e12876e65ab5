"""The ad-hoc code signature of a Mach-O file: without a valid one, macOS on arm64 kills the process that loads it.

The format is <kern/cs_blobs.h>'s: a SuperBlob of blobs, among them one CodeDirectory with a hash of every page before it.
All numbers are big-endian. https://developer.apple.com/documentation/technotes/tn3126-inside-code-signing-hashes
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from ci.audit.macho import MachO
from ci.errors import CiError

SUPER_BLOB, CODE_DIRECTORY, CMS = 0xFADE0CC0, 0xFADE0C02, 0xFADE0B01
SLOT_CODE_DIRECTORY, SLOT_INFO, SLOT_RESOURCES, SLOT_CMS = 0, 1, 3, 0x10000
AD_HOC, LINKER_SIGNED = 0x2, 0x20000
SHA256 = 2
PAGES = (12, 14)  # 4 and 16 KiB, as powers of two
HEADER = 8  # a blob's magic number and length


def check(data: bytes, macho: MachO) -> dict[str, Any]:
    """What the signature says of itself, or a CiError. Every byte of the file is hashed by it, or is the signature."""
    try:
        return verify(data, macho)
    except struct.error as error:
        raise refused(f"ends too early: {error}", "a whole SuperBlob") from error


def verify(data: bytes, macho: MachO) -> dict[str, Any]:
    if macho.signature is None:
        raise refused("none", "one LC_CODE_SIGNATURE")
    start, size = macho.signature
    if start + size != len(data):
        raise refused(f"the signature ends at {start + size:,}, the file at {len(data):,}", "a signature at the file's end")
    if not any(segment.name == "__LINKEDIT" and segment.end == len(data) for segment in macho.segments):
        raise refused("__LINKEDIT ends elsewhere", "a signature at the end of __LINKEDIT")
    slots = blobs(data[start:])
    directory = slots.pop(SLOT_CODE_DIRECTORY, b"")
    magic, _, version, flags, hashes, identifier, specials, pages, limit = struct.unpack_from(">9I", directory.ljust(44, b"\0"))
    hash_size, hash_type, _, page = struct.unpack_from(">4B", directory.ljust(44, b"\0"), 36)
    if magic != CODE_DIRECTORY:
        raise refused("no CodeDirectory", "one CodeDirectory")
    if (hash_type, hash_size) != (SHA256, hashlib.sha256().digest_size) or page not in PAGES:
        raise refused(f"hash type {hash_type} of {hash_size} bytes, pages of 2^{page}", "SHA-256 of pages of 4 or 16 KiB")
    if flags & ~LINKER_SIGNED != AD_HOC:
        raise refused(f"flags {flags:#x}", "ad hoc (0x2), by the linker (0x20002) or by codesign, and nothing else")
    if limit != start:
        raise refused(f"a code limit of {limit:,}", f"all bytes up to the signature, {start:,}")
    if pages != -(-limit >> page):
        raise refused(f"{pages} hashes", f"{-(-limit >> page)}, one a page")
    special_slots(directory, slots, hashes, specials)
    table = directory[hashes : hashes + pages * hash_size]
    wrong = [
        number
        for number in range(pages)
        if hashlib.sha256(data[number << page : min((number + 1) << page, limit)]).digest()
        != table[number * hash_size : (number + 1) * hash_size]
    ]
    if wrong:
        raise refused(
            f"{len(wrong)} of {pages} pages have another hash, the first at {wrong[0] << page:#x}", "every page's hash"
        )
    name = directory[identifier:].partition(b"\0")[0].decode("utf-8", "replace")
    return {"version": f"{version:#x}", "flags": f"{flags:#x}", "identifier": name, "pages": pages, "page": 1 << page}


def blobs(signature: bytes) -> dict[int, bytes]:
    """The blobs of a SuperBlob by slot."""
    magic, length, count = struct.unpack_from(">3I", signature)
    if magic != SUPER_BLOB or length > len(signature) or any(signature[length:]):
        raise refused(f"magic {magic:#x}, {length:,} of {len(signature):,} bytes", "a SuperBlob, and zeros after it")
    found: dict[int, bytes] = {}
    for number in range(count):
        slot, offset = struct.unpack_from(">2I", signature, 12 + 8 * number)
        _, size = struct.unpack_from(">2I", signature, offset)
        if slot in found or size < HEADER or offset + size > length:
            raise refused(f"slot {slot:#x} twice or out of bounds", "each slot once, inside the SuperBlob")
        found[slot] = signature[offset : offset + size]
    return found


def special_slots(directory: bytes, slots: dict[int, bytes], hashes: int, specials: int) -> None:
    """The other blobs: each is hashed in its slot, before the pages' hashes and counted backwards; none is somebody's."""
    size = hashlib.sha256().digest_size
    if slots.pop(SLOT_CMS, struct.pack(">2I", CMS, HEADER)) != struct.pack(">2I", CMS, HEADER):
        raise refused("a signature of somebody's", "an empty CMS blob or none: nobody signs an ad-hoc signature")
    for slot in range(1, specials + 1):
        said = directory[hashes - slot * size : hashes - (slot - 1) * size] if hashes >= slot * size else b""
        blob = slots.pop(slot, None)
        if said == bytes(size) and blob is None:
            continue
        if blob is None:
            raise refused(f"slot {slot} seals what is not in the file", "no Info.plist and no resources: it is no application")
        if said != hashlib.sha256(blob).digest():
            raise refused(f"slot {slot} has another hash", "the hash of its blob")
    if slots:
        raise refused(f"slots {', '.join(f'{slot:#x}' for slot in sorted(slots))} that nothing seals", "sealed blobs alone")


def refused(found: str, expected: str) -> CiError:
    return CiError(
        "no valid ad-hoc code signature",
        expected=expected,
        found=found,
        todo="sign it last, after every tool that changes it: the linker does, or `codesign --force --sign -`, or rcodesign",
    )
