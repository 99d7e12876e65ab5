"""Inputs as large as memory allows: the right answers, in no more memory beside them than the documentation says.

Runs in the interpreter under test, with the package and NumPy: scripts/endure.py starts it. Each call has a process of its own;
what is counted are the pages of its own (RssAnon), looked at every few milliseconds, above what was there before the call,
its result left out.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import hotkernels as hk
import numpy as np

MIB, GB = 1 << 20, 10**9

SPARE = 2 * MIB
"""What Python itself, the stacks and the allocator may take meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call: its input, of at most so many bytes; whether what comes is right; and the memory that is documented for it."""

    make: Callable[[float], Any]
    call: Callable[[Any], Any]
    right: Callable[[Any, Any], bool]
    documented: Callable[[Any], float]
    least: float
    """Bytes without which it is left out."""


def own() -> int:
    """Bytes of this process's own pages."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status does not tell RssAnon")


def available() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/meminfo does not tell MemAvailable")


def size(*arrays: Any) -> int:
    """Bytes of what is memory of its own: not that of a view, or of a file."""
    return sum(each.nbytes for each in arrays if isinstance(each, np.ndarray))


class Peak:
    """Looks at the process's pages while a call runs: it lets go of the interpreter, so that another thread can."""

    def __enter__(self) -> Self:
        self.highest, self.stop = own(), threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self) -> None:
        while not self.stop.wait(0.003):
            self.highest = max(self.highest, own())

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        self.highest = max(self.highest, own())


random = np.random.default_rng(8)


def tiled(dtype: type, count: int) -> np.ndarray:
    """Small whole numbers, whose sums and products are exact: the same million again and again."""
    block = random.integers(-8, 9, 1 << 20).astype(dtype)
    made = np.empty(count // len(block) * len(block), dtype)
    made.reshape(-1, len(block))[:] = block
    return made


def exact(x: np.ndarray, square: bool) -> float:
    block = x[: 1 << 20].astype(np.float64)
    return float((block * block if square else block).sum()) * (len(x) >> 20)


def corpus(bytes_: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows of 768, of which some are those that are looked for, a hundred times as long."""
    rows = int(bytes_ / 3072)
    block = random.standard_normal((997, 768)).astype(np.float32)
    made = np.empty((rows, 768), np.float32)
    for start in range(0, rows, len(block)):
        made[start : start + len(block)] = block[: rows - start]
    queries = random.standard_normal((40, 768)).astype(np.float32)
    made[places(rows)] = 100 * queries
    return queries, made


def places(rows: int) -> np.ndarray:
    """Where the 40 are."""
    return np.linspace(0, rows - 1, 40).astype(np.int64)


def mapped(bytes_: float) -> np.ndarray:
    """A file as memory: zeros that take no room on the disk, and ones at the ends."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(int(bytes_) // 8 * 8)
        made = np.memmap(file.name, np.float64, "r+")
    made[0] = made[-1] = 1
    return made


def image(dtype: type, side: int = 8192) -> np.ndarray:
    if np.issubdtype(dtype, np.integer):
        return random.integers(0, np.iinfo(dtype).max, (side, side), dtype)
    return random.standard_normal((side, side)).astype(dtype)


def same_within(window: int) -> Callable[[np.ndarray, np.ndarray], bool]:
    """A piece of the image by itself, where its border is far enough, gives the same."""

    def right(x: np.ndarray, result: np.ndarray) -> bool:
        pieces = [x[at : at + 200, at : at + 200] for at in (1000, 4000, 7900)]
        inner = slice(window, 200 - window)
        found = [hk.median_filter(np.ascontiguousarray(piece), window)[inner, inner] for piece in pieces]
        whole = [result[at + window : at + 200 - window, at + window : at + 200 - window] for at in (1000, 4000, 7900)]
        return all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))

    return right


def median(dtype: type, window: int) -> Case:
    return Case(
        make=lambda _: image(dtype),
        call=lambda x: hk.median_filter(x, window),
        right=same_within(window),
        # Each thread's: 35 bytes a pixel of four windows, and a few megabytes.
        documented=lambda _: len(os.sched_getaffinity(0)) * (35 * 4 * window * window + 8 * MIB),
        least=8 * 8192**2 * 2,
    )


