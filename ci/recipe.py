"""What every way to build has in common: the sources, the settings of cargo and rustc, and what their log tells."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ci import head, notices

CHANGES_THE_BUILD = ("RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "MATURIN_PEP517_ARGS")
"""Variables of a person that would change what comes out."""


def sources(root: Path) -> Iterator[Path]:
    """What a build reads: the manifests, the texts that the metadata names, and src/ without what tools leave there."""
    named = ("Cargo.toml", "pyproject.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE", notices.NAME)
    yield from (root / name for name in named)
    for path in sorted((root / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix in {".rs", ".toml", ".py", ".pyi", ".typed", ""}:
            yield path


def slot(tag: str) -> str:
    """A cargo setting that gives each wheel's interpreter-dependent crates a place of their own in the target folder.

    pyo3-build-config reads the interpreter from the environment, which cargo does not count into a unit's hash, so that
    builds for two interpreters would overwrite each other and be compiled anew each time. A profile setting does count,
    for that crate and all that depend on it, and for nothing else. The number of codegen units of a build-time crate
    changes no byte of what it does; it is taken from the whole tag, so that the order of the matrix does not matter.
    """
    units = 1000 + zlib.crc32(tag.encode()) % 9000
    return f"profile.release.package.pyo3-build-config.codegen-units={units}"


def remap_flags(pairs: Iterable[tuple[Path, str]]) -> list[str]:
    """Flags that write the second of each pair for the first; where two fit, the later one counts.

    Panic messages name source files; those of the registry by absolute path.
    """
    return [f"--remap-path-prefix={path}={instead}" for path, instead in pairs]


def compiled_crates(log: str) -> list[str]:
    """The crates that cargo compiled, from its log."""
    return re.findall(r"^\s*Compiling (\S+) v", re.sub(r"\x1b\[[0-9;]*m", "", log), re.MULTILINE)


def commit_time() -> str:
    """Seconds since 1970 of the commit; of the zip format's first day (1980) outside a checkout."""
    return head.output("git", "log", "-1", "--format=%ct") or "315532800"
