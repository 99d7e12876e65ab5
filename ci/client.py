"""Uploads files with `uv publish`: the client is a program that many use, and says what an index answered.

uv and not twine: it is here already, locked and hashed; it does trusted publishing itself, in hosted CI and with the same
command as here; and before each file it asks the index whether that is there. Attempts are ours: uv tries again after
a broken connection and not after a 500.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci import index, tools
from ci.console import console
from ci.errors import CiError, harmless, printable

PERMANENT = re.compile(
    r"(status|error) code 4(?!08|29)\d\d|[Mm]issing credentials|Failed to obtain OIDC token|do not match"
    r"|unexpected argument|invalid value"
)
"""In what uv says: that another attempt would go the same way."""

TIMEOUT = "300"
"""Seconds that one file may take, unless a person set UV_UPLOAD_HTTP_TIMEOUT."""


class UploadError(CiError):
    """permanent: trying again is of no use."""

    permanent = False


def send(files: Sequence[Path], upload: str, simple: str) -> UploadError | None:
    """Uploads the files, in uv's order; None when it says that all went well."""
    command = [tools.uv(), "publish", "--no-config", "--publish-url", upload, "--check-url", simple]
    command += ["--trusted-publishing", "always" if hosted(upload, os.environ) else "never"]
    with subprocess.Popen(
        [*command, *map(str, files)],
        env=environment(upload, os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        last: deque[str] = deque(maxlen=40)
        for line in process.stdout:
            if line.startswith("::add-mask::"):  # to the runner, at the start of a line: never to show this token
                print(line, end="", flush=True)
                continue
            last.append(printable(line.rstrip()))
            console.print(f"      {harmless(last[-1])}", markup=False)
    if process.returncode == 0:
        return None
    said = "\n".join(last)
    cause = said[said.rfind("\nerror: ") + 1 :]
    error = UploadError(
        f"uv publish ended with status {process.returncode}", expected="status 0", found=cause, todo="correct what it says"
    )
    error.permanent = PERMANENT.search(cause) is not None
    return error


def hosted(upload: str, environ: Mapping[str, str]) -> bool:
    """In a hosted job, to an index by https: with the job's own identity, and no other credential."""
    return environ.get("GITHUB_ACTIONS") == "true" and upload.startswith("https:")


def environment(upload: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Of uv's settings for publishing only the credentials: the addresses are ours."""
    secret = {"UV_PUBLISH_USERNAME", "UV_PUBLISH_PASSWORD", "UV_PUBLISH_TOKEN"}
    kept = {name: value for name, value in environ.items() if not name.startswith("UV_PUBLISH_") or name in secret}
    if hosted(upload, environ):
        kept = {name: value for name, value in kept.items() if name not in secret}
    elif index.loopback(upload) and not secret.intersection(kept):
        kept |= {"UV_PUBLISH_USERNAME": "rehearsal", "UV_PUBLISH_PASSWORD": "rehearsal"}  # uv sends nothing without one
    return {"UV_UPLOAD_HTTP_TIMEOUT": TIMEOUT} | kept | {"UV_HTTP_RETRIES": "0"}
