"""A good wheel passes every check of the audit; each way of being bad is refused by its own check, in its own words."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci import audit, checks
from ci.audit import manylinux, table
from ci.evidence import Evidence
from ci.matrix import Artifact, Matrix
from tests.ci import factory

Members = dict[str, bytes]
Judge = Callable[[Artifact, Path], dict[str, Evidence]]


@pytest.fixture
def judge(declared: Matrix, checkout: Path) -> Judge:
    """Audits the file that is in a folder under the artifact's name; the evidence by check."""

    def run(artifact: Artifact, dist: Path) -> dict[str, Evidence]:
        return {word.check: word for word in audit.audit(declared, artifact, dist, checkout)}

    return run


@pytest.fixture
def wheel(by_label: dict[str, Artifact]) -> Artifact:
    return by_label["cp312-cp312"]


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """auditwheel speaks in test_audit_elf.py, and here of the good wheels; it takes half a second a file."""
    if "artifacts" not in request.fixturenames or "wheel" in request.fixturenames:
        said = {"overall_tag": "manylinux_2_17_x86_64", "external_libs": {}, "policy_upgrades": {}}
        monkeypatch.setattr(manylinux, "auditwheel", lambda _: said)


def info(artifact: Artifact) -> str:
    return f"hotkernels-{artifact.version}.dist-info"


def failures(words: dict[str, Evidence]) -> dict[str, str]:
    return {check: str(word.detail["message"]) for check, word in words.items() if word.verdict == "fail"}


def test_every_declared_wheel_and_the_sdist_pass(artifacts: tuple[Artifact, ...], dist: Path, judge: Judge) -> None:
    for artifact in artifacts:
        words = judge(artifact, dist)
        assert failures(words) == {}, artifact.filename
        assert list(words) == [expected.check for expected in checks.audit_checks(artifact)]
        assert all((dist / "evidence" / word.filename).is_file() and word.host == "static" for word in words.values())


