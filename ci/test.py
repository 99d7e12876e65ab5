"""The verb test: runs the tests on every artifact, with every interpreter of the matrix that takes it."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from ci import checks, clean, dynamic, emulation, evidence, folder, host, interpreters, jobs, matrix, supervise
from ci.audit import archive
from ci.console import console, failed, passed, progress, refusal, skipped
from ci.errors import CiError
from ci.evidence import Evidence
from ci.matrix import Artifact, Host, Interpreter, Matrix


def add_arguments(parser: argparse.ArgumentParser) -> None:
    folder.add_arguments(parser)
    help_ = "environments at a time (%(default)s here)"
    parser.add_argument("--jobs", type=int, default=jobs.at_once(), metavar="N", help=help_)


@dataclass
class Run:
    """One artifact on one interpreter, how that is run, and what was said of it."""

    artifact: Artifact
    interpreter: Interpreter
    python: Path
    host: Host = "native"
    words: list[Evidence] = field(default_factory=list)
    log: Path | None = None


def run(args: argparse.Namespace) -> int:
    declared = matrix.load()
    artifacts, strangers = folder.selected(args.dist, args.only)
    for path in strangers:
        failed(path.name)
        refusal(folder.undeclared(path))
    runs = planned(artifacts)
    bad = len(strangers)
    with progress("testing", len(runs)) as bar, ThreadPoolExecutor(max_workers=max(1, args.jobs)) as pool:
        try:
            for done in as_completed([pool.submit(test, each, args.dist, declared) for each in runs]):
                bar.advance(bar.task_ids[0])
                bad += show(done.result())
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            supervise.end_all()
            raise
    console.print(f"{len(runs)} runs, {bad} refused" if bad else f"{len(runs)} runs, all pass")
    return 1 if bad else 0


def planned(artifacts: list[Artifact]) -> list[Run]:
    """What is to be run; a CiError when that is nothing, or when an interpreter or its requirements are missing."""
    runs = []
    for artifact in artifacts:
        platform = artifact.platform
        how = host.way(platform) if platform else "native"
        if platform and how == "static":
            skipped(f"{artifact.filename}  {platform.name} does not run on {host.here()}; the gate asks for it")
            continue
        for interpreter in artifact.tested_on:
            if platform and how == "emulated" and interpreter.name in platform.not_rehearsed:
                skipped(f"{artifact.filename}  {interpreter.name}: there is none to emulate; the gate asks for it")
                continue
            clean.requirements(interpreter)
            runs.append(Run(artifact, interpreter, python_for(artifact, interpreter, how), how))
    if not runs:
        raise CiError(
            "nothing was tested",
            expected=f"an artifact that runs on {host.here()}",
            found=", ".join(artifact.filename for artifact in artifacts) or "none that is declared",
            todo="run this verb on a machine of the artifacts' platform",
        )
    # The longest first, so that none is alone at the end: an sdist is built, and where threads are free all is run twice.
    return sorted(runs, key=lambda each: (not each.artifact.is_sdist, not each.interpreter.free_threaded))


def python_for(artifact: Artifact, interpreter: Interpreter, how: Host) -> Path:
    """The interpreter to test the artifact on; a CiError where it is missing."""
    emulated = how == "emulated"
    if (python := emulation.find(interpreter) if emulated else interpreters.find(interpreter)) is None:
        raise CiError(
            f"{artifact.filename}: no {'emulated ' if emulated else ''}{interpreter.command} to test it on",
            expected=f"CPython {interpreter.version}{', free-threaded' if interpreter.free_threaded else ''}",
            found="none in the cache" if emulated else "none on PATH or in the cache",
            todo="nox -s toolchain provides it" if emulated else "nox -s interpreters finds or builds it",
        )
    return python


def test(this: Run, dist: Path, declared: Matrix) -> Run:
    """Every dynamic check of one artifact on one interpreter, and evidence of each, whatever happens."""
    path = (dist / this.artifact.filename).resolve()
    digest = evidence.sha256(path)
    with tempfile.TemporaryDirectory(prefix="hotkernels-test-") as name:
        space = Path(name).resolve()
        session: dynamic.Session | CiError
        try:
            archive.read(path, this.artifact, declared)  # an installer unpacks it next
            session = dynamic.start(this.artifact, path, this.interpreter, this.python, space, declared.module, this.host)
        except CiError as error:
            session = error
        for expected in checks.test_checks(this.artifact):
            if expected.subject == this.interpreter.name:
                word = judge(expected.check, session, this, digest)
                evidence.write(dist, word)
                this.words.append(word)
        this.log = keep_log(this, dist / "logs", space / "log.txt")
    return this


def judge(name: str, session: dynamic.Session | CiError, this: Run, digest: str) -> Evidence:
    """One check's word; where the session did not start, that is what each check says."""
    started = time.monotonic()
    check = dynamic.CHECKS[name]
    try:
        if isinstance(session, CiError):
            raise session
        detail, passes = check.run(session), True
    except CiError as error:
        detail, passes = dict(error.detail()), False
    return Evidence(
        artifact=this.artifact.filename,
        sha256=digest,
        check=name,
        subject=this.interpreter.name,
        verdict="pass" if passes else "fail",
        tool=check.tool,
        version="" if isinstance(session, CiError) else check.version(session),
        detail=detail | {"seconds": round(time.monotonic() - started, 2)},
        host=this.host,
    )


def keep_log(this: Run, logs: Path, log: Path) -> Path | None:
    """The log of a failed run stays; that of an earlier failure goes when the run passes."""
    kept = logs / f"{this.artifact.filename}.{this.interpreter.name}.log"
    kept.unlink(missing_ok=True)
    if all(word.verdict == "pass" for word in this.words) or not log.is_file():
        return None
    logs.mkdir(exist_ok=True)
    shutil.copyfile(log, kept)
    return kept


def show(this: Run) -> bool:
    """One line a run; below it what failed, and where the log is. True for any failure."""
    name = f"{this.artifact.filename}  {this.interpreter.name}"
    bad = [word for word in this.words if word.verdict == "fail"]
    if not bad:
        counts = next(word.detail for word in this.words if word.check == "tests")
        seconds = sum(word.detail["seconds"] for word in this.words)
        made = " ".join(word.check for word in this.words)
        how = "" if this.host == "native" else f"  {this.host}"
        passed(f"{name}  {made}  {counts['passed']} passed, {counts['skipped']} skipped  {seconds:.1f} s{how}")
        return False
    failed(f"{name}  {' '.join(word.check for word in bad)}")
    # What every check of the run met, such as a wheel that does not install, is said once.
    for error in {str(error): error for error in (CiError.from_detail(word.detail) for word in bad)}.values():
        refusal(error)
    if this.log:
        console.print(f"      log: {this.log}")
    return True
