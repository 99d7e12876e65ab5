"""What runs the workflows here: the stand-ins, what act says, and the smaller matrices that they are run with."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from ci import matrix
from ci.errors import CiError
from ci.matrix import Matrix
from ci.paths import ROOT
from scripts import act, workflows


def test_every_action_has_a_stand_in() -> None:
    used = act.actions(ROOT / ".github" / "workflows")
    assert {name for name, _ in used} == {path.parent.name for path in act.STANDINS.glob("*/action.yml")}


def test_an_action_without_one(tmp_path: Path) -> None:
    (tmp_path / "w.yml").write_text(f"      - uses: actions/labeler@{'0' * 40} # v1.0.0\n", encoding="utf-8")
    with pytest.raises(CiError, match="actions/labeler has no stand-in"):
        act.actions(tmp_path)


def test_what_act_says_is_read() -> None:
    said: list[object] = [
        {"job": "ci/lint", "raw_output": True, "msg": "pass  ruff\n"},
        {"job": "ci/lint", "stage": "Main", "executionTime": 2_500_000_000, "msg": "Success"},
        {"job": "ci/lint", "stage": "Main", "executionTime": 1_000_000_000, "msg": "Success"},
        {"job": "ci/lint", "jobResult": "success", "msg": "Job succeeded"},
        {"job": "ci/mac", "msg": "🚧  Skipping unsupported platform -- Try running with `-P macos-15=...`"},
        {"job": "ci/gate", "jobResult": "failure", "msg": "Job failed"},
        {"msg": "of no job"},
        ["no row"],
    ]
    ran = act.read(1, ["Error: Job 'gate' failed", *map(json.dumps, said)])
    assert ran.status == 1
    assert ran.jobs == {"ci/lint": "success", "ci/mac": "skipped", "ci/gate": "failure"}
    assert ran.said == {"ci/lint": ["pass  ruff"]}
    assert ran.seconds == {"ci/lint": 3.5}


@pytest.mark.parametrize("lane", ["", "abi3"])
def test_a_smaller_matrix(declared: Matrix, tmp_path: Path, lane: str) -> None:
    """It declares one platform, and of the rest all or one lane's wheels; the pieces are the whole text."""
    text = (ROOT / "ci" / "matrix.toml").read_text(encoding="utf-8")
    pieces = workflows.tables(text)
    assert "".join(pieces) == text
    path = tmp_path / "matrix.toml"
    path.write_text("".join(p for p in pieces if workflows.keep(p, declared.platforms[0], lane)), encoding="utf-8")
    smaller = matrix.load(path)
    assert smaller.platforms == declared.platforms[:1]
    assert smaller.interpreters == declared.interpreters
    assert smaller.wheels == tuple(wheel for wheel in declared.wheels if not lane or wheel.lane.name == lane)
    assert tomllib.loads(path.read_text(encoding="utf-8"))["sdist"]


def test_refusals_of_other_platforms_are_told_apart(declared: Matrix) -> None:
    linux = declared.platforms[0]
    assert workflows.about_others("hotkernels-0.1.0-cp312-abi3-macosx_11_0_arm64.whl: missing", linux)
    assert not workflows.about_others("hotkernels-0.1.0-cp312-abi3-manylinux_2_28_x86_64.whl: missing", linux)
    assert not workflows.about_others("built from more than one commit", linux)


def test_a_job_that_does_not_end_as_it_must(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = act.Ran(status=1, jobs={"ci/lint": "success", "ci/gate": "failure"}, said={"ci/gate": ["refused"]})
    workflows.verdict(tmp_path, ran, {"ci/gate"})
    with pytest.raises(CiError, match="a job did not end as it must") as caught:
        workflows.verdict(tmp_path, ran, set())
    assert "ci/gate: failure\nrefused" in caught.value.found
    with pytest.raises(CiError, match="a job did not end as it must"):
        workflows.verdict(tmp_path, ran, {"ci/gate", "ci/lint"})
    (tmp_path / "act.log").write_text("no such workflow\n")
    with pytest.raises(CiError, match="a job did not end as it must"):
        workflows.verdict(tmp_path, act.Ran(status=1), set())
    assert "as it must be" in capsys.readouterr().out
