"""Executes the hosted workflows on this machine with act: ci.yml on the whole matrix, release.yml from a tag to an index.

What is replaced: the hosted actions (scripts/standins), the runner (this machine), the index (one on loopback), the project's
host (a folder). What is not: every command, in its order, with the real artifacts. Jobs of platforms that this machine is not
are left out, counted and named.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

import yaml
from rich.markup import escape

from ci import decision, evidence, folder, host, interpreters, matrix, plan
from ci.console import console, errors, failed, passed, skipped
from ci.errors import CiError
from ci.matrix import Platform
from ci.paths import ROOT, cache
from ci.process import run
from scripts import act, standin
from scripts.rehearsal.server import serving

WITHHELD = "*.size.json"
"""In the run that must be refused: the evidence of one check does not arrive."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s workflows --", description=__doc__.partition("\n")[0])
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work there and leave it: logs, artifacts, index")
    args = parser.parse_args()
    if unknown := set(args.part) - PARTS.keys():
        parser.error(f"{min(unknown)}: not one of {', '.join(PARTS)}")
    try:
        if args.keep:
            args.keep.mkdir(parents=True)
            return rehearse(args.keep.resolve(), args.part)
        with tempfile.TemporaryDirectory(prefix="hotkernels-workflows-") as name:
            return rehearse(Path(name).resolve(), args.part)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1


def rehearse(work: Path, wanted: list[str]) -> int:
    declared = matrix.load()
    (platform,) = host.native(declared)
    container = standin.environment(declared, platform)
    for name, part in PARTS.items():
        if not wanted or name in wanted:
            console.rule(name, align="left")
            place = work / name
            place.mkdir()
            part(place, platform, container)
    return 0


def pull_request(work: Path, platform: Platform, container: Mapping[str, str]) -> None:
    """ci.yml on the whole matrix: everything passes but the gate, which names what other platforms' jobs did not bring."""
    checkout, origin = clone(work), repository(work)
    run(["git", "-C", str(checkout), "push", "--quiet", str(origin), "HEAD:refs/heads/main"], what="pushing")
    payload = event(work, "refs/heads/main")
    ran = execute(work, checkout, "ci.yml", "push", payload, platform, container)
    left_out = elsewhere(checkout, platform)
    for name in left_out:
        skipped(f"{name}: runs on another platform's machine alone")
    refusing = {job for job in ran.jobs if job.endswith(("/gate", "/done"))}
    verdict(work, ran, refusing if left_out else set())
    jobs = {name.rsplit("/", 1)[-1] for name in ran.jobs}
    expect({"lint", "deny", "tests", "plan", "sdist", "gate", "done"} <= jobs, "every job of ci.yml ran", str(sorted(ran.jobs)))
    made = decision.decide(work / "artifacts" / "dist", matrix.load(), matrix.project_version(), matrix.load().platforms)
    strangers = [problem.message for problem in made.all_problems if not about_others(problem.message, platform)]
    expect(not strangers, "the gate refused other platforms' artifacts alone", "\n".join(strangers))
    console.print(f"{len(ran.jobs)} jobs ran, {len(left_out)} were left out; the gate refused what those would have brought")


def about_others(message: str, platform: Platform) -> bool:
    """Whether a refusal is of an artifact of another platform."""
    return any(f"-{other.tag}.whl" in message for other in matrix.load().platforms if other != platform)


def release(work: Path, platform: Platform, container: Mapping[str, str]) -> None:
    """release.yml from a pushed tag to files on an index, of a matrix that declares this platform alone."""
    checkout, tag = tagged(work, platform)
    with serving(work / "index", work / "index.log") as address:
        payload = event(work, f"refs/tags/{tag}")
        ran = execute(work, checkout, "release.yml", "push", payload, platform, container, index=address)
        verdict(work, ran, set())
        gated = sums(work / "artifacts" / "release")
        published = sums(work / "index")
        expect(gated == published != {}, "the index has exactly the gated files", f"{sorted(published)}")
        announced = {name: digest for name, digest in sums(work / "releases" / tag).items() if name in gated}
        expect(announced == gated, "the release's page has the same files", f"{sorted(announced)}")
        console.print(f"{len(gated)} files on the index and on the release's page, byte for byte those that were gated")
        without_each(work, checkout, tag)


