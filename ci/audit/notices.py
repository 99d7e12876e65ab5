"""The notices check: the licence texts of every crate that the SBOM names are in the wheel, and the checkout's in the sdist."""

from __future__ import annotations

from typing import Any

from ci import notices
from ci.audit import sbom
from ci.audit.opened import Opened
from ci.errors import CiError


def wheel(file: Opened) -> dict[str, Any]:
    """Held to the wheel's own SBOM: what it was really built with."""
    found = read(file, f"{file.dist_info}/licenses/{notices.NAME}")
    ours = file.declared.crates
    wanted = {
        (name, version): sbom.licence(part) for (name, version), part in sbom.crates(file).items() if name not in ours
    } | {("rust-std", file.declared.rust): ""}
    if wrong := notices.missing(found, wanted):
        raise CiError(
            "licence texts of what was linked are missing",
            expected=f"an entry of {notices.NAME} for each of the {len(wanted)} crates of the SBOM, and for Rust's own",
            found="; ".join(wrong),
            todo=f"{notices.TODO}; then build again",
        )
    return {"crates": len(wanted), "texts": len(found.texts)}


def sdist(file: Opened) -> dict[str, Any]:
    """Whoever builds from it links the crates of its lock file, and passes their terms on with what comes out."""
    found = read(file, f"{file.top}/{notices.NAME}")
    return {"entries": len(found.entries), "texts": len(found.texts)}


def read(file: Opened, member: str) -> notices.Notices:
    """The member, which must be the checkout's own file: nox -s lint holds that one to the crates' sources."""
    path = file.root / notices.NAME
    if not path.is_file():
        raise CiError(
            f"the checkout has no {notices.NAME}",
            expected="the licences of what is linked",
            found="no such file",
            todo=f"{notices.TODO}; then build again",
        )
    text = file.text(member)
    if text != path.read_text(encoding="utf-8"):
        raise CiError(
            f"{notices.NAME} is not the checkout's",
            expected=f"the bytes of {notices.NAME}",
            found=f"{len(text):,} characters that differ",
            todo="build it again from this checkout",
        )
    return notices.parse(text)
