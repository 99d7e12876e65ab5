"""Trusted publishing: in a hosted job the job's identity becomes a token for one upload, and nothing else is used or shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci import __main__, publish
from tests.ci.memory_index import MemoryIndex
from tests.ci.trusted_index import TOKEN, Refusing, Trusting, trusting


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryIndex]:
    monkeypatch.setattr(publish, "PAUSE", 0.0)
    monkeypatch.setenv("UV_PUBLISH_TOKEN", "of-a-person")  # must not be used
    with MemoryIndex() as made:
        yield made


def attempt(
    memory: MemoryIndex,
    released: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    handler: type[Trusting] = Trusting,
    without: str = "",
) -> tuple[int, list[str]]:
    """The status of one publishing in a hosted job, and what was sent."""
    with trusting(memory.url, folder, handler) as (proxy, environment):
        for name, value in environment.items():
            if name != without:
                monkeypatch.setenv(name, value)
        status = __main__.main(["publish", str(released), "--index", proxy.url, "--platform", "linux-x86_64", "--wait", "1"])
        return status, proxy.uploads


def test_the_jobs_identity_is_the_credential(
    released: Path, memory: MemoryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    status, uploads = attempt(memory, released, tmp_path, monkeypatch)
    out, err = capfd.readouterr()
    assert status == 0
    assert len(memory.files) == len(uploads) == 8
    # The runner is told what to hide, at the start of a line; the token is nowhere else.
    lines = [line for line in (out + err).splitlines() if TOKEN in line]
    assert lines
    assert set(lines) == {f"::add-mask::{TOKEN}"}


def test_an_index_that_does_not_know_the_publisher(
    released: Path, memory: MemoryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    status, uploads = attempt(memory, released, tmp_path, monkeypatch, Refusing)
    out, err = capfd.readouterr()
    assert (status, uploads, memory.files) == (1, [], {})
    assert "invalid-publisher" in err
    assert "next attempt" not in out


def test_a_job_that_may_not_ask_for_its_identity(
    released: Path, memory: MemoryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    without = "ACTIONS_ID_TOKEN_REQUEST_URL"
    monkeypatch.delenv(without, raising=False)
    status, uploads = attempt(memory, released, tmp_path, monkeypatch, without=without)
    out, err = capfd.readouterr()
    assert (status, uploads, memory.files) == (1, [], {})
    assert "id-token: write" in err
    assert "next attempt" not in out
