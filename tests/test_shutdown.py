"""Processes end as they should, whatever the package is in the middle of: threads in kernels, atexit, objects that die last."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMON = """
import atexit, sys, threading, time
import numpy as np
import hotkernels as hk

words = [f"{n:020b}" for n in range(700)]
image = np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8)
rows = np.random.default_rng(0).standard_normal((700, 400)).astype(np.float32)
page = "abcdefghij " * 3_000
x = np.arange(5e5)

LONG = [
    lambda: hk.cdist(words, words, "damerau_levenshtein", threads=2),
    lambda: hk.best_match(words, words, "osa", progress=lambda done, total: None, threads=2),
    lambda: hk.levenshtein_distance(page, page[::-1]),
    lambda: hk.jaro_similarity(page * 9, page[::-1] * 9),
    lambda: hk.median_filter(image, 61, threads=2),
    lambda: hk.cosine_matrix(rows, threads=2),
    lambda: hk.sum(x[::2]),
    lambda: hk.CandleRenderer(800, 600).set_candles(x, x, x, x),
]

def for_ever(work):
    while True:
        work()
"""

PROGRAMS = {
    "daemons in kernels": """
for work in LONG:
    threading.Thread(target=for_ever, args=(work,), daemon=True).start()
time.sleep(DELAY)
""",
    "a daemon, and an exit with a status": """
threading.Thread(target=for_ever, args=(LONG[SEED % len(LONG)],), daemon=True).start()
time.sleep(DELAY)
sys.exit(7)
""",
    "at exit": """
atexit.register(lambda: [work() for work in LONG])
atexit.register(lambda: print(hk.levenshtein_distance("kitten", "sitting"), hk.sum([1, 2]), hk.build_info()["abi"] != ""))
""",
    "objects that die last": """
class Last:
    def __init__(self, *held):
        self.held = held
    def __del__(self):
        hk.levenshtein_distance("a" * 500, "b" * 500)
        hk.sum(self.held[0])
        hk.dot(self.held[0], self.held[0])

renderer = hk.CandleRenderer(100, 100)
renderer.set_candles(x, x, x, x)
last = Last(x, renderer, renderer.generate_render_commands(0, 100), hk.Vector(x), memoryview(hk.Vector(x)))
last.self = last
other = Last(x)
""",
    "threads that are joined late": """
threads = [threading.Thread(target=work) for work in LONG[2:]]
for thread in threads:
    thread.start()
""",
    "an exporter that dies last": """
class Exporter:
    def __buffer__(self, flags):
        return memoryview(x)
    def __release_buffer__(self, view, sleep=time.sleep):  # names of the module are gone when the last are released
        view.release()
        sleep(0)

renderer = hk.CandleRenderer(100, 100)
renderer.set_candles(*4 * [Exporter()])
sys.modules["hotkernels"].kept = renderer
""",
}

STATUS = {"a daemon, and an exit with a status": 7}

TIMES = {"nightly": 100, "emulated": 1}
"""Of each, by Hypothesis's profile."""


@pytest.mark.parallel_threads(1)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_process_ends(name: str, pytestconfig: pytest.Config, patience: int) -> None:
    for seed in range(TIMES.get(pytestconfig.getoption("--hypothesis-profile") or "", 1)):
        program = f"SEED, DELAY = {seed}, {0.03 + 0.013 * (seed % 9)}\n{COMMON}{PROGRAMS[name]}"
        # Well above what the longest takes, on a busy machine.
        result = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120 * patience
        )
        assert (result.returncode, result.stderr) == (STATUS.get(name, 0), ""), f"try {seed}"
        if name == "at exit":
            assert result.stdout == "3 3 True\n"
