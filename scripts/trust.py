"""What may cross a trust boundary in our workflows: docs/threat-model.md says why, this holds them to it.

Whoever opens a pull request writes the code that ci.yml runs, and words that GitHub hands to workflows. Neither may reach a
secret, an identity, or anything that a release reads; and release.yml does what is listed here, step by step, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml

from ci.errors import CiError

ACTIONS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/attest": ("1e69f48acb82d1966a394da916b4c1698aa569d6", "v4.2.2"),
}
"""The actions that we use, all of GitHub's own, each at one commit: any fork of a repository can offer commits under its name,
so that a commit alone is no proof. None of these keeps a cache unless it is told to."""

OPTIONS = {
    "actions/checkout": {"persist-credentials", "ref", "fetch-depth"},
    "actions/setup-python": {"python-version"},
    "actions/upload-artifact": {"name", "path", "if-no-files-found"},
    "actions/download-artifact": {"name", "pattern", "path", "merge-multiple"},
    "actions/attest": {"subject-checksums"},
}
"""What each may be told. Not among them: a cache, a token, another repository, another run."""

HISTORY = {("weekly.yml", "crates"): 0}
"""The jobs that compare with a release before, and so have the commits before theirs: all of them. Others have one commit."""

EVENTS: dict[str, dict[str, Any]] = {
    "ci.yml": {"pull_request": None, "push": {"branches": ["main"]}},
    "release.yml": {"push": {"tags": ["v*"]}},
}
"""Exactly what starts these. release.yml is started by a tag and by nothing else, not by hand either."""

CALLED = {("release.yml", "wheels"): None, ("ci.yml", "wheels"): None, ("weekly.yml", "wheels"): {"ref"}}
"""What wheels.yml may be told by whom: a release builds the commit of its tag."""

RUNNERS = {"ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "${{ matrix.runner }}"}
"""Machines that GitHub makes for one job and throws away."""

ENVIRONMENT = {("release.yml", "publish"): "pypi"}
"""Reviewers let a job into its environment; the index trusts that one."""

TOKEN = {("release.yml", "announce"), ("weekly.yml", "newest"), ("weekly.yml", "compare")}
"""The jobs that see the run's token; what it may do is in their permissions."""

EXPRESSIONS = {
    "release.yml": {"github.ref_name", "vars.UPLOAD_URL", "vars.SIMPLE_URL", "fromJSON(needs.wheels.outputs.platforms)"},
    "weekly.yml": {"needs.newest.outputs.tag", "steps.newest.outputs.tag"},
    "wheels.yml": {
        "inputs.ref", "jobs.plan.outputs.platforms", "steps.plan.outputs.jobs", "steps.plan.outputs.platforms",
        "fromJSON(needs.plan.outputs.jobs)",
    },
    "ci.yml": {"github.ref", "github.event_name == 'pull_request'"},
    "": {"github.token", "github.repository", "matrix.platform", "matrix.lane", "matrix.runner"},
}  # fmt: skip
"""All that is interpolated, by workflow and in any. No word of a stranger is: no branch's name, title or message."""

ALL_PASSED = re.compile(r"contains\(needs\.\*\.result, '[a-z]+'\)( \|\| contains\(needs\.\*\.result, '[a-z]+'\))*")
CONDITIONS = {"always()"}

COMMAND = re.compile(r'python3 noxfile\.py -s [a-z]+(?: --(?: [A-Za-z0-9][\w./=-]*| --?[a-z][a-z-]*| "\$[A-Z_]+")+)?')
"""A task that a person runs at home, with plain words and quoted variables: nothing that a shell would take apart."""

GH = {
    "exit 1",
    """gh release view --json tagName --jq '"tag=" + .tagName' >> "$GITHUB_OUTPUT\"""",
    'gh release download "$TAG" --dir released',
}

