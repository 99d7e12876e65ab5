"""The publisher sends the gated files and nothing else, and ends well only when the index has them all, whatever goes wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci import __main__, client, evidence, head, index, publish
from ci.errors import CiError
from ci.matrix import Artifact, Matrix
from scripts.rehearsal import faults
from scripts.rehearsal.faults import Fault, Proxy
from tests.ci import factory
from tests.ci.memory_index import MemoryIndex

LINUX = ("--platform", "linux-x86_64")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "PAUSE", 0.0)
    monkeypatch.setattr(index, "PAUSES", (0.0,))
    for name in ("UV_PUBLISH_TOKEN", "UV_PUBLISH_USERNAME", "UV_PUBLISH_PASSWORD", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def memory() -> Iterator[MemoryIndex]:
    with MemoryIndex() as made:
        yield made


@pytest.fixture
def wanted(released: Path, artifacts: tuple[Artifact, ...]) -> dict[str, str]:
    return {artifact.filename: evidence.sha256(released / artifact.filename) for artifact in artifacts}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """All that was printed since the last call."""

    def read() -> str:
        out, err = capsys.readouterr()
        return out + err

    return read


def run(dist: Path, url: str, *more: str) -> int:
    return __main__.main(["publish", str(dist), "--index", url, *LINUX, "--wait", "0.3", "--attempts", "3", *more])


def whole(memory: MemoryIndex, released: Path) -> int:
    return __main__.main(["published", str(released), "--index", memory.simple, *LINUX])


def attempt(memory: MemoryIndex, dist: Path, fault: Fault) -> tuple[int, Proxy]:
    """One publishing through a proxy with this fault."""
    with Proxy(memory.url, fault) as proxy:
        return run(dist, proxy.url), proxy


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


FIRST = "hotkernels-0.1.0-cp312-abi3-manylinux_2_28_x86_64.whl"
THIRD = "hotkernels-0.1.0-cp313-cp313-manylinux_2_28_x86_64.whl"


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


def test_a_file_that_is_not_declared(released: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    stranger = "hotkernels-0.1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    memory.put("hotkernels-0.0.9.tar.gz", b"an older version")
    memory.put(stranger, b"what somebody put there")
    status, proxy = attempt(memory, released, faults.none)
    assert (status, proxy.uploads) == (1, [])
    assert f"{stranger}: on the index, and not declared" in said()
    del memory.files[stranger]
    assert run(released, memory.url) == 0


@pytest.mark.parametrize("html", [False, True])
def test_a_yanked_file(html: bool, released: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    assert run(released, memory.url) == 0
    memory.html = html
    memory.yanked.add(THIRD)
    assert run(released, memory.url) == 1
    assert f"{THIRD}: yanked" in said()
    assert whole(memory, released) == 1


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


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda dist: (dist / THIRD).unlink(),
        lambda dist: change(dist / THIRD),
        lambda dist: (dist / "notes.txt").write_text("x"),
        lambda dist: next((dist / "evidence").glob("*.tests.*")).unlink(),
        lambda dist: shutil.rmtree(dist / "evidence"),
    ],
    ids=["missing", "changed", "extra", "untested", "unproven"],
)
def test_what_the_gate_refuses_is_not_sent(
    spoil: Callable[[Path], Any], dist: Path, memory: MemoryIndex, said: Callable[[], str]
) -> None:
    spoil(dist)
    status, proxy = attempt(memory, dist, faults.none)
    assert (status, proxy.uploads, memory.files) == (1, [], {})
    assert "nothing was uploaded" in said()


def test_tests_under_emulation_do_not_count(dist: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    """The gate takes them where it is asked to, or where the matrix says so; a publisher never does."""
    path = next((dist / "evidence").glob("*.tests.*"))
    path.write_text(path.read_text().replace('"host": "native"', '"host": "emulated"'))
    assert run(dist, memory.url) == 1
    assert "made on a host that does not count" in said()
    assert memory.files == {}
    with pytest.raises(SystemExit):
        run(dist, memory.url, "--accept", "linux-x86_64=emulated")


def test_the_version_of_the_tag(released: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    assert run(released, memory.url, "--version", "v0.1.1") == 1
    assert "the version to publish is not the workspace's" in said()
    assert memory.files == {}
    assert run(released, memory.url, "--version", "v0.1.0") == 0


def test_a_part_of_the_platforms_goes_to_loopback_alone(released: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    for more in (
        ["--index", "https://index.invalid/"],
        ["--index", memory.url, "--check-url", "https://index.invalid/simple/"],
    ):
        assert __main__.main(["publish", str(released), *LINUX, *more]) == 1
        assert "a part of a release is not published" in said()
    # And the whole set is not in this folder.
    assert __main__.main(["publish", str(released), "--index", memory.url]) == 1
    assert ": missing" in said()
    assert memory.files == {}


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


def test_a_release_is_built_from_the_commit_that_is_checked_out(
    dist: Path, declared: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "commit", lambda: "0" * 40)
    made = publish.decided(declared, dist, ["linux-x86_64"])
    assert made.complete
    assert list(publish.unclean(made)) == []
    for path in (dist / "evidence").glob("*.build.json"):
        path.write_text(path.read_text().replace("0" * 40, "0" * 40 + "-dirty"))
    made = publish.decided(declared, dist, ["linux-x86_64"])
    assert made.complete
    assert len(list(publish.unclean(made))) == len(made.rows)
    monkeypatch.setattr(head, "commit", lambda: "1" * 40)
    for path in (dist / "evidence").glob("*.build.json"):
        path.write_text(path.read_text().replace("-dirty", ""))
    problems = list(publish.unclean(publish.decided(declared, dist, ["linux-x86_64"])))
    assert {(problem.expected, problem.found) for problem in problems} == {("1" * 40, "0" * 40)}
    assert len(problems) == len(made.rows)


def test_bytes_that_change_after_the_decision_are_not_sent(
    dist: Path, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    decided = publish.decided

    def then_changed(*args: Any) -> Any:
        made = decided(*args)
        change(dist / THIRD)
        return made

    monkeypatch.setattr(publish, "decided", then_changed)
    assert run(dist, memory.url) == 1
    assert f"{THIRD}: changed after the decision; nothing was uploaded" in said()
    assert memory.files == {}


def test_an_attestation_goes_with_its_file(dist: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    signed = factory.attestation(THIRD, evidence.sha256(dist / THIRD))
    (dist / f"{THIRD}.publish.attestation").write_text(json.dumps(signed))
    assert run(dist, memory.url) == 0
    assert json.loads(str(memory.fields[THIRD]["attestations"])) == [signed]
    assert sum("attestations" in fields for fields in memory.fields.values()) == 1


def test_an_attestation_that_changed_after_the_decision_is_not_sent(
    dist: Path, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    """A link that was put there since would send any file of the machine."""
    path = dist / f"{THIRD}.publish.attestation"
    path.write_text(json.dumps(factory.attestation(THIRD, evidence.sha256(dist / THIRD))))
    decided = publish.decided

    def then_changed(*args: Any) -> Any:
        made = decided(*args)
        path.unlink()
        path.symlink_to("/etc/hostname")
        return made

    monkeypatch.setattr(publish, "decided", then_changed)
    assert run(dist, memory.url) == 1
    assert "does not attest to the artifact that it lies beside" in said()
    assert memory.files == {}


def test_what_is_published_is_what_was_listed(
    dist: Path, memory: MemoryIndex, wanted: dict[str, str], monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    """SHA256SUMS is what the attestation is about."""
    lines = [f"{sha256}  {name}\n" for name, sha256 in wanted.items()]
    bad = {"other bytes": [lines[0].replace(lines[0][:64], "0" * 64), *lines[1:]], "one less": lines[1:], "no sums": ["x\n"]}
    for what, listed in bad.items():
        (dist / "SHA256SUMS").write_text("".join(listed))
        assert run(dist, memory.url) == 1, what
        assert "SHA256SUMS does not list what is to be published" in said()
    (dist / "SHA256SUMS").unlink()
    (dist / "SHA256SUMS").symlink_to(dist / "evidence")
    assert run(dist, memory.url) == 1
    assert memory.files == {}
    (dist / "SHA256SUMS").unlink()
    (dist / "SHA256SUMS").write_text("".join(lines))
    assert run(dist, memory.url) == 0


def test_a_hosted_job_publishes_nothing_that_was_not_attested(
    dist: Path, declared: Matrix, wanted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publish.decided(declared, dist, ["linux-x86_64"])
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert [problem.message for problem in publish.unlisted(made, dist, part=False)] == [
        "SHA256SUMS does not list what is to be published"
    ]
    (dist / "SHA256SUMS").write_text("".join(f"{sha256}  {name}\n" for name, sha256 in [*wanted.items(), ("more", "0" * 64)]))
    assert [problem.found for problem in publish.unlisted(made, dist, part=False)] == ["more"]
    assert list(publish.unlisted(made, dist, part=True)) == []


def test_an_attestation_of_nothing_is_extra(dist: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    (dist / "hotkernels-9.tar.gz.publish.attestation").write_text("{}")
    assert run(dist, memory.url) == 1
    assert "hotkernels-9.tar.gz.publish.attestation: does not belong here" in said()


def test_interrupted(released: Path, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]) -> None:
    memory.put(THIRD, (released / THIRD).read_bytes())

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "send", interrupted)
    assert run(released, memory.url) == 130
    out = said()
    assert "1 of 8 files are up" in out
    assert "interrupted" in out


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
