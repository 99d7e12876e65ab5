"""Where there is no memory a call ends in a MemoryError, whatever it had begun, and the process and the package go on.

Each function whose memory grows with its input runs in a process of its own, which may have so many bytes more than it has,
from none to enough. An abort is what must not be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import hotkernels as hk
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere an address space has no limit")

PROGRAM = """
import json, os, resource, sys
import numpy as np
import hotkernels as hk

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

calls, headroom = json.loads(sys.argv[1])
ended = 0
for name, (prepare, call) in calls.items():
    print(name, file=sys.stderr)  # where it was, if this process is aborted
    given = {"hk": hk, "np": np}
    exec(prepare, given)
    work = eval("lambda: " + call, given)
    said = []
    for megabytes in headroom:
        resource.setrlimit(resource.RLIMIT_AS, (used() + megabytes * 2**20, resource.RLIM_INFINITY))
        try:
            work()
        except MemoryError:
            said.append(False)
        else:
            said.append(True)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    work()
    if not said[-1]:
        sys.exit(f"{name}: {said}, of {headroom}: the last is enough")
    ended += not all(said)
if ended < len(calls) / 2:  # what others gave back is enough for some
    sys.exit(f"{ended} of {len(calls)} calls were ever without memory")
"""

HEADROOM = {"nightly": [*range(10), 12, 15, 19, 24, 30, 40, 55, 80, 120, 250]}
"""Megabytes, by Hypothesis's profile: with none at all each thing that is large is refused, and what is small comes of
the reserve; between it and enough a call may get anywhere."""

STRINGS = "a = 'abcdefgh' * 40_000; b = 'bcdefghi' * 40_000; c = 'абвгдежз' * 40_000"
NAMES = "names = [f'name {n} of somebody' for n in range(20_000)]; few = names[::4000]"
CANDLES = "x = np.arange(1_500_000.0); made = hk.CandleRenderer(800, 600)"

CALLS: dict[str, tuple[str, str]] = {
    "dot, strided": ("x = np.ones((2_000_000, 2))[:, 0]", "hk.dot(x, x)"),
    "sum, strided": ("x = np.ones((2_000_000, 2))[:, 0]", "hk.sum(x)"),
    "Vector": ("x = np.ones(2_000_000)", "hk.Vector(x)"),
    "Vector, of a list": ("x = [1.5] * 1_000_000", "hk.Vector(x)"),
    "Vector, a slice": ("x = hk.Vector(np.ones(2_000_000))", "x[1:]"),
    "cosine_matrix": (
        "x = np.ones((700, 700), np.float32); y = np.empty((700, 700), np.float32)",
        "hk.cosine_matrix(x, out=y, threads=2)",
    ),
    "cosine_matrix, strided": ("x = np.ones((2000, 700), np.float32)[:, ::2]", "hk.cosine_matrix(x, x[:9], threads=1)"),
    "cosine_matrix, int8": (
        "x = np.ones((2000, 900), np.int8); y = np.empty((2000, 2000), np.float32)",
        "hk.cosine_matrix(x, out=y, threads=2)",
    ),
    "top_k": ("x = np.ones((1200, 300), np.float32)", "hk.top_k(x[:800], x, 100, threads=2)"),
    "median_filter": ("x = np.ones((900, 900), np.uint8)", "hk.median_filter(x, 5, threads=2)"),
    "median_filter, of floats": ("x = np.arange(90_000.0).reshape(300, 300)", "hk.median_filter(x, 45, threads=2)"),
    "median_filter, a large window": ("x = np.arange(90_000.0).reshape(300, 300)", "hk.median_filter(x, 901, threads=2)"),
    "levenshtein_distance": (STRINGS, "hk.levenshtein_distance(a[:60_000], b[9:60_000])"),
    "levenshtein_distance, of two widths": (STRINGS, "hk.levenshtein_distance(a, a[9:] + 'Я')"),
    "osa_distance": (STRINGS, "hk.osa_distance(a[:60_000], b[9:60_000])"),
    "damerau_levenshtein_distance": (STRINGS, "hk.damerau_levenshtein_distance(c[:60_000], c[9:60_000])"),
    "hamming_distance, of two widths": (STRINGS, "hk.hamming_distance(a, c)"),
    "hamming_distance, of clusters": (STRINGS, "hk.hamming_distance(a + 'e\\u0301', a)"),
    "jaro_similarity": (STRINGS, "hk.jaro_similarity(a, b)"),
    "jaccard_similarity": (STRINGS, "hk.jaccard_similarity(a, b, 2)"),
    "jaccard_similarity, of words": ("a = 'word and word ' * 100_000", "hk.jaccard_similarity(a, a)"),
    "metaphone": (STRINGS, "hk.metaphone(a)"),
    "metaphone, of more than bytes": (STRINGS, "hk.metaphone(c)"),
    "metaphone, of a letter with marks": ("e = 'e' + '\\u0301\\u0323' * 300_000", "hk.metaphone(e)"),
    "soundex, of a letter with marks": ("e = 'e' + '\\u0301\\u0323' * 300_000", "hk.soundex(e)"),
    "soundex, of more than bytes": (STRINGS, "hk.soundex(c)"),
    "nysiis": (STRINGS, "hk.nysiis(a)"),
    "match_rating_codex": (STRINGS, "hk.match_rating_codex(a)"),
    "cdist": (NAMES, "hk.cdist(few, names, threads=2)"),
    "cdist, of clusters": (NAMES, "hk.cdist(few, [name + 'e\\u0301' + name[5:9] + '\\u0301' for name in names], threads=1)"),
    "cdist, of an ndarray": (NAMES + "; array = np.array(names)", "hk.cdist(few, array, 'jaro', threads=2)"),
    "cpdist": (NAMES, "hk.cpdist(names, names[::-1], threads=2)"),
    "cdist, of sets": (NAMES, "hk.cdist(few, names, 'jaccard', ngram_size=3, threads=2)"),
    "cdist, of sets of words": (NAMES, "hk.cdist(few, names, 'jaccard', threads=2)"),
    "best_match": (NAMES, "hk.best_match(names, few, threads=2)"),
    "best_match, long strings": ("pages = [str(n) * 400 for n in range(2000)]", "hk.best_match(pages[:3], pages, threads=2)"),
    "Choices": (NAMES, "hk.best_match(few, hk.Choices(names), threads=2)"),
    "CandleRenderer.set_candles": (CANDLES, "made.set_candles(x, x, x, x)"),
    "CandleRenderer.set_candles, strided": (CANDLES, "made.set_candles(x[::2], x[::2], x[::2], x[::2])"),
    "CandleRenderer.append_candle": (CANDLES, "[made.append_candle(1, 2, 0, 1) for _ in range(60_000)]"),
    "CandleRenderer.generate_render_commands": (
        "x = np.arange(1e6); made = hk.CandleRenderer(1e6, 9); made.set_candles(x, x, x, x)",
        "(made.generate_render_commands(0, 999_999), made.generate_render_commands(1, 1_000_000))",
    ),
}


PARTS = 3
"""Processes that share the calls."""


@pytest.mark.parallel_threads(1)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_memory_is_a_memory_error(part: int, pytestconfig: pytest.Config) -> None:
    headroom = HEADROOM.get(pytestconfig.getoption("--hypothesis-profile") or "", [0, 3, 250])
    calls = dict(list(CALLS.items())[part::PARTS])
    # One arena, as what others reserve would be taken for what a call needs; and what is large is given back at once.
    env = os.environ | {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, json.dumps([calls, headroom])]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert result.returncode == 0, f"status {result.returncode}: {result.stderr}"


HUGE: dict[str, tuple[type[Exception], str]] = {
    "sum": (MemoryError, "hk.sum(np.broadcast_to(1.0, 1 << 45))"),
    "dot": (MemoryError, "hk.dot(np.broadcast_to(1.0, 1 << 45), np.broadcast_to(1.0, 1 << 45))"),
    "Vector": (MemoryError, "hk.Vector(np.broadcast_to(np.float32(1), 1 << 45))"),
    "cosine_matrix": (MemoryError, "hk.cosine_matrix(np.broadcast_to(np.ones(4), (1 << 24, 4)))"),
    "cosine_matrix, of more bytes than there are addresses": (
        ValueError,
        "hk.cosine_matrix(np.broadcast_to(np.ones(4), (1 << 31, 4)))",
    ),
    "top_k": (
        MemoryError,
        "hk.top_k(np.broadcast_to(np.ones(4), (1 << 30, 4)), np.broadcast_to(np.ones(4), (1 << 20, 4)), 1 << 20)",
    ),
    "median_filter": (MemoryError, "hk.median_filter(np.broadcast_to(np.uint8(1), (1 << 23, 1 << 23)), 3)"),
    "CandleRenderer": (MemoryError, "hk.CandleRenderer(9, 9).set_candles(*4 * [np.broadcast_to(1.0, 1 << 45)])"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_shape_past_memory_is_an_error(name: str) -> None:
    error, call = HUGE[name]
    with pytest.raises(error):
        eval(call, {"hk": hk, "np": np})
