"""Mutations of the sdist: as an archive, and what it holds."""

from __future__ import annotations

import zlib

from tests.ci.attack import tars
from tests.ci.attack.release import Release, mutation
from tests.ci.attack.tars import Header


def plain(release: Release) -> bytes:
    """The good tar archive."""
    return tars.build(tars.headers(release.sources()))


@mutation(
    "bytes",
    "hotkernels-0.1.0/link: not a plain file | plain files and folders | a link or device, type b'2'",
    of="sdist",
    unreadable=True,
)
def a_symbolic_link(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/link", kind=b"2", link=b"/etc/passwd"))


@mutation(
    "bytes",
    "hotkernels-0.1.0/hard: not a plain file | plain files and folders | a link or device, type b'1'",
    of="sdist",
    unreadable=True,
)
def a_hard_link(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/hard", kind=b"1", link=f"{release.top}/Cargo.toml".encode()))


@mutation("bytes", "a link or device, type b'4'", of="sdist", unreadable=True)
def a_block_device(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/disk", kind=b"4"))


@mutation("bytes", "a link or device, type b'3'", of="sdist", unreadable=True)
def a_character_device(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/tty", kind=b"3"))


@mutation("bytes", "a link or device, type b'6'", of="sdist", unreadable=True)
def a_pipe_in_the_sdist(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/pipe", kind=b"6"))


@mutation("bytes", "a link or device, type b'7'", of="sdist", unreadable=True)
def a_kind_that_nobody_knows(release: Release) -> None:
    """Contiguous files: some unpackers write them as plain ones."""
    release.tarred(Header(name=f"{release.top}/more", kind=b"7"))


@mutation("bytes", "a header that rewrites others | plain ustar headers | pax |", of="sdist", unreadable=True)
def a_pax_header_with_another_path(release: Release) -> None:
    release.tarred(
        Header(name="PaxHeader/x", kind=b"x", data=b"28 path=../../outside.txt\n"), Header(name=f"{release.top}/x", data=b"x")
    )


@mutation("bytes", "a header that rewrites others | plain ustar headers | global pax |", of="sdist", unreadable=True)
def a_pax_header_for_all(release: Release) -> None:
    release.rewrite(
        tars.pack(tars.build([Header(name="pax", kind=b"g", data=b"17 size=99999999\n"), *tars.headers(release.sources())])),
        release.sdist,
    )


@mutation("bytes", "a header that rewrites others | plain ustar headers | long name |", of="sdist", unreadable=True)
def a_long_name(release: Release) -> None:
    release.tarred(Header(name="././@LongLink", kind=b"L", data=b"../outside\0"), Header(name=f"{release.top}/x"))


@mutation("bytes", "a header that rewrites others | plain ustar headers | sparse file |", of="sdist", unreadable=True)
def a_sparse_file(release: Release) -> None:
    """tarfile would make as many zeros in memory as it says."""
    release.tarred(Header(name=f"{release.top}/x", kind=b"S", size=0o77777777777))


@mutation("bytes", "hotkernels-0.1.0/x: larger than the archive", of="sdist", unreadable=True)
def a_size_beyond_the_end(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/x", size=0o77777777777))


@mutation("bytes", "a number that is not octal", of="sdist", unreadable=True)
def a_size_in_base_256(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/x", size=b"\x80" + bytes(10) + b"\x04"))


@mutation("bytes", "hotkernels-0.1.0/sub: a folder with a size", of="sdist", unreadable=True)
def a_folder_with_a_size(release: Release) -> None:
    """One unpacker skips its data, another reads them as headers."""
    release.tarred(Header(name=f"{release.top}/sub", kind=b"5", data=Header(name="evil").build()))


@mutation("bytes", "hotkernels-0.1.0/su: runs as somebody else", of="sdist", unreadable=True)
def a_setuid_file(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/su", mode=0o4755))


@mutation("bytes", "a header whose check sum is not right", of="sdist", unreadable=True)
def a_header_that_was_changed(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/x", told=1))


@mutation("bytes", "hotkernels-0.1.0/x: not a plain ustar header", of="sdist", unreadable=True)
def a_header_of_another_format(release: Release) -> None:
    """GNU's has other things where ustar has the name's prefix."""
    release.tarred(Header(name=f"{release.top}/x", magic=b"ustar  \0"))


@mutation("bytes", "hotkernels-0.1.0/x: something behind its last byte", of="sdist", unreadable=True)
def bytes_behind_a_file(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/x", data=b"x", padding=b"!"))


@mutation("bytes", "something behind the end of the archive", of="sdist", unreadable=True)
def bytes_behind_the_end(release: Release) -> None:
    release.tarred(end=bytes(1024) + Header(name="evil").build())


@mutation("bytes", "does not unpack | a tar archive with its end", of="sdist", unreadable=True)
def no_end(release: Release) -> None:
    release.tarred(end=b"")


@mutation("bytes", "'/etc/cron.d/y': an unsafe name", of="sdist", unreadable=True)
def an_absolute_path_in_the_sdist(release: Release) -> None:
    release.tarred(Header(name="/etc/cron.d/y"))


@mutation("bytes", "'hotkernels-0.1.0/../../outside': an unsafe name", of="sdist", unreadable=True)
def a_path_outside_the_sdist(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/../../outside"))


@mutation("bytes", "hotkernels-0.1.0/CARGO.TOML: twice in the archive", of="sdist", unreadable=True)
def two_files_that_differ_in_case(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/CARGO.TOML"))


@mutation("bytes", "hotkernels-0.1.0/Cargo.toml: twice in the archive", of="sdist", unreadable=True)
def a_second_manifest(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/Cargo.toml", data=b"[package]\nbuild = 'evil.rs'\n"))


@mutation("bytes", "unpacks to too much | at most 20,000,000 bytes", of="sdist", unreadable=True)
def a_gzip_bomb(release: Release) -> None:
    release.rewrite(tars.pack(plain(release) + bytes(21_000_000)), release.sdist)


@mutation("bytes", "{name}: a bomb |", of="sdist", unreadable=True)
def a_small_gzip_bomb(release: Release) -> None:
    release.rewrite(tars.pack(bytes(18_000_000)), release.sdist)


@mutation("bytes", "something behind the gzip stream | the end of the file | other bytes", of="sdist", unreadable=True)
def bytes_behind_the_gzip_stream(release: Release) -> None:
    release.rewrite(tars.pack(plain(release)) + b"payload", release.sdist)


@mutation("bytes", "something behind the gzip stream | the end of the file | another stream", of="sdist", unreadable=True)
def a_second_gzip_stream(release: Release) -> None:
    release.rewrite(tars.pack(plain(release)) + tars.pack(b"more"), release.sdist)


@mutation("bytes", "a gzip header with more in it", of="sdist", unreadable=True)
def a_name_in_the_gzip_header(release: Release) -> None:
    packed = tars.pack(plain(release))
    release.rewrite(packed[:3] + b"\x08" + packed[4:10] + b"/home/ann/x\0" + packed[10:], release.sdist)


@mutation("bytes", "does not unpack | a gzip-compressed tar archive, whole | cut off", of="sdist", unreadable=True)
def an_sdist_cut_off(release: Release) -> None:
    release.rewrite(tars.pack(plain(release))[:-9], release.sdist)


@mutation("bytes", "incorrect data check", of="sdist", unreadable=True)
def a_check_sum_of_gzip_that_is_wrong(release: Release) -> None:
    packed = bytearray(tars.pack(plain(release)))
    packed[-8] ^= 1
    release.rewrite(bytes(packed), release.sdist)


@mutation("bytes", "incorrect header check", of="sdist", unreadable=True)
def another_compression_of_the_sdist(release: Release) -> None:
    release.rewrite(zlib.compress(plain(release)), release.sdist)


@mutation(
    "bytes",
    "are in the sdist | the checkout's files and PKG-INFO | hotkernels-0.1.0/src/kernels/build.rs",
    of="sdist",
)
def a_build_script(release: Release) -> None:
    """cargo runs it, though no manifest names it."""
    release.tarred(Header(name=f"{release.top}/src/kernels/build.rs", data=b"fn main() {}\n"))


@mutation(
    "bytes", "files are not as they are in the checkout | the same bytes | hotkernels-0.1.0/src/kernels/src/lib.rs", of="sdist"
)
def another_source(release: Release) -> None:
    members = release.sources()
    members[f"{release.top}/src/kernels/src/lib.rs"] += b"mod evil;\n"
    release.rewrite(tars.pack(tars.build(tars.headers(members))), release.sdist)


@mutation("bytes", "files are not as they are in the checkout | the same bytes | hotkernels-0.1.0/Cargo.lock", of="sdist")
def another_lock_file(release: Release) -> None:
    members = release.sources()
    members[f"{release.top}/Cargo.lock"] = members[f"{release.top}/Cargo.lock"].replace(b"cccc", b"dddd")
    release.rewrite(tars.pack(tars.build(tars.headers(members))), release.sdist)


@mutation("bytes", "without src/bindings/src/lib.rs", of="sdist")
def a_source_that_is_missing(release: Release) -> None:
    members = release.sources()
    del members[f"{release.top}/src/bindings/src/lib.rs"]
    release.rewrite(tars.pack(tars.build(tars.headers(members))), release.sdist)


@mutation("bytes", "files that a build makes are in the sdist", of="sdist")
def a_compiled_file(release: Release) -> None:
    release.tarred(Header(name=f"{release.top}/src/hotkernels/_native.abi3.so", data=b"\x7fELF"))


@mutation("bytes", "unpacks to something other than its one folder", of="sdist")
def a_file_beside_the_folder(release: Release) -> None:
    release.tarred(Header(name="setup.py", data=b"import os\n"))


@mutation("bytes", "Version in PKG-INFO is not the project's", of="sdist")
def another_version_in_the_sdist(release: Release) -> None:
    members = release.sources()
    members[f"{release.top}/PKG-INFO"] = members[f"{release.top}/PKG-INFO"].replace(b"\nVersion: 0.1.0", b"\nVersion: 0.1.1")
    release.rewrite(tars.pack(tars.build(tars.headers(members))), release.sdist)


@mutation("bytes", "Requires-Dist in PKG-INFO is not what pyproject.toml says", of="sdist")
def a_dependency_more_in_the_sdist(release: Release) -> None:
    members = release.sources()
    name = f"{release.top}/PKG-INFO"
    members[name] = members[name].replace(b"Provides", b"Requires-Dist: requestz\nProvides")
    release.rewrite(tars.pack(tars.build(tars.headers(members))), release.sdist)