def without_each(work: Path, checkout: Path, tag: str) -> None:
    """The gate job's own command, once for each artifact and each piece of evidence that is taken away."""
    gate = yaml.safe_load((checkout / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]["gate"]
    words = next(step["run"] for step in gate["steps"] if " gate " in step.get("run", "")).split(" -- ")[1]
    words = words.replace('"$TAG"', tag).split()
    words.insert(1, str(dist := work / "without"))
    shutil.copytree(
        work / "artifacts" / "release", dist, ignore=shutil.ignore_patterns("report.*", "SHA256SUMS", "evidence.zip", "logs")
    )
    command = [sys.executable, "-m", "ci", *words]
    env = os.environ | {"GITHUB_ACTIONS": "true"}
    whole = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, check=False)
    expect(whole.returncode == 0, "the gate passes the whole set", whole.stdout)
    files = [path for path in sorted(dist.rglob("*")) if path.is_file()]
    for path in files:
        aside = work / "aside"
        path.rename(aside)
        done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, check=False)
        named = path.name if path.parent == dist else path.name.split(".whl.")[0].split(".tar.gz.")[0]
        expect(done.returncode == 1 and named in done.stdout, f"the gate refuses without {path.name}", done.stdout)
        aside.rename(path)
    console.print(f"refused {len(files)} times: without each artifact and each piece of evidence in turn")


def refused(work: Path, platform: Platform, container: Mapping[str, str]) -> None:
    """release.yml of one lane, where evidence is lost on the way: nothing is attested, published or announced."""
    checkout, tag = tagged(work, platform, lane="abi3")
    with serving(work / "index", work / "index.log") as address:
        payload = event(work, f"refs/tags/{tag}")
        env = {"WITHHOLD": WITHHELD}
        ran = execute(work, checkout, "release.yml", "push", payload, platform, {**container, **env}, index=address)
        verdict(work, ran, {job for job in ran.jobs if job.endswith("/gate")})
        after = [job for job in ran.jobs if job.endswith(("/attest", "/publish", "/installed", "/announce"))]
        expect(ran.status != 0 and not after, "no job after the gate ran", str(after))
        expect(not sums(work / "index"), "the index is empty", str(sums(work / "index")))
        expect(not any((work / "releases").iterdir()), "no release's page", "one")
    console.print("the gate refused, and nothing was published")


PARTS = {"ci": pull_request, "release": release, "refused": refused}


def clone(work: Path) -> Path:
    """The commit as a new clone: what is not committed is not part of it."""
    checkout = work / "checkout"
    run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, checkout], what="cloning the commit")
    return checkout


def repository(work: Path) -> Path:
    """An empty repository to push to, in place of the project's host."""
    origin = work / "origin.git"
    run(["git", "init", "--quiet", "--bare", origin], what="making a repository")
    return origin


def tagged(work: Path, platform: Platform, lane: str = "") -> tuple[Path, str]:
    """A clone of a local repository to which a tag was pushed; its matrix declares one platform, and one lane if named."""
    checkout, origin = clone(work), repository(work)
    declaration = checkout / "ci" / "matrix.toml"
    text = declaration.read_text(encoding="utf-8")
    kept = [table for table in tables(text) if keep(table, platform, lane)]
    declaration.write_text("".join(kept), encoding="utf-8")
    tag = f"v{matrix.project_version(checkout)}"
    run([sys.executable, "-m", "scripts.api", "--release"], what="keeping the API", cwd=checkout)  # as CONTRIBUTING.md says
    git = ["git", "-C", str(checkout), "-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.invalid"]
    run([*git, "commit", "--quiet", "--all", "--message", f"Declare {platform.name} alone"], what="committing")
    run([*git, "tag", "--annotate", "--message", tag, tag], what="tagging")
    run([*git, "remote", "set-url", "origin", str(origin)], what="naming the repository")
    run([*git, "push", "--quiet", "origin", "HEAD:refs/heads/main", tag], what="pushing the tag")
    run([*git, "checkout", "--quiet", tag], what="checking out the tag")
    return checkout, tag


