"""The publisher sends nothing but what was gated, listed and attested."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci import __main__, evidence, head, publish
from ci.matrix import Matrix
from scripts.rehearsal import faults
from tests.ci import factory
from tests.ci.memory_index import MemoryIndex
from tests.ci.publish.attempts import LINUX, THIRD, attempt, change, run


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


def test_a_file_that_is_not_declared(released: Path, memory: MemoryIndex, said: Callable[[], str]) -> None:
    stranger = "hotkernels-0.1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    memory.put("hotkernels-0.0.9.tar.gz", b"an older version")
    memory.put(stranger, b"what somebody put there")
    status, proxy = attempt(memory, released, faults.none)
    assert (status, proxy.uploads) == (1, [])
    assert f"{stranger}: on the index, and not declared" in said()
    del memory.files[stranger]
    assert run(released, memory.url) == 0
