"""cpdist: each row's two strings as the functions for two strings have them, and as cdist's diagonal has them."""

from __future__ import annotations

import subprocess
import sys
from itertools import accumulate
from typing import Any

import columns
import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strings import anything, long, short

SCORERS: list[Any] = ["levenshtein", "osa", "damerau_levenshtein", "hamming", "jaro", "jaro_winkler", "jaccard"]
DTYPES: list[Any] = ["uint32", "uint8", "uint16", "int32", "int64", "float32", "float64"]
rows: Any = st.lists(st.tuples(short | long | anything | st.none(), short | long | st.none()), max_size=12)


@pytest.mark.parametrize("scorer", SCORERS)
@settings(max_examples=25)
@given(
    rows=rows,
    unit=st.sampled_from(["grapheme", "codepoint"]),
    cutoff=st.sampled_from([None, 0, 0.5, 1]),
    threads=st.sampled_from([1, 3]),
)
def test_each_row_is_a_cell_of_cdist(scorer: Any, rows: Any, unit: Any, cutoff: Any, threads: int) -> None:
    queries, choices = [a for a, _ in rows], [b for _, b in rows]
    options: dict[str, Any] = {"score_cutoff": cutoff, "unit": unit}
    found = hk.cpdist(queries, choices, scorer, threads=threads, **options)
    expected = hk.cdist(queries, choices, scorer, **options).diagonal()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("size", [1, 2, 5])
@given(rows=rows)
@settings(max_examples=10)
def test_pieces_of_strings(size: int, rows: Any) -> None:
    there = [(a, b) for a, b in rows if a is not None and b is not None]
    found = hk.cpdist([a for a, _ in there], [b for _, b in there], "jaccard", ngram_size=size, unit="codepoint")
    assert found.tolist() == [hk.jaccard_similarity(a, b, size) for a, b in there]


def names(seed: int, letter: str) -> list[str]:
    """Of up to 40 letters, some with this one behind them."""
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 41, 2000).tolist()
    letters = "".join(map(chr, random.integers(97, 107, sum(lengths)).tolist()))
    ends = accumulate(lengths)
    return [letters[end - length : end] + letter * (length % 16 == 15) for end, length in zip(ends, lengths, strict=True)]


SINGLE: list[tuple[Any, Any]] = [
    ("levenshtein", hk.levenshtein_distance),
    ("osa", hk.osa_distance),
    ("damerau_levenshtein", hk.damerau_levenshtein_distance),
    ("hamming", hk.hamming_distance),
    ("jaro", hk.jaro_similarity),
    ("jaro_winkler", hk.jaro_winkler_similarity),
]


@pytest.mark.parametrize(("scorer", "single"), SINGLE)
@pytest.mark.parametrize("kind", ["u", "U", "vu", "list", "numpy"])
def test_many_rows_are_those_of_single_calls(scorer: Any, single: Any, kind: str) -> None:
    made: Any = {"list": list, "numpy": np.array}.get(kind, lambda rows: columns.Array(kind, columns.chunk(kind, rows)))
    queries = names(1, "é")
    for choices in (names(2, "é"), names(2, "ł")):
        found = hk.cpdist(made(queries), made(choices), scorer, threads=2)
        assert found.tolist() == [single(a, b) for a, b in zip(queries, choices, strict=True)]


QUERIES, CHOICES = ["kitten", "Müller", None, "e\u0301", ""], ["sitting", "Mueller", "x", "é", ""]


def test_columns_of_every_kind() -> None:
    expected = [3, 2, 2**32 - 1, 1, 0]
    assert hk.cpdist(QUERIES, CHOICES).tolist() == expected
    assert hk.cpdist(columns.Array("vu", columns.chunk("vu", QUERIES)), tuple(CHOICES)).tolist() == expected
    assert hk.cpdist(iter(QUERIES), np.array(CHOICES)).tolist() == expected
    assert hk.cpdist([], []).shape == (0,)
    many = hk.cpdist(QUERIES * 1000, CHOICES * 1000, threads=2)
    assert many.tolist() == expected * 1000


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: Any) -> None:
    found = hk.cpdist(QUERIES, CHOICES, dtype=dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, hk.cdist(QUERIES, CHOICES, dtype=dtype).diagonal())
    out = np.zeros(5, dtype)
    assert hk.cpdist(QUERIES, CHOICES, out=out) is out
    np.testing.assert_array_equal(out, found)


def test_out() -> None:
    whole = np.zeros(7, np.uint32)
    hk.cpdist(QUERIES, CHOICES, out=whole[1:6], score_cutoff=2)
    assert whole.tolist() == [0, 3, 2, 3, 1, 0, 0]
    memory = bytearray(8 * 2)
    hk.cpdist(["a", "b"], ["a", "c"], "jaro", out=memoryview(memory).cast("d"))
    assert memoryview(memory).cast("d").tolist() == [1.0, 0.0]


def out_of(shape: Any, dtype: Any = np.uint32, **options: Any) -> Any:
    array = np.zeros(shape, dtype)
    array.flags.writeable = options.get("writeable", True)
    return array


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (out_of(4), ValueError, r"^out has shape \(4,\); \(5,\), a score for each row, is taken$"),
        (out_of((5, 1)), ValueError, r"^out has 2 dimensions, of shape \(5, 1\); 1 is taken"),
        (out_of(10)[::2], ValueError, r"^out has strides \[8\]; contiguous, aligned memory is taken$"),
        (out_of(5, writeable=False), TypeError, r"^out is read-only; a writable buffer is taken$"),
        (out_of(5, np.int16), TypeError, r"^out has dtype int16; uint32, uint8, .* is taken; np\.empty\(shape, np\.uint32\)"),
        ([0] * 5, TypeError, r"^out: a buffer .* is taken, got list"),
    ],
)
def test_outs_that_are_not_taken(out: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        hk.cpdist(QUERIES, CHOICES, out=out)
    with pytest.raises(TypeError, match=r"^out has dtype float64; uint8, the dtype asked for, is taken"):
        hk.cpdist(QUERIES, CHOICES, out=np.zeros(5), dtype="uint8")


def test_columns_that_are_not_taken() -> None:
    with pytest.raises(ValueError, match=r"^choices has length 1 and queries has length 2; one length is taken for both"):
        hk.cpdist(["a", "b"], ["a"])
    with pytest.raises(ValueError, match=r"^dtype: uint8 holds distances up to 255, and these strings can have one of 300"):
        hk.cpdist(["a" * 300], ["b"], dtype="uint8")
    with pytest.raises(TypeError, match=r"^choices\[1\]: str or None is taken, got int"):
        hk.cpdist(["a", "b"], ["a", 1])  # type: ignore[list-item]


def test_without_numpy() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "import array, hotkernels as hk\n"
        "out = array.array('I', [0, 0])\n"
        "print(hk.cpdist(['ab', 'c'], ['b', 'c'], out=out) is out, out.tolist())\n"
        "try: hk.cpdist([], [])\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    words = "cpdist returns a NumPy array, and NumPy cannot be imported: pip install 'hotkernels[numpy]', or pass out="
    assert done.stdout.splitlines() == ["True [1, 0]", words]
