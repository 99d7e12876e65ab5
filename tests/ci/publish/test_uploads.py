"""The publisher sends the gated files and ends well only when the index has them all, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci import client
from scripts.rehearsal import faults
from scripts.rehearsal.faults import Fault, Proxy
from tests.ci.memory_index import MemoryIndex
from tests.ci.publish.attempts import FIRST, THIRD, attempt, run, whole


def test_all_goes_up_wheels_first(released: Path, memory: MemoryIndex, wanted: dict[str, str], said: Callable[[], str]) -> None:
    assert run(released, memory.url) == 0
    assert memory.digests() == wanted
    assert memory.order[-1].endswith(".tar.gz")
    out = said()
    assert out.count("uploaded, and on the index with the gated bytes") == len(wanted)
    assert "is whole" in out
    assert whole(memory, released) == 0


def test_the_sdist_waits_for_every_wheel(released: Path, memory: MemoryIndex, wanted: dict[str, str]) -> None:
    """An sdist alone would make every installer compile."""
    wheel = next(name for name in wanted if "cp315" in name)
    status, proxy = attempt(memory, released, faults.status(500, wheel))
    assert status == 1
    assert not any(name.endswith(".tar.gz") for name in proxy.uploads)


def test_a_whole_version_is_left_alone(
    released: Path, memory: MemoryIndex, wanted: dict[str, str], said: Callable[[], str]
) -> None:
    assert run(released, memory.url) == 0
    said()
    status, proxy = attempt(memory, released, faults.status(500))
    assert (status, proxy.uploads) == (0, [])
    assert said().count("already there, with the gated bytes") == len(wanted)


@pytest.mark.parametrize(
    "make",
    [
        lambda: faults.status(500, THIRD, 1),
        lambda: faults.status(503, times=2),
        lambda: faults.status(429, THIRD, 1),
        lambda: faults.cut_body(THIRD, times=1, half=False),
        lambda: faults.loses_answer(THIRD),
        lambda: faults.loses_answer(FIRST),
        lambda: faults.slow(0.05),
    ],
    ids=["500-once", "503-twice", "429-once", "cut-once", "answer-lost", "first-answer-lost", "slow"],
)
def test_passing_trouble_is_got_over(
    make: Callable[[], Fault], released: Path, memory: MemoryIndex, wanted: dict[str, str]
) -> None:
    status, _ = attempt(memory, released, make())
    assert status == 0
    assert memory.digests() == wanted
    assert sorted(memory.order) == sorted(wanted)  # none was sent twice


@pytest.mark.parametrize(
    ("make", "up", "tries"),
    [
        (lambda: faults.status(500, THIRD), 2, 3),
        (lambda: faults.status(503), 0, 3),
        (lambda: faults.status(403), 0, 1),
        (lambda: faults.cut_body(THIRD, half=False), 2, 3),
        (lambda: faults.forgets(THIRD), 6, 1),
    ],
    ids=["500-always", "503-always", "403", "cut-always", "200-and-not-kept"],
)
def test_lasting_trouble_ends_non_zero_and_the_next_run_ends_whole(
    make: Callable[[], Fault],
    up: int,
    tries: int,
    released: Path,
    memory: MemoryIndex,
    wanted: dict[str, str],
    said: Callable[[], str],
) -> None:
    status, proxy = attempt(memory, released, make())
    out = said()
    assert status == 1
    assert len(memory.files) == up
    assert proxy.uploads.count(FIRST if up == 0 else THIRD) == tries
    assert f"{up} of {len(wanted)} files are up" in out
    assert all(f"up       {name}" in out for name in memory.files)
    assert all(f"not up   {name}" in out for name in wanted if name not in memory.files)
    assert "is NOT whole" in out
    assert "run it again" in out
    assert whole(memory, released) == 1
    assert run(released, memory.url) == 0
    assert memory.digests() == wanted
    assert len(memory.order) == len(wanted)


def test_the_server_dies_half_way(released: Path, memory: MemoryIndex, wanted: dict[str, str], said: Callable[[], str]) -> None:
    status, _ = attempt(memory, released, faults.dies_after(3))
    assert status == 1
    assert len(memory.files) == 3
    out = said()
    assert "what is up is not known: the index does not answer" in out
    assert "run it again" in out
    assert run(released, memory.url) == 0
    assert said().count("already there") == 3
    assert memory.digests() == wanted


def test_a_server_that_hangs(
    released: Path, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    monkeypatch.setenv("UV_UPLOAD_HTTP_TIMEOUT", "1")
    with Proxy(memory.url, faults.hangs(2)) as proxy:
        assert run(released, proxy.url, "--attempts", "1") == 1
    assert "timed out" in said()
    assert run(released, memory.url) == 0


def test_no_server_at_all(released: Path, said: Callable[[], str]) -> None:
    with Proxy("http://127.0.0.1:9/") as proxy:
        url = proxy.url
    assert run(released, url) == 1
    assert "the index does not answer as it should" in said()


def test_one_is_there_with_the_same_bytes(
    released: Path, memory: MemoryIndex, wanted: dict[str, str], said: Callable[[], str]
) -> None:
    memory.put(THIRD, (released / THIRD).read_bytes())
    status, proxy = attempt(memory, released, faults.none)
    assert status == 0
    assert THIRD not in proxy.uploads
    assert f"{THIRD}  already there, with the gated bytes" in said()
    assert memory.digests() == wanted


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("hashless", [False, True])
def test_one_is_there_with_other_bytes(
    html: bool, hashless: bool, released: Path, memory: MemoryIndex, wanted: dict[str, str], said: Callable[[], str]
) -> None:
    memory.html, memory.hashless = html, hashless
    memory.put(THIRD, b"other")
    before = memory.digests()
    status, proxy = attempt(memory, released, faults.none)
    out = said()
    assert (status, proxy.uploads) == (1, [])
    assert wanted[THIRD] in out
    assert before[THIRD] in out
    assert "nothing was uploaded" in out
    assert memory.digests() == before
    assert whole(memory, released) == 1
    assert f"{len(wanted) - 1} are missing, 1 are wrong" in said()


def test_a_half_that_the_index_kept_is_named(released: Path, wanted: dict[str, str], said: Callable[[], str]) -> None:
    """Some indexes keep what came before the connection broke."""
    with MemoryIndex() as memory:

        def half(upload: faults.Upload) -> bool:
            if upload.filename == THIRD:
                memory.put(THIRD, (released / THIRD).read_bytes()[:100])
                upload.hang_up()
                return True
            return False

        status, proxy = attempt(memory, released, half)
        out = said()
        assert status == 1
        assert proxy.uploads.count(THIRD) == 1
        assert wanted[THIRD] in out
        assert memory.digests()[THIRD] in out
        assert run(released, memory.url) == 1
        del memory.files[THIRD]
        assert run(released, memory.url) == 0
        assert memory.digests() == wanted


def test_interrupted(released: Path, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]) -> None:
    memory.put(THIRD, (released / THIRD).read_bytes())

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "send", interrupted)
    assert run(released, memory.url) == 130
    out = said()
    assert "1 of 8 files are up" in out
    assert "interrupted" in out
