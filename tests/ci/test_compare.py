"""Two runs of the benchmarks beside each other, on made results: what is there is told, what is noise is not."""

from __future__ import annotations

import json
import random
import statistics
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bootstrap, compare, store

ROUNDS = 15
MACHINE: dict[str, Any] = {
    "cpu": "a CPU",
    "cores": 2,
    "system": "Linux x86_64",
    "python": "3.14.7",
    "free_threaded": False,
    "hotkernels": {"abi": "cp314", "simd": "avx2", "simd_int8": "avx2", "target": "x86_64", "rustc": "1.95.0", "version": "1"},
    "versions": {"numpy": "2.5.5", "rapidfuzz": "3.14.6"},
}


def rounds(median: float, noise: float, seed: int) -> list[float]:
    numbers = random.Random(seed)
    return [median * numbers.gauss(1, noise) for _ in range(ROUNDS)]


def family(factor: float = 1, noise: float = 0.01, *, seed: int = 0, mood: float = 1, works: int = 20) -> dict[str, Any]:
    """So many pieces of work beside a peer; the last one takes `factor` of what it took, the machine `mood` of all."""
    results = [
        {
            "work": f"work {number}",
            "unit": "calls",
            "amount": 1,
            "peer": "peer",
            "note": "",
            "seconds": {
                "hotkernels": rounds(1e-3 * mood * (factor if number == works - 1 else 1), noise, 100 * seed + number),
                "peer": rounds(5e-3 * mood, noise, 100 * seed + 50 + number),
            },
            "errors": {},
        }
        for number in range(works)
    ]
    return {"machine": MACHINE, "results": results, "finished": "2026-11-21T20:00:00+00:00"}


def keep(folder: Path, content: dict[str, Any], name: str = "cp314-text") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def verdicts(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], **options: Any) -> dict[str, str]:
    runs = [store.read(keep(tmp_path / name, content)) for name, content in (("before", before), ("after", after))]
    found = compare.compare(*runs, **({"confidence": 0.95, "least": 0.02} | options))
    return {change.key.work: change.verdict for change in found if change.verdict != "not told apart"}


@pytest.mark.parametrize("noise", [0.001, 0.01, 0.1])
def test_of_equal_runs_nothing_is_told_apart(tmp_path: Path, noise: float) -> None:
    assert verdicts(tmp_path, family(noise=noise), family(noise=noise)) == {}
    for seed in range(1, 11):
        assert verdicts(tmp_path, family(noise=noise), family(noise=noise, seed=seed)) == {}


@pytest.mark.parametrize("seed", range(5))
def test_a_tenth_is_found_in_a_hundredth_of_noise(tmp_path: Path, seed: int) -> None:
    assert verdicts(tmp_path, family(seed=9), family(1.1, seed=seed)) == {"work 19": "slower"}
    assert verdicts(tmp_path, family(seed=9), family(0.9, seed=seed)) == {"work 19": "faster"}


@pytest.mark.parametrize("seed", range(5))
def test_three_hundredths_are_not_found_in_a_tenth_of_noise(tmp_path: Path, seed: int) -> None:
    assert verdicts(tmp_path, family(noise=0.1, seed=9), family(1.03, noise=0.1, seed=seed)) == {}


def test_what_is_too_small_to_be_worth_telling(tmp_path: Path) -> None:
    slower = family(1.03, noise=0.001, seed=1)
    assert verdicts(tmp_path, family(noise=0.001), slower) == {"work 19": "slower"}
    assert verdicts(tmp_path, family(noise=0.001), slower, least=0.05) == {}


def test_relative_to_the_peers_the_machine_s_mood_is_nothing(tmp_path: Path) -> None:
    moody = family(1.1, seed=1, mood=1.3)
    assert len(verdicts(tmp_path, family(), moody)) == 20
    assert verdicts(tmp_path, family(), moody, relative=True) == {"work 19": "slower"}


