"""The archive check: a wheel or sdist that every unpacker unpacks alike, and that cannot write outside its folder.

Standard library only: `audit` reads every artifact through this, `test` before it installs one, the gate once more.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci.audit import tarred, zipped

if TYPE_CHECKING:
    from ci.audit.opened import Opened
    from ci.matrix import Artifact, Matrix


def check(file: Opened) -> dict[str, Any]:
    """Reads every member, so that every check sum is compared."""
    return {"members": len(file.members), "bytes": sum(map(len, file.members.values()))}


def read(path: Path, artifact: Artifact, declared: Matrix) -> dict[str, bytes]:
    """The files in an artifact; a CiError for an archive that is not safe to unpack."""
    # Compiled code, debug information aside, does not shrink tenfold: what claims to is a bomb.
    if artifact.is_sdist:
        return tarred.read(path, limit=20 * declared.sdist_budget)
    return zipped.read(path, limit=20 * declared.wheel_budget)
