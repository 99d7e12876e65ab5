"""A small package index in memory, on loopback: takes uploads and serves the Simple API, for the tests of the publisher."""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import html
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class MemoryIndex:
    """A context manager. files: what it has. As an index may be: html, hashless, late (pages that do not show the newest)."""

    html: bool = False
    hashless: bool = False
    late: int = 0
    yanked: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    pages: int = 0
    url: str = ""

    def __enter__(self) -> Self:
        index = self

        class Bound(Handler):
            pass

        Bound.index = index
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def simple(self) -> str:
        return f"{self.url}simple/"

    def put(self, name: str, content: bytes) -> None:
        self.files[name] = content
        self.order.append(name)

    def digests(self) -> dict[str, str]:
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}

    def page(self) -> tuple[str, bytes]:
        """All files, or all but the newest while the index is late."""
        shown = self.digests()
        if self.late and self.order:
            self.late -= 1
            shown.pop(self.order[-1])
        if not self.html:
            rows = [
                {"filename": name, "url": f"/files/{name}", "hashes": {} if self.hashless else {"sha256": sha256}}
                | ({"yanked": "bad"} if name in self.yanked else {})
                for name, sha256 in shown.items()
            ]
            text = json.dumps({"meta": {"api-version": "1.4"}, "name": "hotkernels", "files": rows})
            return "application/vnd.pypi.simple.v1+json", text.encode()
        links = [
            f'<a href="/files/{html.escape(name)}{"" if self.hashless else f"#sha256={sha256}"}"'
            f"{' data-yanked' if name in self.yanked else ''}>{name}</a>"
            for name, sha256 in shown.items()
        ]
        return "text/html", "<!DOCTYPE html><html><body>{}</body></html>".format("<br>".join(links)).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers as the index that it is bound to."""

    index: MemoryIndex

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.path == "/simple/hotkernels/" and self.index.files:
            self.index.pages += 1
            self.answer(200, *self.index.page())
        elif self.path.startswith("/files/") and name in self.index.files:
            self.answer(200, "application/octet-stream", self.index.files[name])
        else:
            self.answer(404, "text/plain", b"no such page")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        fields: dict[str, str] = {}
        name, content = "", b""
        for part in message.iter_parts():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            if filename := part.get_filename():
                name, content = filename, payload
            else:
                fields[str(part.get_param("name", header="Content-Disposition"))] = payload.decode()
        if name in self.index.files and self.index.files[name] != content:
            self.answer(400, "text/plain", b"File already exists")
        elif fields.get("sha256_digest") != hashlib.sha256(content).hexdigest():
            self.answer(400, "text/plain", b"the digest is of other bytes")
        else:
            self.index.put(name, content)
            self.index.fields[name] = fields
            self.answer(200, "text/plain", b"")
