"""What a signer put beside an artifact (PEP 740): it is sent with the artifact, so it must be a statement about its very bytes.

Who signed it is for the index to verify; here it is only seen that nothing else goes out under that name.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from ci import strict
from ci.errors import CiError

SUFFIX = ".publish.attestation"
"""Behind the name of an artifact."""

LARGEST = 1 << 18
"""Bytes; a statement, a certificate and a proof of the log take some ten thousand."""


def check(path: Path, artifact: str, sha256: str) -> None:
    """Raises a CiError unless the file attests to the artifact of that name with that SHA-256, as hexadecimal digits."""
    try:
        if path.is_symlink() or not path.is_file():
            raise ValueError("not a plain file")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST:,} bytes")
        said = strict.loads(path.read_text(encoding="utf-8"))
        if said["version"] != 1:
            raise ValueError(f"version {said['version']!r} of the format")
        statement: dict[str, Any] = strict.loads(base64.b64decode(said["envelope"]["statement"], validate=True).decode("utf-8"))
        subjects = [(subject["name"], subject["digest"]["sha256"]) for subject in statement["subject"]]
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise refused(path, "an attestation of PEP 740, version 1", f"{type(error).__name__}: {error}") from error
    if subjects != [(artifact, sha256)]:
        shown = ", ".join(f"{name} with sha256 {digest}" for name, digest in subjects) or "nothing"
        raise refused(path, f"one about {artifact} with sha256 {sha256}", f"one about {shown}")


def refused(path: Path, expected: str, found: str) -> CiError:
    return CiError(
        f"{path.name}: does not attest to the artifact that it lies beside",
        expected=expected,
        found=found,
        todo="remove it, or sign the artifact as it is",
    )
