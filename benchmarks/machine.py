"""What a result depends on: the machine, the interpreter, the versions."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import hotkernels

PEERS = (
    *("numpy", "simsimd", "numkong", "faiss-cpu", "rapidfuzz", "jellyfish", "nanobind", "pybind11", "cffi", "cython"),
    *("polars", "polars-distance", "dask", "distributed"),
)


def describe() -> dict[str, Any]:
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),  # before: what other programs took, beside whom wall time is long
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "free_threaded": not getattr(sys, "_is_gil_enabled", lambda: True)(),
        "hotkernels": hotkernels.build_info(),
        "versions": {name: version(name) for name in PEERS},
    }


def version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor()
