"""Debian's packages, of any suite and architecture, unpacked into a folder without being installed.

apt itself does the work, on a state of its own in the cache: it knows this machine's mirror and proxies, holds the index to
Debian's signature and each archive to the index. Nothing of the system's own apt is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ci.errors import CiError
from ci.evidence import sha256, write_text
from ci.process import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FIELDS = "$(REPO_URI) $(RELEASE) $(ORIGIN)"
ELSEWHERE = "on another system: rustup target add brings Rust's half, a machine of the platform or hosted CI the rest"


@dataclass(frozen=True, order=True, kw_only=True)
class Archive:
    """One package file, as apt names it: package_version_architecture.deb."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Apt:
    """Some suites as one architecture sees them. folder: where apt keeps their indexes and the archives."""

    folder: Path
    suites: tuple[str, ...]
    architecture: str

    @property
    def state(self) -> Path:
        return self.folder / f"{'+'.join(self.suites)}-{self.architecture}"

    @property
    def options(self) -> list[str]:
        state = self.state
        chosen = {
            "Dir::State": state,
            "Dir::State::status": state / "status",  # an empty machine: what a package needs is all counted
            "Dir::Cache": state,
            "Dir::Cache::archives": self.folder / "archives",
            "Dir::Etc::SourceList": state / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",  # no other user can write here
            "Acquire::Languages": "none",
            "Acquire::ForceHash": "SHA256",  # the one that is printed; apt checks all that the index has
            # A mirror may stand still for longer than a suite in motion says it should; the signature holds all the same.
            "Acquire::Check-Valid-Until": "false",
            "Debug::NoLocking": "true",
        }
        return [word for key, value in chosen.items() for word in ("-o", f"{key}={value}")]

    @cached_property
    def ready(self) -> bool:
        """Indexes fetched and held to Debian's signature; a CiError when they cannot be."""
        state = self.state
        for name in ("lists/partial", "archives/partial"):
            (state / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        write_text(state / "sources.list", sources(mirrors(targets()), self.suites))
        what = f"reading Debian's {', '.join(self.suites)} for {self.architecture}"
        self.apt("update", "-o", "APT::Update::Error-Mode=any", what=what)
        return True

    def apt(self, *words: str, what: str) -> str:
        env = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "--quiet", "--yes", *self.options, *words]
        return run(command, what=what, env=env, timeout=1800, todo="see above; a mirror that has no such suite, or no network")

    def exactly(self, names: Sequence[str]) -> list[Archive]:
        """Fetches these packages and nothing that they need."""
        return self._fetch(names, ["download"], cwd=self.folder / "archives")

    def closure(self, names: Sequence[str]) -> list[Archive]:
        """Fetches these packages with all that they need, as apt resolves it."""
        return self._fetch(names, ["--download-only", "--no-install-recommends", "install"])

    def _fetch(self, names: Sequence[str], verb: list[str], cwd: Path | None = None) -> list[Archive]:
        assert self.ready
        what = f"fetching {', '.join(names)} of Debian's {', '.join(self.suites)} for {self.architecture}"
        env = os.environ | {"LC_ALL": "C"}
        command = ["apt-get", "--quiet", "--yes", *self.options, *verb]
        # apt leaves out what it has: it is asked from where nothing is.
        nothing = ["-o", f"Dir::Cache::archives={self.state / 'archives'}", "--print-uris"]
        found = parse_uris(run([*command, *nothing, *names], what=what, env=env, cwd=self.state))
        missing = [archive for archive in found if not intact(self.folder / "archives" / archive.name, archive)]
        if missing:
            run([*command, *names], what=what, env=env, cwd=cwd, timeout=1800)
        for archive in found:
            check(self.folder / "archives" / archive.name, archive)
        return found


