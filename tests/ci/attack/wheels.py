"""Mutations of what a wheel holds: RECORD, WHEEL, METADATA, extension, package, SBOM; the archive itself is well."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from ci import checks
from ci.audit.names import suffix
from tests.ci import factory
from tests.ci.attack.release import Release, mutation


def record(release: Release, change: Callable[[bytes], bytes]) -> None:
    """The target with another RECORD, written as it is."""
    members, name = release.recorded(), f"{release.info}/RECORD"
    changed = change(members[name])
    assert changed != members[name]
    release.write({**members, name: changed}, record=False)


def row(release: Release, name: str) -> bytes:
    """The line of one file."""
    (line,) = (
        line for line in release.recorded()[f"{release.info}/RECORD"].splitlines() if line.startswith(f"{name},".encode())
    )
    return line


@mutation(
    "bytes",
    "does not match the files | each file once, with its sha256 and size | hotkernels/py.typed not listed",
)
def a_file_that_record_does_not_list(release: Release) -> None:
    record(release, lambda text: text.replace(row(release, "hotkernels/py.typed") + b"\n", b""))


@mutation("bytes", "hotkernels/_native.pyi listed as sha256=AAAA")
def a_wrong_hash_in_record(release: Release) -> None:
    line = row(release, "hotkernels/_native.pyi")
    record(release, lambda text: text.replace(line, b"hotkernels/_native.pyi,sha256=" + b"A" * 43 + b",0"))


def digest(release: Release, algorithm: str) -> None:
    data = release.members()["hotkernels/__init__.py"]
    hashed = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=")
    new = b"hotkernels/__init__.py," + algorithm.encode() + b"=" + hashed + b",%d" % len(data)
    record(release, lambda text: text.replace(row(release, "hotkernels/__init__.py"), new))


@mutation("bytes", "hotkernels/__init__.py listed as md5=")
def an_md5_in_record(release: Release) -> None:
    digest(release, "md5")


@mutation("bytes", "hotkernels/__init__.py listed as sha1=")
def a_sha1_in_record(release: Release) -> None:
    digest(release, "sha1")


@mutation("bytes", "hotkernels/__init__.py listed as sha512=")
def a_sha512_in_record(release: Release) -> None:
    """Right, and not what the others have: one program in a hundred checks it."""
    digest(release, "sha512")


@mutation("bytes", "hotkernels/py.typed listed as  0, is sha256=")
def no_hash_in_record(release: Release) -> None:
    record(release, lambda text: text.replace(row(release, "hotkernels/py.typed"), b"hotkernels/py.typed,,0"))


@mutation("bytes", "hotkernels/py.typed listed as sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU 1, is")
def a_wrong_size_in_record(release: Release) -> None:
    line = row(release, "hotkernels/py.typed")
    record(release, lambda text: text.replace(line, line[:-1] + b"1"))


@mutation("bytes", "hotkernels/ghost.py listed but not there")
def a_line_for_nothing_in_record(release: Release) -> None:
    record(release, lambda text: b"hotkernels/ghost.py,,\n" + text)


@mutation("bytes", "hotkernels/py.typed listed twice")
def a_line_twice_in_record(release: Release) -> None:
    record(release, lambda text: row(release, "hotkernels/py.typed") + b"\n" + text)


@mutation("bytes", "a row of 2 fields: a,b")
def a_line_of_two_fields_in_record(release: Release) -> None:
    record(release, lambda text: text + b"a,b\n")


@mutation("bytes", "{info}/RECORD is not UTF-8")
def a_record_that_is_not_utf_8(release: Release) -> None:
    record(release, lambda text: text + b"\xff\n")


@mutation("bytes", "{name}: record: failed: no {info}/RECORD")
def no_record(release: Release) -> None:
    release.write(release.members(), record=False)


@mutation("bytes", "{info}/RECORD.jws not listed")
def a_signature_that_record_does_not_list(release: Release) -> None:
    """The wheel format lets it go unlisted, and so anything may stand in it."""
    release.write(release.recorded() | {f"{release.info}/RECORD.jws": b"{}"}, record=False)


@mutation("bytes", "hotkernels/more.py not listed")
def a_file_beside_record(release: Release) -> None:
    release.write(release.recorded() | {"hotkernels/more.py": b""}, record=False)


@mutation("bytes", "with {info}/entry_points.txt")
def a_command(release: Release) -> None:
    release.write(release.members() | {f"{release.info}/entry_points.txt": b"[console_scripts]\npip = hotkernels:x\n"})


@mutation("bytes", "with hotkernels-0.1.0.data/scripts/pip")
def a_script(release: Release) -> None:
    release.write(release.members() | {"hotkernels-0.1.0.data/scripts/pip": b"#!python\n"})


@mutation("bytes", "with evil.pth")
def a_pth_file(release: Release) -> None:
    release.write(release.members() | {"evil.pth": b"import os\n"})


@mutation("bytes", "without hotkernels/py.typed")
def no_py_typed(release: Release) -> None:
    members = release.members()
    del members["hotkernels/py.typed"]
    release.write(members)


@mutation("bytes", "files are not as they are in the checkout | the same bytes | hotkernels/__init__.py")
def other_python_code(release: Release) -> None:
    release.change("hotkernels/__init__.py", lambda data: data + b"import socket\n")


@mutation("bytes", "files are not as they are in the checkout | the same bytes | hotkernels/_native.pyi")
def another_stub(release: Release) -> None:
    release.change("hotkernels/_native.pyi", lambda data: data + b"x: int\n")


@mutation("bytes", "{info}/licenses/LICENSE-MIT | build it again from this checkout")
def another_licence(release: Release) -> None:
    release.change("{info}/licenses/LICENSE-MIT", lambda data: data.replace(b"free of charge", b"for a fee"))


@mutation("bytes", "no licence: {info}/licenses/LICENSE-APACHE")
def no_licence(release: Release) -> None:
    members = release.members()
    del members[f"{release.info}/licenses/LICENSE-APACHE"]
    release.write(members)


@mutation("bytes", "missing or empty: LICENSE-PRIVATE")
def a_licence_that_is_named_and_not_there(release: Release) -> None:
    release.change(
        "{info}/METADATA",
        lambda text: text.replace(b"License-File: LICENSE-MIT", b"License-File: LICENSE-MIT\nLicense-File: LICENSE-PRIVATE"),
    )


@mutation("bytes", "the tags in its WHEEL file are not those of its name")
def other_tags_in_the_wheel_file(release: Release) -> None:
    release.change("{info}/WHEEL", lambda text: text.replace(b"Tag: cp3", b"Tag: cp2"))


@mutation(
    "bytes",
    "Wheel-Version: 1.0, Root-Is-Purelib: false | Wheel-Version: 1.0, Root-Is-Purelib: true",
)
def a_pure_wheel(release: Release) -> None:
    release.change("{info}/WHEEL", lambda text: text.replace(b"Purelib: false", b"Purelib: true"))


@mutation("bytes", "Wheel-Version: 1.0, Root-Is-Purelib: false | Wheel-Version: 2.0")
def another_version_of_the_wheel_format(release: Release) -> None:
    release.change("{info}/WHEEL", lambda text: text.replace(b"Wheel-Version: 1.0", b"Wheel-Version: 2.0"))


@mutation(
    "bytes",
    "Wheel-Version, Generator and Root-Is-Purelib once, and the tags | Root-Is-Purelib 2 times",
)
def the_same_key_twice_in_the_wheel_file(release: Release) -> None:
    release.change("{info}/WHEEL", lambda text: text + b"Root-Is-Purelib: true\n")


@mutation(
    "bytes",
    "its WHEEL file says more than a wheel's does | Wheel-Version, Generator and Root-Is-Purelib once, and the tags | Build: 1",
)
def a_build_number_in_the_wheel_file(release: Release) -> None:
    release.change("{info}/WHEEL", lambda text: text + b"Build: 1\n")


@mutation("bytes", "{name}: name: failed: no {info}/WHEEL")
def no_wheel_file(release: Release) -> None:
    members = release.members()
    del members[f"{release.info}/WHEEL"]
    release.write(members)


@mutation("bytes", "Version in METADATA is not the project's")
def another_version_in_the_metadata(release: Release) -> None:
    release.change("{info}/METADATA", lambda text: text.replace(b"\nVersion: ", b"\nVersion: 9."))


@mutation("bytes", "Name in METADATA is not the project's")
def another_name_in_the_metadata(release: Release) -> None:
    release.change("{info}/METADATA", lambda text: text.replace(b"Name: hotkernels", b"Name: hotkernel"))


@mutation("bytes", "Requires-Python in METADATA is not the project's")
def another_python_in_the_metadata(release: Release) -> None:
    release.change("{info}/METADATA", lambda text: text.replace(b">=3.12", b">=3.8"))


@mutation("bytes", "License-Expression in METADATA is not the project's")
def no_licence_in_the_metadata(release: Release) -> None:
    release.change("{info}/METADATA", lambda text: text.replace(b"License-Expression: MIT OR Apache-2.0\n", b""))


@mutation("bytes", "Dynamic in METADATA is not what pyproject.toml says")
def a_licence_that_is_dynamic(release: Release) -> None:
    release.change("{info}/METADATA", lambda text: text.replace(b"License-File", b"Dynamic: License-File\nLicense-File", 1))


@mutation("bytes", "Requires-Dist in METADATA is not what pyproject.toml says")
def a_dependency_more(release: Release) -> None:
    """One line, and every user installs a stranger's package."""
    release.change("{info}/METADATA", lambda text: text.replace(b"Provides", b"Requires-Dist: requestz\nProvides"))


