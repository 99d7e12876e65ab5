"""python -m benchmarks.standing: writes the table of benchmarks/README.md from the raw results, and measures nothing."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import digits

README = Path(__file__).parent / "README.md"
RESULTS = Path(__file__).parent / "results"
BEGIN, END = "<!-- Made by: python -m benchmarks.standing -->\n", "<!-- end -->\n"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: the ratios of some rows, each of an engine of the project's.

    family: the file of results. works: names of rows, or (row, engine) where the engine is not "hotkernels".
    """

    text: str
    peer: str
    family: str
    works: tuple[str | tuple[str, str], ...]
    abi: str = "cp314"


ITSELF, VECTORS, METHOD = "hotkernels, with itself", "hotkernels, Vectors", "hotkernels, method of Vector"


def pairs(*scorers: str, names: str = "2000 × 2000 names") -> tuple[str, ...]:
    return tuple(f"{scorer}, {names}" for scorer in scorers)


def square(work: str) -> tuple[str | tuple[str, str], ...]:
    return work, (work, ITSELF)


def medians(dtype: str, *sizes: int, image: str = "") -> tuple[str, ...]:
    return tuple(f"median {size} × {size}, {image}{dtype}" for size in sizes)


LINES = (
    Line(
        text="Levenshtein, OSA, Hamming: 2000 × 2000 names",
        peer="RapidFuzz",
        family="text",
        works=pairs("levenshtein", "osa", "hamming"),
    ),
    Line(
        text="unrestricted Damerau-Levenshtein, 500 × 500 names",
        peer="RapidFuzz",
        family="text",
        works=pairs("damerau_levenshtein", names="500 × 500 names"),
    ),
    Line(text="Jaro, Jaro-Winkler: 2000 × 2000 names", peer="RapidFuzz", family="text", works=pairs("jaro", "jaro_winkler")),
    Line(
        text="best match, 1000 × 100,000 names",
        peer="RapidFuzz's matrix and argmin",
        family="text",
        works=("best match, 1000 × 100,000 names",),
    ),
    Line(
        text="Levenshtein of two names: ASCII, Latin-1, Greek, Cyrillic, Han",
        peer="RapidFuzz",
        family="names",
        works=tuple(f"levenshtein, two names, {script}" for script in ("ASCII", "Latin-1", "Greek", "Cyrillic", "Han")),
    ),
    Line(
        text="the same with the limited API",
        peer="RapidFuzz",
        family="names",
        works=tuple(f"levenshtein, two names, {script}" for script in ("ASCII", "Latin-1", "Greek", "Cyrillic", "Han")),
        abi="cp312-abi3",
    ),
    Line(
        text="Levenshtein of two strings of 10,000: random; 5 % edits",
        peer="RapidFuzz; with a perfect hint",
        family="text",
        works=("levenshtein, two strings of 10,000, random", "levenshtein, two strings of 10,000, 5 % edits"),
    ),
    Line(
        text="cosine, 1 query × 100k × 768 float32",
        peer="simsimd",
        family="vector",
        works=("cosine, 1 query × 100k × 768 float32",),
    ),
    Line(
        text="the same: float16, int8",
        peer="simsimd",
        family="narrow",
        works=tuple(f"cosine, 1 query × 100k × 768 {dtype}" for dtype in ("float16", "int8")),
    ),
    Line(
        text="cosine, 4096 × 4096 × 768 float32; with itself",
        peer="NumPy's matrix product alone, without norms",
        family="vector",
        works=square("cosine, 4096 × 4096 × 768 float32"),
    ),
    Line(
        text="cosine, 1000 × 1000 × 768 float64; with itself",
        peer="NumPy's matrix product alone, without norms",
        family="vector",
        works=square("cosine, 1000 × 1000 × 768 float64"),
    ),
    Line(
        text="cosine, 2000 × 2000 × 768 int8; with itself",
        peer="numkong, rows packed beforehand; half a matrix",
        family="narrow",
        works=("cosine, 2000 × 2000 × 768 int8", "cosine, 2000 with themselves × 768 int8"),
    ),
    Line(
        text="top 10 of 1000 × 100k × 768 float32",
        peer="faiss IndexFlatIP",
        family="vector",
        works=("top 10 of 1000 × 100k × 768 float32",),
    ),
    Line(
        text="dot, 10M float32, float64",
        peer="NumPy",
        family="vector",
        works=("dot, 10,000,000 float32", "dot, 10,000,000 float64"),
    ),
    Line(
        text="sum of 10M float64, float32, correctly rounded",
        peer="NumPy, which is not",
        family="reduce",
        works=("sum, 10M float64, well-conditioned", "sum, 10M float32, well-conditioned"),
    ),
    Line(
        text="the same, where everything cancels",
        peer="NumPy, whose digits are then all wrong",
        family="reduce",
        works=("sum, 10M float64, ill-conditioned", "sum, 10M float32, ill-conditioned"),
    ),
    Line(
        text="cosine, dot of two 128-vectors, a call on ndarrays",
        peer="simsimd",
        family="calls",
        works=("cosine_similarity, two of 128 float32", "dot, two of 128 float32"),
    ),
    Line(
        text="cosine of two `Vector` of 128; as a method",
        peer="simsimd on ndarrays",
        family="calls",
        works=(("cosine_similarity, two of 128 float32", VECTORS), ("cosine_similarity, two of 128 float32", METHOD)),
    ),
    Line(
        text="median of uint8, 512 × 512: 3, 5, 9, 25, 51, 101",
        peer="OpenCV",
        family="image",
        works=medians("uint8", 3, 5, 9, 25, 51, 101, image="512 × 512 "),
    ),
    Line(
        text="median of uint8, 8192 × 8192: 3, 5, 9, 25",
        peer="OpenCV",
        family="image",
        works=medians("uint8", 3, 5, 9, 25, image="8192 × 8192 "),
    ),
    Line(text="median of uint16: 9, 25, 101", peer="SciPy", family="image", works=medians("uint16", 9, 25, 101)),
    Line(text="median of float32: 9, 25, 101", peer="SciPy", family="image", works=medians("float32", 9, 25, 101)),
    Line(
        text="chart of 100,000 candles, a whole frame",
        peer="NumPy, which does not look for gaps",
        family="chart",
        works=("frame of 100,000 candles, 1920 × 1080",),
    ),
)


def table() -> Iterator[str]:
    yield "| work | peer | ratio |"
    yield "| --- | --- | --- |"
    for line in LINES:
        results = json.loads((RESULTS / f"{line.abi}-{line.family}.json").read_bytes())
        rows = {row["work"]: row for row in results["results"]}
        ratios = []
        for word in line.works:
            work, engine = (word, "hotkernels") if isinstance(word, str) else word
            seconds = rows[work]["seconds"]
            both = zip(seconds[rows[work]["peer"]], seconds[engine], strict=True)
            ratios.append(digits(statistics.median(peer / own for peer, own in both)))
        yield f"| {line.text} | {line.peer} | {', '.join(ratios)} |"


def written(text: str) -> str:
    """The README with the table as it has to be."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return "".join([head, BEGIN, "\n", *(f"{line}\n" for line in table()), "\n", END, tail])


if __name__ == "__main__":
    part = README.with_suffix(".part")
    part.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
    part.replace(README)
