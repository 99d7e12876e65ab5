"""The release decision, as a pure reading of a folder: what is declared, what is there, what was proven of it.

No tool runs and nothing is written. The verb gate prints it, the verb report draws it.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import HeaderParser
from pathlib import Path

from packaging.tags import Tag, parse_tag
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from ci import attestation, checks, consistent, evidence, folder, head, host, matrix
from ci.audit import archive
from ci.checks import Expected
from ci.console import shorten
from ci.errors import CiError
from ci.evidence import Evidence
from ci.matrix import Artifact, Matrix, Platform
from ci.paths import DIST

HOSTS = ("native", "emulated", "static")
"""How an artifact's code was run, best first; static is not at all."""

CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(kw_only=True)
class Row:
    """One declared artifact: the file, if it is there, and the evidence on it by (check, subject).

    unusable: of which a file is there that is no evidence; that is a problem of the decision's.
    """

    artifact: Artifact
    path: Path | None = None
    sha256: str = ""
    size: int = 0
    words: dict[tuple[str, str], Evidence] = field(default_factory=dict)
    unusable: set[tuple[str, str]] = field(default_factory=set)
    problems: list[CiError] = field(default_factory=list)


@dataclass(kw_only=True)
class Decision:
    """problems: those of no declared artifact. hosts: of each platform, the weakest way in which its code was run.

    not_run: artifact and interpreter of each run that was asked for by name to be left out; hosts does not count them.
    """

    version: str
    rows: list[Row]
    hosts: dict[str, str] = field(default_factory=dict)
    not_run: list[tuple[str, str]] = field(default_factory=list)
    problems: list[CiError] = field(default_factory=list)

    @property
    def all_problems(self) -> list[CiError]:
        return [*self.problems, *(problem for row in self.rows for problem in row.problems)]

    @property
    def complete(self) -> bool:
        return bool(self.rows) and not self.all_problems

    @property
    def verdict(self) -> str:
        if self.complete:
            return f"complete ({', '.join(f'{platform} {host}' for platform, host in self.hosts.items())})"
        number = len(self.all_problems)
        return f"refused: {number} problem{'' if number == 1 else 's'}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be decided on."""
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the artifacts (default: dist/)")
    parser.add_argument("--platform", action="append", default=[], metavar="P", help="a platform of the matrix (all)")
    parser.add_argument("--version", metavar="V", help="what is to be released: 1.2.3 or v1.2.3 (the workspace's)")
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="P[/INTERPRETER]=HOST",
        help="the weakest way of running the tests that is taken for platform P, or for one interpreter there: native, "
        "emulated, or static, which is not at all",
    )
    parser.add_argument(
        "--native",
        action="store_true",
        help="take tests on native machines alone, as a release does and every job on GitHub; elsewhere what the matrix "
        "says can be rehearsed counts too, and the verdict says so",
    )


def from_args(args: argparse.Namespace) -> Decision:
    """The decision that the command line asks for."""
    declared = matrix.load()
    workspace = matrix.project_version()
    version = (args.version or workspace).removeprefix("v")
    platforms = declared.select_platforms(args.platform)
    # A hosted job has a machine of each platform: there nothing but that counts.
    strict = args.native or os.environ.get("GITHUB_ACTIONS") == "true"
    accept = ({} if strict else rehearsed(platforms)) | accepted(declared, args.accept)
    made = decide(args.dist, declared, version, platforms, accept, commit=head.commit() if strict else None)
    if version != workspace:
        problem = CiError(
            "the version to release is not the workspace's",
            expected=workspace,
            found=version,
            todo="check out the tag; or set the version in Cargo.toml and build again",
        )
        made.problems.insert(0, problem)
    return made


def rehearsed(platforms: Sequence[Platform]) -> dict[str, str]:
    """What the matrix says one machine can do, as --accept would: by platform, and by interpreter where it differs."""
    found: dict[str, str] = {}
    for platform in platforms:
        found[platform.name] = platform.rehearsed
        found |= {f"{platform.name}/{name}": "static" for name in platform.not_rehearsed}
    return found


def accepted(declared: Matrix, pairs: list[str]) -> dict[str, str]:
    """--accept as a dict; a CiError for a platform, interpreter or host that there is not."""
    found = {}
    interpreters = {interpreter.name for interpreter in declared.interpreters}
    for pair in pairs:
        name, _, host = pair.partition("=")
        platform, slash, interpreter = name.partition("/")
        declared.select_platforms([platform])
        if host not in HOSTS or platform == "all" or (slash and interpreter not in interpreters):
            raise CiError(
                f"--accept {pair}: not a platform and a host",
                expected=f"PLATFORM={'|'.join(HOSTS)} or PLATFORM/INTERPRETER={'|'.join(HOSTS)}",
                found=pair,
                todo="name one platform of the plan, or one of its interpreters, and one of these hosts",
            )
        found[name] = host
    return found