def tables(text: str) -> list[str]:
    """matrix.toml cut before each table; what comes first is the first piece."""
    return re.split(r"(?m)^(?=\[)", text)


def keep(table: str, platform: Platform, lane: str) -> bool:
    raw = tomllib.loads(table)
    if "platform" in raw:
        return bool(raw["platform"][0]["name"] == platform.name)
    return "wheel" not in raw or not lane or bool(raw["wheel"][0]["lane"] == lane)


def event(work: Path, ref: str) -> Path:
    path = work / "event.json"
    path.write_text(json.dumps({"ref": ref, "repository": {"default_branch": "main"}}), encoding="utf-8")
    return path


def execute(
    work: Path,
    checkout: Path,
    workflow: str,
    name: str,
    payload: Path,
    platform: Platform,
    more: Mapping[str, str],
    index: str = "",
) -> act.Ran:
    places = {"ARTIFACTS": work / "artifacts", "RELEASES": work / "releases", "ATTESTED": work / "attested"}
    (work / "releases").mkdir()
    (work / "artifacts").mkdir()
    places["ORIGIN"] = work / "origin.git"
    # Names that mean one interpreter each, and gh, come first; nothing of the environment of this session is found.
    path = [str(act.STANDINS / "bin"), str(interpreters.bin_folder()), *os.environ["PATH"].split(os.pathsep)]
    path = [entry for entry in path if ".nox" not in Path(entry).parts]
    env = {key: str(value) for key, value in places.items()} | dict(more)
    env |= {"HOTKERNELS_CACHE": str(cache()), "PATH": os.pathsep.join(path), "TERM": "dumb", "NO_COLOR": "1"}
    env["HOTKERNELS_ADVISORIES"] = "try"  # of RustSec's database, which hosted CI must reach and this machine may not
    words = act.command(checkout, workflow, name, payload, platform.runner, env)
    words += ["--matrix", f"platform:{platform.name}", "--action-cache-path", str(work / "act")]
    if index:
        words += ["--var", f"UPLOAD_URL={index}", "--var", f"SIMPLE_URL={index}simple/"]
    outer = {key: value for key, value in os.environ.items() if key not in {"CI", "GITHUB_ACTIONS", "VIRTUAL_ENV"}}
    return act.run(words, work / "act.log", outer | {"PATH": env["PATH"]})


def elsewhere(checkout: Path, platform: Platform) -> list[str]:
    """The jobs of the plan that another platform's machine runs."""
    declared = matrix.load(checkout / "ci" / "matrix.toml")
    others = tuple(other for other in declared.platforms if other.name != platform.name)
    jobs = plan.job_matrix(declared, others)["include"] if others else []
    return [f"{job['platform']}, {job['lane']} ({job['runner']})" for job in jobs]


def verdict(work: Path, ran: act.Ran, refusing: set[str]) -> None:
    """A line a job; a CiError unless exactly the jobs of `refusing` failed."""
    bad = []
    for job, result in ran.jobs.items():
        wanted = "failure" if job in refusing else "success"
        line = f"{job}  {result}{', as it must be' if job in refusing else ''}  {ran.seconds.get(job, 0):.0f} s"
        (passed if result == wanted else failed)(line)
        if result != wanted:
            bad.append(f"{job}: {result}\n" + "\n".join(ran.said.get(job, [])[-30:]))
    if bad or not ran.jobs:
        raise CiError(
            "a job did not end as it must",
            expected=f"failure of {', '.join(sorted(refusing)) or 'none'}, success of all others",
            found="\n".join(bad) or f"no job ran: status {ran.status}\n{tail(work / 'act.log')}",
            todo=f"the whole log is act.log of {work.name}/: nox -s workflows -- --keep DIR keeps it",
        )


def expect(well: bool, what: str, found: str) -> None:
    if not well:
        raise CiError(f"not so: {what}", expected=what, found=found, todo="nox -s workflows -- --keep DIR keeps the logs")


def sums(place: Path) -> dict[str, str]:
    """The artifacts of a folder with their sha256."""
    names = folder.entries(place) if place.is_dir() else []
    return {path.name: evidence.sha256(path) for path in names if path.name.endswith((".whl", ".tar.gz"))}


def tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


if __name__ == "__main__":
    sys.exit(main())