# How a member may be changed, with RECORD right again afterwards: check, words of the refusal, words of what was found.
BAD_MEMBERS: dict[str, tuple[Callable[[Members, str, Artifact], object], str, str, str]] = {
    "an extra file beside the package": (
        lambda m, i, a: m.update({"tests/test_x.py": b""}), "files", "does not hold what it should", "tests/test_x.py",
    ),
    "an extra file in the package": (
        lambda m, i, a: m.update({"hotkernels/notes.txt": b"x"}), "files", "does not hold", "with hotkernels/notes.txt",
    ),
    "a .pth file": (lambda m, i, a: m.update({"x.pth": b"import os"}), "files", "does not hold", "with x.pth"),
    "no py.typed": (lambda m, i, a: m.pop("hotkernels/py.typed"), "files", "does not hold", "without hotkernels/py.typed"),
    "no licence": (lambda m, i, a: m.pop(f"{i}/licenses/LICENSE-MIT"), "files", "no licence", "LICENSE-APACHE"),
    "an empty licence": (
        lambda m, i, a: m.update({f"{i}/licenses/LICENSE-MIT": b"\n"}), "files", "licence files", "empty: LICENSE-MIT",
    ),
    "no SBOM": (
        lambda m, i, a: m.pop(f"{i}/sboms/hotkernels-bindings.cyclonedx.json"), "files", "no SBOM", "none",
    ),
    "retagged inside": (
        lambda m, i, a: m.update({f"{i}/WHEEL": m[f"{i}/WHEEL"].replace(b"cp312-cp312", b"cp313-cp313")}),
        "name", "tags in its WHEEL file", "cp313-cp313-manylinux",
    ),
    "a pure wheel": (
        lambda m, i, a: m.update({f"{i}/WHEEL": m[f"{i}/WHEEL"].replace(b"false", b"true")}),
        "name", "not that of a platform wheel", "Root-Is-Purelib: true",
    ),
    "another version in METADATA": (
        lambda m, i, a: m.update({f"{i}/METADATA": m[f"{i}/METADATA"].replace(b"\nVersion: ", b"\nVersion: 9.")}),
        "metadata", "Version in METADATA", "9.",
    ),
    "another name in METADATA": (
        lambda m, i, a: m.update({f"{i}/METADATA": m[f"{i}/METADATA"].replace(b"hotkernels", b"coldkernels", 1)}),
        "metadata", "Name in METADATA", "coldkernels",
    ),
    "another Python": (
        lambda m, i, a: m.update({f"{i}/METADATA": m[f"{i}/METADATA"].replace(b">=3.12", b">=3.9")}),
        "metadata", "Requires-Python", ">=3.9",
    ),
    "no licence expression": (
        lambda m, i, a: m.update({f"{i}/METADATA": m[f"{i}/METADATA"].replace(b"License-Expression:", b"Summary:")}),
        "metadata", "License-Expression", "no such line",
    ),
    "metadata that is not valid": (
        lambda m, i, a: m.update({f"{i}/METADATA": b"Name: hotkernels\n\n"}), "metadata", "not valid core metadata", "",
    ),
    "a path in a Python file": (
        lambda m, i, a: m.update({"hotkernels/__init__.py": b"ROOT = '/home/ann/hotkernels'"}),
        "paths", "a path of the machine", "hotkernels/__init__.py: /home/ann/hotkernels",
    ),
    "a Windows path": (
        lambda m, i, a: m.update({"hotkernels/__init__.py": b"ROOT = 'C:\\\\Users\\\\ann'"}), "paths", "a path of the", "Users",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_a_bad_member_is_refused(case: str, wheel: Artifact, tmp_path: Path, judge: Judge) -> None:
    change, check, message, found = BAD_MEMBERS[case]
    members = factory.wheel_members(wheel)
    change(members, info(wheel), wheel)
    factory.write_wheel(tmp_path / wheel.filename, members)
    words = judge(wheel, tmp_path)
    assert message in failures(words)[check]
    assert found in words[check].detail.get("found", "")
    assert words[check].detail["todo"]


def test_urls_are_no_paths(wheel: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = factory.wheel_members(wheel)
    members[f"{info(wheel)}/METADATA"] += b"See https://index.example/project/hotkernels/ and https://example.org/home/x\n"
    factory.write_wheel(tmp_path / wheel.filename, members)
    assert failures(judge(wheel, tmp_path)) == {}


@pytest.mark.parametrize(
    ("change", "message", "found"),
    [
        (lambda b: b["metadata"].update(timestamp="2026-01-01T00:00:00Z"), "when or where", "timestamp"),
        (lambda b: b["metadata"]["component"].update({"bom-ref": "path+file:///home/ann/x#y"}), "when or where", "path+file:"),
        (lambda b: b["components"][1].update(version="0.29.0"), "does not agree with the lock", "pyo3 0.29.0"),
        (lambda b: b["components"][1].update(hashes=[]), "does not agree with the lock", "pyo3 0.30.1: another sha256"),
        (lambda b: b["components"].pop(0), "does not agree with the lock", "no hotkernels-kernels"),
        (lambda b: b["metadata"]["component"].update(version="9.9.9"), "of something else", "9.9.9"),
        (lambda b: b.update(bomFormat="SPDX"), "not CycloneDX", "SPDX"),
        (lambda b: b.pop("components"), "does not read as CycloneDX", "components"),
    ],
)
def test_a_bad_sbom_is_refused(
    change: Callable[..., Any], message: str, found: str, wheel: Artifact, tmp_path: Path, judge: Judge
) -> None:
    bom = factory.sbom(wheel.version)
    change(bom)
    members = factory.wheel_members(wheel)
    members[f"{info(wheel)}/sboms/hotkernels-bindings.cyclonedx.json"] = json.dumps(bom).encode()
    factory.write_wheel(tmp_path / wheel.filename, members)
    words = judge(wheel, tmp_path)
    assert message in failures(words)["sbom"]
    assert found in words["sbom"].detail["found"]


def test_a_path_in_the_sbom_is_refused_as_a_path_too(wheel: Artifact, tmp_path: Path, judge: Judge) -> None:
    members = factory.wheel_members(wheel)
    name = f"{info(wheel)}/sboms/hotkernels-bindings.cyclonedx.json"
    members[name] = members[name].replace(b'"CycloneDX"', b'"CycloneDX", "purl": "pkg:cargo/x?download_url=file:///home/ann/x"')
    factory.write_wheel(tmp_path / wheel.filename, members)
    assert "file:///home/ann/x" in judge(wheel, tmp_path)["paths"].detail["found"]


def test_renamed(by_label: dict[str, Artifact], dist: Path, judge: Judge) -> None:
    """A wheel of one tag under the name of another."""
    wanted, other = by_label["cp313-cp313"], by_label["cp312-cp312"]
    (dist / other.filename).replace(dist / wanted.filename)
    said = failures(judge(wanted, dist))
    assert "tags in its WHEEL file" in said["name"]
    assert "not compiled for the ABI" in said["abi"]


def test_renamed_and_retagged(by_label: dict[str, Artifact], tmp_path: Path, judge: Judge) -> None:
    """Even with the WHEEL file of the other tag, the suffix of the extension and its mark tell."""
    wanted, other = by_label["cp313-cp313"], by_label["cp312-cp312"]
    members = factory.wheel_members(other)
    members[f"{info(wanted)}/WHEEL"] = factory.wheel_members(wanted)[f"{info(wanted)}/WHEEL"]
    factory.write_wheel(tmp_path / wanted.filename, members)
    words = judge(wanted, tmp_path)
    assert "suffix" in failures(words)["name"]
    assert words["abi"].detail["expected"].startswith("hotkernels-abi:cp313;")


@pytest.mark.parametrize("keep", [0, 10, 999, -1])
def test_truncated(keep: int, wheel: Artifact, dist: Path, judge: Judge) -> None:
    path = dist / wheel.filename
    data = path.read_bytes()
    path.write_bytes(data[:keep])
    said = failures(judge(wheel, dist))
    assert said["archive"] == "not one whole zip archive"
    assert set(said) == set(checks.AUDIT["linux"]) - {"size"}, "what cannot be read passes no check"


def test_a_damaged_member(wheel: Artifact, dist: Path, judge: Judge) -> None:
    path = dist / wheel.filename
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)
    assert "archive" in failures(judge(wheel, dist))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/etc/passwd", "unsafe name"),
        ("../outside.py", "unsafe name"),
        ("hotkernels/../../outside.py", "unsafe name"),
        ("hotkernels\\x.py", "unsafe name"),
        ("hotkernels//x.py", "unsafe name"),
        ("C:x.py", "unsafe name"),
        ("hotkernels/__INIT__.py", "twice in the archive"),
    ],
)
def test_unsafe_names(name: str, message: str, wheel: Artifact, tmp_path: Path, judge: Judge) -> None:
    factory.write_wheel(tmp_path / wheel.filename, {**factory.wheel_members(wheel), name: b""})
    assert message in failures(judge(wheel, tmp_path))["archive"]


