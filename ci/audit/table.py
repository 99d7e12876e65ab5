"""Which function makes which check of which kind of artifact: the one table. ci/checks.py has the names alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from ci import matrix
from ci.audit import abi, archive, exports, files, leaks, macos, manylinux, metadata, names, notices, record, sbom, size
from ci.audit.opened import Opened
from ci.checks import Kind


@dataclass(frozen=True)
class Check:
    """run returns the detail of a pass and raises a CiError to refuse. tool: the distribution that judges."""

    run: Callable[[Opened], dict[str, Any]]
    tool: str = "ci"

    @property
    def tool_version(self) -> str:
        return matrix.project_version() if self.tool == "ci" else version(self.tool)


WHEEL = {
    "archive": Check(archive.check),
    "name": Check(names.wheel, "packaging"),
    "record": Check(record.check),
    "files": Check(files.wheel),
    "metadata": Check(metadata.wheel, "packaging"),
    "notices": Check(notices.wheel),
    "paths": Check(leaks.check),
    "sbom": Check(sbom.check),
    "size": Check(size.check),
}

TABLE: dict[Kind, dict[str, Check]] = {
    "linux": WHEEL
    | {
        "abi": Check(abi.check, "abi3audit"),
        "exports": Check(exports.elf, "pyelftools"),
        "platform": Check(manylinux.check, "auditwheel"),
    },
    "macos": WHEEL
    | {
        "abi": Check(abi.check, "abi3audit"),
        "exports": Check(exports.macho, "macholib"),
        "platform": Check(macos.check, "delocate"),
    },
    "sdist": {
        "archive": Check(archive.check),
        "name": Check(names.sdist, "packaging"),
        "files": Check(files.sdist),
        "metadata": Check(metadata.sdist, "packaging"),
        "notices": Check(notices.sdist),
        "paths": Check(leaks.check),
        "size": Check(size.check),
    },
}
