"""Mutations of the folder: artifacts that are missing, more, twice, or something else than files."""

from __future__ import annotations

import json
import os
import shutil

from tests.ci import factory
from tests.ci.attack.release import Release, mutation, replace


@mutation("folder", "{name}: missing")
def an_artifact_that_is_missing(release: Release) -> None:
    release.path.unlink()


@mutation("folder", "notes.txt: does not belong here")
def a_file_more(release: Release) -> None:
    replace(release.dist / "notes.txt", b"x")


@mutation("folder", "hotkernels-0.1.0-cp311-cp311-manylinux_2_28_x86_64.whl: does not belong here")
def a_wheel_more(release: Release) -> None:
    replace(release.dist / "hotkernels-0.1.0-cp311-cp311-manylinux_2_28_x86_64.whl", b"x")


@mutation("folder", "other-0.1.0.tar.gz: does not belong here")
def another_project(release: Release) -> None:
    replace(release.dist / "other-0.1.0.tar.gz", b"x")


@mutation("folder", "hotkernels-9.9.9.tar.gz: another version")
def another_version(release: Release) -> None:
    replace(release.dist / "hotkernels-9.9.9.tar.gz", b"x")


@mutation("folder", "the same bytes as {name}")
def a_copy_under_another_name(release: Release) -> None:
    shutil.copyfile(release.path, release.dist / "zz.whl")


def spelt(release: Release, name: str) -> None:
    replace(release.dist / name, release.path.read_bytes() + b"x")


@mutation("folder", "Hotkernels-0.1.0-{tag}: does not belong here | the declared artifacts alone | another spelling of")
def a_name_in_capitals(release: Release) -> None:
    spelt(release, release.target.filename.replace("hot", "Hot"))


@mutation("folder", "hotkernels-0.1-{tag}: does not belong here | the declared artifacts alone | another spelling of")
def a_version_written_shorter(release: Release) -> None:
    spelt(release, release.target.filename.replace("0.1.0", "0.1"))


@mutation("folder", "hotkernels-0.1.0-1-{tag}: does not belong here")
def a_build_number(release: Release) -> None:
    """Installers prefer it to the one without."""
    spelt(release, release.target.filename.replace("-0.1.0-", "-0.1.0-1-"))


@mutation("folder", "hotkernels\u20100.1.0.tar.gz: does not belong here")
def a_hyphen_that_is_none(release: Release) -> None:
    replace(release.dist / "hotkernels\u20100.1.0.tar.gz", b"x")


@mutation("folder", "x\\udcff.whl: does not belong here")
def a_name_that_is_not_utf_8(release: Release) -> None:
    with open(os.fsencode(release.dist) + b"/x\xff.whl", "wb") as file:  # noqa: PTH123  # a Path holds text
        file.write(b"x")


@mutation("folder", "y ::stop-commands::x: does not belong here")
def a_name_that_speaks_to_the_runner(release: Release) -> None:
    replace(release.dist / "y\n::stop-commands::x", b"x")


@mutation("folder", "more: does not belong here | the declared artifacts alone | a link or a folder")
def a_folder_more(release: Release) -> None:
    (release.dist / "more").mkdir()


@mutation("folder", "{name}: does not belong here | the declared artifacts alone | a link or a folder")
def an_artifact_that_is_a_link(release: Release) -> None:
    aside = release.dist.parent / "aside"
    release.path.replace(aside)
    release.path.symlink_to(aside)


@mutation("folder", "evidence: does not belong here | the declared artifacts alone | a link or a file")
def evidence_that_lies_elsewhere(release: Release) -> None:
    aside = release.dist.parent / "elsewhere"
    (release.dist / "evidence").rename(aside)
    (release.dist / "evidence").symlink_to(aside)


def attest(release: Release, name: str, sha256: str) -> None:
    said = json.dumps(factory.attestation(name, sha256)).encode()
    replace(release.dist / f"{release.target.filename}.publish.attestation", said)


@mutation(
    "folder", "{name}.publish.attestation: does not attest to the artifact that it lies beside | one about {name} with sha256"
)
def an_attestation_of_other_bytes(release: Release) -> None:
    attest(release, release.target.filename, "0" * 64)


@mutation(
    "folder",
    "that it lies beside | an attestation of PEP 740, version 1 | ValueError: not a plain file",
)
def an_attestation_that_is_a_link(release: Release) -> None:
    """The publisher would send what it points to."""
    (release.dist / f"{release.target.filename}.publish.attestation").symlink_to("/etc/hostname")


@mutation("folder", "an attestation of PEP 740, version 1 | KeyError")
def an_attestation_that_is_none(release: Release) -> None:
    replace(release.dist / f"{release.target.filename}.publish.attestation", b'{"version": 1}')


@mutation("folder", "hotkernels-9.tar.gz.publish.attestation: does not belong here")
def an_attestation_of_nothing(release: Release) -> None:
    replace(release.dist / "hotkernels-9.tar.gz.publish.attestation", b"{}")
