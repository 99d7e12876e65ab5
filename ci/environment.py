"""Keeps every tool's files in the one cache folder: the settings that the door, nox and the verbs give what they start.

Standard library only: the bootstrap uses it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from ci.paths import cache

FOLDERS = {
    "CARGO_HOME": "cargo",
    "CARGO_ZIGBUILD_CACHE_DIR": "zigbuild",
    "HYPOTHESIS_STORAGE_DIRECTORY": "hypothesis",
    "MPLCONFIGDIR": "matplotlib",
    "MYPY_CACHE_DIR": "mypy",
    "PIP_CACHE_DIR": "pip",
    "RUFF_CACHE_DIR": "ruff",
    "UV_CACHE_DIR": "uv",
    "XDG_CACHE_HOME": "xdg",  # what has no variable of its own: abi3audit, fontconfig
    "ZIG_GLOBAL_CACHE_DIR": "zig",
    "ZIG_LOCAL_CACHE_DIR": "zig",
}
"""Variables that name a folder, and its name in the cache."""

FIXED = {
    "PYTHONDONTWRITEBYTECODE": "1",  # an interpreter that was found is not ours to write into; environments are compiled once
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}

DEFAULTS = {
    "UV_PYTHON_DOWNLOADS": "never",  # an interpreter is fetched when a person asks for it, by scripts/interpreters.py
    "UV_SYSTEM_CERTS": "true",  # pip and cargo trust what the system trusts; uv has to be told
}
"""What a person may have decided otherwise."""


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ`. Adding it twice changes nothing."""
    folder = cache()
    # cache() depends on XDG_CACHE_HOME, which changes here: the answer is passed on.
    found = {"HOTKERNELS_CACHE": str(folder)} | {name: str(folder / place) for name, place in FOLDERS.items()}
    return found | FIXED | {name: value for name, value in DEFAULTS.items() if name not in environ}


def apply(environ: MutableMapping[str, str] = os.environ) -> None:
    """Puts the settings into `environ` and makes a person's cargo settings hold in the CARGO_HOME that they name."""
    before = Path(environ.get("CARGO_HOME") or Path.home() / ".cargo")
    environ.update(settings(environ))
    link_cargo_config(before, Path(environ["CARGO_HOME"]))


def link_cargo_config(theirs: Path, ours: Path) -> None:
    """Links a person's cargo configuration, which may name a mirror or a proxy, into our CARGO_HOME."""
    if theirs == ours:
        return
    ours.mkdir(parents=True, exist_ok=True)
    for name in ("config.toml", "config"):
        link, target = ours / name, theirs / name
        if link.is_symlink() and (not target.exists() or link.readlink() != target):
            link.unlink(missing_ok=True)
        if target.exists() and not link.exists():
            try:
                link.symlink_to(target)
            except FileExistsError:
                continue  # another process was first, with the same link
