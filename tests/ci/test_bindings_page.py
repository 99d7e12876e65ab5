"""What docs/bindings.md says is of the results: each number comes through a table, and each table from benchmarks/results."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bindings_tables
from benchmarks.bindings import ways
from ci.paths import ROOT

PAGE = (ROOT / "docs" / "bindings.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_every_table_is_on_the_page_once() -> None:
    shown = re.findall(r"^```\{bindings\} (.+)$", PAGE, re.MULTILINE)
    assert sorted(shown) == sorted(bindings_tables.TABLES)


def test_the_prose_has_no_measured_number() -> None:
    measured = r"\d[\d.,]*\s*(?:ns|µs|ms|s|seconds?|MB|MiB|KiB|lines|×|times|%)(?!\w)|×\s*\d"
    assert not re.findall(measured, PROSE)


def test_every_plot_is_shown() -> None:
    assert set(re.findall(r"plots/(\w+)\.svg", PAGE)) == {"bindings", "handover", "workload"}


@pytest.mark.parametrize("name", bindings_tables.TABLES)
def test_a_table_is_whole(name: str) -> None:
    lines = [line for line in bindings_tables.made(name).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) <= 1
    if name not in {"compilers", "arithmetic"}:
        assert len(lines) > 5


def test_the_results_are_of_every_way_that_there_is() -> None:
    results = bindings_tables.read("cp314-bindings.json")
    names = [way.name for way in ways.ALL]
    assert [way["name"] for way in results["ways"]] == names
    assert list(dict.fromkeys(row["way"] for row in results["handover"])) == names
    for row in results["results"]:
        assert [name for name in row["seconds"] if name != "an empty lambda"] == names
    # Both builds of the interpreter, each in its own file.
    for name, free in (("cp314-workload.json", False), ("cp314t-workload.json", True)):
        assert bindings_tables.read(name)["machine"]["free_threaded"] is free


def test_no_result_has_a_path_of_the_machine_that_measured() -> None:
    for name in bindings_tables.FILES:
        text = (bindings_tables.RESULTS / name).read_text(encoding="utf-8")
        assert not re.findall(r"(?:/root|/home|/Users|/tmp)/[^\s\"]+", text)


def test_numbers_of_a_table_are_those_of_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine: dict[str, Any] = bindings_tables.read("cp314-bindings.json")["machine"]
    seconds = {"C": [1e-7] * 3, "slow": [3e-7] * 3, "an empty lambda": [4e-8] * 3}
    call = {"work": "add(int, int)", "amount": 1, "seconds": seconds}
    handed = {"way": "C", "mode": "copy", "first": [0.5] * 3, "sum": [2.0] * 3, "peak": [1e9] * 3}
    content = {"machine": machine, "finished": "2026-01-01T00:00", "results": [call], "handover": [handed]}
    (tmp_path / "cp314-bindings.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(bindings_tables, "RESULTS", tmp_path)
    assert "| slow | 300 ns ± 0% | 260 ns | 3.00 |" in bindings_tables.made("calls")
    assert "| C | copy | 500 ms | 2.00 s | 1000 MB |" in bindings_tables.made("handover")


def test_pools_are_compared_round_by_round() -> None:
    row = {
        "work": "cosine, all pairs of 128 float32, NumPy",
        "seconds": {"ThreadPoolExecutor(1)": [2.0, 4.0, 6.0], "ThreadPoolExecutor(2)": [1.0, 2.0, 6.0]},
    }
    found = bindings_tables.pools({"results": [{}, row]})
    assert bindings_tables.ratio(found["NumPy"][1], found["NumPy"][2]) == 2.0
