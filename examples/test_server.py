"""examples/server.py: many clients at a time get right answers, bad requests a reason. Also run on a free-threaded build."""

from __future__ import annotations

import http.client
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hotkernels as hk
import pytest

EXAMPLE = Path(__file__).with_name("server.py")
NAMES = [f"{first} {last}" for first in ("john", "joan", "jane", "mary") for last in ("smith", "smythe", "jones", "o'neil")]

pytestmark = pytest.mark.thread_unsafe(reason="one server, whose requests are counted")


@pytest.fixture(scope="module")
def example() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(EXAMPLE)))


@pytest.fixture
def server(example: SimpleNamespace) -> Iterator[Any]:
    with example.Server(("127.0.0.1", 0), NAMES, 4) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def post(port: int, body: bytes, path: str = "/match") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_many_clients_get_right_answers(server) -> None:
    def client(number: int) -> None:
        query = NAMES[number % len(NAMES)].replace("o", "0", 1)
        status, said = post(server.server_port, json.dumps({"queries": [query, "zzz"], "cutoff": 0.5}).encode())
        best = max(hk.jaro_winkler_similarity(query, name) for name in NAMES)
        assert status == 200
        assert said["matches"][0]["score"] == best == hk.jaro_winkler_similarity(query, said["matches"][0]["name"])
        assert said["matches"][1] == {"query": "zzz", "name": None, "score": 0.0}

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(client, range(200)))
    assert server.served.get() == 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"[]", "an object is taken"),
        (b'{"queries": [1]}', "up to 1000 strings"),
        (b'{"queries": ["a"], "cutoff": 2}', "from 0 to 1 is taken, got 2"),
        (b'{"queries": ["a"], "cutoff": true}', "from 0 to 1 is taken, got True"),
        (b'{"queries": ["\\ud800"]}', "surrogate"),
        (b" " * ((1 << 20) + 1), "up to 1048576 bytes"),
    ],
)
def test_a_bad_request_is_told_why(server, body, reason) -> None:
    status, said = post(server.server_port, body)
    assert status == 400
    assert reason in said["error"]
    assert post(server.server_port, b'{"queries": []}') == (200, {"matches": []})  # and the next one is served


def test_another_path_is_not_there(server) -> None:
    assert post(server.server_port, b"{}", "/")[0] == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("ignored", [False, True], ids=["", "in the background"])
def test_a_person_starts_it_and_stops_it(tmp_path, number, ignored) -> None:
    names = tmp_path / "names.txt"
    names.write_text("\n".join(NAMES), encoding="utf-8")
    command = [sys.executable, "-P", str(EXAMPLE), str(names), "--port", "0", "--threads", "2"]
    if ignored:  # as a shell starts what it does not wait for
        command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r"16 names on port (\d+), 2 threads, with(?:out)? the GIL", said)
        assert found, said
        assert ("without" in said) == (not getattr(sys, "_is_gil_enabled", lambda: True)())
        assert post(int(found[1]), b'{"queries": ["jon smith"]}')[1]["matches"][0]["name"] == "john smith"
        process.send_signal(number)
        assert process.communicate(timeout=30)[0] == "1 requests served\n"
        assert process.returncode == 0
