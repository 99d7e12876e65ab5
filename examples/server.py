#!/usr/bin/env python3
"""A server that finds names, many requests at a time: a thread a request, all on one list in memory.

python3.14t examples/server.py names.txt --port 8000
curl -d '{"queries": ["jon smith"], "cutoff": 0.8}' localhost:8000/match

The names are laid out once and shared by all threads. On a free-threaded Python requests run side by side; with the GIL they
take turns in Python, but not in the search, which lets go of it. It needs NumPy.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import hotkernels as hk

MOST_QUERIES = 1000
MOST_BYTES = 1 << 20


class RefusedError(ValueError):
    """What is wrong with a request, as its sender is told."""


class Server(HTTPServer):
    """Answers requests on a pool of threads; `served` counts them."""

    request_queue_size = 128  # clients that may wait to be accepted

    def __init__(self, address: tuple[str, int], names: list[str], threads: int) -> None:
        super().__init__(address, Handler)
        self.names = names
        self.choices = hk.Choices(names, "jaro_winkler")  # laid out once, for all threads
        self.served = hk.ThreadSafeCounter()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")

    def process_request(self, request: Any, client_address: Any) -> None:
        self.pool.submit(self.work, request, client_address)

    def work(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client is gone, and nobody is left to tell
        finally:
            self.shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        self.pool.shutdown()

    def match(self, asked: object) -> list[dict[str, object]]:
        """The answer to a request: the nearest name of each query, or null, and the score."""
        if not isinstance(asked, dict) or not isinstance(asked.get("queries"), list):
            raise RefusedError('an object is taken: {"queries": [names], "cutoff": number}')
        queries, cutoff = asked["queries"], asked.get("cutoff", 0.0)
        if len(queries) > MOST_QUERIES or not all(isinstance(query, str) for query in queries):
            raise RefusedError(f"queries: up to {MOST_QUERIES} strings are taken")
        if isinstance(cutoff, bool) or not isinstance(cutoff, int | float) or not 0 <= cutoff <= 1:
            raise RefusedError(f"cutoff: a number from 0 to 1 is taken, got {cutoff!r}")
        # One thread a call: there are as many calls as cores already.
        indices, scores = hk.best_match(queries, self.choices, score_cutoff=float(cutoff), threads=1)
        self.served.increment()
        return [
            {"query": query, "name": self.names[index] if index >= 0 else None, "score": score}
            for query, index, score in zip(queries, indices.tolist(), scores.tolist(), strict=True)
        ]


class Handler(BaseHTTPRequestHandler):
    """POST /match, in JSON both ways."""

    server: Server
    timeout = 10  # a client that says nothing does not keep a thread

    def do_POST(self) -> None:
        try:
            if self.path != "/match":
                return self.answer(HTTPStatus.NOT_FOUND, {"error": "there is /match alone"})
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                # What is on its way is taken off the wire, or the client would lose the answer with the connection.
                self.rfile.read(min(int(length), 8 * MOST_BYTES) if length.isdecimal() else 0)
                raise RefusedError(f"a body of up to {MOST_BYTES} bytes is taken, with its length")
            self.answer(HTTPStatus.OK, {"matches": self.server.match(json.loads(self.rfile.read(int(length))))})
        except ValueError as error:  # of JSON, of strings that are none, of ours
            self.answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def answer(self, status: HTTPStatus, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Requests are counted, not written down."""


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", type=Path, metavar="NAMES.txt", help="a name a line")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=hk.build_info()["threads"], help="requests at a time (a core each)")
    args = parser.parse_args(words)
    names = [line for line in args.names.read_text(encoding="utf-8").splitlines() if line]
    with Server(("127.0.0.1", args.port), names, args.threads) as server:
        gil = "with" if getattr(sys, "_is_gil_enabled", lambda: True)() else "without"
        # Whoever starts it in the background of a shell has the first one ignored.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        print(f"{len(names):,} names on port {server.server_port}, {args.threads} threads, {gil} the GIL", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"{server.served.get():,} requests served")
    return 0


if __name__ == "__main__":
    sys.exit(main())