@mutation("bytes", "Provides-Extra in METADATA is not what pyproject.toml says")
def an_extra_more(release: Release) -> None:
    release.change(
        "{info}/METADATA", lambda text: text.replace(b"Provides-Extra: numpy", b"Provides-Extra: numpy\nProvides-Extra: all")
    )


@mutation("bytes", "Classifier in METADATA is not what pyproject.toml says")
def a_classifier_more(release: Release) -> None:
    release.change(
        "{info}/METADATA",
        lambda text: text.replace(b"Provides", b"Classifier: Programming Language :: Python :: 3.11\nProvides"),
    )


@mutation("bytes", "Project-URL in METADATA is not what pyproject.toml says")
def an_address_more(release: Release) -> None:
    release.change(
        "{info}/METADATA", lambda text: text.replace(b"Provides", b"Project-URL: Source, https://example.invalid/\nProvides")
    )


@mutation("bytes", "METADATA is not valid core metadata")
def the_same_key_twice_in_the_metadata(release: Release) -> None:
    release.change("{info}/METADATA", lambda text: text.replace(b"Name: hotkernels", b"Name: hotkernels\nName: other"))


@mutation("bytes", "the extension module's suffix is not that of the wheel's tag")
def another_suffix(release: Release) -> None:
    members = release.members()
    members["hotkernels/_native.so"] = members.pop(f"hotkernels/_native{suffix(release.target)}")
    release.write(members)


