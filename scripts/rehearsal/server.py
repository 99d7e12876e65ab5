"""A real index, pypiserver, on a free port of loopback, over one folder."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ci.errors import CiError

PATIENCE = 60.0


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[str]:
    """The address of an index of what is in `folder`, which takes what is uploaded; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    process, port = started(folder, log)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        end(process)


def started(folder: Path, log: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers, and its port; a CiError where three do not."""
    command = [sys.executable, "-m", "pypiserver", "run", "--interface", "127.0.0.1", "--disable-fallback"]
    command += ["--authenticate", ".", "--passwords", ".", "--hash-algo", "sha256", str(folder)]
    for _ in range(3):  # another program may take the port meanwhile
        port = free_port()
        with log.open("ab") as out:
            process = subprocess.Popen([*command, "--port", str(port)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if answers(port, process):
            return process, port
        end(process)
    raise CiError(
        "the index does not start",
        expected=f"pypiserver to answer within {PATIENCE:.0f} s",
        found=log.read_text(encoding="utf-8", errors="replace")[-1000:] or "no word from it",
        todo="see what it says",
    )


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """True as soon as it does; False when it ends or stays silent."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            try:
                connection.request("GET", "/simple/")
                if connection.getresponse().status == 200 and process.poll() is None:
                    return True
            except (OSError, http.client.HTTPException):
                pass
        time.sleep(0.05)
    return False


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
