"""The metadata check: METADATA and PKG-INFO are valid, and say the one name, version, licence and Python."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from packaging.metadata import InvalidMetadata, Metadata
from packaging.requirements import Requirement

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
    declared(file, member, said, pyproject)
    return {**found, "Metadata-Version": said.metadata_version}


def declared(file: Opened, member: str, said: Metadata, pyproject: dict[str, Any]) -> None:
    """It asks installers for what the project asks for, and promises the Pythons that are served; no more."""
    optional = pyproject.get("optional-dependencies", {})
    asked = [Requirement(text) for text in pyproject.get("dependencies", [])]
    asked += [Requirement(f"{text} ; extra == '{extra}'") for extra, texts in optional.items() for text in texts]
    promised = set(pyproject.get("classifiers", []))
    rows: tuple[tuple[str, set[str], set[str]], ...] = (
        ("Requires-Dist", {str(row) for row in asked}, {str(row) for row in said.requires_dist or ()}),
        ("Provides-Extra", set(optional), set(said.provides_extra or ())),
        ("Classifier", promised, set(said.classifiers or ())),
        ("Project-URL", urls(pyproject.get("urls", {})), urls(said.project_urls or {})),
        ("Dynamic", set(), set(said.dynamic or ())),
    )
    for key, wanted, found in rows:
        if odd := sorted(wanted ^ found):
            raise CiError(
                f"{key} in {member.rsplit('/', 1)[-1]} is not what pyproject.toml says",
                expected=", ".join(sorted(wanted)) or "none",
                found=", ".join(f"{'without ' if row in wanted else ''}{row}" for row in odd),
                todo="build it again from this checkout",
            )
    versions = {match[1] for row in promised if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", row))}
    served = {interpreter.version for interpreter in file.declared.interpreters}
    if odd := sorted(versions ^ served):
        raise CiError(
            "the classifiers do not promise the Pythons that are served",
            expected=", ".join(sorted(served)),
            found=", ".join(sorted(versions)) or "none",
            todo=f"make [project] classifiers and the interpreters of ci/matrix.toml agree on {', '.join(odd)}",
        )


def urls(named: dict[str, str]) -> set[str]:
    return {f"{name}, {url}" for name, url in named.items()}
