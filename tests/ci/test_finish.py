"""finish: the same wheel whatever the folder and the hour, its SBOM without either, its RECORD right."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from ci import finish

EPOCH = 1_700_000_000
INFO = "hotkernels-1.0.dist-info"


def bom(root: str, when: str, serial: str) -> bytes:
    """What cargo-cyclonedx writes, in small."""
    reference = f"path+file://{root}/src/bindings#hotkernels-bindings@1.0"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "metadata": {
            "timestamp": when,
            "component": {
                "bom-ref": reference,
                "purl": "pkg:cargo/hotkernels-bindings@1.0?download_url=file://.",
                "components": [
                    {"bom-ref": f"{reference} bin-target-0", "purl": "pkg:cargo/x@1.0?download_url=file://.#src/lib.rs"}
                ],
            },
        },
        "components": [{"bom-ref": f"path+file://{root}/src/kernels#hotkernels-kernels@1.0", "name": "hotkernels-kernels"}],
        "dependencies": [{"ref": reference, "dependsOn": [f"path+file://{root}/src/kernels#hotkernels-kernels@1.0"]}],
    }
    return json.dumps(document, indent=2).encode()


def raw(path: Path, sbom: bytes, year: int) -> Path:
    """A wheel as maturin leaves it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data, mode in (
            ("hotkernels/__init__.py", b"", 0o100644),
            ("hotkernels/_native.so", b"\x7fELF" * 99, 0o100755),
            (f"{INFO}/METADATA", b"Name: hotkernels\n", 0o100644),
            (f"{INFO}/sboms/hotkernels-bindings.cyclonedx.json", sbom, 0o100644),
            (f"{INFO}/RECORD", b"stale,,\n", 0o100644),
        ):
            info = zipfile.ZipInfo(name, (year, 2, 3, 4, 5, 6))
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return path


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    source = raw(tmp_path / "raw.whl", bom("/home/one/x", "2026-01-01T00:00:00Z", "1"), 2026)
    finish.wheel(source, tmp_path / "finished.whl", epoch=EPOCH)
    return tmp_path / "finished.whl"


def test_folder_and_hour_leave_no_trace(finished: Path, tmp_path: Path) -> None:
    other = raw(tmp_path / "other.whl", bom("/home/two", "2027-12-31T23:59:59Z", "2"), 2027)
    finish.wheel(other, tmp_path / "again.whl", epoch=EPOCH)
    assert (tmp_path / "again.whl").read_bytes() == finished.read_bytes()


def test_the_sbom_says_what_and_not_where(finished: Path) -> None:
    with zipfile.ZipFile(finished) as archive:
        text = archive.read(f"{INFO}/sboms/hotkernels-bindings.cyclonedx.json").decode()
    for trace in ("path+file", "file://", "/home/", "timestamp"):
        assert trace not in text
    document = json.loads(text)
    assert document["metadata"]["component"]["bom-ref"] == "pkg:cargo/hotkernels-bindings@1.0"
    assert document["dependencies"] == [
        {"ref": "pkg:cargo/hotkernels-bindings@1.0", "dependsOn": ["pkg:cargo/hotkernels-kernels@1.0"]}
    ]
    assert document["serialNumber"].startswith("urn:uuid:")


def test_another_content_has_another_serial_number() -> None:
    one, two = (json.loads(finish.sbom(bom("/a", "now", "1").replace(b"1.5", version))) for version in (b"1.5", b"1.6"))
    assert one["serialNumber"] != two["serialNumber"]


def test_record_lists_every_member_rightly_and_comes_last(finished: Path) -> None:
    with zipfile.ZipFile(finished) as archive:
        names = archive.namelist()
        rows = list(csv.reader(io.StringIO(archive.read(names[-1]).decode())))
        assert names[-1] == f"{INFO}/RECORD"
        assert [row[0] for row in rows] == names
        assert rows[-1][1:] == ["", ""]
        for name, digest, size in rows[:-1]:
            data = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={expected}", str(len(data)))


def test_modes_stay_and_times_are_the_commits(finished: Path) -> None:
    with zipfile.ZipFile(finished) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["hotkernels/_native.so"] == 0o100755
    assert modes["hotkernels/__init__.py"] == 0o100644


def test_a_time_before_zip_files_is_their_first_day(tmp_path: Path) -> None:
    source = raw(tmp_path / "raw.whl", bom("/a", "now", "1"), 2026)
    finish.wheel(source, tmp_path / "finished.whl", epoch=0)
    with zipfile.ZipFile(tmp_path / "finished.whl") as archive:
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_what_repairing_adds_is_left_out(tmp_path: Path) -> None:
    """auditwheel packs entries for folders, and an empty line behind the tags."""
    source, target = tmp_path / "source.whl", tmp_path / "target.whl"
    with zipfile.ZipFile(source, "w") as archive:
        archive.mkdir("pkg")
        archive.writestr("pkg/__init__.py", "")
        archive.writestr("pkg-1.dist-info/WHEEL", "Tag: py3-none-any\n\n")
        archive.writestr("pkg-1.dist-info/RECORD", "")
    finish.wheel(source, target, epoch=0)
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == ["pkg/__init__.py", "pkg-1.dist-info/WHEEL", "pkg-1.dist-info/RECORD"]
        assert archive.read("pkg-1.dist-info/WHEEL") == b"Tag: py3-none-any\n"
        assert b"pkg/," not in archive.read("pkg-1.dist-info/RECORD")
