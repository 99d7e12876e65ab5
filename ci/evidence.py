"""Evidence: what one check said of one artifact, bound to the artifact's bytes, one JSON file each."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from ci import host as hosts
from ci import matrix, strict
from ci.errors import CiError
from ci.matrix import Host

FORMAT = 2
"""The version of the evidence format; the gate refuses any other."""

LARGEST = 1 << 20
"""Bytes of an evidence file; ours have thousands."""

Verdict = Literal["pass", "fail"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One check's word on one artifact.

    subject is the interpreter of a test, None for a check of the file itself. host says how the artifact's code was run:
    natively, under emulation, or not at all; machine which machine that was, as ci/host.py names it. plan is what was
    declared when the check was made, a SHA-256 for each table of ci/matrix.toml. finished is UTC, ISO 8601.
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
    machine: str = field(default_factory=hosts.here)
    plan: dict[str, str] = field(default_factory=matrix.digests)
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
        if path.is_symlink() or not path.is_file():
            raise ValueError("not a plain file")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST:,} bytes")
        raw = strict.loads(path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict) or type(raw.get("format")) is not int or raw["format"] != FORMAT:
            said = raw.get("format", "none") if isinstance(raw, dict) else "none"
            raise ValueError(f"not evidence of format {FORMAT}, which this gate reads, but of {said!r}")
        if odd := sorted(raw.keys() ^ {f.name for f in fields(Evidence)}):
            raise ValueError(f"keys of another format: {', '.join(odd)}")
        evidence = Evidence(**raw)
        well_formed(evidence)
        if evidence.filename != path.name:
            raise ValueError(f"its contents belong in {evidence.filename}")
    except (ValueError, TypeError, OSError) as error:
        raise CiError(
            f"{path.name}: not usable as evidence: {error}",
            expected="the file that a verb of python -m ci wrote",
            found=str(error),
            todo="run the check again; do not edit evidence",
        ) from error
    return evidence


def well_formed(evidence: Evidence) -> None:
    """A ValueError for a value that no verb writes."""
    texts = ("artifact", "sha256", "check", "tool", "version", "machine", "finished")
    wrong = [name for name in texts if not isinstance(getattr(evidence, name), str)]
    wrong += [name for name in ("detail", "plan") if not isinstance(getattr(evidence, name), dict)]
    subject: object = evidence.subject
    wrong += ["subject"] if subject is not None and not (isinstance(subject, str) and subject) else []
    if wrong:
        raise ValueError(f"a value of the wrong type: {', '.join(wrong)}")
    if evidence.verdict not in ("pass", "fail"):
        raise ValueError(f"verdict {evidence.verdict!r} is neither pass nor fail")
    if evidence.host not in ("native", "emulated", "static"):
        raise ValueError(f"host {evidence.host!r} is none of native, emulated, static")
    if not re.fullmatch(r"[0-9a-f]{64}", evidence.sha256):
        raise ValueError(f"{evidence.sha256!r} is no SHA-256")
    try:
        finished = datetime.fromisoformat(evidence.finished)
    except ValueError:
        finished = None
    if finished is None or finished.utcoffset() != timedelta():
        raise ValueError(f"finished {evidence.finished!r}, which is no time in UTC")


def discard(dist: Path, artifact: str) -> None:
    """Removes all evidence about an artifact whose bytes are about to change, and what was made of the whole set."""
    for name in ("SHA256SUMS", "evidence.zip"):
        (dist / name).unlink(missing_ok=True)
    for path in folder(dist).glob(f"{artifact}.*.json"):
        path.unlink()