def extension(release: Release, data: bytes) -> None:
    release.write(factory.wheel_members(release.target, data))


@mutation("bytes", "does not export exactly its init function | PyInit__native | no PyInit__native, PyInit__other")
def another_init_function(release: Release) -> None:
    extension(release, factory.module(checks.abi(release.target), init="PyInit__other"))


@mutation("bytes", "does not export exactly its init function | PyInit__native | helper")
def an_export_more(release: Release) -> None:
    more = '__attribute__((visibility("default"))) int helper(void) { return 1; }'
    extension(release, factory.module(checks.abi(release.target), more=more))


@mutation("bytes", "| abi-of-no-tag | build it again: an abi3 feature")
def an_extension_of_another_abi(release: Release) -> None:
    extension(release, factory.module("abi-of-no-tag", init="PyInit__native"))


@mutation("bytes", "no such mark | build it again: an abi3 feature")
def an_extension_without_its_mark(release: Release) -> None:
    extension(release, factory.module("", init="PyInit__native"))


@mutation("bytes", "made for another processor | EM_X86_64 | EM_AARCH64")
def an_extension_for_another_processor(release: Release) -> None:
    data = bytearray(factory.module(checks.abi(release.target)))
    data[18:20] = (183).to_bytes(2, "little")  # e_machine
    extension(release, bytes(data))