FETCH = ("actions/checkout", "actions/setup-python")
NOX = "python3 noxfile.py -s "
STEPS = {
    ("release.yml", "gate"): (
        *FETCH, "actions/download-artifact", f'{NOX}api -- --tag "$TAG"', f'{NOX}ci -- gate --native --version "$TAG"',
        f'{NOX}ci -- report --native --version "$TAG"', "actions/upload-artifact",
    ),
    ("release.yml", "attest"): ("actions/download-artifact", "actions/attest"),
    ("release.yml", "publish"): (
        *FETCH, "actions/download-artifact",
        f'{NOX}publish -- --version "$TAG" --index "$UPLOAD_URL" --check-url "$SIMPLE_URL"',
    ),
    ("release.yml", "announce"): (*FETCH, "actions/download-artifact", f'{NOX}announce -- --tag "$TAG"'),
}  # fmt: skip
"""What the jobs that decide, sign, publish and announce do, in order."""

ARTIFACTS = {
    "up": {("ci.yml", "gate"): "dist", ("release.yml", "gate"): "release"},
    "down": {("ci.yml", "gate"): "dist-*", ("release.yml", "gate"): "dist-*", ("weekly.yml", "compare"): "dist-*"},
}
"""Who keeps and fetches what, within one run: wheels.yml keeps dist-*; of a release only what the gate kept goes on."""

TOP = {"name", "on", "concurrency", "permissions", "jobs"}
JOB = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "env", "environment", "outputs", "strategy", "steps",
    "uses", "with",
}  # fmt: skip
STEP = {"id", "name", "if", "uses", "with", "run"}


class Strict(yaml.SafeLoader):
    """YAML without what reads differently than it looks: a key twice, an alias."""

    def compose_node(self, parent: Any, index: int) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"{', '.join(twice)} twice")
        return super().construct_mapping(node, deep)


def load(text: str) -> dict[Any, Any]:
    """A workflow; `on` under its own name, which YAML 1.1 reads as true."""
    raw: dict[Any, Any] = yaml.load(text, Loader=Strict)  # noqa: S506  # a SafeLoader
    return {("on" if key is True else key): value for key, value in raw.items()}


def problems(name: str, text: str, workflow: dict[Any, Any]) -> Iterator[CiError]:
    if odd := workflow.keys() - TOP:
        yield refused(name, "a key on top", ", ".join(sorted(TOP)), ", ".join(sorted(map(str, odd))))
    yield from events(name, workflow)
    yield from interpolated(name, text)
    if "secrets" in re.sub(r"#.*", "", text):
        yield refused(name, "a secret", "none: the index knows the job by its identity", "the word secrets")
    for job, body in workflow["jobs"].items():
        yield from around(name, job, body)
        for step in body.get("steps", ()):
            yield from inside(name, job, step)
        did = tuple(step.get("run", "").strip() or step.get("uses", "").split("@")[0] for step in body.get("steps", ()))
        if did != STEPS.get((name, job), did):
            yield refused(name, f"{job}: steps", "\n".join(STEPS[name, job]), "\n".join(did))


def events(name: str, workflow: dict[Any, Any]) -> Iterator[CiError]:
    on = workflow.get("on")
    wanted = EVENTS.get(name)
    if wanted is not None and on != wanted:
        yield refused(name, "on", str(wanted), str(on))
    if name != "release.yml" and isinstance(on, dict) and "tags" in (on.get("push") or {}):
        yield refused(name, "on: a tag", "release.yml alone listens to tags", str(on["push"]))
    busy = workflow.get("concurrency")
    if name == "release.yml" and busy != {"group": "release", "cancel-in-progress": False}:
        yield refused(name, "concurrency", "one release at a time, never stopped half-way", str(busy))


def interpolated(name: str, text: str) -> Iterator[CiError]:
    allowed = EXPRESSIONS.get(name, set()) | EXPRESSIONS[""]
    for match in re.finditer(r"\$\{\{\s*(.*?)\s*\}\}", text, re.DOTALL):
        if match[1] not in allowed and not ALL_PASSED.fullmatch(match[1]):
            yield refused(name, "an expression", "one of scripts/trust.py: no word of a stranger", match[0])


