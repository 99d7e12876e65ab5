"""The gate lets a whole, proven set pass and nothing else, and says everything that is wrong with any other."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci import checks, decision, evidence, matrix
from ci.decision import Decision
from ci.matrix import Artifact, Matrix, Platform
from tests.ci import factory

Gate = Callable[..., Decision]


@pytest.fixture(scope="session")
def gate(declared: Matrix, linux: tuple[Platform, ...]) -> Gate:
    def run(dist: Path, version: str = "", **options: object) -> Decision:
        return decision.decide(dist, declared, version or matrix.project_version(), linux, **options)  # type: ignore[arg-type]

    return run


def messages(made: Decision) -> list[str]:
    return [problem.message for problem in made.all_problems]


def change(dist: Path, name: str, **values: object) -> None:
    """Edits one evidence file in place."""
    path = dist / "evidence" / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_the_whole_set_passes(released: Path, gate: Gate) -> None:
    made = gate(released)
    assert messages(made) == []
    assert made.complete
    assert made.verdict == "complete (linux-x86_64 native)"


def test_every_problem_says_what_to_do(dist: Path, artifacts: tuple[Artifact, ...], gate: Gate) -> None:
    for path in [*dist.glob("*cp31*"), *(dist / "evidence").glob("*import*")]:
        path.unlink()
    made = gate(dist)
    assert len(made.all_problems) > len(artifacts)
    for problem in made.all_problems:
        assert problem.message
        assert problem.expected
        assert problem.found
        assert problem.todo
    assert made.verdict == f"refused: {len(made.all_problems)} problems"


def test_one_missing(dist: Path, artifacts: tuple[Artifact, ...], gate: Gate) -> None:
    for artifact in artifacts:
        path = dist / artifact.filename
        aside = path.replace(dist.parent / "aside")
        assert messages(gate(dist)) == [f"{artifact.filename}: missing"]
        aside.replace(path)


@pytest.mark.parametrize(
    "name", ["notes.txt", "hotkernels-0.1.0-cp311-cp311-manylinux_2_28_x86_64.whl", ".x.part", "SHA512SUMS"]
)
def test_one_extra(name: str, dist: Path, gate: Gate) -> None:
    (dist / name).write_text("x")
    assert messages(gate(dist)) == [f"{name}: does not belong here"]


def test_a_folder_or_a_link_is_extra(dist: Path, artifacts: tuple[Artifact, ...], gate: Gate) -> None:
    (dist / "more").mkdir()
    path = dist / artifacts[0].filename
    path.replace(dist.parent / "elsewhere")
    path.symlink_to(dist.parent / "elsewhere")
    said = messages(gate(dist))
    assert said == [
        "hotkernels-0.1.0-cp312-cp312-manylinux_2_28_x86_64.whl: does not belong here",
        "more: does not belong here",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hotkernels-", "Hotkernels-"),
        ("abi3.abi3t", "abi3t.abi3"),
        ("-cp312-cp312", "-CP312-cp312"),
        ("-0.1.0-cp312-abi3", "-0.1-cp312-abi3"),
        ("-0.1.0.tar", "-0.1.0.0.tar"),
    ],
)
def test_the_same_file_under_two_spellings(old: str, new: str, dist: Path, artifacts: tuple[Artifact, ...], gate: Gate) -> None:
    artifact = next(artifact for artifact in artifacts if old in artifact.filename)
    twin = artifact.filename.replace(old, new)
    (dist / twin).write_bytes((dist / artifact.filename).read_bytes() + b"x")
    (problem,) = gate(dist).all_problems
    assert problem.message == f"{twin}: does not belong here"
    assert problem.found == f"another spelling of {artifact.filename}"


def test_one_file_under_two_declared_names(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    """The gap of a failed build filled with a copy."""
    one, two = by_label["cp312-cp312"], by_label["cp313-cp313"]
    shutil.copyfile(dist / one.filename, dist / two.filename)
    said = gate(dist).all_problems
    assert any(problem.found == f"the same bytes as {one.filename}" for problem in said)
    assert any("does not say the tags of its name" in problem.message for problem in said)


def test_another_version_beside(dist: Path, gate: Gate) -> None:
    (dist / "hotkernels-9.9.9.tar.gz").write_bytes(b"x")
    assert messages(gate(dist)) == ["hotkernels-9.9.9.tar.gz: another version"]


def test_another_version_asked_for(dist: Path, artifacts: tuple[Artifact, ...], gate: Gate) -> None:
    said = messages(gate(dist, "9.9.9"))
    assert f"{artifacts[0].filename}: another version" in said
    assert f"{artifacts[0].filename.replace(artifacts[0].version, '9.9.9')}: missing" in said


def test_retagged_inside(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    wheel = by_label["cp312-cp312"]
    members = factory.wheel_members(wheel)
    name = f"hotkernels-{wheel.version}.dist-info/WHEEL"
    members[name] = members[name].replace(b"cp312-cp312", b"cp313-cp313")
    factory.write_wheel(dist / wheel.filename, members)
    factory.prove(dist, wheel)
    (problem,) = gate(dist).all_problems
    assert "its WHEEL file does not say the tags of its name" in problem.message
    assert "cp313-cp313" in problem.found


def test_no_zip_at_all(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    wheel = by_label["cp312-cp312"]
    (dist / wheel.filename).write_bytes(b"nothing")
    factory.prove(dist, wheel)
    (problem,) = gate(dist).all_problems
    assert problem.message == f"{wheel.filename}: not one whole zip archive"


def test_each_piece_of_evidence_is_asked_for_by_name(
    released: Path, tmp_path: Path, artifacts: tuple[Artifact, ...], gate: Gate
) -> None:
    dist = Path(shutil.copytree(released, tmp_path / "dist"))
    asked = 0
    for artifact in artifacts:
        for expected in checks.expected_checks(artifact):
            words = {"artifact": artifact.filename, "check": expected.check, "subject": expected.subject, "tail": "json"}
            path = dist / "evidence" / ".".join(filter(None, words.values()))
            text = path.read_text()
            path.unlink()
            (problem,) = gate(dist).all_problems
            assert problem.message == f"{artifact.filename}: {expected}: no evidence"
            assert problem.todo == f"run `python -m ci {expected.verb}`"
            path.write_text(text)
            asked += 1
    assert asked == len(list((dist / "evidence").iterdir())), "no evidence that nobody asks for"


def test_tests_of_every_interpreter_are_asked_for(by_label: dict[str, Artifact]) -> None:
    asked = {str(expected) for expected in checks.expected_checks(by_label["cp315-abi3.abi3t"]) if expected.dynamic}
    assert asked == {
        "import on cp315", "tests on cp315", "import on cp315t", "gil on cp315t", "tests on cp315t", "threads on cp315t",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message", "found"),
    [
        ({"verdict": "fail", "detail": {"message": "no SBOM", "found": "none"}}, "size: failed: no SBOM", "none"),
        ({"verdict": "fail"}, "size: failed: failed without a message", ""),
        ({"sha256": "0" * 64}, "size: evidence of other bytes", "0" * 64),
        ({"host": "native"}, "size: made on a host that does not count", "native"),
        ({"finished": "2999-01-01T00:00:00+00:00"}, "size: evidence from the future", "2999"),
        ({"finished": "2026-01-01T00:00:00+00:00"}, "size: evidence from before the build", "2026"),
        ({"tool": ""}, "size: evidence without a tool", "1.0"),
    ],
)
def test_evidence_that_proves_nothing(
    values: dict[str, Any], message: str, found: str, dist: Path, by_label: dict[str, Artifact], gate: Gate
) -> None:
    name = f"{by_label['cp312-cp312'].filename}.size.json"
    change(dist, name, **values)
    (problem,) = gate(dist).all_problems
    assert problem.message.endswith(message)
    assert found in problem.found


@pytest.mark.parametrize(
    "values",
    [
        {"format": 1},
        {"finished": "yesterday"},
        {"finished": "2026-01-01T00:00:00"},
        {"format": None},
        {"verdict": "maybe"},
        {"host": "moon"},
        {"more": 1},
        {"check": "sbom"},
        {"detail": []},
        {"tool": 3},
    ],
)
def test_evidence_that_is_none(values: dict[str, Any], dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    name = f"{by_label['cp312-cp312'].filename}.size.json"
    change(dist, name, **values)
    said = messages(gate(dist))
    (message,) = said
    assert message.startswith(f"{name}: not usable as evidence")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "\xff", "{"])
def test_files_that_are_no_evidence(text: str, dist: Path, gate: Gate) -> None:
    (dist / "evidence" / "x.json").write_text(text, encoding="latin-1")
    assert len(gate(dist).all_problems) == 1


@pytest.mark.parametrize(
    "values",
    [{"artifact": "hotkernels-9.9.9.tar.gz"}, {"check": "charm"}, {"subject": "cp312"}, {"check": "tests", "subject": "cp313"}],
)
def test_evidence_that_nobody_asks_for(values: dict[str, Any], dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    word = evidence.read(dist / "evidence" / f"{by_label['cp312-cp312'].filename}.size.json")
    for key, value in values.items():
        object.__setattr__(word, key, value)
    evidence.write(dist, word)
    (problem,) = gate(dist).all_problems
    assert problem.message == f"{word.filename}: evidence that nobody asks for"


def test_changed_after_its_tests(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    """Every check of the artifact is named, for each was made on other bytes."""
    wheel = by_label["cp314-cp314t"]
    members = factory.wheel_members(wheel)
    members["hotkernels/__init__.py"] += b"\n"
    factory.write_wheel(dist / wheel.filename, members)
    said = messages(gate(dist))
    assert said == [f"{wheel.filename}: {expected}: evidence of other bytes" for expected in checks.expected_checks(wheel)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0), where=st.integers(0), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(
    which: int, where: int, bit: int, released: Path, artifacts: tuple[Artifact, ...], gate: Gate
) -> None:
    path = released / artifacts[which % len(artifacts)].filename
    data = path.read_bytes()
    changed = bytearray(data)
    changed[where % len(data)] ^= 1 << bit
    try:
        path.write_bytes(changed)
        made = gate(released)
    finally:
        path.write_bytes(data)
    assert not made.complete
    assert all(problem.message.startswith(path.name) for problem in made.all_problems)
    assert any("evidence of other bytes" in problem.message for problem in made.all_problems)


def test_emulated_tests_count_where_that_is_accepted(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    name = f"{by_label['cp312-cp312'].filename}.tests.cp312.json"
    change(dist, name, host="emulated", machine="aarch64 linux")
    (problem,) = gate(dist).all_problems
    assert (problem.expected, problem.found) == ("native", "emulated")
    made = gate(dist, accept={"linux-x86_64": "emulated"})
    assert made.verdict == "complete (linux-x86_64 emulated)"


def test_untested_is_called_static(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    """A rehearsal may go without tests; the verdict says so, and a test that failed still counts."""
    name = f"{by_label['cp312-cp312'].filename}.tests.cp312.json"
    (dist / "evidence" / name).unlink()
    assert gate(dist, accept={"linux-x86_64": "static"}).verdict == "complete (linux-x86_64 static)"
    other = f"{by_label['cp313-cp313'].filename}.tests.cp313.json"
    change(dist, other, verdict="fail")
    assert not gate(dist, accept={"linux-x86_64": "static"}).complete


def test_one_interpreter_may_be_left_out_by_name(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    """It is listed, and does not speak for the platform; no other interpreter's evidence may be missing."""
    own, abi3 = by_label["cp312-cp312"].filename, by_label["cp312-abi3"].filename
    for path in (dist / "evidence").glob("*.cp312.json"):
        path.unlink()
    accept = {"linux-x86_64": "native", "linux-x86_64/cp312": "static"}
    made = gate(dist, accept=accept)
    assert made.verdict == "complete (linux-x86_64 native)"
    assert set(made.not_run) == {(own, "cp312"), (abi3, "cp312")}
    (dist / "evidence" / f"{abi3}.tests.cp313.json").unlink()
    assert messages(gate(dist, accept=accept)) == [f"{abi3}: tests on cp313: no evidence"]