def decide(
    dist: Path,
    declared: Matrix,
    version: str,
    platforms: Sequence[Platform],
    accept: Mapping[str, str] | None = None,
    now: datetime | None = None,
    commit: str | None = None,
) -> Decision:
    """Reads `dist` and says all that speaks against releasing it.

    accept: of a platform by name, or of platform/interpreter, the weakest host that is taken for its tests; native where
    neither is named. commit: what all must have been built from; None where any one commit will do.
    """
    accept = accept or {}
    rows = [Row(artifact=artifact) for artifact in declared.artifacts(version, platforms)]
    decision = Decision(version=version, rows=rows)
    decision.problems += files(dist, rows)
    decision.problems += read_evidence(dist, rows)
    by_bytes = {row.sha256: row.artifact.filename for row in rows if row.path}
    for row in rows:
        if row.path:
            row.problems += inside(row, declared)
            row.problems += attested(row)
        row.problems += proven(row, accept, now or datetime.now(UTC), by_bytes)
    decision.problems += one_commit(rows, commit)
    decision.problems += one_plan(rows, declared)
    decision.problems += unserved(declared, platforms)
    for platform in platforms:
        runs = [(row, expected, way) for row in rows if row.artifact.platform == platform for expected, way in ran(row)]
        # What was named one by one is listed one by one; it does not speak for the platform.
        named = [(row, e) for row, e, way in runs if way == "static" and f"{platform.name}/{e.subject}" in accept]
        ways = [way for row, expected, way in runs if (row, expected) not in named]
        decision.hosts[platform.name] = max(ways, key=HOSTS.index, default="static")
        decision.not_run += dict.fromkeys((row.artifact.filename, expected.subject) for row, expected in named)
    return decision


def files(dist: Path, rows: list[Row]) -> Iterator[CiError]:
    """Matches the files of the folder to the declared ones; what matches none, or one that is taken, is a problem."""
    by_name = {row.artifact.filename: row for row in rows}
    by_key = {key(row.artifact.filename): row for row in rows}
    by_bytes: dict[str, str] = {}
    not_files = set()
    for path in folder.entries(dist):
        if path.is_symlink() or not path.is_file():
            yield extra(path.name, "a link or a folder", "artifacts are plain files")
            not_files.add(path.name)
            continue
        digest = evidence.sha256(path)
        if digest in by_bytes:
            yield extra(path.name, f"the same bytes as {by_bytes[digest]}", "a copy under another name is not an artifact")
        by_bytes[digest] = path.name
        if (row := by_name.get(path.name)) is not None:
            row.path, row.sha256, row.size = path, digest, path.stat().st_size
        elif (twin := by_key.get(key(path.name))) is not None:
            what = f"another spelling of {twin.artifact.filename}"
            yield extra(path.name, what, "an index takes both for one file: keep the declared name")
        elif same_but_version(path.name, rows):
            yield CiError(
                f"{path.name}: another version",
                expected=rows[0].artifact.version,
                found=path.name,
                todo="remove it, or build all artifacts from one commit; --version names the version to release",
            )
        else:
            yield extra(path.name, "nothing declared", "the plan lists what ships; with --platform, of that platform alone")
    for row in rows:
        if row.path is None and row.artifact.filename not in not_files:
            row.problems.append(
                CiError(
                    f"{row.artifact.filename}: missing",
                    expected="every declared artifact",
                    found=f"not in {dist.name}/",
                    todo="build it, audit it and test it; a release is all or nothing",
                )
            )


