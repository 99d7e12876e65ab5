"""Runs several programs of tests at a time; what each says is kept, and shown whole, in order, when it has come to its end.

One at a time they speak for themselves, as a person who looks for a mistake wants it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.text import Text

from ci import supervise
from ci.console import console, progress
from ci.paths import ROOT


@dataclass(frozen=True, kw_only=True)
class Suite:
    """One program of tests, and the name that it is shown under. env: what is different for it."""

    name: str
    command: Sequence[str | Path]
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one; said is empty where it was seen as it came."""

    name: str
    status: int
    seconds: float
    said: str = ""


def run(suites: Iterable[Suite], *, at_once: int, total: int) -> list[Outcome]:
    """Every one of them, whatever becomes of the others; then a line each.

    suites: where making one takes a while, those before it run meanwhile. total: how many there are.
    """
    outcomes = one_by_one(suites) if at_once == 1 or total == 1 else together(suites, at_once, total)
    console.rule(style="dim")
    for outcome in outcomes:
        verdict = "[bold red]FAILED[/]" if outcome.status else "passed"
        console.print(f"{outcome.name:24} {verdict}  {outcome.seconds:.0f} s")
    return outcomes


def one_by_one(suites: Iterable[Suite]) -> list[Outcome]:
    outcomes = []
    for suite in suites:
        console.rule(suite.name, align="left")
        started = time.monotonic()
        status = subprocess.run(suite.command, cwd=ROOT, env=os.environ | suite.env, check=False).returncode
        outcomes.append(Outcome(name=suite.name, status=status, seconds=time.monotonic() - started))
    return outcomes


def together(suites: Iterable[Suite], at_once: int, total: int) -> list[Outcome]:
    """An interrupt, or an error in making one of them, ends all that run."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="hotkernels-suites-") as name, ThreadPoolExecutor(at_once) as pool:
        try:
            started = [pool.submit(attempt, suite, Path(name) / f"{number}.txt") for number, suite in enumerate(suites)]
            with progress("testing", total) as bar:
                for future in counted(started, lambda: bar.advance(bar.task_ids[0])):
                    outcomes.append(future.result())
                    show(outcomes[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            supervise.end_all()
            raise
    return outcomes


def counted(futures: list[Future[Outcome]], done: Callable[[], None]) -> list[Future[Outcome]]:
    """The same, each of which calls `done` at its end, in whatever order these come."""
    for future in futures:
        future.add_done_callback(lambda _: done())
    return futures


def attempt(suite: Suite, log: Path) -> Outcome:
    started = time.monotonic()
    status = supervise.run(suite.command, cwd=ROOT, env=os.environ | suite.env, log=log, timeout=None)
    command = f"$ {shlex.join(map(str, suite.command))}\n"  # too long to be read by everybody
    said = log.read_text(encoding="utf-8", errors="replace").removeprefix(command)
    return Outcome(name=suite.name, status=status, seconds=time.monotonic() - started, said=said)


def show(outcome: Outcome) -> None:
    console.rule(outcome.name, align="left")
    console.print(Text.from_ansi(outcome.said))
