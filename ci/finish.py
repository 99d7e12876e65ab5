"""Finishes a wheel, whoever made it: an SBOM without times and paths, RECORD to match, the same bytes each time."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import time
import uuid
import zipfile
from pathlib import Path


def wheel(source: Path, target: Path, *, epoch: int) -> None:
    """Writes `source` to `target` with its SBOMs finished and every member's time set to `epoch` (seconds, UTC).

    The files keep their order and modes, folders have no entries; RECORD comes last, as the wheel format asks.
    """
    stamp = max(time.gmtime(epoch)[:6], (1980, 1, 1, 0, 0, 0))  # what a zip file can hold
    rows: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:

        def add(info: zipfile.ZipInfo, data: bytes) -> None:
            member = zipfile.ZipInfo(info.filename, stamp)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = info.external_attr
            member.create_system = 3  # Unix, so that the modes count
            new.writestr(member, data)

        records = []
        for info in old.infolist():
            if info.is_dir():
                continue  # auditwheel writes them; RECORD knows files alone
            if info.filename.endswith(".dist-info/RECORD"):
                records.append(info)
                continue
            data = old.read(info)
            if re.fullmatch(r"[^/]+\.dist-info/sboms/[^/]+\.json", info.filename):
                data = sbom(data)
            elif info.filename.endswith(".dist-info/WHEEL"):
                data = data.rstrip(b"\n") + b"\n"  # auditwheel adds an empty line
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append((info.filename, f"sha256={digest}", str(len(data))))
            add(info, data)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        for info in records:
            writer.writerows([*rows, (info.filename, "", "")])
            add(info, text.getvalue().encode())


def sbom(data: bytes) -> bytes:
    """A CycloneDX SBOM without what differs between two builds of the same sources.

    cargo-cyclonedx names a workspace's crates by the absolute path they were built in, and adds the time and a random
    serial number. Paths become package URLs, the time goes, the serial number is derived from the rest.
    """
    text = data.decode("utf-8")
    # bom-ref "path+file:///…/src/kernels#hotkernels-kernels@0.1.0 bin-target-0", and references to it
    text = re.sub(r"path\+file://[^\"#]*#([^\"@ ]+@[^\" ]+)", r"pkg:cargo/\1", text)
    text = re.sub(r"\?download_url=file://[^\"#]*", "", text)
    document = json.loads(text)
    document.get("metadata", {}).pop("timestamp", None)
    document.pop("serialNumber", None)
    body = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, body).urn
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
