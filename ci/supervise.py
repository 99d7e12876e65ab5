"""Runs a program for long: its output into a log, ended with all that it started when it takes too long.

ci/process.py is for short commands whose output is the answer.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

TOO_LONG = 124
"""The status of a program that was ended, as timeout(1) gives it."""

_running: set[int] = set()
_ended = threading.Event()


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], log: Path, timeout: float | None = 1800) -> int:
    """The status of the program. What it says is appended to `log`, after the command itself. timeout: seconds, or none."""
    words = [os.fspath(word) for word in command]
    with log.open("ab") as out:
        out.write(f"$ {shlex.join(words)}\n".encode())
        out.flush()
        # A session of its own: what a test started and left behind is ended with it.
        with subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            _running.add(process.pid)
            try:
                if _ended.is_set():
                    _end(process.pid)
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                out.write(f"\nended after {timeout:.0f} s\n".encode())
                return TOO_LONG
            finally:
                _end(process.pid)
                _running.discard(process.pid)


def end_all() -> None:
    """Ends every program that runs, of all threads, and any that is still started: this process is about to end.

    An interrupt from the keyboard reaches this process alone.
    """
    _ended.set()
    for pid in list(_running):
        _end(pid)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, for a message or a detail."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
