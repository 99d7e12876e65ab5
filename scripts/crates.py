"""Provides the programs of ci/crates.toml: built by cargo once a version and compiler, from bytes whose hash is committed.

No registry that Python's or Node's installers know carries them. `cargo info` brings a crate without running any of it; what is
built has been compared by then, and its own lock file has the hashes of all the rest.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ci import once
from ci.console import console
from ci.errors import CiError
from ci.paths import ROOT, cache
from ci.process import run
from scripts import rust

DECLARED = ROOT / "ci" / "crates.toml"
# Run a few seconds at a time: half the time to build for a little speed.
QUICK = ("opt-level=1", "lto=false", "codegen-units=16", "debug=false", 'strip="symbols"')


@dataclass(frozen=True, kw_only=True)
class Program:
    name: str
    version: str
    sha256: str


def declared(path: Path = DECLARED) -> dict[str, Program]:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return {row["name"]: Program(**row) for row in raw["program"]}


def program(name: str) -> Path:
    """The program in the cache, built if it is not there."""
    wanted = declared()[name]
    key = hashlib.sha256(f"{wanted.sha256} {rust.version()} {QUICK}".encode()).hexdigest()[:16]

    def make(folder: Path) -> None:
        console.print(f"building {wanted.name} {wanted.version}, once: some minutes")
        with tempfile.TemporaryDirectory(prefix="hotkernels-crate-") as work:
            sources = unpack(bring(wanted), wanted, Path(work))
            command: list[str | Path] = ["cargo", "install", "--quiet", "--locked", "--path", sources, "--root", folder]
            command += [f"--config=profile.release.{setting}" for setting in QUICK]
            # Outside the checkout, whose own settings are not the program's.
            env = {key: value for key, value in os.environ.items() if key != "CARGO_TARGET_DIR"}
            run(command, what=f"building {wanted.name} {wanted.version}", cwd=Path(work), env=env)

    target = cache() / "crates" / f"{wanted.name}-{wanted.version}-{key}"
    return once.folder(target, make, whole=lambda folder: (folder / "bin" / name).is_file()) / "bin" / name


def bring(wanted: Program) -> Path:
    """The .crate file as cargo keeps it, of the very bytes; a CiError for others."""
    with tempfile.TemporaryDirectory(prefix="hotkernels-crate-") as work:
        command = ["cargo", "info", "--quiet", f"{wanted.name}@{wanted.version}"]
        what = f"fetching {wanted.name} {wanted.version}"
        run(command, what=what, cwd=Path(work), todo="see above: a registry that cannot be reached?")
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    found = sorted((home / "registry" / "cache").glob(f"*/{wanted.name}-{wanted.version}.crate"))
    hashes = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
    for path, digest in hashes.items():
        if digest == wanted.sha256:
            return path
    raise CiError(
        f"{wanted.name} {wanted.version} is not the one that was looked at",
        expected=f"sha256 {wanted.sha256}",
        found=", ".join(f"{path.name}: {digest}" for path, digest in hashes.items()) or "no such file",
        todo=f"a registry that serves other bytes is not to be trusted; a new version is a change of {DECLARED.name}",
    )


def unpack(path: Path, wanted: Program, folder: Path) -> Path:
    """The sources in `folder`, nothing of them outside it."""
    with tarfile.open(path, "r:gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / f"{wanted.name}-{wanted.version}"
