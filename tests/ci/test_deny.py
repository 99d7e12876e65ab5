"""nox -s deny: every lock file is looked at, and vulnerabilities that were not looked at are never taken for none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.version import Version

from ci import matrix, process
from ci.errors import CiError
from ci.paths import ROOT
from scripts import crates, deny, semver


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cargo-deny that fails where a file of the same folder says so, and notes what it was asked."""
    path = tmp_path / "cargo-deny"
    path.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "here = pathlib.Path(__file__).parent\n"
        'with (here / "asked").open("a") as file: print(*sys.argv[1:], file=file)\n'
        'refused = (here / "refuse").read_text().split() if (here / "refuse").exists() else []\n'
        'sys.exit("refused" if set(refused) & set(sys.argv) else 0)\n'
    )
    path.chmod(0o755)
    monkeypatch.setattr(crates, "program", lambda name: path)
    monkeypatch.setattr(deny, "graphs", lambda: iter([("Cargo.lock", ROOT), ("ci/std/Cargo.lock", ROOT / "ci" / "std")]))
    monkeypatch.setattr(sys, "argv", ["deny"])
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("HOTKERNELS_ADVISORIES", raising=False)
    return path


def test_every_lock_file_is_a_graph() -> None:
    names = [name for name, _ in deny.graphs()]
    assert names[:2] == list(dict.fromkeys(lane.lock for lane in matrix.load().lanes))
    there = process.run(["git", "ls-files", "*Cargo.lock"], what="listing the lock files", cwd=ROOT).split()
    assert sorted(names) == sorted(there)
    assert {"ci/std/Cargo.lock", "fuzz/Cargo.lock"} < set(names)
    for name, folder in deny.graphs():
        assert (folder / "Cargo.lock").read_bytes() == (ROOT / name).read_bytes()


def test_all_is_asked(program: Path) -> None:
    assert deny.main() == 0
    asked = (program.parent / "asked").read_text()
    for word in ("licenses bans sources", "fetch db", "--disable-fetch advisories"):
        assert word in asked


@pytest.mark.parametrize("check", ["licenses", "advisories"])
def test_a_refusal_is_one(check: str, program: Path) -> None:
    (program.parent / "refuse").write_text(check)
    assert deny.main() == 1


@pytest.mark.parametrize(("setting", "status"), [({}, 0), ({"CI": "true"}, 1), ({"HOTKERNELS_ADVISORIES": "require"}, 1)])
def test_no_database(
    setting: dict[str, str], status: int, program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program.parent / "refuse").write_text("fetch")
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert deny.main() == status
    said = capsys.readouterr().out
    assert "known vulnerabilities: NOT looked at" in said
    assert "advisories" not in (program.parent / "asked").read_text()


def test_left_out_is_said(program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["deny", "--advisories", "no"])
    assert deny.main() == 0
    assert "NOT looked at, as asked for" in capsys.readouterr().out


def test_an_unknown_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_ADVISORIES", "maybe")
    with pytest.raises(CiError, match="maybe"):
        deny.chosen(None)


@pytest.mark.parametrize(
    ("tags", "version", "expected"),
    [
        ([], "0.1.0", ""),
        (["v0.1.0"], "0.1.0", ""),
        (["v0.1.0", "v0.2.0", "v0.10.0"], "0.11.0", "v0.10.0"),
        (["v0.1.0", "v0.2.0rc1", "vintage", "v3.0.0"], "0.2.0", "v0.1.0"),
    ],
)
def test_the_release_before(tags: list[str], version: str, expected: str) -> None:
    assert semver.newest(tags, Version(version)) == expected


def test_a_kept_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semver, "KEPT", tmp_path / "kernels.txt")
    with pytest.raises(CiError, match="no kept commit"):
        semver.kept()
    semver.KEPT.write_text(f"# made by\n{'ab' * 20}\n")
    assert semver.kept() == "ab" * 20
    with pytest.raises(CiError, match="is released"):
        semver.keep("v0.1.0", "HEAD")
    with pytest.raises(CiError, match="asking git") as refused:
        semver.judge("ab" * 20, Version("0.1.0"))
    assert "unshallow" in refused.value.todo
