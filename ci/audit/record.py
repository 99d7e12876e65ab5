"""The record check: RECORD lists every file of the wheel with its SHA-256 and size, and no other."""

from __future__ import annotations

import base64
import csv
import hashlib
from typing import Any

from ci.audit.opened import Opened
from ci.errors import CiError


def check(file: Opened) -> dict[str, Any]:
    own = f"{file.dist_info}/RECORD"
    rows = list(csv.reader(file.text(own).splitlines()))
    problems = [f"a row of {len(row)} fields: {','.join(row)}" for row in rows if len(row) != 3]
    listed: dict[str, tuple[str, str]] = {}
    for name, digest, size in (row for row in rows if len(row) == 3):
        if name in listed:
            problems.append(f"{name} listed twice")
        listed[name] = (digest, size)
    for name, data in file.members.items():
        expected = ("", "") if name == own else (f"sha256={urlsafe(data)}", str(len(data)))
        if name not in listed:
            problems.append(f"{name} not listed")
        elif listed[name] != expected:
            problems.append(f"{name} listed as {' '.join(listed[name]) or 'nothing'}, is {' '.join(expected)}")
    problems += [f"{name} listed but not there" for name in listed.keys() - file.members.keys()]
    if problems:
        raise CiError(
            "RECORD does not match the files",
            expected="each file once, with its sha256 and size",
            found="; ".join(problems),
            todo="the wheel was changed after it was made: build it again",
        )
    return {"files": len(listed)}


def urlsafe(data: bytes) -> str:
    """SHA-256 as RECORD writes it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
