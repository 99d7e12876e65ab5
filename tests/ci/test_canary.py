"""What would write outside its folder writes nowhere: a tree is watched while audit, test and publish meet such archives."""

from __future__ import annotations

import hashlib
import stat
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci import __main__, audit, test
from ci.audit import manylinux
from ci.matrix import Artifact, Matrix
from tests.ci import factory
from tests.ci.attack import archives, sdists, tars, zips
from tests.ci.attack.release import MUTATIONS, Release, copy, spoil
from tests.ci.attack.tars import Header
from tests.ci.attack.zips import Member
from tests.ci.memory_index import MemoryIndex

UP = "../" * 40
"""From any folder to the root of the file system."""


class Canary:
    """A tree that nobody may touch, beside the folders that the verbs work in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "canary"
        self.home.mkdir()
        (self.home / "victim").write_text("as it was")
        (self.home / "folder").mkdir()
        self.temporary = root / "temporary"
        self.temporary.mkdir()

    @property
    def path(self) -> str:
        """Its path below the root of the file system."""
        return str(self.home).lstrip("/")

    def song(self) -> dict[str, tuple[int, int, str]]:
        """Every file of the root but evidence and logs: mode, time of the last change, what is in it."""
        return {
            str(path.relative_to(self.root)): (
                path.lstat().st_mode,
                path.lstat().st_mtime_ns if not path.is_dir() else 0,
                hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(path.lstat().st_mode) else "",
            )
            for path in self.root.rglob("*")
            if not {"evidence", "logs"}.intersection(path.relative_to(self.root).parts)
        }


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Canary:
    made = Canary(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(made.temporary))
    monkeypatch.setenv("TMPDIR", str(made.temporary))
    monkeypatch.chdir(made.home)
    return made


@pytest.fixture
def index() -> Iterator[MemoryIndex]:
    with MemoryIndex() as made:
        yield made


def wheel_with(*more: Member) -> Callable[[Artifact, Path], bytes]:
    def made(artifact: Artifact, checkout: Path) -> bytes:
        members = factory.with_record(factory.wheel_members(artifact), f"hotkernels-{artifact.version}.dist-info")
        return zips.build([*zips.members(members), *more])

    return made


def sdist_with(*more: Header) -> Callable[[Artifact, Path], bytes]:
    def made(artifact: Artifact, checkout: Path) -> bytes:
        return tars.pack(tars.build([*tars.headers(factory.sdist_members(checkout, artifact.version)), *more]))

    return made


def wheels_out(canary: str) -> dict[str, Callable[[Artifact, Path], bytes]]:
    """Wheels that would write into the canary's tree."""
    to, below = f"/{canary}", f"{UP}{canary}"
    link = Member(name=b"hotkernels/link", data=to.encode(), mode=stat.S_IFLNK | 0o777, method=0)
    return {
        "an absolute path": wheel_with(Member(name=f"{to}/planted".encode(), data=b"x")),
        "a path upwards": wheel_with(Member(name=f"{below}/planted".encode(), data=b"x")),
        "a path upwards from inside": wheel_with(Member(name=f"hotkernels/{below}/planted".encode(), data=b"x")),
        "a file that is there": wheel_with(Member(name=f"{below}/victim".encode(), data=b"x")),
        "a link, and a file behind it": wheel_with(link, Member(name=b"hotkernels/link/planted", data=b"x")),
        "a path upwards in the data folder": wheel_with(
            Member(name=f"hotkernels-0.1.0.data/data/{below}/planted".encode(), data=b"x")
        ),
        "another name in its own header": wheel_with(
            Member(name=b"hotkernels/x.py", data=b"x", local={"name": f"{below}/planted".encode()})
        ),
    }


def sdists_out(canary: str) -> dict[str, Callable[[Artifact, Path], bytes]]:
    """Source distributions that would."""
    top = "hotkernels-0.1.0"
    pax = f" path={UP}{canary}/planted\n"
    record = f"{len(pax) + len(str(len(pax) + 3))}{pax}".encode()
    return {
        "an absolute path": sdist_with(Header(name=f"/{canary}/planted"[:100], data=b"x")),
        "a path upwards": sdist_with(Header(name="../planted", data=b"x")),
        "a path upwards in a pax header": sdist_with(
            Header(name="x", kind=b"x", data=record), Header(name=f"{top}/x", data=b"x")
        ),
        "a link, and a file behind it": sdist_with(
            Header(name=f"{top}/link", kind=b"2", link=f"/{canary}"[:100].encode()),
            Header(name=f"{top}/link/planted", data=b"x"),
        ),
        "a hard link, and its contents": sdist_with(
            Header(name=f"{top}/hard", kind=b"1", link=f"/{canary}/victim"[:100].encode()),
            Header(name=f"{top}/hard", data=b"x"),
        ),
    }


WHEELS, SDISTS = list(wheels_out("x")), list(sdists_out("x"))


