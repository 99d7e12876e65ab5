"""The metadata check: METADATA and PKG-INFO are valid, and say the one name, version, licence and Python."""

from __future__ import annotations

import tomllib
from typing import Any

from packaging.metadata import InvalidMetadata, Metadata

from ci.audit.opened import Opened
from ci.errors import CiError


def wheel(file: Opened) -> dict[str, Any]:
    return compare(file, f"{file.dist_info}/METADATA")


def sdist(file: Opened) -> dict[str, Any]:
    return compare(file, f"{file.top}/PKG-INFO")


def compare(file: Opened, member: str) -> dict[str, Any]:
    try:
        said = Metadata.from_email(file.text(member), validate=True)
    except (ExceptionGroup, InvalidMetadata) as error:
        reasons = error.exceptions if isinstance(error, ExceptionGroup) else [error]
        raise CiError(
            f"{member.rsplit('/', 1)[-1]} is not valid core metadata",
            expected="metadata that packaging.metadata accepts",
            found="; ".join(map(str, reasons)),
            todo="correct [project] in pyproject.toml",
        ) from error
    pyproject = tomllib.loads((file.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cargo = tomllib.loads((file.root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]
    expected = {
        "Name": file.declared.name,
        "Version": file.artifact.version,
        "Requires-Python": pyproject["requires-python"],
        "License-Expression": cargo["license"],
    }
    found = {
        "Name": said.name,
        "Version": str(said.version),
        "Requires-Python": str(said.requires_python or ""),
        "License-Expression": str(said.license_expression or ""),
    }
    for key, wanted in expected.items():
        if found[key] != wanted:
            raise CiError(
                f"{key} in {member.rsplit('/', 1)[-1]} is not the project's",
                expected=wanted,
                found=found[key] or "no such line",
                todo="build it again from this checkout, or correct pyproject.toml and Cargo.toml",
            )
    return {**found, "Metadata-Version": said.metadata_version}
