"""What our workflows must be beyond what linters know: who may write what, what comes before what, which commands run.

A linter knows that `write` is much; only the project knows that the publishing job must come after the gate. A change here
is a change of who can make a release. What may cross a trust boundary is in trust.py.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from ci.errors import CiError
from ci.paths import ROOT
from scripts import trust

WRITES = {
    ("release.yml", "attest"): {"id-token", "attestations"},
    ("release.yml", "publish"): {"id-token"},
    ("release.yml", "announce"): {"contents"},
}
"""The jobs that may write, and what: all others read the sources, if that."""

ORDER = {
    "ci.yml": ("wheels", "gate", "done"),
    "release.yml": ("wheels", "gate", "attest", "publish", "installed", "announce"),
    "weekly.yml": ("newest", "wheels", "compare"),
    "wheels.yml": ("plan", "build"),
}
"""Each job needs the one before it."""

LAST = {"ci.yml": "done"}
"""The job that needs all others: branch protection asks for it alone."""

TRIGGERS = {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"}
"""pull_request_target, workflow_run and issue events give a stranger's words a token: none of ours listens to them."""

PINNED = re.compile(
    r"uses: (?:\./\.github/workflows/[a-z]+\.yml|(?P<action>actions/[a-z-]+)@[0-9a-f]{40} # (?P<version>v\d+\.\d+\.\d+))$"
)
"""How a line says what it uses, the version behind the commit: a person reads that, scripts/trust.py holds the commit to it."""


def main(folder: Path = ROOT / ".github" / "workflows") -> int:
    found = list(problems(folder))
    for problem in found:
        print(problem)
    return 1 if found else 0


def problems(folder: Path) -> Iterator[CiError]:
    """All that is wrong with the workflows of `folder`, a CiError each."""
    paths = {path.name: path for path in sorted(folder.iterdir())}
    for name in sorted(ORDER.keys() - paths.keys()):
        yield refused(name, "missing", "the workflow", "no such file")
    for name, path in paths.items():
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            pinned = PINNED.search(line)
            known = trust.ACTIONS.get(pinned["action"] or "", ("", pinned["version"])) if pinned else ("", "")
            if "uses:" in line and not line.lstrip().startswith("#") and (not pinned or pinned["version"] != known[1]):
                yield refused(name, line.strip(), "an action of GitHub's own, pinned: name@commit # v1.2.3", line.strip())
        try:
            workflow = trust.load(text)
        except yaml.YAMLError as error:
            yield refused(name, "does not read", "YAML without aliases, each key once", str(error))
            continue
        yield from triggers(name, workflow)
        yield from trust.problems(name, text, workflow)
        if workflow.get("permissions") != {}:
            yield refused(name, "permissions on top", "permissions: {}", str(workflow.get("permissions")))
        jobs = workflow["jobs"]
        for job, body in jobs.items():
            yield from permissions(name, job, body)
            yield from steps(name, job, body)
        yield from order(name, jobs)


def triggers(name: str, workflow: dict[Any, Any]) -> Iterator[CiError]:
    on: Any = workflow.get("on") or ()
    events = {on} if isinstance(on, str) else set(on)
    if unknown := events - TRIGGERS:
        yield refused(name, "on", ", ".join(sorted(TRIGGERS)), ", ".join(sorted(unknown)))


def permissions(name: str, job: str, body: dict[str, Any]) -> Iterator[CiError]:
    given = body.get("permissions")
    if not isinstance(given, dict):
        yield refused(name, f"{job}: permissions", "a mapping in each job, {} for none", str(given))
        return
    writes = {scope for scope, level in given.items() if level == "write"}
    wanted = WRITES.get((name, job), set())
    if writes != wanted:
        yield refused(name, f"{job}: permissions", f"write for {listed(wanted)}", f"write for {listed(writes)}")
    if reads := {scope for scope, level in given.items() if level != "write"} - {"contents"}:
        yield refused(name, f"{job}: permissions", "contents: read at most", listed(reads))
    if "secrets" in body:
        yield refused(name, f"{job}: secrets", "none: the index knows the job by its identity", str(body["secrets"]))


def steps(name: str, job: str, body: dict[str, Any]) -> Iterator[CiError]:
    if "uses" not in body and "timeout-minutes" not in body:
        yield refused(name, f"{job}: no time limit", "timeout-minutes", "six hours, which is the host's")
    for step in (body, *body.get("steps", ())):
        if step.get("continue-on-error"):
            yield refused(name, f"{job}: continue-on-error", "a step that fails fails the job", str(step["continue-on-error"]))
    for step in body.get("steps", ()):
        action, options = step.get("uses", ""), step.get("with") or {}
        if "cache" in action or any("cache" in option for option in options):
            yield refused(name, f"{job}: a cache", "none: what is published is made from nothing", action)
        if action.startswith("actions/checkout@") and options.get("persist-credentials") is not False:
            yield refused(name, f"{job}: checkout", "persist-credentials: false", str(options.get("persist-credentials")))


def order(name: str, jobs: dict[str, Any]) -> Iterator[CiError]:
    """What must come before what; a job that may write goes on after nothing but success."""
    chain = ORDER.get(name, ())
    for missing in [job for job in chain if job not in jobs]:
        yield refused(name, f"{missing}: missing", f"jobs {', '.join(chain)}", ", ".join(jobs))
    for before, job in pairwise(chain):
        needs = needed(jobs.get(job, {}))
        if before not in needs:
            yield refused(name, f"{job}: needs", before, listed(needs))
    if (last := LAST.get(name)) and (forgotten := jobs.keys() - needed(jobs.get(last, {})) - {last}):
        yield refused(name, f"{last}: needs", "every other job", f"without {listed(forgotten)}")
    for job, body in jobs.items():
        if "if" in body and job != LAST.get(name):
            yield refused(name, f"{job}: if", "no condition: a job runs when what it needs has passed", str(body["if"]))


def needed(body: dict[str, Any]) -> set[str]:
    needs = body.get("needs", [])
    return {needs} if isinstance(needs, str) else set(needs)


def listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def refused(name: str, what: str, expected: str, found: str) -> CiError:
    todo = "correct the workflow; what a release may do is changed in scripts/policy.py, by review"
    return CiError(f"{name}: {what}", expected=expected, found=found, todo=todo)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
