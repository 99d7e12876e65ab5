"""The verb gate: the release decision, printed in full. Reads only."""

from __future__ import annotations

import argparse

from ci import decision
from ci.console import console, failed, passed, refusal, skipped
from ci.decision import Decision


def add_arguments(parser: argparse.ArgumentParser) -> None:
    decision.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    made = decision.from_args(args)
    show(made)
    return 0 if made.complete else 1


def show(made: Decision) -> None:
    for problem in made.problems:
        refusal(problem)
    for row in made.rows:
        if row.problems:
            failed(row.artifact.filename)
            for problem in row.problems:
                refusal(problem)
        else:
            passed(f"{row.artifact.filename}  {len(row.words)} checks  sha256 {row.sha256[:16]}…")
    for artifact, interpreter in made.not_run:
        skipped(f"{artifact} on {interpreter}: its code was not run there; the file alone was checked")
    console.print(made.verdict)
