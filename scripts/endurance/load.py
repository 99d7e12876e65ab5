"""Calls of every function from many threads at once, each answer held to the one that a single thread got before.

Runs in the interpreter under test, with the package and tests/ on its path and nothing else but NumPy: scripts/endure.py
starts it. Memory is looked at all the while. It says what it found as JSON, and fails on a wrong answer, a call that does not
come back, or memory that grows.
"""

from __future__ import annotations

import argparse
import array
import faulthandler
import gc
import hashlib
import json
import os
import platform
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import calls
import hotkernels as hk
import numpy as np

ROUND = 20.0
"""Seconds that a thread lives: then others take its place, so that what a thread leaves behind is seen too."""

STUCK = 300.0
"""Seconds without an answer after which a call is taken to hang; the longest takes a tenth of one."""

GROWTH = 16 << 20
"""Bytes that may come and go: arenas of the C library, and NumPy's own caches."""

WARM = 0.2
"""The share of the run that is not counted in the growth: caches fill, arenas come to their size."""

random = np.random.default_rng(6)
f32 = random.standard_normal(500_000).astype(np.float32)
f64 = f32.astype(np.float64)
rows = f32[:230_400].reshape(300, 768)
rows8 = (rows * 40).clip(-128, 127).astype(np.int8)
half, bits = rows.astype(np.float16), (rows.view(np.uint32) >> 16).astype(np.uint16)
image8 = random.integers(0, 256, (240, 320), np.uint8)
image16 = random.integers(0, 1 << 16, (240, 320), np.uint16)
image32 = random.standard_normal((100, 320)).astype(np.float32)
words = Random(6)  # noqa: S311 - inputs, the same ones each time
lines = ["".join(words.choices("abcdefghijklmnopqrstuvwxyz ", k=words.randint(4, 24))) for _ in range(600)]
greek = ["".join(words.choices("αβγδεζηθικλμνξοπρστυφχψω\u0301😀", k=words.randint(4, 24))) for _ in range(200)]
laid = hk.Choices(lines)
pages = ["".join(words.choices("abcdefghijklmnopqrstuvwxyz ", k=700)) for _ in range(12)]
page, other = "".join(pages), "".join(reversed(pages))
vector, long_vector = hk.Vector(f32[:100_000]), hk.Vector(f64)


def picture() -> bytes:
    made = hk.CandleRenderer(900, 500)
    made.set_candles(f64, f64, f64, f64)
    return bytes(made.generate_render_commands(0, len(f64))) + bytes(made.generate_render_commands(1000, 1500))