class TestCommand:
    @pytest.fixture
    def before(self, tmp_path: Path) -> Path:
        return keep(tmp_path / "before", family())

    def test_the_table_and_the_status(self, before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        after = keep(tmp_path / "after", family(1.1, seed=1))
        page = tmp_path / "page.md"
        assert compare.main([str(before), str(after), "--markdown", str(page)]) == 0
        out = capsys.readouterr().out
        (line,) = (line for line in out.splitlines() if "work 19" in line)
        assert "cp314 text: hotkernels" in line
        assert "1.1" in line
        assert line.rstrip().endswith("slower")
        assert "work 18" not in out
        assert "20 measures: 1 slower, 0 faster, 19 not told apart" in out
        (row,) = (row for row in page.read_text().splitlines() if row.startswith("| work"))
        assert row.endswith("| slower |")
        assert compare.main([str(before), str(after), "--fail-above", "5"]) == 1
        assert compare.main([str(before), str(after), "--fail-above", "20"]) == 0
        assert compare.main([str(after), str(before), "--fail-above", "5"]) == 0
        capsys.readouterr()
        compare.main([str(before), str(after), "--all"])
        assert "work 18" in capsys.readouterr().out

    def test_another_mood_of_the_machine_is_said(
        self, before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        compare.main([str(before), str(keep(tmp_path / "after", family(mood=1.3, seed=1)))])
        assert "--relative" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("where", "name", "value"),
        [
            ("", "cpu", "another CPU"),
            ("", "python", "3.15.0"),
            ("", "free_threaded", True),
            ("hotkernels", "simd", "avx512"),
            ("hotkernels", "rustc", "1.96.0"),
            ("versions", "numpy", "2.6.0"),
        ],
    )
    def test_what_times_depend_on_is_to_be_the_same(
        self, before: Path, tmp_path: Path, where: str, name: str, value: object, capsys: pytest.CaptureFixture[str]
    ) -> None:
        content = json.loads(json.dumps(family(1.5, seed=1)))
        (content["machine"][where] if where else content["machine"])[name] = value
        after = keep(tmp_path / "after", content)
        assert compare.main([str(before), str(after)]) == 2
        out = capsys.readouterr().out
        assert f"{name}: " in out
        assert str(value) in out
        assert "work 19" not in out
        assert compare.main([str(before), str(after), "--anyway", "--fail-above", "5"]) == 1
        assert "work 19" in capsys.readouterr().out

    def test_nothing_in_common(self, before: Path, tmp_path: Path) -> None:
        assert compare.main([str(before), str(keep(tmp_path / "after", family(), "cp314-image"))]) == 2


class TestFile:
    def test_a_run_is_one_file_with_all_that_was_measured(self, tmp_path: Path) -> None:
        folder = keep(keep(tmp_path / "all", family()), family(seed=1), "cp312-abi3-names")
        content = store.gather(folder)
        assert content["format"] == store.FORMAT
        assert [each["family"] for each in content["families"]] == ["names", "text"]
        (tmp_path / "run.json").write_text(json.dumps(content))
        assert store.read(tmp_path / "run.json").measures == store.read(folder).measures
        assert store.read(folder).measures[store.Key(abi="cp314", family="names", work="work 3", engine="peer")].peer == "peer"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            '{"format": 2, "finished": "", "families": []}',
            '{"format": 1, "finished": "", "families": [{}]}',
            '{"format": 1, "finished": "", "families": 3}',
        ],
    )
    def test_what_is_no_run_is_said_to_be_none(self, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "run.json").write_text(text)
        assert compare.main([str(tmp_path / "run.json"), str(tmp_path / "run.json")]) == 2
        assert "run.json: " in capsys.readouterr().out

    @pytest.mark.parametrize("seconds", [[], [0.0], [-1.0], [float("nan")], ["1"], [1]])
    def test_times_are_positive(self, tmp_path: Path, seconds: list[object]) -> None:
        content = family()
        content["results"][0]["seconds"]["peer"] = seconds
        with pytest.raises(store.WrongFileError, match="seconds of peer"):
            store.read(keep(tmp_path, content))

    def test_those_that_are_kept_are_read(self) -> None:
        run = store.read(Path(store.__file__).parent / "results")
        assert len(run.measures) > 100


class TestBootstrap:
    @pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 15])
    def test_the_distribution_is_the_one_that_drawing_gives(self, count: int) -> None:
        numbers = random.Random(count)
        values = [numbers.random() for _ in range(count)]
        exact = dict(bootstrap.medians(values))
        assert sum(exact.values()) == pytest.approx(1)
        draws = 40_000
        found = dict.fromkeys(values, 0.0)
        for _ in range(draws):
            drawn = numbers.choices(values, k=count)
            for middle in (statistics.median_low(drawn), statistics.median_high(drawn)):
                found[middle] += 0.5 / draws
        for value, chance in exact.items():
            assert found[value] == pytest.approx(chance, abs=0.012)

    def test_the_interval_holds_as_often_as_it_says(self) -> None:
        numbers = random.Random(1)
        held = 0
        for _ in range(400):
            before, after = ([numbers.gauss(10, 1) for _ in range(ROUNDS)] for _ in range(2))
            _, low, high = bootstrap.ratio(before, after, 0.9)
            held += low <= 1 <= high
        assert 340 <= held <= 400  # 360, and the bootstrap of a median is a little too wide

    def test_it_is_the_same_each_time_and_the_other_way_round(self) -> None:
        before, after = rounds(1, 0.1, 1), rounds(1.2, 0.1, 2)
        ratio, low, high = bootstrap.ratio(before, after, 0.95)
        assert bootstrap.ratio(before, after, 0.95) == (ratio, low, high)
        assert low < ratio < high
        assert bootstrap.ratio(after, before, 0.95) == pytest.approx((1 / ratio, 1 / high, 1 / low))
