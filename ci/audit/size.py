"""The size check: the file fits the budget that the matrix declares."""

from __future__ import annotations

from typing import Any

from ci.audit.opened import Opened
from ci.errors import CiError


def check(file: Opened) -> dict[str, Any]:
    budget = file.declared.sdist_budget if file.artifact.is_sdist else file.declared.wheel_budget
    size = file.path.stat().st_size
    if size > budget:
        raise CiError(
            "over its size budget",
            expected=f"at most {budget:,} bytes",
            found=f"{size:,} bytes",
            todo="find out what grew; where it is worth it, raise the budget in ci/matrix.toml",
        )
    return {"bytes": size, "budget": budget}