def key(filename: str) -> tuple[object, ...]:
    """What an index knows a file by: equal for two spellings of one name."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)
        return (*parse_sdist_filename(filename), "sdist")
    except (InvalidWheelFilename, InvalidSdistFilename):
        return (filename,)


def same_but_version(filename: str, rows: list[Row]) -> bool:
    def rest(name: str) -> tuple[object, ...]:
        parts = key(name)
        return (parts[0], *parts[2:])

    return len(key(filename)) > 1 and rest(filename) in {rest(row.artifact.filename) for row in rows}


def extra(name: str, found: str, why: str) -> CiError:
    return CiError(
        f"{name}: does not belong here", expected="the declared artifacts alone", found=found, todo=f"remove it: {why}"
    )


def inside(row: Row, declared: Matrix) -> Iterator[CiError]:
    """It unpacks safely, and a wheel's WHEEL file says the tags of its name: the cheap part of the audit, done again."""
    if row.path is None:
        return
    name = row.artifact.filename
    try:
        members = archive.read(row.path, row.artifact, declared)
    except CiError as error:
        # The audit said the same, if these are the bytes that it saw.
        yield CiError(f"{name}: {error.message}", expected=error.expected, found=error.found, todo=error.todo)
        return
    if row.artifact.is_sdist:
        return
    files = [data for member, data in members.items() if member.count("/") == 1 and member.endswith(".dist-info/WHEEL")]
    lines = HeaderParser().parsestr(files[0].decode("utf-8", "replace")).get_all("Tag", []) if len(files) == 1 else []
    try:
        found: frozenset[Tag] = frozenset().union(*map(parse_tag, lines))
    except ValueError:
        found = frozenset()
    if found != row.artifact.tags:
        yield CiError(
            f"{name}: its WHEEL file does not say the tags of its name",
            expected=", ".join(sorted(map(str, row.artifact.tags))),
            found=", ".join(lines) or "no Tag line in one WHEEL file",
            todo="it was renamed, retagged or damaged: build it again",
        )


def attested(row: Row) -> Iterator[CiError]:
    """What goes out with the artifact is about the artifact."""
    beside = row.path.with_name(f"{row.path.name}{attestation.SUFFIX}") if row.path else None
    if beside is not None and os.path.lexists(beside):
        try:
            attestation.check(beside, row.artifact.filename, row.sha256)
        except CiError as error:
            yield error


def read_evidence(dist: Path, rows: list[Row]) -> Iterator[CiError]:
    """Gives each row its evidence; a problem for each file that is no evidence on a declared artifact."""
    by_name = {row.artifact.filename: row for row in rows}
    by_file = {
        ".".join(filter(None, (row.artifact.filename, expected.check, expected.subject, "json"))): (row, expected)
        for row in rows
        for expected in checks.expected_checks(row.artifact)
    }
    where = evidence.folder(dist)
    if where.is_symlink() or (where.exists() and not where.is_dir()):
        yield extra(where.name, "a link or a file", "evidence lies in the folder itself")
    for path in sorted(where.iterdir()) if where.is_dir() else []:
        try:
            word = evidence.read(path)
        except CiError as error:
            yield error
            if path.name in by_file:
                of, expected = by_file[path.name]
                of.unusable.add((expected.check, expected.subject))
            continue
        row = by_name.get(word.artifact)
        subject = word.subject or ""
        asked = {(e.check, e.subject) for e in checks.expected_checks(row.artifact)} if row else set()
        if row is None or (word.check, subject) not in asked:
            yield CiError(
                f"{path.name}: evidence that nobody asks for",
                expected="evidence on a declared artifact, of a check that it has",
                found=f"artifact {word.artifact}, check {word.check}{f' on {subject}' if subject else ''}",
                todo="remove it; a check that is new goes into ci/checks.py",
            )
            continue
        row.words[word.check, subject] = word


def proven(row: Row, accept: Mapping[str, str], now: datetime, by_bytes: Mapping[str, str]) -> Iterator[CiError]:
    """A problem for each expected check that has no valid, passing evidence on these very bytes.

    by_bytes: the artifacts that are there, by their SHA-256.
    """
    platform = row.artifact.platform.name if row.artifact.platform else ""
    build = row.words.get(("build", ""))
    for expected in checks.expected_checks(row.artifact):
        allowed = accept.get(f"{platform}/{expected.subject}", accept.get(platform, "native"))
        word = row.words.get((expected.check, expected.subject))
        if word is None:
            if not (expected.dynamic and allowed == "static") and (expected.check, expected.subject) not in row.unusable:
                yield refused(row, expected, "no evidence", "a passing check", "none", f"run `python -m ci {expected.verb}`")
            continue
        yield from of_these_bytes(row, expected, word, by_bytes)
        yield from judged(row, expected, word, allowed)
        yield from in_time(row, expected, word, build, now)
        for said in consistent.problems(row.artifact, word):
            yield refused(row, expected, said.message, said.expected, said.found, f"run `python -m ci {expected.verb}` again")


def of_these_bytes(row: Row, expected: Expected, word: Evidence, by_bytes: Mapping[str, str]) -> Iterator[CiError]:
    if row.path is None or word.sha256 == row.sha256:
        return
    again = f"run `python -m ci {expected.verb}` again"
    if other := by_bytes.get(word.sha256):
        todo = f"it was made on that file, and copied: {again}"
        yield refused(row, expected, "evidence of another artifact", row.sha256, f"{word.sha256}, which is {other}", todo)
    else:
        yield refused(row, expected, "evidence of other bytes", row.sha256, word.sha256, f"the file changed since: {again}")