HEAVY: dict[str, Callable[[], object]] = {
    "dot, half a million": lambda: (hk.dot(f32, f32), hk.dot(f64, f64), hk.dot(f32[::2], f32[1::2])),
    "cosine_similarity, half a million": lambda: (hk.cosine_similarity(f32, f32), long_vector.cosine_similarity(f64)),
    "Vector.dot, a hundred thousand": lambda: vector.dot(vector),
    "cosine_matrix, 300 × 768": lambda: hk.cosine_matrix(rows, threads=1),
    "cosine_matrix, float64": lambda: hk.cosine_matrix(rows[:100].astype(np.float64), threads=1),
    "cosine_matrix, int8": lambda: hk.cosine_matrix(rows8, rows8[:200], threads=1),
    "cosine_matrix, float16 and bfloat16": lambda: (
        hk.cosine_matrix(half[:80], threads=1),
        hk.cosine_matrix(bits[:80], threads=1),
    ),
    "cosine_matrix, in two threads": lambda: hk.cosine_matrix(rows, threads=2),
    "top_k, of 300": lambda: hk.top_k(rows[:40], rows, 10, threads=1),
    "top_k, of one": lambda: hk.top_k(rows[:1], rows, 300, metric="dot", threads=1),
    "top_k, int8, in two threads": lambda: hk.top_k(rows8, rows8, 7, threads=2),
    "median_filter, uint8": lambda: (hk.median_filter(image8, 3, threads=1), hk.median_filter(image8, 45, threads=1)),
    "median_filter, uint16": lambda: hk.median_filter(image16, 9, mode="mirror", threads=1),
    "median_filter, float32": lambda: hk.median_filter(image32, 7, threads=1),
    "median_filter, of ranks": lambda: hk.median_filter(image32, 51, mode="constant", cval=1.5, threads=1),
    "median_filter, in two threads": lambda: hk.median_filter(image16, 5, threads=2),
    "sum, half a million": lambda: (hk.sum(f32), hk.sum(f64), hk.sum(f32.view(np.int32)), hk.sum(f64[::3])),
    "levenshtein_distance, of pages": lambda: hk.levenshtein_distance(page, other),
    "osa_distance, of pages": lambda: hk.osa_distance(page, other),
    "damerau_levenshtein_distance, of pages": lambda: hk.damerau_levenshtein_distance(pages[0], pages[1]),
    "jaro_similarity, of pages": lambda: hk.jaro_similarity(page, other),
    "hamming_distance, of clusters": lambda: hk.hamming_distance(page + "\u0301", other),
    "jaccard_similarity, of pages": lambda: hk.jaccard_similarity(page, other, 3),
    "metaphone, of a page": lambda: (hk.metaphone(page), hk.nysiis(page), hk.soundex("a" * 9000)),
    "cdist, of names": lambda: hk.cdist(lines[:200], lines, threads=1),
    "cdist, of a similarity": lambda: hk.cdist(lines[:100], lines, "jaro_winkler", score_cutoff=0.8, threads=1),
    "cdist, of Greek": lambda: hk.cdist(greek, greek, "osa", dtype="uint16", threads=1),
    "cdist, of pages": lambda: hk.cdist(pages, pages, "levenshtein", threads=2),
    "cpdist, of names": lambda: hk.cpdist(lines, lines[::-1], "osa", threads=1),
    "best_match, of names": lambda: hk.best_match(lines[:200], lines[200:], "damerau_levenshtein", threads=1),
    "best_match, of sets": lambda: hk.best_match(lines, lines[:100], "jaccard", ngram_size=2, threads=2),
    "best_match, of Choices": lambda: hk.best_match(lines[:20], laid, threads=2),
    "best_match, told": lambda: hk.best_match(greek, lines, progress=lambda *_: None, threads=1),
    "CandleRenderer, half a million": picture,
}


def told(result: Any) -> object:
    """What is compared: every bit of numbers, and of the memory of what has any."""
    if isinstance(result, tuple | list):
        return tuple(told(each) for each in result)
    if isinstance(result, float):
        return struct.pack("d", result)
    if isinstance(result, np.ndarray):
        return result.dtype.str, result.shape, hashlib.blake2b(result.tobytes()).digest()
    if isinstance(result, hk.Vector):
        return bytes(memoryview(result))
    if isinstance(result, hk.CandleRenderer | hk.ThreadSafeCounter):
        return type(result).__name__, len(result) if isinstance(result, hk.CandleRenderer) else 0
    return repr(result)


def refusal(error: type[Exception], work: calls.Call) -> calls.Call:
    """A call that is to be refused: its message is what is compared."""

    def refused() -> str:
        try:
            work()
        except error as raised:
            return f"{type(raised).__name__}: {raised}"
        return "nothing was raised"

    return refused


