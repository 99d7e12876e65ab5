"""The verb publish: sends exactly the files that the gate lets out, and ends with 0 only when the index has every one.

An index shows each file as it comes; there is no upload that is all or nothing. So: everything that can be refused is
refused before the first byte is sent, wheels go before the sdist, and it can be run again until it ends well.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci import attestation, client, decision, evidence, head, index, matrix, published
from ci.console import console, passed, refusal
from ci.decision import Decision
from ci.errors import CiError
from ci.index import Standing
from ci.matrix import Matrix
from ci.paths import DIST

PAUSE = 1.0
"""Seconds before the second attempt; each further one takes twice as long."""

SHOWN = 8
"""Of many problems; the verb gate shows all that are in the folder."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the artifacts (default: dist/)")
    parser.add_argument("--index", required=True, metavar="URL", help="where files are uploaded to")
    parser.add_argument("--check-url", metavar="URL", help="the Simple index that shows them (on loopback: URL/simple/)")
    parser.add_argument(
        "--platform", action="append", default=[], metavar="P", help="a platform of the matrix: to an index on loopback alone"
    )
    help_ = "how often the client is started in a row without anything coming up (5)"
    parser.add_argument("--attempts", type=int, default=5, metavar="N", help=help_)
    parser.add_argument("--version", metavar="V", help="what is published, 1.2.3 or v1.2.3: must be the workspace's")
    help_ = "how long the index may take to show what it took (120)"
    parser.add_argument("--wait", type=float, default=120, metavar="SECONDS", help=help_)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What goes where. wanted: the sha256 of each file by its name, in the order in which they go: the sdist last."""

    project: str
    version: str
    wanted: dict[str, str]
    upload: str
    simple: str
    attempts: int
    wait: float

    def standing(self) -> Standing:
        """Asks the index; a CiError where it has what must not be there."""
        found = index.standing(self.simple, self.project, self.version, self.wanted)
        if found.problems:
            raise RefusedError(found.problems)
        return found

    @property
    def batches(self) -> Iterator[list[str]]:
        """An sdist alone would make every installer compile: it goes when all wheels are up."""
        for sdist in (False, True):
            yield [name for name in self.wanted if name.endswith(".tar.gz") == sdist]


class RefusedError(CiError):
    """Several problems at once."""

    def __init__(self, problems: Sequence[CiError]) -> None:
        rows = [(each.message, each.expected, each.found, each.todo) for each in problems]
        message, expected, found, todo = ("\n".join(dict.fromkeys(filter(None, row))) for row in zip(*rows, strict=True))
        super().__init__(message, expected=expected, found=found, todo=todo)
        self.problems = problems


def run(args: argparse.Namespace) -> int:
    declared = matrix.load()
    simple = args.check_url or f"{args.index.rstrip('/')}/simple/"
    on_loopback = all(index.loopback(index.checked(url)) for url in (args.index, simple))
    if args.platform and not on_loopback:
        raise CiError(
            f"--platform {args.platform[0]}: a part of a release is not published",
            expected="the whole declared set; a part only to an index on loopback, which is a rehearsal",
            found=args.index,
            todo="leave --platform out",
        )
    if not args.check_url and not on_loopback:
        raise CiError(
            "--check-url: not given",
            expected="the Simple index that shows what --index takes: what is up is compared before and after",
            found="none",
            todo="name it, as pip's --index-url; on loopback alone it is URL/simple/",
        )
    if args.version and args.version.removeprefix("v") != matrix.project_version():
        raise CiError(
            "the version to publish is not the workspace's",
            expected=matrix.project_version(),
            found=args.version,
            todo="check out the tag that is to be published",
        )
    made = decided(declared, args.dist, args.platform)
    problems = [
        *made.all_problems,
        *([] if on_loopback else unclean(made)),
        *unlisted(made, args.dist, part=bool(args.platform)),
    ]
    try:
        if problems:
            raise RefusedError(problems)
        release = Release(
            project=declared.name,
            version=made.version,
            wanted={row.artifact.filename: row.sha256 for row in made.rows},
            upload=args.index,
            simple=simple,
            attempts=args.attempts,
            wait=args.wait,
        )
        before = release.standing()
    except RefusedError as refused:
        for problem in refused.problems[:SHOWN]:
            refusal(problem)
        if len(refused.problems) > SHOWN:
            console.print("      …")
        console.print(f"refused: {count(refused.problems)}; nothing was uploaded")
        return 1
    for name in before.there:
        passed(f"{name}  already there, with the gated bytes")
    if not before.whole:
        bring(release, args.dist)
    console.print(f"{release.project} {release.version} is whole on {simple}: {len(release.wanted)} files, {made.verdict}")
    return 0


def decided(declared: Matrix, dist: Path, platforms: Sequence[str]) -> Decision:
    """The gate's decision, made again, on native tests alone: what was accepted elsewhere does not count here."""
    return decision.decide(dist, declared, matrix.project_version(), declared.select_platforms(platforms))


def unclean(made: Decision) -> Iterator[CiError]:
    """A release is built from a commit that others can check out, and that is checked out here."""
    here = head.commit()
    for row in made.rows:
        word = row.words.get(("build", ""))
        commit = str(word.detail.get("commit") or "") if word else ""
        if not commit or commit.endswith("-dirty"):
            yield CiError(
                f"{row.artifact.filename}: not built from a commit alone",
                expected="a commit, with no change beside it",
                found=commit or "no commit",
                todo="build it from a clean checkout",
            )
        elif commit != here:
            yield CiError(
                f"{row.artifact.filename}: not built from the commit that is checked out",
                expected=here or "no commit, for this is no checkout",
                found=commit,
                todo="check out the tag that is to be published",
            )


