"""Debian's packages, of any suite and architecture, unpacked into a folder without being installed.

apt itself does the work, on a state of its own in the cache: it knows this machine's mirror and proxies, holds the index to
Debian's signature and each archive to the index. Nothing of the system's own apt is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ci.errors import CiError
from ci.evidence import sha256, write_text
from ci.process import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ENGLISH = os.environ | {"LC_ALL": "C"}
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
    def archives(self) -> Path:
        return self.folder / "archives"

    @cached_property
    def command(self) -> list[str]:
        """apt-get for these suites, its indexes fetched and held to Debian's signature; a CiError when they cannot be."""
        for folder in (self.state / "lists", self.state / "archives", self.archives):
            (folder / "partial").mkdir(parents=True, exist_ok=True)
        (self.state / "status").touch()
        write_text(self.state / "sources.list", sources(mirrors(targets()), self.suites))
        command = [
            "apt-get",
            "--quiet",
            "--yes",
            *(word for key, value in self._options() for word in ("-o", f"{key}={value}")),
        ]
        what = f"reading Debian's {', '.join(self.suites)} for {self.architecture}"
        todo = "see above: no network, or a mirror that does not have the suite"
        run([*command, "update", "-o", "APT::Update::Error-Mode=any"], what=what, env=ENGLISH, timeout=600, todo=todo)
        return command

    def _options(self) -> Iterator[tuple[str, str | Path]]:
        yield "Dir::State", self.state
        yield "Dir::State::status", self.state / "status"  # an empty machine: all that a package needs counts
        yield "Dir::Cache", self.state
        yield "Dir::Cache::archives", self.archives
        yield "Dir::Etc::SourceList", self.state / "sources.list"
        yield "Dir::Etc::SourceParts", "/dev/null"
        yield "Dir::Etc::PreferencesParts", "/dev/null"
        yield "APT::Architecture", self.architecture
        yield "APT::Architectures", self.architecture
        yield "APT::Install-Recommends", "false"
        yield "APT::Sandbox::User", "root"  # no other user can write here
        yield "Acquire::Languages", "none"
        yield "Acquire::ForceHash", "SHA256"  # the one that is printed; apt checks all that the index has
        # A mirror may stand still for longer than a suite in motion says it should; the signature holds all the same.
        yield "Acquire::Check-Valid-Until", "false"
        yield "Debug::NoLocking", "true"

    def exactly(self, names: Sequence[str]) -> list[Archive]:
        """Fetches these packages and nothing that they need."""
        return self._fetch(names, ["download"])

    def closure(self, names: Sequence[str]) -> list[Archive]:
        """Fetches these packages with all that they need, as apt resolves it."""
        return self._fetch(names, ["install", "--download-only"])

    def _fetch(self, names: Sequence[str], verb: list[str]) -> list[Archive]:
        what = f"fetching {', '.join(names)} of Debian's {', '.join(self.suites)} for {self.architecture}"
        todo = "see above; a package of another name by now is to be corrected where this one is named, in scripts/"
        # apt leaves out what it has already: it is asked from where nothing is.
        nothing = ["-o", f"Dir::Cache::archives={self.state / 'archives'}", "--print-uris"]
        command = [*self.command, *verb, *names]
        found = parse_uris(run([*command, *nothing], what=what, env=ENGLISH, cwd=self.state, todo=todo))
        if not all(intact(self.archives / archive.name, archive) for archive in found):
            run(command, what=what, env=ENGLISH, cwd=self.archives, timeout=1800, todo=todo)
        for archive in found:
            check(self.archives / archive.name, archive)
        return found

    def unpacked(self, chosen: Iterable[Archive], folder: Path) -> None:
        """Puts the files of these packages into `folder`, as / would hold them; none of their programs runs."""
        for name in ("bin", "lib", "sbin"):  # as on every merged system: packages of before put files into both
            (folder / "usr" / name).mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(f"usr/{name}")
        for archive in chosen:
            extract(self.archives / archive.name, folder)
        for path in folder.rglob("*"):
            if path.is_symlink() and path.readlink().is_absolute():
                inside = folder / path.readlink().relative_to("/")
                path.unlink()
                path.symlink_to(os.path.relpath(inside, path.parent))


def targets() -> str:
    """What this machine's apt is set up with; a CiError where there is no apt."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CiError("no apt here: Debian's packages cannot be had", todo=ELSEWHERE)
    if not KEYRING.is_file():
        raise CiError(f"no {KEYRING}: Debian's signatures cannot be checked", todo="apt-get install debian-archive-keyring")
    command = ["apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages"]
    return run(command, what="asking apt for its mirrors", env=ENGLISH)


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
    rows = []
    for suite in suites:
        # A mirror that is a folder of this machine: apt would not bring its archives to where the others are.
        address = re.sub(r"^file:", "copy:", addresses[suite.endswith("-security")])
        rows.append(f"deb [signed-by={KEYRING}] {address} {suite} main\n")
    return "".join(rows)


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


def extract(archive: Path, folder: Path) -> None:
    """One package; `dpkg-deb --extract` would put a folder where the link from lib to usr/lib is."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as files:
        command = ["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", "--directory", str(folder)]
        done = subprocess.run(command, stdin=files.stdout, capture_output=True, text=True, check=False)
    if done.returncode or files.returncode:
        raise CiError(f"{archive.name}: does not unpack", found=done.stderr[-600:], todo="remove it and run this again")
