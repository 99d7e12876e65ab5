"""Each way in which an sdist must not be is refused."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import audit
from ci.matrix import Artifact, Matrix
from tests.ci import factory

Judge = Callable[[], dict[str, dict[str, str]]]


@pytest.fixture
def sdist(by_label: dict[str, Artifact]) -> Artifact:
    return by_label["sdist"]


@pytest.fixture
def judge(declared: Matrix, checkout: Path, sdist: Artifact, tmp_path: Path) -> Judge:
    """Audits what was written under the sdist's name: the details of the failed checks."""

    def run() -> dict[str, dict[str, str]]:
        words = audit.audit(declared, sdist, tmp_path, checkout)
        return {word.check: word.detail for word in words if word.verdict == "fail"}

    return run


def odd(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (odd("../outside"), "unsafe name"),
        (odd("hotkernels-{v}/../../outside"), "unsafe name"),
        (odd("hotkernels-{v}/a\\b"), "unsafe name"),
        (odd("hotkernels-{v}/link", tarfile.SYMTYPE, "Cargo.toml"), "not a plain file"),
        (odd("hotkernels-{v}/link", tarfile.SYMTYPE, "/etc/passwd"), "not a plain file"),
        (odd("hotkernels-{v}/link", tarfile.LNKTYPE, "hotkernels-{v}/Cargo.toml"), "not a plain file"),
        (odd("hotkernels-{v}/pipe", tarfile.FIFOTYPE), "not a plain file"),
        (odd("hotkernels-{v}/Cargo.toml"), "twice in the archive"),
        (odd("hotkernels-{v}/CARGO.toml"), "twice in the archive"),
    ],
)
def test_unsafe_members(
    member: tarfile.TarInfo, message: str, checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge
) -> None:
    info = odd(member.name.format(v=sdist.version), member.type, member.linkname.format(v=sdist.version))
    factory.write_sdist(tmp_path / sdist.filename, factory.sdist_members(checkout, sdist.version), odd=(info,))
    assert message in judge()["archive"]["message"]


@pytest.mark.parametrize("keep", [0, 20, 300])
def test_truncated(keep: int, released: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    (tmp_path / sdist.filename).write_bytes((released / sdist.filename).read_bytes()[:keep])
    assert "does not unpack" in judge()["archive"]["message"]


def test_a_bomb(checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = {**factory.sdist_members(checkout, sdist.version), f"hotkernels-{sdist.version}/x": bytes(21_000_000)}
    factory.write_sdist(tmp_path / sdist.filename, members)
    assert judge()["archive"]["message"] == "unpacks to too much"


@pytest.mark.parametrize(
    "name",
    ["Cargo.lock", "LICENSE-MIT", "README.md", "pyproject.toml", "src/kernels/src/lib.rs", "src/hotkernels/_native.pyi"],
)
def test_a_file_that_a_build_needs(name: str, checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = factory.sdist_members(checkout, sdist.version)
    del members[f"hotkernels-{sdist.version}/{name}"]
    factory.write_sdist(tmp_path / sdist.filename, members)
    assert judge()["files"]["found"] == f"without {name}"


@pytest.mark.parametrize(
    "name", ["src/hotkernels/__pycache__/x.pyc", "src/hotkernels/_native.abi3.so", "target/x", ".git/HEAD"]
)
def test_a_file_that_a_build_makes(name: str, checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = {**factory.sdist_members(checkout, sdist.version), f"hotkernels-{sdist.version}/{name}": b"x"}
    factory.write_sdist(tmp_path / sdist.filename, members)
    assert name in judge()["files"]["found"]


def test_two_folders(checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    factory.write_sdist(tmp_path / sdist.filename, {**factory.sdist_members(checkout, sdist.version), "setup.py": b"x"})
    assert judge()["name"]["found"] == "setup.py"


def test_another_version_inside(checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = factory.sdist_members(checkout, sdist.version)
    members[f"hotkernels-{sdist.version}/PKG-INFO"] = factory.metadata("9.9.9")
    factory.write_sdist(tmp_path / sdist.filename, members)
    assert judge()["metadata"]["found"] == "9.9.9"


def test_of_another_version_altogether(checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    factory.write_sdist(tmp_path / sdist.filename, factory.sdist_members(checkout, "9.9.9"))
    assert judge()["name"]["found"] == "hotkernels-9.9.9"


def test_a_path(checkout: Path, sdist: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = {**factory.sdist_members(checkout, sdist.version), f"hotkernels-{sdist.version}/n.txt": b"in /home/ann/x"}
    factory.write_sdist(tmp_path / sdist.filename, members)
    assert "n.txt: /home/ann/x" in judge()["paths"]["found"]
