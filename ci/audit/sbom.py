"""The sbom check: the wheel's CycloneDX file names the crates that went in, as the lane's lock file has them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from ci import strict
from ci.audit.opened import Opened
from ci.errors import CiError

ALWAYS = frozenset({"pyo3", "pyo3-ffi", "libc"})
"""Crates without which, and without the project's own, the SBOM cannot be the whole list."""


def check(file: Opened) -> dict[str, Any]:
    bom, name = document(file)
    root, listed = bom["metadata"]["component"], crates(file)
    extension = file.declared.extension_crate
    always = ALWAYS | (file.declared.crates.keys() - {extension})
    if bom.get("bomFormat") != "CycloneDX":
        raise refused("the SBOM is not CycloneDX", "bomFormat CycloneDX", str(bom.get("bomFormat")))
    if "timestamp" in bom["metadata"] or "path+file:" in file.text(name):
        raise refused("the SBOM says when or where it was built", "neither time nor path", "timestamp or path+file:")
    if root.get("name") != extension or cargo_version(root.get("version", "")) != file.artifact.version:
        found = f"{root.get('name')} {root.get('version')}"
        raise refused("the SBOM is of something else", f"{extension} {file.artifact.version}", found)
    locked = lock(file)
    problems = [f"{name} {at}" for name, at in sorted(listed) if (name, at) not in locked]
    problems += [
        f"{name} {at}: another sha256 than the lock file's"
        for (name, at), part in sorted(listed.items())
        if locked.get((name, at)) and locked[name, at] not in {h["content"] for h in part.get("hashes", [])}
    ]
    problems += [f"no {name}" for name in sorted(always - {name for name, _ in listed})]
    if problems:
        wheel = file.artifact.wheel
        raise refused(
            "the SBOM does not agree with the lock file",
            f"crates of {wheel.lane.lock if wheel else 'Cargo.lock'}, {', '.join(sorted(always))} among them",
            ", ".join(problems),
        )
    # A lock file also holds what other platforms need: that the SBOM leaves out.
    unused = sorted(f"{n} {v}" for n, v in locked.keys() - listed.keys() if n != extension)
    return {"format": f"CycloneDX {bom['specVersion']}", "crates": len(listed), "locked_only": unused}


def document(file: Opened) -> tuple[dict[str, Any], str]:
    """The wheel's one SBOM, and the member that it is."""
    names = [name for name in file.members if re.search(r"\.dist-info/sboms/[^/]+\.json$", name)]
    if len(names) != 1:
        raise refused("not exactly one SBOM", "one CycloneDX file", ", ".join(names) or "none")
    return read(file.text(names[0])), names[0]


def read(text: str) -> dict[str, Any]:
    """A CycloneDX document with the parts that are looked at; a CiError for anything else."""
    try:
        bom: dict[str, Any] = strict.loads(text)
        named = (bom["metadata"]["component"]["name"], bom["specVersion"])
        parts = [(part["name"], part["version"]) for part in bom["components"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refused("the SBOM does not read as CycloneDX", "JSON with metadata and components", repr(error)) from error
    if not all(isinstance(word, str) for word in (*named, *(word for part in parts for word in part))):
        raise refused("the SBOM does not read as CycloneDX", "names and versions that are texts", "others")
    return bom


def crates(file: Opened) -> dict[tuple[str, str], dict[str, Any]]:
    """(name, version) of every component of the wheel's SBOM."""
    return {(part["name"], part["version"]): part for part in document(file)[0]["components"]}


def licence(part: Mapping[str, Any]) -> str:
    """The licence that a component states, as an expression or by its identifiers; empty where it states none."""
    stated = part.get("licenses")
    rows = [row for row in stated if isinstance(row, dict)] if isinstance(stated, list) else []
    known = [
        row.get("expression") or (row.get("license") or {}).get("id") or (row.get("license") or {}).get("name") for row in rows
    ]
    return " AND ".join(str(word) for word in known if word)


def lock(file: Opened) -> dict[tuple[str, str], str]:
    """(name, version) of every crate in the wheel's lock file, with the checksum of those from a registry."""
    wheel = file.artifact.wheel
    path = file.root / (wheel.lane.lock if wheel else "Cargo.lock")
    packages = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return {(package["name"], package["version"]): package.get("checksum", "") for package in packages}


def cargo_version(version: str) -> str:
    """Cargo's spelling of a pre-release (1.0.0-rc.1) in PEP 440's (1.0.0rc1)."""
    return re.sub(r"-(a|b|rc|alpha|beta)[a-z]*\.?(\d+)$", lambda m: {"alpha": "a", "beta": "b"}.get(m[1], m[1]) + m[2], version)


def refused(message: str, expected: str, found: str) -> CiError:
    return CiError(
        message, expected=expected, found=found, todo="build with `python -m ci build`, which finishes maturin's SBOM"
    )
