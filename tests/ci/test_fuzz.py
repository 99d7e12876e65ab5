"""nox -s fuzz: what it knows of its targets, packs and findings, without a nightly Rust."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ci.errors import CiError
from ci.paths import ROOT
from scripts import fuzz, tests

FOUND = """\
#2096 NEW    cov: 4203 ft: 9811 corp: 300/21Kb lim: 400 exec/s: 99 rss: 99Mb L: 12/400 MS: 1 CopyPart-
thread '<unnamed>' panicked at src/text.rs:171:21:
assertion `left == right` failed: avx2: distance 2, cutoff 0
SUMMARY: libFuzzer: deadly signal
artifact_prefix='{folder}/artifacts/text/'; Test unit written to {folder}/artifacts/text/crash-0a1b
stat::number_of_executed_units: 2097
"""


def test_the_targets_are_those_of_the_crate() -> None:
    names = {path.stem for path in (fuzz.FUZZ / "fuzz_targets").glob("*.rs")}
    assert set(fuzz.targets()) == names
    listed = (fuzz.FUZZ / "src" / "lib.rs").read_text(encoding="utf-8")
    assert all(f'("{name}", {name}::run)' in listed for name in names)
    assert all((ROOT / path).is_file() for path in fuzz.SUITE)


def test_every_target_is_told_of(docs: str) -> None:
    assert all(f"| {name} |" in docs for name in fuzz.targets())


@pytest.fixture
def docs() -> str:
    return (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_a_finding_says_how_to_see_it_again() -> None:
    said = fuzz.finding("text", FOUND.replace("{folder}", str(fuzz.FUZZ)), 77)
    assert "panicked at src/text.rs:171:21" in said
    assert "again: (cd fuzz && cargo +nightly fuzz run text artifacts/text/crash-0a1b)" in said
    assert "cargo run --release --manifest-path fuzz/Cargo.toml --bin text -- fuzz/artifacts/text/crash-0a1b" in said
    assert fuzz.finding("text", "", 0) == ""
    # One that ended without a word.
    assert "status -9" in fuzz.finding("text", "killed", -9)


def test_the_statistics_are_the_last_ones() -> None:
    assert fuzz.last_number(r"cov: (\d+)", FOUND) == 4203
    assert fuzz.last_number(r"stat::number_of_executed_units:\s*(\d+)", FOUND) == 2097
    assert fuzz.last_number("cov: (x)", FOUND) == 0


def test_packs_come_out_as_they_went_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fuzz, "FUZZ", tmp_path)
    monkeypatch.setattr(fuzz, "run", lambda *_, **__: "")
    folder = tmp_path / "corpus" / "text"
    folder.mkdir(parents=True)
    inputs = [os.urandom(length) for length in (300, 1, 40_000, 7, 7)] + [b""]
    for number, data in enumerate(inputs):
        (folder / f"{number}").write_bytes(data)
    fuzz.keep("text", {})
    assert not folder.exists()
    there = sorted(path.read_bytes() for path in fuzz.unpack("text").iterdir())
    assert there == sorted(inputs)
    # The smallest are kept where not all are to.
    monkeypatch.setattr(fuzz, "BUDGET", 340)
    fuzz.keep("text", {})
    assert sorted(path.read_bytes() for path in fuzz.unpack("text").iterdir()) == sorted(sorted(inputs, key=len)[:5])


def test_without_a_nightly_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(command: Any, **told: Any) -> str:
        raise CiError(f"{told['what']}: {command[0]} ended with status 1", todo=told.get("todo", ""))

    monkeypatch.setattr(fuzz, "run", run)
    assert fuzz.main(["text"]) == 1
    assert "rustup toolchain install nightly" in capsys.readouterr().err
    assert fuzz.main(["text", "--install"]) == 1
    assert "installing a nightly Rust" in capsys.readouterr().err


def test_a_target_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fuzz.main(["texts"])
    assert "are targets, got texts" in capsys.readouterr().err


def test_exporters_are_tried_until_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[list[str]] = []
    times = iter(range(0, 1000, 20))
    monkeypatch.setattr(fuzz, "time", SimpleNamespace(monotonic=lambda: next(times)))

    def main(words: list[str]) -> int:
        rounds.append(words)
        return 0

    monkeypatch.setattr(tests, "main", main)
    assert fuzz.exporters(60).finding == ""
    assert len(rounds) == 3
    assert all("--hypothesis-profile=nightly" in words for words in rounds)
    monkeypatch.setattr(tests, "main", lambda words: 1)
    assert "exporters" in fuzz.exporters(60).finding