def targets() -> str:
    """What this machine's apt is set up with; a CiError where there is no apt."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CiError("no apt here: Debian's packages cannot be had", todo=ELSEWHERE)
    if not KEYRING.is_file():
        raise CiError(f"no {KEYRING}: Debian's signatures cannot be checked", todo="apt-get install debian-archive-keyring")
    command = ["apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages"]
    return run(command, what="asking apt for its mirrors", env=os.environ | {"LC_ALL": "C"})


def mirrors(said: str) -> tuple[str, str]:
    """The addresses of Debian's archive and of its security archive, from what `apt-get indextargets` said."""
    found: dict[bool, str] = {}
    for line in said.splitlines():
        address, release, *origin = line.split()
        # Without an index yet, apt does not know the origin: the signature will tell.
        if origin in ([], ["Debian"]) and re.fullmatch(r"[a-z]+(-security|-updates)?|[a-z]+/updates", release):
            found.setdefault(release.endswith(("-security", "/updates")), address)
    if found.keys() != {True, False}:
        raise CiError(
            "this machine's apt names no mirror of Debian",
            expected="Debian's archive and its security archive among the sources",
            found=said.strip() or "no source",
            todo=ELSEWHERE,
        )
    return found[False], found[True]


def sources(addresses: tuple[str, str], suites: Iterable[str]) -> str:
    """The sources.list of these suites, each held to Debian's keys."""
    rows = [f"deb [signed-by={KEYRING}] {addresses[suite.endswith('-security')]} {suite} main" for suite in suites]
    return "\n".join(rows) + "\n"


def parse_uris(said: str) -> list[Archive]:
    """The archives that `apt-get --print-uris` lists, by name; a CiError when one comes without its SHA-256."""
    rows = re.findall(r"^'[^']+/([^'/]+)' (\S+_\S+\.deb) \d+ ?(\S*)$", said, re.MULTILINE)
    if not rows:
        raise CiError("apt lists no archive", expected="'address' file size SHA256:…", found=said[-600:] or "nothing")
    for _, name, digest in rows:
        if not re.fullmatch(r"SHA256:[0-9a-f]{64}", digest):
            raise CiError(f"{name}: listed without its checksum", expected="SHA256:…", found=digest or "none")
    return sorted({Archive(name=name, sha256=digest.removeprefix("SHA256:")) for _, name, digest in rows})


def intact(path: Path, archive: Archive) -> bool:
    return path.is_file() and sha256(path) == archive.sha256


def check(path: Path, archive: Archive) -> None:
    """A CiError unless the file has the bytes that the suite's index lists; a wrong one is removed."""
    if not path.is_file():
        raise CiError(f"{archive.name}: not fetched", expected=str(path), todo="the mirror changed meanwhile: run it again")
    if not intact(path, archive):
        found = sha256(path)
        path.unlink()
        raise CiError(
            f"{archive.name}: not the archive that the suite's index lists",
            expected=archive.sha256,
            found=found,
            todo="it was removed; run it again, and do not trust the mirror if that comes back",
        )


def unpack(archives: Path, chosen: Iterable[Archive], folder: Path) -> None:
    """Puts the files of these packages into `folder`, as / would hold them; none of their programs runs."""
    for name in ("bin", "lib", "sbin"):  # as on every merged system: packages of before put files into both
        (folder / "usr" / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(f"usr/{name}")
    for archive in chosen:
        extract(archives / archive.name, folder)
    for path in folder.rglob("*"):
        if path.is_symlink() and path.readlink().is_absolute():
            inside = folder / path.readlink().relative_to("/")
            path.unlink()
            path.symlink_to(os.path.relpath(inside, path.parent))


def extract(archive: Path, folder: Path) -> None:
    """One package; `dpkg-deb --extract` would put a folder where the link from lib to usr/lib is."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as files:
        command = ["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", "--directory", str(folder)]
        done = subprocess.run(command, stdin=files.stdout, capture_output=True, text=True, check=False)
    if done.returncode or files.returncode:
        raise CiError(f"{archive.name}: does not unpack", found=done.stderr[-600:], todo="remove it and run this again")