def around(name: str, job: str, body: dict[str, Any]) -> Iterator[CiError]:
    """What a job is given."""
    if odd := body.keys() - JOB:
        yield refused(name, f"{job}: a key", ", ".join(sorted(JOB)), ", ".join(sorted(odd)))
    if "uses" in body:
        if body["uses"] != "./.github/workflows/wheels.yml" or (name, job) not in CALLED:
            yield refused(name, f"{job}: calls", "wheels.yml, by those who may", str(body["uses"]))
        elif (set(body["with"]) if "with" in body else None) != CALLED[name, job]:
            yield refused(name, f"{job}: with", str(CALLED[name, job] or "nothing"), str(body.get("with")))
        return
    if body.get("runs-on") not in RUNNERS:
        yield refused(name, f"{job}: runs-on", ", ".join(sorted(RUNNERS)), str(body.get("runs-on")))
    if body.get("environment") != ENVIRONMENT.get((name, job)):
        yield refused(name, f"{job}: environment", ENVIRONMENT.get((name, job), "none"), str(body.get("environment")))
    if "github.token" in str(body) and (name, job) not in TOKEN:
        yield refused(name, f"{job}: a token", ", ".join(f"{a}: {b}" for a, b in sorted(TOKEN)), "github.token")
    variables = {"TAG", "UPLOAD_URL", "SIMPLE_URL", "GH_TOKEN", "GH_REPO", "PLATFORM", "LANE"}
    if odd := (body.get("env") or {}).keys() - variables:
        yield refused(name, f"{job}: env", ", ".join(sorted(variables)), ", ".join(sorted(odd)))


def inside(name: str, job: str, step: dict[str, Any]) -> Iterator[CiError]:
    """What a step does."""
    if odd := step.keys() - STEP:
        yield refused(name, f"{job}: a key of a step", ", ".join(sorted(STEP)), ", ".join(sorted(odd)))
    condition = str(step.get("if", "always()"))
    if condition not in CONDITIONS and not ALL_PASSED.fullmatch(condition.removeprefix("${{").removesuffix("}}").strip()):
        yield refused(name, f"{job}: a condition", ", ".join(CONDITIONS), condition)
    writes = name == "release.yml" and not (job == "gate" and "report" in step.get("run", ""))
    if "if" in step and writes:
        yield refused(name, f"{job}: a condition", "none: in a release each step follows the one before", condition)
    if (command := step.get("run")) is not None and command.strip() not in GH and not COMMAND.fullmatch(command.strip()):
        yield refused(name, f"{job}: run", "a task of noxfile.py with plain words and quoted variables", command.strip())
    if "uses" in step:
        yield from used(name, job, step["uses"], step.get("with") or {})


def used(name: str, job: str, uses: str, options: dict[str, Any]) -> Iterator[CiError]:
    action, _, commit = uses.partition("@")
    if action not in ACTIONS or commit != ACTIONS[action][0]:
        wanted = f"{action}@{ACTIONS[action][0]}" if action in ACTIONS else ", ".join(ACTIONS)
        yield refused(name, f"{job}: an action", wanted, uses)
        return
    if odd := options.keys() - OPTIONS[action]:
        yield refused(name, f"{job}: told {action}", ", ".join(sorted(OPTIONS[action])), ", ".join(sorted(odd)))
    if action == "actions/checkout" and options.get("ref", "") not in ("", "${{ inputs.ref }}" if name == "wheels.yml" else ""):
        yield refused(name, f"{job}: checkout", "the commit that started the run", str(options["ref"]))
    if action == "actions/checkout" and (said := options.get("fetch-depth")) != (depth := HISTORY.get((name, job))):
        yield refused(name, f"{job}: history", "none" if depth is None else str(depth), str(said))
    if action == "actions/upload-artifact":
        wanted = ARTIFACTS["up"].get((name, job), "dist-")
        said = str(options.get("name"))
        if not (said == wanted or (wanted == "dist-" and name == "wheels.yml" and said.startswith(wanted))):
            yield refused(name, f"{job}: keeps", f"{wanted}… in wheels.yml" if wanted == "dist-" else wanted, said)
    if action == "actions/download-artifact":
        wanted = ARTIFACTS["down"].get((name, job), "release")
        if (said := str(options.get("pattern", options.get("name")))) != wanted:
            yield refused(name, f"{job}: fetches", wanted, said)


def refused(name: str, what: str, expected: str, found: str) -> CiError:
    todo = "correct the workflow; what may cross a boundary is changed in scripts/trust.py and docs/threat-model.md, by review"
    return CiError(f"{name}: {what}", expected=expected, found=found, todo=todo)