def names(bytes_: float) -> np.ndarray:
    """Names of 12 letters as NumPy has them, in 48 bytes each, and among them the one that is looked for."""
    count = min(int(bytes_ / 48 / 4), 20_000_000)
    letters = random.integers(ord("a"), ord("z") + 1, (count, 12), np.uint32)
    made = letters.view("U12").reshape(-1)
    made[count // 3] = "hot kernels!"
    return made


def same_candles(bytes_: float) -> np.ndarray:
    count = min(int(bytes_ / 8), 100_000_000)
    made = np.empty(count // 1000 * 1000)
    made.reshape(-1, 1000)[:] = np.sin(np.arange(1000) / 50) + 2
    return made


def drawn(x: np.ndarray) -> tuple[hk.CandleRenderer, bytes]:
    made = hk.CandleRenderer(1000, 500)
    made.set_candles(x, x, x, x)
    return made, bytes(made.generate_render_commands(0, len(x)))


CASES = {
    "sum of float64": Case(
        make=lambda most: tiled(np.float64, int(most / 8)),
        call=hk.sum,
        right=lambda x, result: result == exact(x, square=False),
        documented=lambda _: 0,
        least=GB,
    ),
    "sum of a mapped file": Case(
        make=lambda most: mapped(most / 2),
        call=hk.sum,
        right=lambda _, result: result == 2,
        documented=lambda _: 0,
        least=GB,
    ),
    "dot of float32 with itself": Case(
        make=lambda most: tiled(np.float32, int(most / 4)),
        call=lambda x: hk.dot(x, x),
        right=lambda x, result: math.isclose(result, exact(x, square=True), rel_tol=1e-12),
        documented=lambda _: 0,
        least=GB,
    ),
    "top_k, 40 of a corpus": Case(
        make=corpus,
        call=lambda x: hk.top_k(x[0], x[1], 10),
        right=lambda x, result: bool((result[0][:, 0] == places(len(x[1]))).all()),
        documented=lambda _: 48 * MIB,
        least=GB,
    ),
    "cosine_matrix, 20,000 with each other": Case(
        make=lambda _: random.standard_normal((20_000, 64)).astype(np.float32),
        call=hk.cosine_matrix,
        right=lambda x, result: bool(
            (np.diag(result) == 1).all() and abs(result[7, 19_000] - hk.cosine_similarity(x[7], x[19_000])) < 1e-6
        ),
        documented=lambda _: 48 * MIB,
        least=2 * GB,
    ),
    "median_filter 3 × 3, 8192 × 8192 uint8": median(np.uint8, 3),
    "median_filter 9 × 9, 8192 × 8192 uint16": median(np.uint16, 9),
    "median_filter 61 × 61, 8192 × 8192 uint8": median(np.uint8, 61),
    "median_filter 61 × 61, 8192 × 8192 float32": median(np.float32, 61),
    "best_match, three of millions of names": Case(
        make=names,
        call=lambda x: hk.best_match(["hot kernels!", "hot kernell!", None], x, "damerau_levenshtein"),
        right=lambda x, result: [index.item() for index in result[0]] == [len(x) // 3, len(x) // 3, -1],
        documented=lambda x: 130 * len(x),
        least=GB,
    ),
    "CandleRenderer, a hundred million candles": Case(
        make=same_candles,
        call=drawn,
        right=lambda x, result: len(result[0]) == len(x) and len(result[1]) == 28 * 1000,
        # An overview of 16 bytes for 16 candles, and a sixteenth of that above it.
        documented=lambda x: 16 / 15 * len(x),
        least=GB,
    ),
    "jaro_similarity, twenty million letters": Case(
        make=lambda _: ("abcdefgh" * 2_500_000, "abcdefhg" * 2_500_000),
        call=lambda x: hk.jaro_similarity(*x),
        right=lambda _, result: 0.9 < result < 1,
        documented=lambda x: 14 * len(x[0]),  # of one byte each
        least=GB,
    ),
}


def one(name: str, most: float) -> dict[str, Any]:
    """Runs one, in this process."""
    case = CASES[name]
    given = case.make(most)
    before = own()
    started = time.monotonic()
    with Peak() as peak:
        result = case.call(given)
    seconds = time.monotonic() - started
    results = result if isinstance(result, tuple) else (result,)
    arguments = given if isinstance(given, tuple) else (given,)
    return {
        "call": name,
        "input": size(*arguments) or sum(len(each) for each in arguments),
        "beside": max(0, peak.highest - before - size(*results)),
        "documented": case.documented(given),
        "seconds": seconds,
        "right": bool(case.right(given, result)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=(available() - 4 * GB) / GB)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--case", choices=CASES, help="run this one alone, here")
    chosen = parser.parse_args()
    most = chosen.gigabytes * GB
    if chosen.case:
        print(json.dumps(one(chosen.case, most)))
        return 0
    found: dict[str, Any] = {"build": hk.build_info(), "python": sys.version, "gigabytes": chosen.gigabytes}
    found |= {"work": [], "left_out": [], "faults": []}
    for name, case in CASES.items():
        if most < case.least:
            found["left_out"].append(f"{name}: needs {case.least / GB:.1f} GB")
            continue
        command = [sys.executable, "-P", __file__, f"--case={name}", f"--gigabytes={chosen.gigabytes}"]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if result.returncode:
            found["faults"].append(f"{name}: ended with status {result.returncode}")
            continue
        row = json.loads(result.stdout)
        found["work"].append(row)
        if not row["right"]:
            found["faults"].append(f"{name}: a wrong answer")
        if row["beside"] > row["documented"] + SPARE:
            found["faults"].append(
                f"{name}: {row['beside'] / MIB:.1f} MiB beside its input, {row['documented'] / MIB:.1f} documented"
            )
    if chosen.output:
        chosen.output.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
