"""Debian's packages: which mirror, which archives, no byte that the suite's index does not list."""

from __future__ import annotations

import hashlib
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from ci.errors import CiError
from scripts import debian
from scripts.debian import Apt, Archive

MAIN, SECURITY = "http://mirror.test/debian/", "http://mirror.test/debian-security/"


class TestMirrors:
    def test_the_archive_and_its_security(self) -> None:
        said = f"{MAIN} bookworm Debian\n{MAIN} bookworm-updates Debian\n{SECURITY} bookworm-security Debian\n"
        assert debian.mirrors(said) == (MAIN, SECURITY)

    def test_before_the_first_update_apt_knows_no_origin(self) -> None:
        assert debian.mirrors(f"{SECURITY} trixie-security \n{MAIN} trixie \n") == (MAIN, SECURITY)

    def test_others_are_passed_over(self) -> None:
        others = "http://other.test/apt cloud-sdk-bookworm cloud\nhttp://other.test/ nodistro Node\n"
        assert debian.mirrors(f"{others}{MAIN} forky Debian\n{SECURITY} forky-security Debian\n") == (MAIN, SECURITY)

    @pytest.mark.parametrize("said", ["", f"{MAIN} bookworm Debian\n", "http://mirror.test/ubuntu/ noble Ubuntu\n"])
    def test_a_machine_without_them_is_told_what_else_there_is(self, said: str) -> None:
        with pytest.raises(CiError, match="names no mirror of Debian") as caught:
            debian.mirrors(said)
        assert "rustup target add" in caught.value.todo

    def test_each_suite_from_its_archive_held_to_debian_s_keys(self) -> None:
        lines = debian.sources((MAIN, SECURITY), ["sid", "bookworm-security"]).splitlines()
        assert lines == [
            f"deb [signed-by={debian.KEYRING}] {MAIN} sid main",
            f"deb [signed-by={debian.KEYRING}] {SECURITY} bookworm-security main",
        ]

    def test_a_mirror_in_a_folder(self) -> None:
        line = f"deb [signed-by={debian.KEYRING}] copy:/srv/debian/ sid main\n"
        assert debian.sources(("file:/srv/debian/", SECURITY), ["sid"]) == line

    def test_no_apt(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CiError, match="no apt here"):
            debian.targets()

    def test_no_keys(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: name)
        monkeypatch.setattr(debian, "KEYRING", tmp_path / "none.gpg")
        with pytest.raises(CiError, match="signatures cannot be checked") as caught:
            debian.targets()
        assert "debian-archive-keyring" in caught.value.todo


class TestArchives:
    listed = f"'http://m.test/pool/z/zlib1g_1%3a1.3_arm64.deb' zlib1g_1%3a1.3_arm64.deb 91 SHA256:{'0' * 64}\n"

    def test_listed(self) -> None:
        said = f"Reading package lists...\nNeed to get 91 B of archives.\n{self.listed}{self.listed}"
        assert debian.parse_uris(said) == [Archive(name="zlib1g_1%3a1.3_arm64.deb", sha256="0" * 64)]

    @pytest.mark.parametrize("digest", ["", f"MD5Sum:{'0' * 32}", "SHA256:0"])
    def test_none_without_its_checksum(self, digest: str) -> None:
        with pytest.raises(CiError, match=r"zlib1g.*: listed without its checksum"):
            debian.parse_uris(self.listed.replace(f"SHA256:{'0' * 64}", digest))

    def test_nothing_listed_is_an_error(self) -> None:
        with pytest.raises(CiError, match="apt lists no archive") as caught:
            debian.parse_uris("E: Unable to locate package qemu-user\n")
        assert "Unable to locate" in caught.value.found

    def test_other_bytes_are_refused_and_removed(self, tmp_path: Path) -> None:
        path = tmp_path / "a_1_all.deb"
        path.write_bytes(b"right")
        archive = Archive(name=path.name, sha256=hashlib.sha256(b"right").hexdigest())
        debian.check(path, archive)
        path.write_bytes(b"wrong")
        with pytest.raises(CiError, match="not the archive that the suite's index lists") as caught:
            debian.check(path, archive)
        assert caught.value.expected == archive.sha256
        assert not path.exists()
        with pytest.raises(CiError, match="not fetched"):
            debian.check(path, archive)


needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None, reason="no apt here")


