"""What the publisher makes of addresses, credentials and the pages of an index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci import __main__, client, index
from ci.errors import CiError
from tests.ci.memory_index import MemoryIndex
from tests.ci.publish.attempts import LINUX, THIRD, run, whole


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("hotkernels-0.1.0-cp311-cp311-manylinux_2_28_x86_64.whl", True),
        ("hotkernels-0.1.0.zip", True),
        ("hotkernels-0.1.0-py3.12-linux-x86_64.egg", True),
        ("hotkernels-0.1-cp312-abi3-manylinux_2_28_x86_64.whl", True),  # 0.1 is 0.1.0
        ("hotkernels-0.1.0-1-cp312-abi3-manylinux_2_28_x86_64.whl", True),
        ("hotkernels-0.1.1-cp312-abi3-manylinux_2_28_x86_64.whl", False),
        ("hotkernels-0.1.0.1-py3.12.egg", False),
        ("hotkernels-0.0.9.tar.gz", False),
    ],
)
def test_which_files_are_of_a_version(name: str, same: bool) -> None:
    assert index.belongs(name, "0.1.0") is same


@pytest.mark.parametrize("html", [False, True])
def test_every_kind_of_page(html: bool, released: Path, memory: MemoryIndex, wanted: dict[str, str]) -> None:
    memory.html, memory.hashless = html, html
    assert run(released, memory.url) == 0
    assert {file.filename: file.sha256 for file in map(index.identified, index.files(memory.simple, "hotkernels"))} == wanted


def test_a_page_that_shows_files_late(released: Path, memory: MemoryIndex, wanted: dict[str, str]) -> None:
    memory.late = 2
    assert run(released, memory.url, "--wait", "20") == 0
    assert memory.digests() == wanted
    assert len(memory.order) == len(wanted)


@pytest.mark.parametrize(
    "url", ["http://index.invalid/", "ftp://127.0.0.1/", "file:///tmp", "pypi", "http://127.0.0.1.nip.io/"]
)
def test_addresses_that_are_not_spoken_to(url: str, released: Path, said: Callable[[], str]) -> None:
    assert run(released, url) == 1
    assert "not an address that is spoken to" in said()


def test_an_index_that_is_not_looked_at_gets_nothing(released: Path, said: Callable[[], str]) -> None:
    assert __main__.main(["publish", str(released), "--index", "https://index.invalid/"]) == 1
    assert "--check-url: not given" in said()


def test_loopback() -> None:
    assert all(map(index.loopback, ("http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/", "http://127.9.9.9/")))
    assert not any(map(index.loopback, ("http://10.0.0.1/", "http://localhost.example/", "https://index.example/simple/", "")))


def test_credentials() -> None:
    """Only those of the person; in a hosted job none but its own identity; on loopback any."""
    real, near = "https://index.invalid/", "http://127.0.0.1:1/"
    mine = {"UV_PUBLISH_TOKEN": "t", "UV_PUBLISH_URL": "https://elsewhere.invalid/", "HOME": "/h"}
    assert client.environment(real, mine).items() >= {"UV_PUBLISH_TOKEN": "t", "HOME": "/h"}.items()
    assert "UV_PUBLISH_URL" not in client.environment(real, mine)
    hosted = mine | {"GITHUB_ACTIONS": "true"}
    assert client.hosted(real, hosted)
    assert not client.hosted(near, hosted)
    assert "UV_PUBLISH_TOKEN" not in client.environment(real, hosted)
    assert client.environment(near, {})["UV_PUBLISH_USERNAME"]
    assert "UV_PUBLISH_USERNAME" not in client.environment(near, mine)
    assert "UV_PUBLISH_USERNAME" not in client.environment(real, {})


@pytest.mark.parametrize(
    ("said", "permanent"),
    [
        ("cause: Server returned status code 403 Forbidden. Server says: no", True),
        ("cause: Server returned status code 400 Bad Request. Server says: no", True),
        ("cause: Missing credentials for: https://index.invalid/", True),
        ("error: Local file and index file do not match for `x`", True),
        ("cause: Server returned status code 429 Too Many Requests", False),
        ("cause: Server returned status code 408 Request Timeout", False),
        ("cause: Server returned status code 502 Bad Gateway", False),
        ("cause: operation timed out", False),
    ],
)
def test_what_is_tried_again(said: str, permanent: bool) -> None:
    assert (client.PERMANENT.search(said) is not None) is permanent


def test_published_by_sums(
    released: Path, memory: MemoryIndex, wanted: dict[str, str], tmp_path: Path, said: Callable[[], str]
) -> None:
    assert run(released, memory.url) == 0
    sums = tmp_path / "SHA256SUMS"
    command = ["published", "--index", memory.simple, "--sums", str(sums), *LINUX, "--version", "v0.1.0"]
    sums.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in wanted.items()))
    assert __main__.main(command) == 0
    assert "is whole" in said()
    sums.write_text("".join(f"{sha256} *./{name}\n" for name, sha256 in list(wanted.items())[1:]))
    assert __main__.main(command) == 1
    assert "not the files that are declared" in said()
    sums.write_text("".join(f"{'0' * 64}  {name}\n" for name in wanted))
    assert __main__.main(command) == 1
    assert f"{len(wanted)} are wrong" in said()
    sums.write_text("what is this\n")
    assert __main__.main(command) == 1
    assert "not a line of sha256sum" in said()
    sums.unlink()
    assert __main__.main(command) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (index.JSON, b'{"meta": {"api-version": "2.0"}, "files": []}'),
        (index.JSON, b"<html></html>"),
        (index.JSON, b"[]"),
        ("text/html", b"\xff"),
    ],
)
def test_a_page_that_is_none(kind: str, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "get", lambda *_, **__: (kind, "https://index.invalid/simple/hotkernels/", body))
    with pytest.raises(CiError, match="does not read as a page of a Simple index"):
        index.files("https://index.invalid/simple", "hotkernels")


@pytest.mark.parametrize("html", [False, True])
def test_a_yanked_file(html: bool, released: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    assert run(released, memory.url) == 0
    memory.html = html
    memory.yanked.add(THIRD)
    assert run(released, memory.url) == 1
    assert f"{THIRD}: yanked" in said()
    assert whole(memory, released) == 1
