"""build_info, and the settings that are read at import: each SIMD level gives right answers, a wrong one an ImportError."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from importlib import metadata

import hotkernels as hk
import pytest

LEVELS = ("scalar", "sse2", "avx2", "avx512", "neon")

# dot, cosine_similarity and cosine_matrix to a tolerance; sum to the last bit.
WORK = """
import json, hotkernels as hk, numpy as np
numbers = np.random.default_rng(7)
out = {"simd": hk.build_info()["simd"], "threads": hk.build_info()["threads"], "near": [], "same": []}
for dtype in (np.float32, np.float64):
    for length in (1, 3, 17, 64, 255, 1000, 70_001):
        a, b = numbers.standard_normal((2, length)).astype(dtype)
        out["near"] += [hk.dot(a, b) / length, hk.cosine_similarity(a, b)]
        out["same"] += [hk.sum(a), hk.sum(a * dtype(1e20) + b), hk.sum((a * 100).astype(np.int16))]
    q, c = numbers.standard_normal((37, 130)).astype(dtype), numbers.standard_normal((53, 130)).astype(dtype)
    out["near"] += hk.cosine_matrix(q, c).ravel().tolist() + hk.cosine_matrix(q).ravel().tolist()
print(json.dumps(out))
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    merged = {k: v for k, v in os.environ.items() if not k.startswith("HOTKERNELS_")} | environment
    return subprocess.run([sys.executable, "-c", code], env=merged, capture_output=True, text=True, check=False)


def test_says_what_runs() -> None:
    info = hk.build_info()
    assert info["version"] == hk.__version__ == metadata.version("hotkernels")
    assert info["api"] == ("limited" if "abi3" in info["abi"] else "full")
    assert info["simd"] in info["simd_available"]
    assert info["simd_int8"].partition("_")[0] in info["simd"]
    assert set(info["simd_available"]) <= set(LEVELS)
    assert info["simd_available"][0] == "scalar"
    assert info["threads"] >= 1
    assert info["rustc"].startswith("rustc ")
    assert info["pyo3"].startswith("0.")
    assert info["commit"] is None or len(info["commit"].removesuffix("-dirty")) == 40
    if info["api"] == "full":
        flag = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
        assert info["abi"] == f"cp3{sys.version_info.minor}{flag}"


def test_every_level_gives_the_same() -> None:
    levels = hk.build_info()["simd_available"]
    results = {}
    for level in levels:
        done = run(WORK, HOTKERNELS_SIMD=level)
        assert done.returncode == 0, done.stderr
        results[level] = json.loads(done.stdout)
        assert results[level]["simd"] == level
    specification = results["scalar"]
    for level, result in results.items():
        assert result["same"] == specification["same"], level
        assert result["near"] == pytest.approx(specification["near"], rel=0, abs=2e-6), level


def test_the_best_level_is_the_default() -> None:
    done = run(WORK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["simd"] == hk.build_info()["simd_available"][-1]


@pytest.mark.parametrize("level", ["mmx", "", "AVX2 ", *LEVELS])
def test_a_level_that_is_not_to_be_had(level: str) -> None:
    if level in hk.build_info()["simd_available"]:
        return  # this machine has it: the test above runs it
    done = run("import hotkernels", HOTKERNELS_SIMD=level)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: HOTKERNELS_SIMD"), last
    assert repr(level)[1:-1] in last
    assert "scalar" in last


def test_threads_from_the_environment() -> None:
    assert json.loads(run(WORK, HOTKERNELS_NUM_THREADS="3").stdout)["threads"] == 3


@pytest.mark.parametrize("threads", ["0", "-1", "two", "", "1.5"])
def test_a_wrong_number_of_threads(threads: str) -> None:
    done = run("import hotkernels", HOTKERNELS_NUM_THREADS=threads)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        f'ImportError: HOTKERNELS_NUM_THREADS: a positive integer is taken, got "{threads}"'
    )
