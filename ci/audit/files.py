"""The files check: a wheel holds the package, its one extension and its metadata; an sdist what builds it. No more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from ci import notices
from ci.audit.opened import Opened
from ci.errors import CiError

LICENCES = ("LICENSE-APACHE", "LICENSE-MIT", notices.NAME)
METADATA = ("METADATA", "RECORD", "WHEEL")
# What a checkout may leave in an sdist and nobody wants there.
UNWANTED = re.compile(r"(^|/)(__pycache__|target|dist|node_modules|\.git|\.venv|\.nox|\.env)(/|$)|\.(so|pyd|pyc|dylib|whl)$")


def wheel(file: Opened) -> dict[str, Any]:
    package = file.declared.module.split(".")[0]
    sources = package_sources(file.root, package)
    wanted = sources | {file.extension} | {f"{file.dist_info}/{name}" for name in METADATA}
    wanted |= {f"{file.dist_info}/licenses/{name}" for name in LICENCES}
    sboms = {name for name in file.members if re.fullmatch(rf"{re.escape(file.dist_info)}/sboms/[^/]+\.json", name)}
    if not sboms:
        raise CiError(
            "no SBOM",
            expected=f"a CycloneDX file in {file.dist_info}/sboms/",
            found="none",
            todo="maturin writes it unless [tool.maturin.sbom] switches it off",
        )
    compare(file, wanted | sboms, "the wheel")
    same = {name: file.root / "src" / name for name in sources if (file.root / "src" / name).is_file()}
    licences(file, f"{file.dist_info}/licenses/", f"{file.dist_info}/METADATA")
    as_committed(file, same | {f"{file.dist_info}/licenses/{name}": file.root / name for name in LICENCES})
    return {"package": len(sources), "licences": list(LICENCES), "sboms": sorted(sboms)}


def sdist(file: Opened) -> dict[str, Any]:
    """Every file that a build reads must be there, and every file must be as it is in the checkout: a build runs them.

    cargo runs a build.rs that nobody named, pip a setup.py beside pyproject.toml.
    """
    top = file.top
    needed = {"PKG-INFO", "Cargo.lock", "Cargo.toml", "pyproject.toml", "README.md", *LICENCES}
    needed |= {
        path.relative_to(file.root).as_posix()
        for crate in file.declared.crates.values()
        for path in (file.root / crate).rglob("*")
        if path.suffix in (".rs", ".toml")
    }
    needed |= {f"src/{name}" for name in package_sources(file.root, file.declared.module.split(".")[0])}
    if missing := sorted(name for name in needed if f"{top}/{name}" not in file.members):
        raise CiError(
            "files that a build needs are not in the sdist",
            expected="the manifests, the lock file, the licences and the sources of the crates and of the package",
            found=f"without {', '.join(missing)}",
            todo="[tool.maturin] include says what goes in; build it again",
        )
    if extra := sorted(name for name in file.members if UNWANTED.search(name.removeprefix(f"{top}/"))):
        raise CiError(
            "files that a build makes are in the sdist",
            expected="sources alone",
            found=", ".join(extra),
            todo="exclude them in [tool.maturin], or add them to .gitignore",
        )
    inside = {name: file.root / name.removeprefix(f"{top}/") for name in file.members if name != f"{top}/PKG-INFO"}
    if strange := sorted(name for name, path in inside.items() if not path.is_file()):
        raise CiError(
            "files that are not in the checkout are in the sdist",
            expected="the checkout's files and PKG-INFO",
            found=", ".join(strange),
            todo="remove the stray file, or commit it; then build again",
        )
    licences(file, f"{top}/", f"{top}/PKG-INFO")
    as_committed(file, inside)
    return {"files": len(file.members)}


def package_sources(root: Path, package: str) -> set[str]:
    """The Python files of the package in the checkout, as a wheel names them."""
    return {
        path.relative_to(root / "src").as_posix()
        for path in (root / "src" / package).rglob("*")
        if path.suffix in (".py", ".pyi") or path.name == "py.typed"
    } | {f"{package}/__init__.py", f"{package}/py.typed"}


def compare(file: Opened, wanted: set[str], what: str) -> None:
    missing, extra = sorted(wanted - file.members.keys()), sorted(file.members.keys() - wanted)
    if no_licence := [name for name in missing if "/licenses/" in name]:
        raise CiError(
            f"no licence: {', '.join(no_licence)}",
            expected=f"{', '.join(LICENCES)} in {file.dist_info}/licenses/",
            found=", ".join(sorted(n for n in file.members if "/licenses/" in n)) or "none",
            todo="[project] license-files in pyproject.toml names them",
        )
    if missing or extra:
        found = [f"without {name}" for name in missing] + [f"with {name}" for name in extra]
        raise CiError(
            f"{what} does not hold what it should",
            expected="the package as it is in src/, one extension module, and its .dist-info",
            found=", ".join(found),
            todo="remove the stray file, or commit the new one; then build again",
        )


def as_committed(file: Opened, wanted: Mapping[str, Path]) -> None:
    """Each of these members has the bytes of its file in the checkout."""
    if changed := sorted(name for name, path in wanted.items() if file.members.get(name) != path.read_bytes()):
        raise CiError(
            "files are not as they are in the checkout",
            expected="the same bytes",
            found=", ".join(changed),
            todo="build it again from this checkout; if it was: something changes files while they are packed",
        )


def licences(file: Opened, where: str, metadata: str) -> None:
    """Every licence file that the metadata names is there, and says something."""
    named = HeaderParser().parsestr(file.text(metadata)).get_all("License-File", [])
    bad = [name for name in {*named, *LICENCES} if not file.members.get(f"{where}{name}", b"").strip()]
    if bad or not set(LICENCES) <= set(named):
        raise CiError(
            "licence files and metadata do not agree",
            expected=f"License-File lines for {', '.join(LICENCES)}, and these files in {where}, not empty",
            found=f"named: {', '.join(named) or 'none'}; missing or empty: {', '.join(sorted(bad)) or 'none'}",
            todo="[project] license-files in pyproject.toml names them",
        )
