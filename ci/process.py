"""Runs a command and says clearly what it was and what it said when it fails. Standard library only."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.errors import CiError


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    todo: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    log: Path | None = None,
    lines: int = 30,
) -> str:
    """The command's output, stdout and stderr together; a CiError with the end of it when it fails.

    what: the work, as the error names it. timeout: seconds. log: a file that keeps the output, added to. lines: how many
    of its last lines an error shows.
    """
    words = [os.fspath(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise CiError(f"{what}: {words[0]} is not there", todo=todo or f"install {words[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise CiError(f"{what}: no answer within {timeout:.0f} s", found=shlex.join(words), todo=todo) from error
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {shlex.join(words)}\n{done.stdout}\n")
    if done.returncode:
        tail = "\n".join(done.stdout.rstrip().splitlines()[-lines:])
        raise CiError(
            f"{what}: {shlex.join(words)} ended with status {done.returncode}",
            found=tail or "no output",
            todo=todo,
        )
    return done.stdout