def test_the_same_name_twice(wheel: Artifact, dist: Path, judge: Judge) -> None:
    with zipfile.ZipFile(dist / wheel.filename, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("hotkernels/__init__.py", b"import os\n")
    assert "twice in the archive" in failures(judge(wheel, dist))["archive"]


def test_a_link_in_the_archive(wheel: Artifact, dist: Path, judge: Judge) -> None:
    link = zipfile.ZipInfo("hotkernels/link.py")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(dist / wheel.filename, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "not a plain file" in failures(judge(wheel, dist))["archive"]


def test_something_before_or_after_the_archive(wheel: Artifact, dist: Path, judge: Judge) -> None:
    path = dist / wheel.filename
    data = path.read_bytes()
    for changed in (b"#!/bin/sh\n" + data, data + b"\n", data[:-2] + b"\x05\x00hello"):
        path.write_bytes(changed)
        assert "archive" in failures(judge(wheel, dist))


def test_a_bomb(wheel: Artifact, tmp_path: Path, judge: Judge) -> None:
    factory.write_wheel(tmp_path / wheel.filename, {**factory.wheel_members(wheel), "hotkernels/x.py": bytes(50_000_000)})
    assert failures(judge(wheel, tmp_path))["archive"] == "unpacks to too much"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda text: text.replace(b"py.typed,sha256=47", b"py.typed,sha256=48"), "py.typed listed as"),
        (lambda text: text.replace(b"hotkernels/py.typed,", b"hotkernels/py.typed2,"), "py.typed2 listed but not there"),
        (lambda text: text + text.splitlines(keepends=True)[0], "listed twice"),
        (lambda text: b"".join(text.splitlines(keepends=True)[1:]), "__init__.py not listed"),
        (lambda text: text + b"a,b\n", "a row of 2 fields"),
    ],
)
def test_record_that_does_not_match(
    change: Callable[..., Any], found: str, wheel: Artifact, tmp_path: Path, judge: Judge
) -> None:
    members = factory.with_record(factory.wheel_members(wheel), info(wheel))
    changed = change(members[f"{info(wheel)}/RECORD"])
    assert changed != members[f"{info(wheel)}/RECORD"]
    factory.write_wheel(tmp_path / wheel.filename, {**members, f"{info(wheel)}/RECORD": changed}, record=False)
    words = judge(wheel, tmp_path)
    assert failures(words) == {"record": "RECORD does not match the files"}
    assert found in words["record"].detail["found"]


def test_over_its_budget(declared: Matrix, wheel: Artifact, tmp_path: Path, judge: Judge) -> None:
    path = factory.write_wheel(tmp_path / wheel.filename, factory.wheel_members(wheel))
    with path.open("ab") as file:
        file.truncate(declared.wheel_budget + 1)
    words = judge(wheel, tmp_path)
    assert failures(words)["size"] == "over its size budget"
    assert f"{declared.wheel_budget:,}" in words["size"].detail["expected"]


def test_a_check_that_breaks_has_not_passed(wheel: Artifact, dist: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> dict[str, object]:
        raise RuntimeError("no")

    monkeypatch.setitem(table.TABLE["linux"], "sbom", table.Check(broken))
    assert "broke on it" in failures(judge(wheel, dist))["sbom"]


def test_a_check_that_nobody_wrote_has_not_passed(
    wheel: Artifact, dist: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(table.TABLE["linux"], "sbom")
    assert "no sbom check" in failures(judge(wheel, dist))["sbom"]
