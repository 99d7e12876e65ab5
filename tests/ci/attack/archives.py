"""Mutations of a wheel as an archive: what unpackers would read differently, or what would hurt them."""

from __future__ import annotations

import bz2
import stat
import struct
import zlib

from tests.ci.attack import zips
from tests.ci.attack.release import Release, mutation
from tests.ci.attack.zips import Member

MORE = b"x = 1\n"


def extra(release: Release, **fields: object) -> None:
    """The target with one member more, written field by field."""
    made = Member(**({"name": b"hotkernels/more.py", "data": MORE} | fields))  # type: ignore[arg-type]
    release.rewrite(zips.build([*release.zipped(), made]))


@mutation(
    "bytes", "{name}: not one whole zip archive | a local header first, the end record last | it begins with", unreadable=True
)
def something_before_the_archive(release: Release) -> None:
    release.rewrite(b"#!/bin/sh\nexit\n" + release.path.read_bytes())


@mutation("bytes", "{name}: an end record that is not true", unreadable=True)
def something_before_the_archive_that_looks_like_one(release: Release) -> None:
    release.rewrite(zips.build(release.zipped()[:1]) + release.path.read_bytes())


@mutation(
    "bytes", "{name}: not one whole zip archive | a local header first, the end record last | 1 bytes behind", unreadable=True
)
def something_behind_the_archive(release: Release) -> None:
    release.rewrite(release.path.read_bytes() + b"\n")


@mutation("bytes", "{name}: not one whole zip archive | a local header first, the end record last | cut off", unreadable=True)
def a_wheel_cut_off(release: Release) -> None:
    release.rewrite(release.path.read_bytes()[:-30])


@mutation("bytes", "{name}: not one whole zip archive | a local header first, the end record last | a comment", unreadable=True)
def a_second_end_record_in_a_comment(release: Release) -> None:
    """One program takes the first end record, another the last: they see different files."""
    other = zips.build([Member(name=b"hotkernels/evil.py", data=MORE)])
    whole = zips.build(release.zipped(), end={"comment": len(other)})
    release.rewrite(whole + other[:-1] + b"\x01")


@mutation("bytes", "hotkernels/more.py: unnamed bytes before it", unreadable=True)
def bytes_between_members(release: Release) -> None:
    extra(release, before=b"a payload that no directory names")


@mutation("bytes", "bytes between the last member and the directory", unreadable=True)
def bytes_before_the_directory(release: Release) -> None:
    release.rewrite(zips.build(release.zipped(), between=b"a payload"))


@mutation("bytes", "hotkernels/more.py: lies in another member", unreadable=True)
def members_that_overlap(release: Release) -> None:
    """A bomb without nesting: many names for the same packed bytes (Fifield 2019)."""
    extra(release, offset=0)


@mutation("bytes", "hotkernels/inner.py: lies in another member", unreadable=True)
def a_member_quoted_in_another(release: Release) -> None:
    """The quoted overlap of the same bomb: the data of a stored member are the next member, header and all."""
    members = release.zipped()
    inner = Member(name=b"hotkernels/inner.py", data=MORE, ghost=True)
    outer = Member(name=b"hotkernels/outer.py", data=zips.own(inner), method=0)
    inner.offset = len(b"".join(map(zips.own, members))) + len(zips.own(outer)) - len(outer.data)
    release.rewrite(zips.build([*members, outer, inner]))


@mutation("bytes", "hotkernels/__init__.py: twice in the archive", unreadable=True)
def the_same_name_twice(release: Release) -> None:
    extra(release, name=b"hotkernels/__init__.py")


@mutation("bytes", "hotkernels/PY.TYPED: twice in the archive", unreadable=True)
def two_names_that_differ_in_case(release: Release) -> None:
    extra(release, name=b"hotkernels/PY.TYPED")


@mutation("bytes", "hotkernels/py.typed/x.py: a file and a folder of one name", unreadable=True)
def a_file_that_is_a_folder_too(release: Release) -> None:
    extra(release, name=b"hotkernels/py.typed/x.py")


@mutation("bytes", "hotkernels/link.py: not a plain file", unreadable=True)
def a_link_in_the_wheel(release: Release) -> None:
    extra(release, name=b"hotkernels/link.py", data=b"/etc/passwd", mode=stat.S_IFLNK | 0o777)


