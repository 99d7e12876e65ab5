"""A proxy on loopback, before a real index, that fails as indexes and networks fail: one fault at a time, on purpose.

Standard library only. Tests put a small index in memory behind it, the rehearsal a real one.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

FILENAME = re.compile(rb'name="content"; *filename="([^"]+)"')
HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}


@dataclass
class Upload:
    """One request that sends a file; number counts the uploads from 1, attempt those of this file."""

    handler: Handler
    filename: str
    body: bytes
    number: int
    attempt: int

    def forward(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """Sends it on to the index; what that answers."""
        return self.handler.ask_upstream(self.body)

    def answer(self, status: int, text: str = "") -> None:
        self.handler.reply(status, [("Content-Type", "text/plain")], text.encode())

    def hang_up(self) -> None:
        """Closes the connection without a word."""
        self.handler.close_connection = True
        with contextlib.suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)


Fault = Callable[[Upload], bool]
"""What goes wrong with an upload. True: the fault has dealt with it; False: it goes on to the index."""


def none(_: Upload) -> bool:
    return False


def status(code: int, filename: str = "", times: int = 10**9) -> Fault:
    """An error instead of the index, for one file or every one; after so many times all is well."""
    left = [times]

    def fault(upload: Upload) -> bool:
        if filename not in ("", upload.filename) or left[0] <= 0:
            return False
        left[0] -= 1
        upload.answer(code, "on purpose")
        return True

    return fault


def dies_after(count: int) -> Fault:
    """The server goes away once it has taken so many files: whoever calls later is refused."""

    def fault(upload: Upload) -> bool:
        if upload.number <= count:
            return False
        upload.hang_up()
        upload.handler.proxy.close()
        return True

    return fault


def cut_body(filename: str, times: int = 10**9, *, half: bool) -> Fault:
    """The connection breaks in the middle of a file; half: the index gets so much of it."""
    left = [times]

    def fault(upload: Upload) -> bool:
        if upload.filename != filename or left[0] <= 0:
            return False
        left[0] -= 1
        if half:
            upload.handler.half_upstream(upload.body)
        upload.hang_up()
        return True

    return fault


def forgets(filename: str) -> Fault:
    """Says 200 and keeps nothing."""

    def fault(upload: Upload) -> bool:
        if upload.filename != filename:
            return False
        upload.answer(200, "thank you")
        return True

    return fault


def loses_answer(filename: str, times: int = 1) -> Fault:
    """The index keeps the file, and the client never hears of it."""
    left = [times]

    def fault(upload: Upload) -> bool:
        if upload.filename != filename or left[0] <= 0:
            return False
        left[0] -= 1
        upload.forward()
        upload.hang_up()
        return True

    return fault


def slow(seconds: float) -> Fault:
    """Each answer takes its time."""

    def fault(_: Upload) -> bool:
        time.sleep(seconds)
        return False

    return fault


def hangs(seconds: float) -> Fault:
    """Takes the file and says nothing, for so long."""

    def fault(upload: Upload) -> bool:
        time.sleep(seconds)
        upload.hang_up()
        return True

    return fault


@dataclass
class Proxy:
    """A context manager: while it lasts, `url` answers as `upstream` does, but for the fault; by https with a context."""

    upstream: str
    fault: Fault = none
    port: int = 0
    handler: type[Handler] | None = None
    context: ssl.SSLContext | None = None
    uploads: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/" if self.context else f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        proxy = self

        class Bound(self.handler or Handler):  # type: ignore[misc]
            pass

        Bound.proxy = proxy
        self._server = Server(("127.0.0.1", self.port), Bound)
        if self.context:
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def close(self) -> None:
        """Ends the server, from any thread; the second time nothing happens."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Server(ThreadingHTTPServer):
    """One thread a request."""

    daemon_threads = True
    block_on_close = False  # a fault closes the server from one of its own threads

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is what half of the faults are for."""


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, uploads past the fault first."""

    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server gives it
        """Silent: who starts the proxy prints what matters."""

    def do_GET(self) -> None:
        self.reply(*self.ask_upstream(b""))

    def do_POST(self) -> None:
        body = self.read_body()
        found = FILENAME.search(body)
        filename = found[1].decode() if found else ""
        self.proxy.uploads.append(filename)
        number, attempt = len(self.proxy.uploads), self.proxy.uploads.count(filename)
        if not self.proxy.fault(Upload(self, filename, body, number, attempt)):
            self.reply(*self.ask_upstream(body))

    def read_body(self) -> bytes:
        """By its length, or chunk by chunk."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def passed_on(self, length: int) -> dict[str, str]:
        kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        return kept | ({"Content-Length": str(length)} if self.command == "POST" else {})

    def ask_upstream(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(str(urlsplit(self.proxy.upstream).netloc), timeout=60)
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body or None, self.passed_on(len(body)))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def half_upstream(self, body: bytes) -> None:
        """Promises the whole body to the index, sends the half, and hangs up."""
        connection = http.client.HTTPConnection(str(urlsplit(self.proxy.upstream).netloc), timeout=60)
        with contextlib.closing(connection):
            connection.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.passed_on(len(body)).items():
                connection.putheader(name, value)
            connection.endheaders(body[: len(body) // 2])

    def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP | {"date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
