"""Programs of tests at a time: in order, whole, each to its end, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci import jobs
from ci.paths import ROOT
from scripts import suites
from scripts.suites import Suite

SAY = "import sys, time; time.sleep(float(sys.argv[1])); print(sys.argv[2]); sys.exit(int(sys.argv[3]))"


def says(name: str, seconds: float, words: str, status: int = 0) -> Suite:
    return Suite(name=name, command=(sys.executable, "-c", SAY, str(seconds), words, str(status)))


SUITES = [
    says("slow", 0.6, "closing line of slow"),
    says("bad", 0, "what was wrong\nwith bad", 3),
    says("quick", 0, "of quick"),
]


@pytest.mark.parametrize("at_once", [1, 2])
def test_each_is_shown_whole_and_in_order_and_failures_are_named_at_the_end(
    at_once: int, capfd: pytest.CaptureFixture[str]
) -> None:
    outcomes = suites.run(SUITES, at_once=at_once, total=3)
    assert [(outcome.name, outcome.status) for outcome in outcomes] == [("slow", 0), ("bad", 3), ("quick", 0)]
    lines = [line.rstrip("─ ") for line in capfd.readouterr().out.splitlines() if line.strip("─ ")]
    if at_once > 1:  # one by one they write to the descriptor themselves, beside this process's buffer
        assert lines[:7] == ["slow", "closing line of slow", "bad", "what was wrong", "with bad", "quick", "of quick"]
    assert [line.rpartition("  ")[0] for line in lines[-3:]] == [
        f"{'slow':24} passed",
        f"{'bad':24} FAILED",
        f"{'quick':24} passed",
    ]


def test_so_many_run_at_a_time_and_no_more(tmp_path: Path) -> None:
    program = """
import os, sys, time
from pathlib import Path
begun, running = Path(sys.argv[1], "begun"), Path(sys.argv[1], "running")
mine = [folder / str(os.getpid()) for folder in (begun, running)]
for path in mine:
    path.touch()
deadline = time.monotonic() + 60
while len(list(begun.iterdir())) < 2 and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.2)
print(len(list(running.iterdir())))
mine[1].unlink()
"""
    for name in ("begun", "running"):
        (tmp_path / name).mkdir()
    four = [Suite(name=str(number), command=(sys.executable, "-c", program, str(tmp_path))) for number in range(4)]
    outcomes = suites.run(four, at_once=2, total=4)
    assert max(int(outcome.said) for outcome in outcomes) == 2


def test_others_are_made_while_the_first_run(tmp_path: Path) -> None:
    """The first ends when what the second is made with is there."""
    wait = "import sys, time, pathlib\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"

    def made() -> Iterator[Suite]:  # a generator: what it does, it does while those before run
        yield Suite(name="first", command=(sys.executable, "-c", wait, str(tmp_path / "made")))
        (tmp_path / "made").touch()
        yield says("second", 0, "there")

    assert [outcome.status for outcome in suites.run(made(), at_once=2, total=2)] == [0, 0]


@pytest.mark.parametrize("way", ["interrupt", "error"])
def test_what_ends_it_ends_all_of_them(tmp_path: Path, way: str) -> None:
    program = f"""
import signal, sys
from pathlib import Path
from scripts import suites
signal.signal(signal.SIGINT, signal.default_int_handler)
child = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1], str(os.getpid())).touch(); time.sleep(600)"
def made():
    for number in range(5):
        yield suites.Suite(name=str(number), command=(sys.executable, "-c", child, {str(tmp_path)!r}))
    while {way == "error"} and len(list(Path({str(tmp_path)!r}).iterdir())) < 2:
        pass
    if {way == "error"}:
        raise LookupError("a wheel that does not build")
suites.run(made(), at_once=2, total=5)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while len(found := list(tmp_path.iterdir())) < 2 and process.poll() is None:
            time.sleep(0.01)
        if way == "interrupt":
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert ("KeyboardInterrupt" if way == "interrupt" else "LookupError: a wheel that does not build") in said
    found = list(tmp_path.iterdir())
    assert len(found) == 2  # those that waited were not begun
    assert [path.name for path in found if alive(int(path.name))] == []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("cores", "gigabytes", "expected"), [(2, 24, 2), (4, 16, 4), (8, 16, 5), (3, 7, 2), (1, 64, 1), (64, 1, 1)]
)
def test_as_many_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch, cores: int, gigabytes: int, expected: int) -> None:
    monkeypatch.setattr(jobs, "cores", lambda: cores)
    monkeypatch.setattr(jobs, "memory", lambda: gigabytes << 30)
    assert jobs.at_once() == expected


def test_memory_is_the_container_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jobs, "LIMITS", (str(tmp_path / "none"),))
    machine = jobs.memory()
    assert machine > 1 << 28
    for said, expected in (("max\n", machine), (f"{1 << 27}\n", 1 << 27), (f"{1 << 62}\n", machine)):
        (tmp_path / "limit").write_text(said)
        monkeypatch.setattr(jobs, "LIMITS", (str(tmp_path / "limit"),))
        assert jobs.memory() == expected