@mutation("bytes", "hotkernels/fifo: not a plain file", unreadable=True)
def a_pipe_in_the_wheel(release: Release) -> None:
    extra(release, name=b"hotkernels/fifo", mode=stat.S_IFIFO | 0o644)


@mutation("bytes", "hotkernels/sub/: not a plain file", unreadable=True)
def a_folder_in_the_wheel(release: Release) -> None:
    extra(release, name=b"hotkernels/sub/", data=b"")


@mutation("bytes", "hotkernels/more.py: runs as somebody else", unreadable=True)
def a_setuid_member(release: Release) -> None:
    extra(release, mode=stat.S_IFREG | 0o4755)


@mutation("bytes", "hotkernels/more.py: made for another system", unreadable=True)
def a_member_of_another_system(release: Release) -> None:
    extra(release, system=0)


@mutation("bytes", "'/etc/cron.d/x': an unsafe name: it is absolute", unreadable=True)
def an_absolute_path(release: Release) -> None:
    extra(release, name=b"/etc/cron.d/x")


@mutation("bytes", "'../outside.py': an unsafe name: it leaves its folder", unreadable=True)
def a_path_outside(release: Release) -> None:
    extra(release, name=b"../outside.py")


@mutation("bytes", "an unsafe name: it has a backslash", unreadable=True)
def a_path_outside_on_windows(release: Release) -> None:
    extra(release, name=b"..\\outside.py")


@mutation("bytes", "'C:outside.py': an unsafe name: it has a colon", unreadable=True)
def a_drive(release: Release) -> None:
    extra(release, name=b"C:outside.py")


@mutation("bytes", "an unsafe name: it has a control character", unreadable=True)
def a_name_with_a_nul(release: Release) -> None:
    """zipfile ends the name there, others do not."""
    extra(release, name=b"hotkernels/more.py\0.txt")


@mutation("bytes", "an unsafe name: it can be written shorter", unreadable=True)
def a_name_with_a_dot(release: Release) -> None:
    extra(release, name=b"hotkernels/./__init__.py")


@mutation("bytes", "'hotkernels/__init__.py ': an unsafe name: a part of it ends with a dot or a space", unreadable=True)
def a_name_that_windows_shortens(release: Release) -> None:
    extra(release, name=b"hotkernels/__init__.py ")


@mutation("bytes", "'hotkernels/aux.py': an unsafe name: Windows takes it for a device", unreadable=True)
def a_device_of_windows(release: Release) -> None:
    extra(release, name=b"hotkernels/aux.py")


@mutation("bytes", "'hotkernels/p\u0443.py': an unsafe name: it is not ASCII", unreadable=True)
def a_name_that_looks_alike(release: Release) -> None:
    """A Cyrillic letter; and names that normalise to the same one are two files here, one on macOS."""
    extra(release, name="hotkernels/p\u0443.py".encode(), flags=0x800)


@mutation("bytes", "hotkernels/more.py: another name in its own header", unreadable=True)
def another_name_in_the_local_header(release: Release) -> None:
    extra(release, local={"name": b"hotkernels/evil.py"})


@mutation("bytes", "its own header is not the directory's | the same of both | size 9, not 6", unreadable=True)
def another_size_in_the_local_header(release: Release) -> None:
    extra(release, local={"size": 9})


@mutation("bytes", "its own header is not the directory's | the same of both | check sum 0, not", unreadable=True)
def another_check_sum_in_the_local_header(release: Release) -> None:
    extra(release, local={"crc": 0})


@mutation("bytes", "its own header is not the directory's | the same of both | method 0, not 8", unreadable=True)
def another_method_in_the_local_header(release: Release) -> None:
    extra(release, local={"method": 0})


@mutation("bytes", "hotkernels/more.py: an extra field in its own header", unreadable=True)
def an_extra_field_in_the_local_header(release: Release) -> None:
    extra(release, local={"extra": unicode_path(b"hotkernels/evil.py")})


