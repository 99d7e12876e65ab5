"""python -m benchmarks.bindings.handover WAY MODE: hands over 1 GB in this process, and says what that took.

    nox -s bench -- bindings

Processor seconds until the first number was read on the other side and until all were added, and the most memory that the
process had beside the input; each in a process of its own, so that no one's memory is another's.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from array import array
from typing import Any

from benchmarks import bindings

COUNT = 125_000_000
"""Numbers of float64: 10^9 bytes."""

MODES = {"copy": "total_of_copy", "buffer": "total", "DLPack": "total_of_dlpack"}
"""The function of each."""


def measured(passes: int) -> list[dict[str, Any]]:
    """All ways in all modes that they have, in turn, pass by pass."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    modules = bindings.load()
    for _ in range(passes):
        for name, module in modules.items():
            for mode in (mode for mode, function in MODES.items() if hasattr(module, function)):
                command = [sys.executable, "-P", "-m", "benchmarks.bindings.handover", name, mode]
                said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                row = found.setdefault((name, mode), {"way": name, "mode": mode, "first": [], "sum": [], "peak": []})
                for key, value in said.items():
                    row[key].append(value)
    for row in found.values():
        first, added, peak = (statistics.median(row[key]) for key in ("first", "sum", "peak"))
        print(f"  1 GB, {row['way']:10} {row['mode']:6}  first {first:.6f} s, sum {added:.3f} s, {peak / 1e6:.0f} MB beside")
    return list(found.values())


def once(name: str, mode: str) -> dict[str, float]:
    """One hand-over. An ArithmeticError where a number is not what it has to be."""
    call = getattr(bindings.load(name)[name], MODES[mode])
    values = array("d", range(1, 9)) * (COUNT // 8)
    argument: Any = values
    if mode == "DLPack":
        import numpy as np  # noqa: PLC0415 - what it takes of memory is no part of the other modes

        argument = bindings.Tensor(np.frombuffer(values))
    before = most()
    started = time.process_time()
    first = call(argument, 1)
    readable = time.process_time()
    whole = call(argument, COUNT)
    added = time.process_time()
    if (first, whole) != (1.0, 36.0 * (COUNT // 8)):
        raise ArithmeticError(f"{name}, {mode}: {first} and {whole}")
    return {"first": readable - started, "sum": added - readable, "peak": most() - before}


def most() -> int:
    """The most memory that this process has had, in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


if __name__ == "__main__":
    print(json.dumps(once(sys.argv[1], sys.argv[2])))