@needs_apt
class TestRealApt:
    """apt itself, against a mirror of three packages in a folder."""

    @pytest.fixture
    def mirror(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        mirror = tmp_path / "mirror"
        stanzas = [
            self.package(mirror, tmp_path, "tool", "library (>= 1), other | library"),
            self.package(mirror, tmp_path, "library", ""),
            self.package(mirror, tmp_path, "stranger", ""),
        ]
        index = mirror / "dists" / "suite" / "main" / "binary-arm64" / "Packages"
        index.parent.mkdir(parents=True)
        index.write_text("\n".join(stanzas))
        index.with_suffix(".xz").write_bytes(lzma.compress(index.read_bytes()))
        rows = [
            f" {hashlib.sha256(p.read_bytes()).hexdigest()} {p.stat().st_size} main/binary-arm64/{p.name}"
            for p in index.parent.iterdir()
        ]
        release = "Suite: suite\nCodename: suite\nArchitectures: arm64\nComponents: main\n"
        release += "Date: Sat, 01 Aug 2026 00:00:00 UTC\nSHA256:\n"
        (mirror / "dists" / "suite" / "Release").write_text(release + "\n".join(rows) + "\n")
        monkeypatch.setattr(debian, "targets", lambda: "")
        monkeypatch.setattr(debian, "mirrors", lambda _: (f"file:{mirror}/", f"file:{mirror}/"))
        return mirror

    def package(self, mirror: Path, scratch: Path, name: str, depends: str) -> str:
        """Puts a package with one file and one link into the pool; its stanza of the index."""
        control = f"Package: {name}\nVersion: 1.0\nArchitecture: arm64\nMaintainer: x <x@y.z>\nDescription: x\n"
        control += f"Depends: {depends}\n" if depends else ""
        tree = scratch / name
        for path, text in (("DEBIAN/control", control), (f"lib/{name}.so.1", name)):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        (tree / "usr" / "lib").mkdir(parents=True)
        (tree / "usr" / "lib" / f"{name}.so").symlink_to(f"/lib/{name}.so.1")
        pool = mirror / "pool"
        pool.mkdir(parents=True, exist_ok=True)
        deb = pool / f"{name}_1.0_arm64.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, deb], check=True, capture_output=True)
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        return f"{control}Filename: pool/{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"

    def trusted(self, monkeypatch: pytest.MonkeyPatch, mirror: Path) -> None:
        """Takes the mirror without a signature, which is what the other tests are not about."""
        monkeypatch.setattr(debian, "sources", lambda *_: f"deb [trusted=yes] copy:{mirror}/ suite main\n")

    def test_what_a_package_needs_comes_with_it(self, mirror: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.trusted(monkeypatch, mirror)
        apt = Apt(folder=tmp_path / "apt", suites=("suite",), architecture="arm64")
        assert [archive.name for archive in apt.closure(["tool"])] == ["library_1.0_arm64.deb", "tool_1.0_arm64.deb"]
        alone = apt.exactly(["tool"])
        assert [archive.name for archive in alone] == ["tool_1.0_arm64.deb"]
        assert apt.closure(["tool"]) == apt.closure(["tool"]), "what is there already is listed as well"

    def test_unpacked_as_a_root_folder(self, mirror: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.trusted(monkeypatch, mirror)
        apt = Apt(folder=tmp_path / "apt", suites=("suite",), architecture="arm64")
        root = tmp_path / "root"
        apt.unpacked(apt.closure(["tool"]), root)
        assert (root / "lib").is_symlink()
        assert (root / "usr" / "lib" / "library.so.1").read_text() == "library"
        assert not (root / "usr" / "lib" / "tool.so").readlink().is_absolute()
        assert (root / "usr" / "lib" / "tool.so").read_text() == "tool", "a link to /lib stays in the folder"

    def test_an_archive_that_is_not_the_index_s_is_refused(
        self, mirror: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        self.trusted(monkeypatch, mirror)
        deb = mirror / "pool" / "tool_1.0_arm64.deb"
        deb.write_bytes(deb.read_bytes()[:-1] + b"x")
        apt = Apt(folder=tmp_path / "apt", suites=("suite",), architecture="arm64")
        with pytest.raises(CiError, match="fetching tool of Debian's suite for arm64"):
            apt.exactly(["tool"])

    def test_an_index_without_debian_s_signature_is_refused(self, mirror: Path, tmp_path: Path) -> None:
        assert mirror.is_dir()
        apt = Apt(folder=tmp_path / "apt", suites=("suite",), architecture="arm64")
        with pytest.raises(CiError, match="reading Debian's suite for arm64") as caught:
            apt.exactly(["tool"])
        assert "not signed" in caught.value.found

    def test_a_package_that_is_not_there(self, mirror: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.trusted(monkeypatch, mirror)
        apt = Apt(folder=tmp_path / "apt", suites=("suite",), architecture="arm64")
        with pytest.raises(CiError, match="fetching nothing-of-it") as caught:
            apt.closure(["nothing-of-it"])
        assert "Unable to locate package nothing-of-it" in caught.value.found
