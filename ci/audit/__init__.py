"""The verb audit: every check that needs no interpreter, on every artifact of a folder."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from ci import checks, evidence, folder, matrix
from ci.console import console, failed, passed, progress, refusal
from ci.errors import CiError
from ci.evidence import Evidence
from ci.matrix import Artifact, Matrix
from ci.paths import ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    folder.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    declared = matrix.load()
    artifacts, strangers = folder.selected(args.dist, args.only)
    bad = len(strangers)
    for path in strangers:
        failed(path.name)
        refusal(folder.undeclared(path))
    with progress("auditing", len(artifacts)) as bar:
        for artifact in artifacts:
            bar.update(bar.task_ids[0], description=artifact.filename)
            made = audit(declared, artifact, args.dist)
            bar.advance(bar.task_ids[0])
            bad += show(artifact, made)
    console.print(f"{len(artifacts)} audited, {bad} refused" if bad else f"{len(artifacts)} audited, all pass")
    return 1 if bad else 0


def audit(declared: Matrix, artifact: Artifact, dist: Path, root: Path = ROOT) -> list[Evidence]:
    """Makes every check of one artifact and writes the evidence, of refusals too."""
    from ci.audit.opened import Opened  # noqa: PLC0415  # here, so that --help needs none of the tools
    from ci.audit.table import TABLE  # noqa: PLC0415

    path = dist / artifact.filename
    digest = evidence.sha256(path)
    opened = Opened(path, artifact, declared, root)
    made = []
    for expected in checks.audit_checks(artifact):
        detail: Mapping[str, object]
        check = TABLE[checks.kind(artifact)].get(expected.check)
        try:
            if check is None:
                raise CiError(
                    f"no {expected.check} check for {checks.kind(artifact)} yet",
                    expected="a function in ci/audit/table.py",
                    found="none",
                    todo="write it; until then this artifact cannot be released",
                )
            detail, passes = check.run(opened), True
        except CiError as error:
            detail, passes = error.detail(), False
        except Exception as error:  # noqa: BLE001  # a check that breaks on a broken file has not passed it
            detail = CiError(
                f"the check broke on it: {error!r}",
                expected="a file that can be judged",
                todo="build it again; if it is well, correct the check in ci/audit/",
            ).detail()
            passes = False
        word = Evidence(
            artifact=artifact.filename,
            sha256=digest,
            check=expected.check,
            verdict="pass" if passes else "fail",
            tool=check.tool if check else "ci",
            version=check.tool_version if check else artifact.version,
            detail=dict(detail),
            host="static",
        )
        evidence.write(dist, word)
        made.append(word)
    return made


def show(artifact: Artifact, made: list[Evidence]) -> bool:
    """One line an artifact; below it each refusal, once where several checks met the same. True for any refusal."""
    refused: dict[str, list[Evidence]] = {}
    for word in made:
        if word.verdict == "fail":
            refused.setdefault(str(word.detail), []).append(word)
    if not refused:
        passed(f"{artifact.filename}  {len(made)} checks")
        return False
    failed(f"{artifact.filename}  {sum(map(len, refused.values()))} of {len(made)} checks")
    for words in refused.values():
        error = CiError.from_detail(words[0].detail)
        error.message = f"{', '.join(word.check for word in words)}: {error.message}"
        refusal(error)
    return True