@mutation("bytes", "the extension does not read as ELF")
def an_extension_that_is_none(release: Release) -> None:
    extension(release, b"MZ" + f"hotkernels-abi:{checks.abi(release.target)};".encode())


@mutation("bytes", "RPATH or RUNPATH /opt/lib")
def a_search_path(release: Release) -> None:
    extension(release, factory.module(checks.abi(release.target), flags=(*factory.SAFE, "-Wl,-rpath,/opt/lib")))


@mutation("bytes", "has an unwinder of its own")
def an_unwinder_of_its_own(release: Release) -> None:
    flags = tuple(flag for flag in factory.SAFE if flag not in factory.UNWINDER)
    extension(release, factory.module(checks.abi(release.target), flags=flags))


@mutation("bytes", "an executable stack")
def an_executable_stack(release: Release) -> None:
    flags = tuple(flag for flag in factory.SAFE if "noexecstack" not in flag)
    extension(release, factory.module(checks.abi(release.target), flags=(*flags, "-Wl,-z,execstack")))


@mutation("bytes", "not exactly one extension module | one compiled file, hotkernels/_native.* | hotkernels/_native")
def two_extensions(release: Release) -> None:
    release.write(release.members() | {"hotkernels/_native.so": b"\x7fELF"})


@mutation("bytes", "not exactly one extension module | one compiled file, hotkernels/_native.* | none")
def no_extension(release: Release) -> None:
    members = release.members()
    del members[f"hotkernels/_native{suffix(release.target)}"]
    release.write(members)


@mutation("bytes", "a path of the machine that built it")
def a_path_of_the_builder(release: Release) -> None:
    more = 'const char *where = "/home/ann/secret/kernel.rs";'
    extension(release, factory.module(checks.abi(release.target), more=more))


def bom(release: Release, change: Callable[[str], str]) -> None:
    release.change("{info}/sboms/hotkernels-bindings.cyclonedx.json", lambda data: change(data.decode()).encode())


@mutation("bytes", "no SBOM | a CycloneDX file")
def no_sbom(release: Release) -> None:
    members = release.members()
    del members[f"{release.info}/sboms/hotkernels-bindings.cyclonedx.json"]
    release.write(members)


@mutation("bytes", "another sha256 than the lock file's")
def a_crate_of_other_bytes_in_the_sbom(release: Release) -> None:
    bom(release, lambda text: text.replace("c" * 64, "d" * 64))


@mutation("bytes", "among them | libc 9.9.9 |")
def a_crate_that_is_not_locked_in_the_sbom(release: Release) -> None:
    bom(release, lambda text: text.replace('"version": "0.2.191"', '"version": "9.9.9"'))


@mutation("bytes", "ValueError(\"the key 'components' twice\")")
def the_same_key_twice_in_the_sbom(release: Release) -> None:
    bom(release, lambda text: text[:-1] + ', "components": []}')


@mutation("bytes", "the SBOM is of something else")
def an_sbom_of_another_version(release: Release) -> None:
    bom(release, lambda text: text.replace('"version": "0.1.0"}}', '"version": "0.0.9"}}'))


@mutation("bytes", "over its size budget")
def a_wheel_that_is_too_large(release: Release) -> None:
    """The extension grows by what does not shrink."""
    ballast = b"".join(hashlib.sha256(number.to_bytes(4, "little")).digest() for number in range(70_000))
    extension(release, factory.module(checks.abi(release.target)) + ballast)
