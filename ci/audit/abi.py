"""The abi check: the extension was compiled for the ABI that the wheel's tag says, and keeps to that ABI's symbols."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ci import checks
from ci.audit.opened import Opened
from ci.console import shorten
from ci.errors import CiError


def check(file: Opened) -> dict[str, Any]:
    detail = {"abi": marker(file), "python_symbols": sum(name.startswith(("Py", "_Py")) for name in file.binary.undefined)}
    wheel = file.artifact.wheel
    if wheel is not None and wheel.limited_api:
        detail |= limited(file, f"PyModExport_{file.declared.module.rsplit('.', 1)[-1]}" if "abi3t" in wheel.tag else None)
    return detail


def marker(file: Opened) -> str:
    """The extension's own word. Symbols alone do not tell: a small extension may use none outside the limited API."""
    wanted = checks.abi(file.artifact)
    # What the extension leaves in the read-only data; written from the very settings that pyo3 was compiled with.
    mark = re.compile(re.escape(file.declared.marker).encode() + rb"([!-:<-~]{1,40});")
    found = [match.decode() for match in mark.findall(file.members[file.extension])]
    if found != [wanted]:
        raise CiError(
            "the extension was not compiled for the ABI of the wheel's tag",
            expected=f"{file.declared.marker}{wanted}; once in {file.extension}",
            found=", ".join(found) or "no such mark",
            todo="build it again: an abi3 feature left out, or an interpreter that has none, gives another ABI",
        )
    return wanted


def limited(file: Opened, allowed: str | None) -> dict[str, Any]:
    """abi3audit's word on a limited-API wheel. `allowed`: the one symbol of PEP 793 that it does not know yet."""
    with tempfile.TemporaryDirectory(prefix="hotkernels-audit-") as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "abi3audit", "--strict", "--report", "--output", str(report), str(file.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.is_file() or not report.stat().st_size:
            raise CiError(
                f"abi3audit gave no report, status {done.returncode}",
                expected="a report in JSON",
                found=shorten(done.stderr.strip() or done.stdout.strip() or "nothing"),
                todo="run `abi3audit --strict` on the file to see why",
            )
        spec = json.loads(report.read_text(encoding="utf-8"))["specs"][str(file.path)]
    results = [entry["result"] for entry in spec["wheel"]]
    if len(results) != 1 or not {"non_abi3_symbols", "future_abi3_objects", "baseline"} <= results[0].keys():
        raise CiError(
            "abi3audit did not audit exactly one extension",
            expected="one result",
            found=shorten(json.dumps(spec)),
            todo="run `abi3audit --strict` on the file to see why",
        )
    (result,) = results
    outside = sorted(set(result["non_abi3_symbols"]) - {allowed})
    newer = sorted(f"{name} (since {since})" for name, since in result["future_abi3_objects"].items())
    # Everything but the allowed symbol must be well, whatever words a later abi3audit finds for it.
    well = result["is_abi3"] or result["non_abi3_symbols"] == [allowed]
    if outside or newer or not well or not result["is_abi3_baseline_compatible"]:
        raise CiError(
            f"uses symbols outside the limited API of {result['baseline']}",
            expected=f"symbols of the stable ABI up to {result['baseline']}",
            found=", ".join(outside + newer) or shorten(json.dumps(result)),
            todo="build it with the lane's feature; a newer symbol needs a higher floor in ci/matrix.toml and Cargo.toml",
        )
    return {"baseline": result["baseline"], "computed": result["computed"]}
