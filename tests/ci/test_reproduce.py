"""nox -s reproduce: the same bytes twice pass, and whatever differs is named where it differs."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.errors import CiError
from ci.matrix import Artifact
from scripts import differences, reproduce
from tests.ci import factory

INFO = "hotkernels-0.1.0.dist-info"
TEXTS = {
    "hotkernels/__init__.py": b"a = 1\nb = 2\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n",
    f"{INFO}/sboms/x.cyclonedx.json": json.dumps({"components": [{"name": "libc"}], "version": 1}).encode(),
}

# Stands for `python -m ci build OUT …` in a small repository: what it writes says what it depends on.
BUILD = """
import os, stat, sys, zipfile
from pathlib import Path
out = Path(sys.argv[2])
out.mkdir(parents=True)
plain = [{names}]
for name in plain:
    with zipfile.ZipFile(out / name, "w") as archive:
        archive.writestr(zipfile.ZipInfo("hotkernels/x.py"), {content})
        archive.writestr(zipfile.ZipInfo("hotkernels-0.dist-info/RECORD"), "x")
"""


def wheel(folder: Path, members: dict[str, bytes], name: str = "hotkernels-0.1.0-x.whl") -> Path:
    folder.mkdir(exist_ok=True)
    return factory.write_wheel(folder / name, members)


@pytest.fixture
def pair(tmp_path: Path) -> Callable[..., list[str]]:
    """What differs between a wheel of TEXTS and one with these changes; None takes a member away."""

    def run(**changes: bytes | None) -> list[str]:
        renamed = {"init": "hotkernels/__init__.py", "sbom": f"{INFO}/sboms/x.cyclonedx.json"}
        other = TEXTS | {renamed.get(name, name): data for name, data in changes.items() if data is not None}
        for name in [renamed.get(name, name) for name, data in changes.items() if data is None]:
            del other[name]
        return differences.artifacts(wheel(tmp_path / "a", TEXTS), wheel(tmp_path / "b", other))

    return run


def test_the_same_bytes(pair: Callable[..., list[str]]) -> None:
    assert pair() == []


def test_a_line_of_a_text(pair: Callable[..., list[str]]) -> None:
    assert pair(init=b"a = 1\nb = 3\n") == ["hotkernels/__init__.py: +b = 3", "hotkernels/__init__.py: -b = 2"]


def test_many_lines_are_counted(pair: Callable[..., list[str]]) -> None:
    lines = pair(init="\n".join(f"line {n}" for n in range(40)).encode())
    assert len(lines) == differences.SHOWN + 1
    assert "hotkernels/__init__.py: and 34 more lines" in lines


def test_a_value_in_the_sbom(pair: Callable[..., list[str]]) -> None:
    lines = pair(sbom=json.dumps({"components": [{"name": "libm"}], "version": 1}).encode())
    assert [line.partition(": ")[2].strip() for line in lines] == ['+   "name": "libm"', '-   "name": "libc"']


def test_a_member_in_one_alone(pair: Callable[..., list[str]]) -> None:
    assert pair(init=None) == ["hotkernels/__init__.py: in one alone"]
    assert pair(more=b"x") == ["more: in one alone"]


def test_bytes_of_a_binary(pair: Callable[..., list[str]]) -> None:
    (line,) = pair(init=b"\0binary")
    assert line.startswith("hotkernels/__init__.py: ")
    assert "the first at 0x0: b'a = 1" in line


def test_record_alone(tmp_path: Path) -> None:
    """It repeats what the others say, but not when nothing else differs."""
    one = factory.write_wheel(tmp_path / "a.whl", {**TEXTS, f"{INFO}/RECORD": b"x\n"}, record=False)
    other = factory.write_wheel(tmp_path / "b.whl", {**TEXTS, f"{INFO}/RECORD": b"y\n"}, record=False)
    assert differences.artifacts(one, other) == [f"{INFO}/RECORD: +y", f"{INFO}/RECORD: -x"]


def test_order_times_modes_and_packing(tmp_path: Path) -> None:
    one = wheel(tmp_path / "a", TEXTS)
    turned = factory.write_wheel(
        tmp_path / "turned.whl", dict(reversed(factory.with_record(TEXTS, INFO).items())), record=False
    )
    assert differences.artifacts(one, turned) == ["the members are in another order"]
    for change, found in (
        ({"date_time": (2026, 1, 2, 3, 4, 6)}, "date_time"),
        ({"external_attr": 0o644 << 16}, "external_attr"),
    ):
        other = tmp_path / "other.whl"
        with zipfile.ZipFile(one) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
            for info in old.infolist():
                copy = zipfile.ZipInfo(info.filename)
                for key, value in change.items():
                    setattr(copy, key, value)
                new.writestr(copy, old.read(info), zipfile.ZIP_DEFLATED)
        lines = differences.artifacts(one, other)
        assert len(lines) == len(TEXTS)  # RECORD aside
        assert all(f": {found} " in line for line in lines)
    with zipfile.ZipFile(one) as old, zipfile.ZipFile(tmp_path / "packed.whl", "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename), old.read(info), zipfile.ZIP_DEFLATED, 0)
    (line,) = differences.artifacts(one, tmp_path / "packed.whl")
    assert line.startswith("the same members in the same order, packed otherwise")


def test_a_section_of_an_elf_file(tmp_path: Path, elf: Callable[..., bytes]) -> None:
    text = 'static const char where[] __attribute__((used)) = "{}";'
    one, other = (
        wheel(tmp_path / name, {**TEXTS, "x.so": elf("cp312", more=text.format(place))})
        for name, place in (("a", "/build/one/lib.rs"), ("b", "/build/two/lib.rs"))
    )
    (line,) = differences.artifacts(one, other)
    assert line.startswith("x.so: section .rodata, ")
    assert "/build/one/lib" in line
    assert "/build/two/lib" in line


def test_an_sdist(tmp_path: Path) -> None:
    one = factory.write_sdist(tmp_path / "a.tar.gz", {"h/a.rs": b"x\n"})
    assert differences.artifacts(one, factory.write_sdist(tmp_path / "b.tar.gz", {"h/a.rs": b"y\n"})) == [
        "h/a.rs: +y",
        "h/a.rs: -x",
    ]
    later = tmp_path / "c.tar.gz"
    later.write_bytes(gzip.compress(gzip.decompress(one.read_bytes()), mtime=7))
    (line,) = differences.artifacts(one, later)
    assert line.startswith("(the gzip header): ")


def test_what_every_member_has_is_told_once(tmp_path: Path) -> None:
    members = {f"h/{number}": b"x" for number in range(differences.SHOWN + 1)}
    one, other = (factory.write_sdist(tmp_path / name, members) for name in ("a.tar.gz", "b.tar.gz"))
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 7
            archive.addfile(info, io.BytesIO(data))
    other.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    assert differences.artifacts(one, other) == ["9 members: mtime 0 and 7"]


def test_one_that_does_not_unpack(tmp_path: Path) -> None:
    one = wheel(tmp_path / "a", TEXTS)
    (tmp_path / "b.whl").write_bytes(one.read_bytes()[:-40])
    assert "does not unpack" in differences.artifacts(one, tmp_path / "b.whl")[0]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_label: dict[str, Artifact]) -> Callable[[str], None]:
    """A small repository in place of this one; its build writes two wheels with the given content, an expression."""
    for name, value in (("HOTKERNELS_CACHE", str(tmp_path / "cache")), ("GIT_CONFIG_GLOBAL", "/dev/null")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def run(content: str) -> None:
        root = tmp_path / "repository"
        (root / "ci").mkdir(parents=True)
        names = ", ".join(repr(by_label[label].filename) for label in ("cp312-cp312", "cp312-abi3"))
        (root / "ci" / "__main__.py").write_text(BUILD.format(names=names, content=content))
        (root / "ci" / "__init__.py").touch()
        git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "x"]):
            subprocess.run([*git, *words], check=True)
        (root / "ci" / "__main__.py").write_text("raise SystemExit('what is not committed is not built')")
        monkeypatch.setattr(reproduce, "ROOT", root)

    return run


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["reproduce", *words])
    return reproduce.main()


ONLY = ("--platform", "linux-x86_64", "--only", "cp312-cp312", "--only", "cp312-abi3")


def test_twice_the_same(
    repository: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    repository("'x = 1'")
    assert call(monkeypatch, *ONLY) == 0
    assert "2 artifacts, the same bytes twice" in capfd.readouterr().out
    assert not list(tmp_path.glob("hotkernels-reproduce-*"))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("str(Path.cwd())", "+/"),
        ("oct(stat.S_IMODE(Path('ci/__init__.py').stat().st_mode))", "+0o600"),
        ("os.environ['HOTKERNELS_CACHE']", "+/"),
        ("os.environ.get('TZ', '')", "+Pacific/Kiritimati"),
    ],
)
def test_what_depends_on_the_place_differs(
    content: str,
    found: str,
    repository: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    repository(content)
    monkeypatch.delenv("TZ", raising=False)
    assert call(monkeypatch, *ONLY) == 1
    out = capfd.readouterr().out
    assert "two builds of it differ" in out
    assert f"hotkernels/x.py: {found}" in out
    assert "2 of 2 differ" in out


def test_against_a_folder(
    repository: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    by_label: dict[str, Artifact],
) -> None:
    repository("'x = 1'")
    released = tmp_path / "released"
    wheel(released, {"hotkernels/x.py": b"x = 2", "hotkernels-0.dist-info/WHEEL": b""}, by_label["cp312-cp312"].filename)
    assert call(monkeypatch, *ONLY, "--against", str(released)) == 1
    out = capfd.readouterr().out
    assert "hotkernels/x.py: -x = 2" in out
    assert f"{by_label['cp312-abi3'].filename}\n      not in {released}" in out


def test_two_folders_and_nothing_built(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Whatever their version is: the release that is looked at may be older than this checkout."""
    monkeypatch.setattr(reproduce, "make", None)
    one, other = tmp_path / "a", tmp_path / "b"
    for folder in (one, other):
        wheel(folder, TEXTS, "hotkernels-0.0.9-x.whl")
        (folder / "SHA256SUMS").write_text(str(folder))
    assert call(monkeypatch, "--against", str(one), str(other)) == 0
    factory.write_sdist(other / "hotkernels-0.0.9.tar.gz", {"h/a": b"x"})
    assert call(monkeypatch, "--against", str(one), str(other)) == 1
    assert f"not in {one}" in capfd.readouterr().out
    (tmp_path / "c").mkdir()
    assert call(monkeypatch, "--against", str(one), str(tmp_path / "c")) == 1
    assert "no artifacts" in capfd.readouterr().err
    with pytest.raises(SystemExit):
        call(monkeypatch, str(one))


def test_a_build_that_fails(
    repository: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    repository("sys.exit(3)")
    assert call(monkeypatch, *ONLY) == 1
    assert "ended with status 3" in capfd.readouterr().err
    assert not list(tmp_path.glob("hotkernels-reproduce-*"))


def test_an_unknown_label() -> None:
    with pytest.raises(CiError, match="nothing of that tag is declared"):
        reproduce.select(["linux-x86_64"], ["cp27-cp27m"])