@mutation(
    "bytes",
    "an extra field or a comment | none: some unpackers take a name or a size from it | 31 and 0 bytes",
    unreadable=True,
)
def another_name_in_an_extra_field(release: Release) -> None:
    """Info-ZIP's Unicode path: unzip writes to that one."""
    field = unicode_path(b"hotkernels/evil__.py"[:18])
    extra(release, local={"extra": field}, central={"extra": field + bytes(4)})


@mutation(
    "bytes", "an extra field or a comment | none: some unpackers take a name or a size from it | 0 and 7 bytes", unreadable=True
)
def a_comment_of_a_member(release: Release) -> None:
    extra(release, comment=b"payload")


@mutation("bytes", "a zip64 member", unreadable=True)
def a_size_that_stands_elsewhere(release: Release) -> None:
    extra(release, central={"size": 0xFFFFFFFF, "extra": struct.pack("<2HQ", 1, 8, 6)})


@mutation("bytes", "a zip64 archive", unreadable=True)
def a_directory_that_stands_elsewhere(release: Release) -> None:
    release.rewrite(zips.build(release.zipped(), end={"start": 0xFFFFFFFF}))


@mutation("bytes", "a directory that is cut off", unreadable=True)
def an_entry_more_than_there_is(release: Release) -> None:
    count = len(release.zipped()) + 1
    release.rewrite(zips.build(release.zipped(), end={"here": count, "count": count}))


@mutation("bytes", "bytes between the directory and its end", unreadable=True)
def an_entry_less_than_there_is(release: Release) -> None:
    count = len(release.zipped()) - 1
    release.rewrite(zips.build(release.zipped(), end={"here": count, "count": count}))


@mutation("bytes", "hotkernels/more.py: encrypted", unreadable=True)
def an_encrypted_member(release: Release) -> None:
    extra(release, flags=0x1)


@mutation("bytes", "hotkernels/more.py: an odd flag", unreadable=True)
def a_size_behind_the_data(release: Release) -> None:
    extra(release, flags=0x8)


@mutation("bytes", "hotkernels/more.py: unusual compression", unreadable=True)
def another_compression(release: Release) -> None:
    extra(release, method=12, packed=bz2.compress(MORE))


@mutation(
    "bytes", "does not unpack | an archive whose check sums are right | hotkernels/more.py: another check sum", unreadable=True
)
def a_check_sum_that_is_wrong(release: Release) -> None:
    extra(release, local={"crc": 1}, central={"crc": 1})


@mutation("bytes", "does not unpack | a deflated member, whole", unreadable=True)
def a_member_cut_off(release: Release) -> None:
    packed = zips.deflated(MORE)[:-2]
    extra(release, packed=packed)


@mutation("bytes", "hotkernels/more.py: not the size that it says", unreadable=True)
def a_size_that_is_too_small(release: Release) -> None:
    """A bomb that counts on being believed: a few bytes said, gigabytes given."""
    data = bytes(3_000_000)
    extra(release, packed=zips.deflated(data), local={"size": 6, "crc": 0}, central={"size": 6, "crc": 0})


@mutation("bytes", "unpacks to too much | at most 40,000,000 bytes", unreadable=True)
def a_bomb(release: Release) -> None:
    extra(release, packed=b"", local={"size": 45_000_000}, central={"size": 45_000_000})


@mutation("bytes", "hotkernels/more.py: a bomb | at most 500 times its packed size", unreadable=True)
def a_small_bomb(release: Release) -> None:
    extra(release, data=bytes(2_000_000))


@mutation("bytes", "too many members | at most 5,000", unreadable=True)
def a_flood_of_members(release: Release) -> None:
    release.rewrite(zips.build([*release.zipped()], end={"here": 60_000, "count": 60_000}))


@mutation("bytes", "larger than what it may unpack to | at most 40,000,000 bytes", unreadable=True)
def a_wheel_without_end(release: Release) -> None:
    """A sparse file of 50 MB: nothing of it is read."""
    release.rewrite(b"PK\3\4")
    with release.path.open("r+b") as file:
        file.truncate(50_000_000)


def unicode_path(name: bytes) -> bytes:
    body = struct.pack("<BI", 1, zlib.crc32(b"hotkernels/more.py")) + name
    return struct.pack("<2H", 0x7075, len(body)) + body
