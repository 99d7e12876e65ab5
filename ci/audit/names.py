"""The name check: the file's name, its WHEEL file and its extension's suffix all say the same tags."""

from __future__ import annotations

from collections import Counter
from email.parser import HeaderParser
from typing import Any

from packaging.tags import parse_tag
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from ci.audit.opened import Opened
from ci.errors import CiError
from ci.matrix import Artifact


def wheel(file: Opened) -> dict[str, Any]:
    try:
        name, version, build, tags = parse_wheel_filename(file.path.name)
    except InvalidWheelFilename as error:
        raise wrong(file, str(error)) from error
    if (name, str(version), build, tags) != (file.declared.name, file.artifact.version, (), file.artifact.tags):
        raise wrong(file, file.path.name)
    inside = HeaderParser().parsestr(file.text(f"{file.dist_info}/WHEEL"))
    once = ("Wheel-Version", "Root-Is-Purelib", "Generator")
    if odd := sorted(f"{key} {number} times" for key, number in Counter(inside.keys()).items() if key in once and number > 1):
        raise unplain(", ".join(odd))
    if strange := sorted(set(inside.keys()) - {*once, "Tag"}):
        raise unplain(", ".join(f"{key}: {inside[key]}" for key in strange))
    said = frozenset().union(*(parse_tag(tag) for tag in inside.get_all("Tag", [])))
    if said != tags:
        raise CiError(
            "the tags in its WHEEL file are not those of its name",
            expected=", ".join(sorted(map(str, tags))),
            found=", ".join(sorted(map(str, said))) or "no Tag line",
            todo="the file was renamed or retagged: build it again with `python -m ci build`",
        )
    if (inside["Wheel-Version"], inside["Root-Is-Purelib"]) != ("1.0", "false"):
        raise CiError(
            "its WHEEL file is not that of a platform wheel",
            expected="Wheel-Version: 1.0, Root-Is-Purelib: false",
            found=f"Wheel-Version: {inside['Wheel-Version']}, Root-Is-Purelib: {inside['Root-Is-Purelib']}",
            todo="build it again with maturin",
        )
    expected = file.declared.module.replace(".", "/") + suffix(file.artifact)
    if file.extension != expected:
        raise CiError(
            "the extension module's suffix is not that of the wheel's tag",
            expected=expected,
            found=file.extension,
            todo="it was built for another ABI than its name says: check the lane's features and the interpreter",
        )
    return {"tags": sorted(map(str, tags)), "extension": file.extension, "generator": inside["Generator"]}


def sdist(file: Opened) -> dict[str, Any]:
    try:
        name, version = parse_sdist_filename(file.path.name)
    except InvalidSdistFilename as error:
        raise wrong(file, str(error)) from error
    if (name, str(version)) != (file.declared.name, file.artifact.version):
        raise wrong(file, file.path.name)
    if tops := sorted({member.split("/")[0] for member in file.members} - {file.top}):
        raise CiError(
            "unpacks to something other than its one folder",
            expected=f"{file.top}/",
            found=", ".join(tops),
            todo="build it again",
        )
    return {"folder": file.top}


def suffix(artifact: Artifact) -> str:
    """The suffix of the extension's file name that the interpreters of this wheel import, as maturin writes it."""
    if artifact.wheel is None or artifact.platform is None:
        raise ValueError("an sdist has no extension module")
    target = artifact.platform.target
    where = "darwin" if "-darwin" in target else f"{target.split('-')[0]}-linux-gnu"
    tag = artifact.wheel.tag
    if tag.endswith(".abi3t"):
        return f".abi3t-{where}.so"
    if tag.endswith("-abi3"):
        return ".abi3.so"
    return f".cpython-{tag.split('-')[1].removeprefix('cp')}-{where}.so"


def unplain(found: str) -> CiError:
    return CiError(
        "its WHEEL file says more than a wheel's does",
        expected="Wheel-Version, Generator and Root-Is-Purelib once, and the tags",
        found=found,
        todo="build it again: installers differ in which of two lines they take, and a build number renames the wheel",
    )


def wrong(file: Opened, found: str) -> CiError:
    return CiError(
        "the file's name is not the declared one",
        expected=file.artifact.filename,
        found=found,
        todo="build it again; do not rename artifacts",
    )
