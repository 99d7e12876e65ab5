"""Where things are kept: the checkout, and the one cache folder outside it. Standard library only: the bootstrap uses it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"


def cache() -> Path:
    """The one folder outside the checkout that the project writes to.

    HOTKERNELS_CACHE where it is set, else the platform's place for caches.
    """
    if chosen := os.environ.get("HOTKERNELS_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "hotkernels"
    base = os.environ.get("XDG_CACHE_HOME")
    # The XDG specification: a relative path there is to be ignored.
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "hotkernels"
