"""Makes a folder once: beside its place, then renamed, so that nobody ever sees half of one. Standard library only."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def folder(target: Path, make: Callable[[Path], None], *, whole: Callable[[Path], bool] = Path.is_dir) -> Path:
    """`target`, made by `make(path)` in an empty folder beside it unless it is there and `whole`.

    Where two make it at once, one of them is kept. What was made is removed when `make` raises.
    """
    if whole(target):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        make(part)
        if target.exists() and not whole(target):
            # Damaged: moved away first, for another process may be doing the same.
            with contextlib.suppress(FileNotFoundError):
                target.rename(part.with_suffix(".old"))
        try:
            part.chmod(0o777 & ~_umask())  # mkdtemp makes it private
            part.rename(target)
        except OSError:
            if not whole(target):
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(part.with_suffix(".old"), ignore_errors=True)
    return target


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
