"""What links for macOS on Linux: a folder that tells the linker which symbols the system libraries have, and nothing more.

Made from the text stubs that come with zig. The libraries themselves are Apple's and on every Mac.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from ci.errors import CiError

LIBRARIES = ("c", "m", "pthread", "dl", "System.B")
"""Names under which libSystem is linked."""

ICONV = """\
--- !tapi-tbd
tbd-version:     4
targets:         [ arm64-macos ]
install-name:    '/usr/lib/libiconv.2.dylib'
current-version: 7
compatibility-version: 7
exports:
  - targets:         [ arm64-macos ]
    symbols:         [ _iconv, _iconv_close, _iconv_open ]
...
"""
"""Rust's libc crate names it; zig has no stub of it."""

SETTINGS = {
    "CanonicalName": "macosx15.0",
    "DefaultDeploymentTarget": "15.0",
    "DisplayName": "stub",
    "MaximumDeploymentTarget": "15.0.99",
    "Version": "15.0",
}


def write(zig: Path, folder: Path) -> None:
    """Makes the SDK in `folder`. zig: the folder of the package ziglang."""
    stub = zig / "lib" / "libc" / "darwin" / "libSystem.tbd"
    if not stub.is_file():
        raise CiError(
            "zig has no libSystem.tbd", expected=str(stub), todo="a zig that is laid out otherwise: see scripts/sdk.py"
        )
    libraries = folder / "usr" / "lib"
    libraries.mkdir(parents=True)
    (libraries / "libSystem.tbd").write_text(arm64(stub.read_text(encoding="utf-8")), encoding="utf-8")
    for name in LIBRARIES:
        (libraries / f"lib{name}.tbd").symlink_to("libSystem.tbd")
    (libraries / "libiconv.tbd").write_text(ICONV, encoding="utf-8")
    (folder / "SDKSettings.json").write_text(json.dumps(SETTINGS, indent=1) + "\n", encoding="utf-8")


def arm64(stub: str) -> str:
    """The stub as it counts for arm64: it names arm64e, Apple's own variant, whose libraries hold the same symbols."""
    return re.sub(r"arm64e\.x1-", "arm64e-", re.sub(r"arm64e-(macos|maccatalyst)", r"arm64-\1", stub))


def recipe(zig: Path) -> str:
    """What the SDK is made of."""
    stub = zig / "lib" / "libc" / "darwin" / "libSystem.tbd"
    digest = hashlib.sha256(stub.read_bytes() if stub.is_file() else b"").hexdigest()
    return f"{digest} {hashlib.sha256(ICONV.encode()).hexdigest()} {LIBRARIES} {SETTINGS}"
