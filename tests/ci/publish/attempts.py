"""One publishing of small artifacts, as a person calls it."""

from __future__ import annotations

from pathlib import Path

from ci import __main__
from scripts.rehearsal.faults import Fault, Proxy
from tests.ci.memory_index import MemoryIndex

LINUX = ("--platform", "linux-x86_64")
FIRST = "hotkernels-0.1.0-cp312-abi3-manylinux_2_28_x86_64.whl"
THIRD = "hotkernels-0.1.0-cp313-cp313-manylinux_2_28_x86_64.whl"


def run(dist: Path, url: str, *more: str) -> int:
    return __main__.main(["publish", str(dist), "--index", url, *LINUX, "--wait", "0.3", "--attempts", "3", *more])


def whole(memory: MemoryIndex, released: Path) -> int:
    return __main__.main(["published", str(released), "--index", memory.simple, *LINUX])


def attempt(memory: MemoryIndex, dist: Path, fault: Fault) -> tuple[int, Proxy]:
    """One publishing through a proxy with this fault."""
    with Proxy(memory.url, fault) as proxy:
        return run(dist, proxy.url), proxy


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")