def judged(row: Row, expected: Expected, word: Evidence, allowed: str) -> Iterator[CiError]:
    again = f"run `python -m ci {expected.verb}` again"
    if word.verdict != "pass":
        said = CiError.from_detail(word.detail)
        yield refused(row, expected, f"failed: {said.message}", said.expected, shorten(said.found, 300), said.todo or again)
    hosts = expected.hosts[: HOSTS.index(allowed) + 1] if expected.dynamic else expected.hosts
    if word.host not in hosts:
        todo = "run it on a machine of the platform" if expected.dynamic else again
        yield refused(row, expected, "made on a host that does not count", " or ".join(hosts), word.host, todo)
    elif expected.dynamic and (platform := row.artifact.platform):
        # What says native and names another machine was run under something, or nowhere.
        native = host.is_of(platform, word.machine)
        if native != (word.host == "native"):
            wanted = f"a machine of {platform.target}" if word.host == "native" else f"another machine than {platform.target}"
            yield refused(row, expected, f"said to be {word.host} on a machine that cannot be", wanted, word.machine, again)
    if not (word.tool and word.version) and word.verdict == "pass":
        yield refused(row, expected, "evidence without a tool", "a tool and its version", f"{word.tool} {word.version}", again)


def in_time(row: Row, expected: Expected, word: Evidence, build: Evidence | None, now: datetime) -> Iterator[CiError]:
    """Not from the future, and not of a time before the file was there; clocks may differ a little."""
    again = f"run `python -m ci {expected.verb}` again"
    finished = datetime.fromisoformat(word.finished)
    if finished > now + CLOCKS_DIFFER:
        wanted = f"a UTC time before {now:%Y-%m-%dT%H:%MZ}"
        yield refused(row, expected, "evidence from the future", wanted, word.finished, again)
    if build is not None and finished < datetime.fromisoformat(build.finished) - CLOCKS_DIFFER:
        yield refused(row, expected, "evidence from before the build", f"a time after {build.finished}", word.finished, again)


def refused(row: Row, check: Expected, message: str, expected: str, found: str, todo: str) -> CiError:
    return CiError(f"{row.artifact.filename}: {check}: {message}", expected=expected, found=found, todo=todo)


def ran(row: Row) -> Iterator[tuple[Expected, str]]:
    """How each dynamic check of an artifact was made; static for one that was not."""
    for expected in checks.test_checks(row.artifact):
        word = row.words.get((expected.check, expected.subject))
        yield expected, word.host if word else "static"


def one_commit(rows: list[Row], wanted: str | None) -> Iterator[CiError]:
    """All artifacts of a release are built from one commit, and where it is known from `wanted`."""
    built = {row.artifact.filename: row.words["build", ""] for row in rows if ("build", "") in row.words}
    commits = Counter(str(word.detail.get("commit") or "") for word in built.values())
    if len(commits) > 1:
        usual = commits.most_common(1)[0][0]
        odd = [
            f"{name}: {w.detail.get('commit') or 'none'}"
            for name, w in built.items()
            if (w.detail.get("commit") or "") != usual
        ]
        yield CiError(
            "built from more than one commit",
            expected=f"{usual or 'none'}, as {commits[usual]} are",
            found=", ".join(odd),
            todo="build them again from one commit",
        )
    if wanted is not None and (others := commits.keys() - {wanted}):
        yield CiError(
            "not built from the commit that is checked out",
            expected=wanted or "none, outside a checkout",
            found=", ".join(sorted(others)) or "none",
            todo="check out the commit that was built, or build again from this one",
        )


def one_plan(rows: list[Row], declared: Matrix) -> Iterator[CiError]:
    """The evidence was made under the matrix that decides: what was dropped since is not simply no longer asked for."""
    for table, digest in declared.digests.items():
        others = [word for row in rows for word in row.words.values() if word.plan.get(table) != digest]
        if others:
            yield CiError(
                f"[{table}] of ci/matrix.toml is not what evidence was made under",
                expected=f"sha256 {digest}",
                found=f"{len(others)} files, {others[0].filename} the first: {others[0].plan.get(table, 'none')}",
                todo="build, audit and test with this matrix; or check out the one that was built with",
            )


def unserved(declared: Matrix, platforms: Sequence[Platform]) -> Iterator[CiError]:
    """Every interpreter that is named gets a wheel."""
    for platform in platforms:
        for interpreter in declared.interpreters:
            if not any(interpreter.accepts(wheel.tag, platform.tag) for wheel in declared.wheels):
                yield CiError(
                    f"{interpreter.name} takes no wheel on {platform.name}",
                    expected="a wheel for every interpreter of ci/matrix.toml",
                    found="none that its tags accept",
                    todo="add the wheel's row, or take the interpreter's away",
                )