def test_what_is_rehearsed_counts_locally_and_never_on_a_hosted_runner(
    declared: Matrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    def decide(*given: Any, commit: str | None) -> Decision:
        seen.append(given[-1])
        return Decision(version="", rows=[])

    monkeypatch.setattr(decision, "decide", decide)

    def accept(*words: str) -> dict[str, str]:
        parser = argparse.ArgumentParser()
        decision.add_arguments(parser)
        decision.from_args(parser.parse_args([str(tmp_path), *words]))
        return seen.pop()

    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    local = accept("--platform", "all")
    assert local.items() >= {"linux-x86_64": "native", "linux-aarch64": "emulated", "macos-arm64": "static"}.items()
    assert local["linux-aarch64/cp312"] == "static"
    assert accept("--native") == {}
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert accept("--platform", "all") == {}
    assert accept("--accept", "macos-arm64=static") == {"macos-arm64": "static"}


def test_built_from_two_commits(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    wheel = by_label["cp313-cp313t"]
    factory.prove(dist, wheel, commit="f" * 40)
    (problem,) = gate(dist).all_problems
    assert problem.message == "built from more than one commit"
    assert problem.found == f"{wheel.filename}: {'f' * 40}"


def test_clocks_may_differ_a_little(dist: Path, by_label: dict[str, Artifact], gate: Gate) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat(timespec="seconds")
    change(dist, f"{by_label['cp312-cp312'].filename}.size.json", finished=soon)
    assert gate(dist).complete


def test_an_empty_or_missing_folder(tmp_path: Path, artifacts: tuple[Artifact, ...], gate: Gate) -> None:
    assert len([m for m in messages(gate(tmp_path)) if m.endswith("missing")]) == len(artifacts)
    with pytest.raises(Exception, match="no such folder"):
        gate(tmp_path / "nowhere")
