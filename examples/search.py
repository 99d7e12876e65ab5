#!/usr/bin/env python3
"""Semantic search over embeddings in a file that need not fit in memory: the nearest sentences of a question.

python examples/search.py build corpus.npy --rows 1000000     # writes corpus.npy and corpus.txt
python examples/search.py ask corpus.npy "a cheap room by the sea"

The embeddings here are sums of random vectors of words, so that the example needs no model and no network: what shares words is
near. Any other embeddings, one row a text, as float32 or float16 in a .npy file, are searched the same way. It needs NumPy.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import hotkernels as hk
import numpy as np

DEPTH = 256
ROWS_AT_A_TIME = 50_000

WORDS = (
    ("a cheap", "a quiet", "a bright", "an old", "a large", "a tiny", "a modern", "a haunted"),
    ("room", "flat", "house", "cabin", "boat", "tent", "castle", "barn"),
    ("by the sea", "in the mountains", "near the station", "in a forest", "by a lake", "in the old town", "on an island"),
    ("with a garden", "with a piano", "without stairs", "with a view", "with two dogs", "with fast internet"),
    ("for a week", "for a family", "for one night", "for the summer", "for students", "for a painter"),
)


@cache
def of_word(word: str) -> np.ndarray:
    """Always the same random direction for a word."""
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DEPTH, np.float32)


def embed(text: str) -> np.ndarray:
    """Shape (DEPTH,), float32: the sum of the words' vectors; zeros, which are near nothing, where there is no word."""
    return np.sum([of_word(word) for word in re.findall(r"\w+", text.lower())] or [np.zeros(DEPTH, np.float32)], axis=0)


def sentences(rows: int) -> Iterator[str]:
    """Made up, and numbered, so that no two are the same."""
    numbers = random.Random(1)  # noqa: S311 - nothing is secret here
    for row in range(rows):
        yield f"{' '.join(numbers.choice(part) for part in WORDS)}, number {row}"


def build(path: Path, texts: Iterable[str], rows: int) -> None:
    """Writes path, shape (rows, DEPTH), float32, and the texts beside it; some rows at a time, renamed when both are whole."""
    part, text_part = path.with_suffix(".npy.part"), path.with_suffix(".txt.part")
    corpus = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=(rows, DEPTH))
    with text_part.open("w", encoding="utf-8") as file:
        start = 0
        for batch in itertools.batched(texts, ROWS_AT_A_TIME):
            corpus[start : start + len(batch)] = [embed(text) for text in batch]
            file.writelines(f"{text}\n" for text in batch)
            start += len(batch)
    corpus.flush()
    text_part.replace(path.with_suffix(".txt"))
    part.replace(path)


def ask(path: Path, questions: list[str], k: int) -> list[list[tuple[float, str]]]:
    """For each question the k nearest texts with their cosines, the nearest first.

    The file is mapped, not read: pages come as they are looked at and go when memory is short, and all questions are answered
    in one pass over it.
    """
    corpus = np.load(path, mmap_mode="r")
    indices, scores = hk.top_k(np.stack([embed(question) for question in questions]), corpus, min(k, len(corpus)))
    wanted = set(indices.ravel().tolist())
    with path.with_suffix(".txt").open(encoding="utf-8") as file:
        texts = {number: line.rstrip("\n") for number, line in enumerate(file) if number in wanted}
    return [
        [(score, texts[index]) for index, score in zip(row.tolist(), best.tolist(), strict=True)]
        for row, best in zip(indices, scores, strict=True)
    ]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("build", help="write a corpus of made-up sentences")
    making.add_argument("file", type=Path)
    making.add_argument("--rows", type=int, default=100_000, help="1,000,000 rows are a gigabyte (100,000)")
    asking = verbs.add_parser("ask", help="find the nearest sentences")
    asking.add_argument("file", type=Path)
    asking.add_argument("question", nargs="+")
    asking.add_argument("-k", type=int, default=5)
    args = parser.parse_args(words)
    if args.verb == "build":
        build(args.file, sentences(args.rows), args.rows)
        print(f"{args.rows:,} rows, {args.file.stat().st_size / 1e6:,.0f} MB: {args.file}")
        return 0
    if not args.file.exists():
        raise SystemExit(f"{args.file}: no such file; `build` makes one")
    started = time.perf_counter()
    answers = ask(args.file, args.question, args.k)
    took = time.perf_counter() - started
    for question, found in zip(args.question, answers, strict=True):
        print(question)
        for score, text in found:
            print(f"  {score:.3f}  {text}")
    print(f"{args.file.stat().st_size / 1e6:,.0f} MB searched in {took:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