@pytest.mark.parametrize(("what", "label"), [*((w, "cp312-cp312") for w in WHEELS), *((s, "sdist") for s in SDISTS)])
def test_nothing_is_written(
    what: str,
    label: str,
    canary: Canary,
    index: MemoryIndex,
    released: Path,
    checkout: Path,
    declared: Matrix,
    by_label: dict[str, Artifact],
) -> None:
    """By none of the verbs; and with evidence of a build machine that says all is well, the publisher still refuses."""
    artifact = by_label[label]
    make = (sdists_out if artifact.is_sdist else wheels_out)(canary.path)[what]
    dist = copy(released, canary.root / "dist")
    (dist / artifact.filename).unlink()
    (dist / artifact.filename).write_bytes(make(artifact, checkout))
    before = canary.song()
    assert {word.verdict for word in audit.audit(declared, artifact, dist, checkout) if word.check != "size"} == {"fail"}
    assert canary.song() == before
    done = test.test(test.Run(artifact, artifact.tested_on[0], Path(sys.executable)), dist, declared)
    assert {word.verdict for word in done.words} == {"fail"}
    assert canary.song() == before
    factory.prove(dist, artifact)  # forged, as a machine that was taken over would
    assert __main__.main(["publish", str(dist), "--index", index.url, "--platform", "linux-x86_64", "--wait", "0.3"]) == 1
    assert canary.song() == before
    assert index.files == {}


@pytest.mark.parametrize("what", WHEELS)
def test_the_canary_hears_a_wheel(what: str, canary: Canary, by_label: dict[str, Artifact], checkout: Path) -> None:
    """What a careless unpacker would do is seen: else the test above shows nothing."""
    path = canary.root / "x.whl"
    path.write_bytes(wheels_out(canary.path)[what](by_label["cp312-cp312"], checkout))
    before, into = canary.song(), canary.temporary / "out"
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            carelessly(into, member, path.read_bytes())
    new = {name: said for name, said in canary.song().items() if not name.startswith("temporary")}
    assert new != {name: said for name, said in before.items() if not name.startswith("temporary")}


def carelessly(into: Path, member: zipfile.ZipInfo, data: bytes) -> None:
    """Unpacks as one that reads the members' own headers and asks nothing."""
    at = member.header_offset
    length, more = (int.from_bytes(data[at + k : at + k + 2], "little") for k in (26, 28))
    name = data[at + 30 : at + 30 + length].decode()
    start = at + 30 + length + more
    packed = data[start : start + member.compress_size]
    target = Path("/", name.rsplit("../", 1)[-1]) if UP in name else into / name  # what the system makes of it
    target.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(member.external_attr >> 16):
        target.symlink_to(packed.decode())
    else:
        target.write_bytes(packed if member.compress_type == zipfile.ZIP_STORED else zips.inflated(packed))


def test_the_canary_hears_an_sdist(canary: Canary, by_label: dict[str, Artifact], checkout: Path) -> None:
    before = canary.song()
    for number, make in enumerate(sdists_out(canary.path).values()):
        path, into = canary.root / f"{number}.tar.gz", canary.temporary / str(number)
        path.write_bytes(make(by_label["sdist"], checkout))
        with tarfile.open(path) as archive:
            archive.extraction_filter = lambda member, _: member  # as every Python did before 3.14
            archive.extractall(into)
        path.unlink()
        assert canary.song() != before
        before = canary.song()


@pytest.mark.parametrize("module", [archives, sdists], ids=["wheels", "sdists"])
def test_no_archive_that_cannot_be_read_leaves_anything(
    module: object,
    canary: Canary,
    released: Path,
    checkout: Path,
    declared: Matrix,
    artifacts: tuple[Artifact, ...],
    by_label: dict[str, Artifact],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every mutation of an archive: after audit and test the temporary folder is empty, and the tree as it was."""
    monkeypatch.setattr(manylinux, "auditwheel", lambda _: pytest.fail("a tool was given what cannot be read"))
    name = getattr(module, "__name__", "")
    kind = "sdist" if name.endswith("sdists") else "wheel"
    tried = 0
    for each in MUTATIONS.values():
        if not (each.unreadable and each.of == kind):
            continue
        dist = copy(released, canary.root / each.name / "dist")
        release = Release(
            dist=dist, checkout=checkout, declared=declared, artifacts=artifacts, target=by_label["cp312-cp312"], matrix_text=""
        )
        spoil(release, [(each, release.target)])
        before = canary.song()
        artifact = release.sdist if kind == "sdist" else release.target
        audit.audit(declared, artifact, dist, checkout)
        done = test.test(test.Run(artifact, artifact.tested_on[0], Path(sys.executable)), dist, declared)
        assert {word.verdict for word in done.words} == {"fail"}
        assert canary.song() == before, each.name
        assert list(canary.temporary.iterdir()) == []
        tried += 1
    assert tried >= 25
