"""The refusal of an archive, in one form for zip and tar."""

from __future__ import annotations

from ci.errors import CiError


def refused(message: str, expected: str, found: str) -> CiError:
    return CiError(message, expected=expected, found=found, todo="build or download the file again; do not repair it by hand")
