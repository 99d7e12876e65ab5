"""The licences of what is linked: the file is whole, the audit refuses one that is not, ci/std is what std is made of."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import audit, matrix, notices
from ci.errors import CiError
from ci.matrix import Artifact, Matrix
from ci.paths import ROOT
from ci.process import run
from scripts import notices as writer
from scripts import rust
from tests.ci import factory

Fails = Callable[[dict[str, bytes]], dict[str, str]]
ENTRY = notices.Entry(name="a", version="1.0.0", licence="(MIT OR Apache-2.0) AND Unicode-3.0", texts=(1, 2))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One that a test may change."""
    return factory.checkout(tmp_path / "checkout")


@pytest.fixture
def fails(declared: Matrix, by_label: dict[str, Artifact], checkout: Path, tmp_path: Path) -> Fails:
    """What the notices check says of a wheel with these members changed; nothing where it passes."""
    wheel = by_label["cp312-cp312"]

    def run(changed: dict[str, bytes]) -> dict[str, str]:
        factory.write_wheel(tmp_path / wheel.filename, factory.wheel_members(wheel) | changed)
        (word,) = (word for word in audit.audit(declared, wheel, tmp_path, checkout) if word.check == "notices")
        return {} if word.verdict == "pass" else word.detail

    return run


@pytest.fixture
def members(by_label: dict[str, Artifact]) -> tuple[str, str]:
    """The members of a wheel that hold the licences and the SBOM."""
    info = f"hotkernels-{by_label['cp312-cp312'].version}.dist-info"
    return f"{info}/licenses/{notices.NAME}", f"{info}/sboms/hotkernels-bindings.cyclonedx.json"


def test_what_is_written_is_read() -> None:
    text = notices.render("head", [ENTRY], {1: "one", 2: "two\n\nmore"})
    read = notices.parse(text)
    assert read.entries == {("a", "1.0.0"): ENTRY}
    assert read.texts == {1: "one", 2: "two\n\nmore"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "nothing is listed"),
        (notices.render("head", [ENTRY], {1: "one"}), "a 1.0.0: no text 2"),
        (notices.render("head", [ENTRY], {1: "one", 2: " \n"}), "a 1.0.0: no text 2"),
        (notices.render("head", [ENTRY], {1: "one", 2: "two"}).replace(": texts", ""), "cannot be read: * a 1.0.0"),
        (notices.render("head", [ENTRY], {1: "one", 2: "two"}).replace("text 2 =", "text 1 ="), "a text number twice"),
    ],
)
def test_what_is_not_whole_is_refused(text: str, found: str) -> None:
    with pytest.raises(CiError) as refused:
        notices.parse(text)
    assert found in refused.value.found


def test_a_good_wheel(fails: Fails) -> None:
    assert fails({}) == {}


def test_a_crate_without_its_licence(fails: Fails, members: tuple[str, str], checkout: Path) -> None:
    text = factory.third_party([name for name in factory.CRATES if name != "pyo3-ffi"])
    (checkout / notices.NAME).write_text(text)
    found = fails({members[0]: text.encode()})
    assert "licence texts of what was linked are missing" in found["message"]
    assert found["found"] == "pyo3-ffi 0.30.1: not listed"


def test_another_version_of_a_crate(fails: Fails, members: tuple[str, str], checkout: Path) -> None:
    text = factory.third_party().replace("libc 0.2.191", "libc 0.2.190")
    (checkout / notices.NAME).write_text(text)
    assert fails({members[0]: text.encode()})["found"] == "libc 0.2.191: listed is 0.2.190"


def test_another_licence_in_the_sbom(fails: Fails, members: tuple[str, str]) -> None:
    bom = json.dumps(factory.sbom("0.1.0")).replace("MIT OR Apache-2.0", "GPL-3.0-only", 2)
    assert "its licence is GPL-3.0-only, listed is MIT OR Apache-2.0" in fails({members[1]: bom.encode()})["found"]


def test_a_file_that_is_not_the_checkouts(fails: Fails, members: tuple[str, str], checkout: Path) -> None:
    assert "not the checkout's" in fails({members[0]: (factory.third_party() + " ").encode()})["message"]
    (checkout / notices.NAME).unlink()
    assert fails({})["message"] == f"the checkout has no {notices.NAME}"


def test_an_sdist_without_it(declared: Matrix, by_label: dict[str, Artifact], checkout: Path, tmp_path: Path) -> None:
    sdist = by_label["sdist"]
    kept = factory.sdist_members(checkout, sdist.version)
    del kept[f"hotkernels-{sdist.version}/{notices.NAME}"]
    factory.write_sdist(tmp_path / sdist.filename, kept)
    failed = {word.check for word in audit.audit(declared, sdist, tmp_path, checkout) if word.verdict == "fail"}
    assert {"files", "notices"} <= failed


def test_a_text_comes_once_however_it_is_wrapped() -> None:
    parts = [
        writer.Part(name="a", version="1", licence="MIT", texts=("one  two", "three")),
        writer.Part(name="b", version="1", licence="MIT", texts=("one\ntwo",)),
    ]
    read = notices.parse(writer.written(parts))
    assert (read.entries["a", "1"].texts, read.entries["b", "1"].texts) == ((1, 2), (1,))


def test_a_crate_without_a_licence_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("free")
    package = {"name": "a", "version": "1", "license": "MIT", "manifest_path": str(tmp_path / "Cargo.toml")}
    with pytest.raises(CiError, match="no licence text"):
        writer.of_crate(package)


def test_the_kept_file_lists_what_is_locked() -> None:
    """nox -s lint compares the whole file, which needs the crates' sources; this needs the lock files alone."""
    kept = notices.parse((ROOT / notices.NAME).read_text(encoding="utf-8"))
    for lane in matrix.load().lanes:
        locked = tomllib.loads((ROOT / lane.lock).read_text(encoding="utf-8"))["package"]
        versions = {(package["name"], package["version"]) for package in locked}
        for name in ("pyo3", "pyo3-ffi", "unicode-normalization", "unicode-segmentation", "tinyvec"):
            assert {at for known, at in versions if known == name} <= {at for known, at in kept.entries if known == name}
    std = tomllib.loads((ROOT / "ci" / "std" / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    assert {(p["name"], p["version"]) for p in std if "source" in p} <= kept.entries.keys()


@pytest.mark.skipif(rust.version() != matrix.load().rust, reason="ci/std names what the release's compiler links")
def test_ci_std_names_the_crates_of_the_standard_library() -> None:
    """Its libraries name their sources, rust/deps/NAME-VERSION; adler2 is too small to name one, and is miniz_oxide's."""
    folder = Path(run(["rustc", "--print", "target-libdir"], what="asking rustc").strip())
    named = set()
    for path in folder.glob("lib*.rlib"):
        found = re.findall(rb"rust/deps/([a-z0-9_-]+?)-(\d+\.\d+\.\d+)", path.read_bytes())
        named |= {(name.decode(), at.decode()) for name, at in found}
    elsewhere = {"getopts", "rustc-literal-escaper"}  # of libtest and proc_macro, which no wheel is linked from
    wanted = {(name, at) for name, at in named if name not in elsewhere}
    std = tomllib.loads((ROOT / "ci" / "std" / "Cargo.toml").read_text(encoding="utf-8"))["dependencies"]
    ours = {name: dependency["version"].removeprefix("=") for name, dependency in std.items()}
    assert "std" not in ours
    assert {name for name, _ in wanted} == ours.keys() - {"adler2"}
    assert all(at.startswith(ours[name]) for name, at in wanted)
