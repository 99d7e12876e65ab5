"""Holds a piece of evidence to itself: a verdict that its own details contradict is no verdict."""

from __future__ import annotations

from collections.abc import Iterator

from ci import checks
from ci.errors import CiError
from ci.evidence import Evidence
from ci.matrix import Artifact


def problems(artifact: Artifact, word: Evidence) -> Iterator[CiError]:
    """What a passing check says of itself that a passing check cannot say."""
    if word.verdict != "pass":
        return
    for what, wanted, found in rows(artifact, word):
        if found != wanted or type(found) is not type(wanted):
            yield CiError(f"passes, and yet: {what}", expected=str(wanted), found=str(found))
    if word.check in ("tests", "threads"):
        passed = word.detail.get("passed")
        if type(passed) is not int or passed < 1:
            yield CiError("passes, and yet no test passed", expected="a number of tests", found=str(passed))


def rows(artifact: Artifact, word: Evidence) -> Iterator[tuple[str, object, object]]:
    """What, as it must be, as the evidence has it."""
    detail = word.detail
    if word.check == "build":
        lane = artifact.wheel.lane if artifact.wheel else None
        if lane and artifact.platform:
            yield "built in another lane", lane.name, detail.get("lane")
            yield "built from another lock file", lane.lock, detail.get("lock")
            yield "built with other features", list(lane.features), detail.get("features")
            yield "built for another target", artifact.platform.target, detail.get("target")
            version = lane.cibuildwheel if word.tool == "cibuildwheel" else lane.maturin
            yield "built with another version of the tool", version, word.version
    elif word.check == "import":
        said = detail.get("build_info")
        info = said if isinstance(said, dict) else {}
        yield "another ABI was imported", checks.abi(artifact), info.get("abi")
        if artifact.platform:
            yield "code for another target was imported", artifact.platform.target, info.get("target")
    elif word.check == "gil":
        yield "the GIL was on before the import", False, detail.get("gil_before")
        yield "the GIL was on after the import", False, detail.get("gil_after")
    elif word.check in ("tests", "threads"):
        yield "tests failed", 0, detail.get("failures")
        yield "tests broke", 0, detail.get("errors")
