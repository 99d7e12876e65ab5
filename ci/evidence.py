"""Evidence: what one check said of one artifact, bound to the artifact's bytes, one JSON file each."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ci.errors import CiError
from ci.matrix import Host

FORMAT = 1
"""The version of the evidence format; the gate refuses any other."""

Verdict = Literal["pass", "fail"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One check's word on one artifact.

    subject is the interpreter of a test, None for a check of the file itself. host says how the artifact's code was run:
    natively, under emulation, or not at all. finished is UTC, ISO 8601.
    """

    artifact: str
    sha256: str
    check: str
    verdict: Verdict
    tool: str
    version: str
    detail: dict[str, Any] = field(default_factory=dict)
    host: Host
    subject: str | None = None
    finished: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    format: int = FORMAT

    @property
    def filename(self) -> str:
        return ".".join(filter(None, (self.artifact, self.check, self.subject, "json")))


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder(dist: Path) -> Path:
    return dist / "evidence"


def write(dist: Path, evidence: Evidence) -> Path:
    """Writes one evidence file: beside its place first, then renamed, so that a reader never sees half of one."""
    path = folder(dist) / evidence.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(asdict(evidence), indent=1, ensure_ascii=False) + "\n")
    return path


def write_text(path: Path, text: str) -> None:
    """Writes a text file beside its place and renames it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read(path: Path) -> Evidence:
    """One evidence file; a CiError when it is not one."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(Evidence)}
        if not isinstance(raw, dict) or raw.get("format") != FORMAT or raw.keys() != known:
            raise ValueError(f"not evidence of format {FORMAT}")
        evidence = Evidence(**raw)
        texts = (evidence.artifact, evidence.sha256, evidence.check, evidence.tool, evidence.version, evidence.finished)
        if not all(isinstance(text, str) for text in (*texts, evidence.subject or "")) or not isinstance(evidence.detail, dict):
            raise ValueError("a value of the wrong type")
        if evidence.verdict not in ("pass", "fail"):
            raise ValueError(f"verdict {evidence.verdict!r} is neither pass nor fail")
        if evidence.host not in ("native", "emulated", "static"):
            raise ValueError(f"host {evidence.host!r} is none of native, emulated, static")
        if evidence.filename != path.name:
            raise ValueError(f"its contents belong in {evidence.filename}")
    except (ValueError, TypeError) as error:
        raise CiError(
            f"{path.name}: not usable as evidence: {error}",
            expected="the file that a verb of python -m ci wrote",
            todo="run the check again; do not edit evidence",
        ) from error
    return evidence


def discard(dist: Path, artifact: str) -> None:
    """Removes all evidence about an artifact whose bytes are about to change, and the sums of the set that it was in."""
    (dist / "SHA256SUMS").unlink(missing_ok=True)
    for path in folder(dist).glob(f"{artifact}.*.json"):
        path.unlink()
