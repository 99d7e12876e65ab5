"""Which checks every artifact must have passed, as data: audit and test make them, the gate asks for them.

Standard library and the matrix only, so that the gate runs where none of the tools is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ci.matrix import Artifact

Kind = Literal["linux", "macos", "sdist"]

AUDIT: dict[Kind, tuple[str, ...]] = {
    "linux": (
        "archive", "name", "record", "files", "metadata", "abi", "exports", "platform", "paths", "sbom", "notices", "size",
    ),
    "macos": (
        "archive", "name", "record", "files", "metadata", "abi", "exports", "platform", "paths", "sbom", "notices", "size",
    ),
    "sdist": ("archive", "name", "files", "metadata", "paths", "notices", "size"),
}  # fmt: skip
"""The checks that need no interpreter. What each one does is in ci/audit/."""


@dataclass(frozen=True, kw_only=True, order=True)
class Expected:
    """One check that must have passed. dynamic: it runs the artifact's code; subject is then the interpreter."""

    check: str
    subject: str = ""
    dynamic: bool = False

    def __str__(self) -> str:
        return f"{self.check} on {self.subject}" if self.subject else self.check

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where it may have been made, best first."""
        if self.dynamic:
            return ("native", "emulated")
        return ("native",) if self.check == "build" else ("static",)

    @property
    def verb(self) -> str:
        """The verb that makes it."""
        if self.dynamic:
            return "test"
        return "build" if self.check == "build" else "audit"


def kind(artifact: Artifact) -> Kind:
    """What sort of file it is: this chooses the checks."""
    if artifact.platform is None:
        return "sdist"
    return "macos" if "-darwin" in artifact.platform.target else "linux"


def audit_checks(artifact: Artifact) -> tuple[Expected, ...]:
    """The checks of `audit`, in the order in which they run: what makes a file readable comes first."""
    return tuple(Expected(check=name) for name in AUDIT[kind(artifact)])


def test_checks(artifact: Artifact) -> tuple[Expected, ...]:
    """The checks of `test`: on each interpreter that takes the artifact.

    import: it imports, from the bytes that are in the wheel, and says the ABI of its name; gil: the import left the GIL
    off; tests: the suite passes; threads: and passes again with every test run by several threads at once.
    """
    return tuple(
        Expected(check=check, subject=interpreter.name, dynamic=True)
        for interpreter in artifact.tested_on
        for check in ("import", "gil", "tests", "threads")
        if interpreter.free_threaded or check in ("import", "tests")
    )


def expected_checks(artifact: Artifact) -> tuple[Expected, ...]:
    """All that the gate asks for."""
    return (Expected(check="build"), *audit_checks(artifact), *test_checks(artifact))


def abi(artifact: Artifact) -> str:
    """The ABI as the extension itself states it: cp313t, cp312-abi3, cp315-abi3.abi3t.

    An sdist becomes a wheel of the interpreter that builds it.
    """
    if artifact.wheel is None:
        return artifact.tested_on[0].name
    return artifact.wheel.tag if artifact.wheel.limited_api else artifact.wheel.tag.split("-")[1]
