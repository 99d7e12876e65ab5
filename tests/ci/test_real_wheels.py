"""What was really built, in the folder that HOTKERNELS_DIST names: it passes, and passes for nothing else."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from ci import audit, checks, matrix, unwinder
from ci.audit import abi, signature
from ci.audit.elf import Elf
from ci.audit.macho import MachO
from ci.audit.names import suffix
from ci.audit.opened import Opened
from ci.errors import CiError
from ci.evidence import Evidence
from ci.matrix import Artifact, Matrix
from ci.paths import ROOT
from tests.ci import factory

pytestmark = pytest.mark.skipif("HOTKERNELS_DIST" not in os.environ, reason="HOTKERNELS_DIST names no folder of real wheels")


@pytest.fixture
def real(declared: Matrix) -> list[tuple[Artifact, Path]]:
    """The artifacts that are there, of every platform."""
    dist = Path(os.environ["HOTKERNELS_DIST"])
    artifacts = declared.artifacts(matrix.project_version())
    return [(a, dist / a.filename) for a in artifacts if (dist / a.filename).is_file()]


def judge(declared: Matrix, artifact: Artifact, dist: Path) -> dict[str, Evidence]:
    return {word.check: word for word in audit.audit(declared, artifact, dist) if word.verdict == "fail"}


def disguised(path: Path, artifact: Artifact, dist: Path) -> None:
    """The wheel at `path` under the name, the tags and the suffix of `artifact`, RECORD right again."""
    info = f"hotkernels-{artifact.version}.dist-info"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}
    (old,) = (name for name in members if name.startswith("hotkernels/_native.") and name.endswith(".so"))
    members[f"hotkernels/_native{suffix(artifact)}"] = members.pop(old)
    tags = "".join(f"Tag: {tag}\n" for tag in sorted(map(str, artifact.tags)))
    members[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\n{tags}".encode()
    factory.write_wheel(dist / artifact.filename, members)


def test_each_passes(real: list[tuple[Artifact, Path]], declared: Matrix, tmp_path: Path) -> None:
    assert real
    for artifact, path in real:
        shutil.copyfile(path, tmp_path / path.name)
        assert judge(declared, artifact, tmp_path) == {}, path.name


def test_each_in_the_disguise_of_every_other(real: list[tuple[Artifact, Path]], declared: Matrix, tmp_path: Path) -> None:
    """Name, WHEEL file, suffix and RECORD all right for the other tag: the extension's own mark still tells."""
    wheels = [(artifact, path) for artifact, path in real if not artifact.is_sdist]
    for artifact, path in wheels:
        for other, _ in wheels:
            if other.filename == path.name or other.platform != artifact.platform:
                continue
            disguised(path, other, tmp_path)
            with pytest.raises(CiError, match="not compiled for the ABI") as caught:
                abi.check(Opened(tmp_path / other.filename, other, declared, ROOT))
            assert caught.value.expected.startswith(f"hotkernels-abi:{checks.abi(other)};")


def test_each_unwinds_with_the_system(real: list[tuple[Artifact, Path]], declared: Matrix) -> None:
    """Not with an unwinder of zig's: a thread that ends while the interpreter shuts down would crash (ci/unwinder.py)."""
    linux = [(artifact, path) for artifact, path in real if not artifact.is_sdist and checks.kind(artifact) == "linux"]
    assert linux
    for artifact, path in linux:
        opened = Opened(path, artifact, declared, ROOT)
        elf = Elf.read(opened.members[opened.extension])
        assert unwinder.NAME in elf.needed, path.name
        known = {(version, f"_Unwind_{name}") for version, names in unwinder.VERSIONS.items() for name in names}
        asked = {(version, name) for version, name in elf.versions if name.startswith("_Unwind_")}
        assert asked
        assert asked <= known


def test_one_bit_anywhere_breaks_the_signature(real: list[tuple[Artifact, Path]], declared: Matrix) -> None:
    for artifact, path in real:
        if artifact.is_sdist or checks.kind(artifact) != "macos":
            continue
        opened = Opened(path, artifact, declared, ROOT)
        data = opened.members[opened.extension]
        for at in range(1 << 16, len(data) - 32, len(data) // 7):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            with pytest.raises(CiError, match=r"ad-hoc code signature|does not read as Mach-O"):
                signature.check(changed, MachO.read(changed))
