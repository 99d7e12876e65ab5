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

PATIENCE = 30.0


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[str]:
    """The address of an index of what is in `folder`, which takes what is uploaded; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "pypiserver", "run", "--interface", "127.0.0.1", "--port", str(port)]
    command += ["--authenticate", ".", "--passwords", ".", "--disable-fallback", "--hash-algo", "sha256", str(folder)]
    with log.open("ab") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as process:
        try:
            answers(port, process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when the server does; a CiError when it ends or stays silent."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            try:
                connection.request("GET", "/simple/")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
    raise CiError(
        "the index does not start",
        expected=f"pypiserver to answer on port {port} within {PATIENCE:.0f} s",
        found=log.read_text(encoding="utf-8", errors="replace")[-1000:],
        todo="see what it says; nox -s rehearse chooses another port next time",
    )