def every() -> dict[str, calls.Call]:
    """All there is to call, but what gives another answer each time: what that says is looked at in the end."""
    work = {name: each for name, each in calls.CALLS.items() if not name.startswith("ThreadSafeCounter.")} | HEAVY
    return work | {f"refused: {name}": refusal(error, each) for name, (error, each) in calls.REFUSED.items()}


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class Load:
    """One run: what is called, what is known of the answers, and what was seen."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.work = every()
        self.expected: dict[str, object] = {}
        self.weights: list[float] = []
        self.done = [dict.fromkeys(self.work, 0) for _ in range(threads)]
        self.spent = [dict.fromkeys(self.work, 0.0) for _ in range(threads)]
        self.wrong: list[str] = []
        self.last = [time.monotonic()] * threads
        self.at = ["nothing yet"] * threads
        self.incremented = [0] * threads
        self.counter = hk.ThreadSafeCounter()
        self.peak = 0
        # When, resident bytes and blocks of Python's, between two rounds: without growing itself.
        self.samples = array.array("d")

    def learn(self) -> None:
        """Each answer, in this thread alone, twice; and how often to call what, so that each gets as much time."""
        for name, work in self.work.items():
            self.expected[name] = told(work())
            started = time.perf_counter()
            if told(work()) != self.expected[name]:
                self.wrong.append(f"{name}: two answers in one thread")
            self.weights.append(1 / max(time.perf_counter() - started, 1e-4))

    def call(self, number: int, seed: str, deadline: float) -> None:
        """What one thread does until then."""
        chosen, names = Random(seed), list(self.work)  # noqa: S311 - what is called, the same each time
        while time.monotonic() < deadline:
            for name in chosen.choices(names, self.weights, k=50):
                self.at[number] = name
                started = time.perf_counter()
                try:
                    answer = told(self.work[name]())
                except Exception as error:  # noqa: BLE001 - whatever comes where an answer is due
                    answer = f"{type(error).__name__}: {error}"
                self.spent[number][name] += time.perf_counter() - started
                self.done[number][name] += 1
                self.last[number] = time.monotonic()
                self.counter.increment()
                self.incremented[number] += 1
                if answer != self.expected[name]:
                    self.wrong.append(f"{name}: {str(answer)[:200]}")

    def watch(self, team: list[threading.Thread]) -> None:
        """Looks at memory and at who still answers, until the threads are done."""
        for thread in team:
            while thread.is_alive():
                thread.join(0.5)
                now = time.monotonic()
                self.peak = max(self.peak, resident())
                for number, last in enumerate(self.last):
                    if now - last > STUCK:
                        sys.stderr.write(f"{self.at[number]}: no answer for {now - last:.0f} s\n")
                        faulthandler.dump_traceback(all_threads=True)
                        os._exit(3)

    def run(self, seconds: float) -> dict[str, Any]:
        self.learn()
        gc.collect()
        started, rounds = time.monotonic(), 0
        while (left := started + seconds - time.monotonic()) > 0:
            deadline = time.monotonic() + min(ROUND, seconds / 20, left)
            self.last = [time.monotonic()] * self.threads
            team = [
                threading.Thread(target=self.call, args=(number, f"{rounds} {number}", deadline))
                for number in range(self.threads)
            ]
            for thread in team:
                thread.start()
            self.watch(team)
            rounds += 1
            gc.collect()
            self.samples.extend((time.monotonic() - started, resident(), sys.getallocatedblocks()))
        return self.report(time.monotonic() - started, rounds)

    def report(self, seconds: float, rounds: int) -> dict[str, Any]:
        done = {name: sum(each[name] for each in self.done) for name in self.work}
        spent = {name: sum(each[name] for each in self.spent) for name in self.work}
        samples = np.array(self.samples).reshape(-1, 3)
        memory = {"resident": slope(samples, 1), "blocks": slope(samples, 2)}
        faults = sorted(set(self.wrong))
        counted, incremented = self.counter.get(), sum(self.incremented)
        if counted != incremented:
            faults.append(f"ThreadSafeCounter: {counted} after {incremented} increments")
        growth = memory["resident"]["growth"]
        if growth > max(GROWTH, 0.05 * memory["resident"]["mean"]):
            faults.append(f"memory grew by {growth / 2**20:.1f} MiB")
        blocks = memory["blocks"]
        if blocks["growth"] > max(20_000, 0.05 * blocks["mean"]):
            faults.append(f"Python's memory grew by {blocks['growth']:.0f} blocks")
        faults += [f"{name}: never called" for name, count in done.items() if seconds > 60 and not count]
        return {
            "build": hk.build_info(),
            "python": sys.version,
            "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "threads": self.threads,
            "rounds": rounds,
            "seconds": round(seconds, 1),
            "calls": sum(done.values()),
            "wrong": len(self.wrong),
            "peak": self.peak,
            "memory": memory,
            "samples": samples.tolist(),
            "work": {name: {"calls": done[name], "seconds": round(spent[name], 3)} for name in self.work},
            "faults": faults,
        }


def slope(samples: np.ndarray, column: int) -> dict[str, float]:
    """How a quantity went after the beginning, which is not counted: by the line that fits best (Legendre 1805)."""
    counted = samples[int(len(samples) * WARM) :]
    times, values = counted[:, 0], counted[:, column]
    second = float(np.polyfit(times, values, 1)[0]) if len(counted) > 2 else 0.0
    return {
        "mean": float(values.mean()),
        "first": float(values[0]),
        "last": float(values[-1]),
        "an hour": second * 3600,
        "growth": second * float(np.ptp(times)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--output", type=Path, required=True)
    chosen = parser.parse_args()
    faulthandler.enable()
    found = Load(chosen.threads).run(60 * chosen.minutes)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