def unlisted(made: Decision, dist: Path, *, part: bool) -> Iterator[CiError]:
    """What is published is what SHA256SUMS lists, for that is what was attested. A hosted job has it; a person may."""
    path = dist / "SHA256SUMS"
    if not os.path.lexists(path) and (part or os.environ.get("GITHUB_ACTIONS") != "true"):
        return
    try:
        if path.is_symlink() or not path.is_file():
            raise CiError("not a plain file, or not there")
        listed = published.sums(path)
    except CiError as error:
        found = f"{error.message} {error.found}".strip()
    else:
        wanted = {row.artifact.filename: row.sha256 for row in made.rows}
        odd = wanted.items() - listed.items() if part else wanted.items() ^ listed.items()
        found = ", ".join(sorted({name for name, _ in odd}))
    if found:
        yield CiError(
            "SHA256SUMS does not list what is to be published",
            expected="each file once, with the sha256 that was gated, and no other",
            found=found,
            todo="python -m ci report --native writes it anew; what was attested must be what is published",
        )


def count(problems: Sequence[CiError]) -> str:
    return f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"


def bring(release: Release, dist: Path) -> None:
    """Uploads what is missing and sees every file on the index; a CiError that says how it stands where that fails."""
    with tempfile.TemporaryDirectory(prefix="hotkernels-publish-") as into:
        staged = stage(release, dist, Path(into))
        try:
            for batch in release.batches:
                upload(release, staged, batch)
        except KeyboardInterrupt:
            console.print(str(stopped(release, CiError("interrupted"))), markup=False)
            raise
        except CiError as error:
            raise stopped(release, error) from error


def stage(release: Release, dist: Path, into: Path) -> Path:
    """Copies of the files, each with the bytes that were decided on, whatever happens to `dist` meanwhile."""
    for name, sha256 in release.wanted.items():
        copy = into / name
        shutil.copyfile(dist / name, copy)
        if (found := evidence.sha256(copy)) != sha256:
            raise CiError(
                f"{name}: changed after the decision; nothing was uploaded",
                expected=f"sha256 {sha256}",
                found=f"sha256 {found}",
                todo="find out what writes into the folder; build, audit and test again",
            )
        # What a signer put beside a file goes along with it: PEP 740.
        if os.path.lexists(beside := dist / f"{name}{attestation.SUFFIX}"):
            shutil.copyfile(beside, into / beside.name, follow_symlinks=False)
            attestation.check(into / beside.name, name, sha256)
    return into


def upload(release: Release, staged: Path, batch: Sequence[str]) -> None:
    """Sends what is missing of a batch until the index has it all, with pauses that grow while nothing comes up."""
    missing = [name for name in batch if name in release.standing().missing]
    tried = 0
    while missing:
        tried += 1
        # What attests to a file goes with it.
        sent = [path for name in missing for path in sorted(staged.glob(f"{name}*"))]
        problem = client.send(sent, release.upload, release.simple)
        # An index that took a file may show it a little later; one that failed has nothing to show.
        before, missing = missing, shown(release, missing, wait=0 if problem else release.wait)
        for name in before:
            if name not in missing:
                passed(f"{name}  uploaded, and on the index with the gated bytes")
                tried = 1
        if not missing:
            return
        if problem is None:
            raise CiError(
                "the index took what it does not show",
                expected="every file that was uploaded on the index's page, with its sha256",
                found=f"after {release.wait:.0f} s not there: {', '.join(missing)}",
                todo="wait a while; if it stays so, ask who keeps the index",
            )
        if problem.permanent or tried >= release.attempts:
            raise problem
        pause = PAUSE * 2 ** (tried - 1)
        console.print(f"{problem.message}; next attempt in {pause:.0f} s", markup=False)
        time.sleep(pause)


def shown(release: Release, names: Sequence[str], wait: float) -> list[str]:
    """Those of the names that the index still does not show when the time is over."""
    until, pause = time.monotonic() + wait, 0.5
    while True:
        absent = release.standing().missing
        left = until - time.monotonic()
        if not (missing := [name for name in names if name in absent]) or left <= 0:
            return missing
        time.sleep(min(pause, left))
        pause = min(pause * 2, 15.0)


def stopped(release: Release, why: CiError) -> CiError:
    """What a publisher who was stopped half-way has to know: what is up, what is not, and what to do."""
    try:
        now = index.standing(release.simple, release.project, release.version, release.wanted)
    except CiError as error:
        state = ["what is up is not known: the index does not answer", error.found]
    else:
        state = [f"{len(now.there)} of {len(release.wanted)} files are up"]
        state += [f"up       {name}" for name in now.there]
        state += [f"not up   {name}" for name in now.missing]
        state += [f"wrong    {problem.message}" for problem in now.problems]
    again = "run it again: what is up is compared by its hash and not sent again"
    return CiError(
        f"{release.project} {release.version} is NOT whole on {release.simple}: {why.message}",
        expected=why.expected or f"all {len(release.wanted)} files on the index",
        found="\n".join(filter(None, [why.found, *state])),
        todo=f"{why.todo}\n{again}" if why.todo else again,
    )
