"""A call of every function and every method of the package, and one of each kind that it refuses, for the tests to share.

Each is short: some microseconds where a million of them are counted, enough work to leave the interpreter in others.
"""

from __future__ import annotations

import array
import pickle
import struct
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import columns
import hotkernels as hk
import numpy as np
from inputs import OnlyDLPack

Call = Callable[[], object]

COVERED: dict[str, set[str]] = {}
"""Which calls have to do with each name of the package; see `call` and `refused`."""

CALLS: dict[str, Call] = {}
"""Those that give something, by what they show."""

REFUSED: dict[str, tuple[type[Exception], Call]] = {}
"""Those that raise something, and what."""


def call(name: str, work: Call, *shown: str) -> None:
    """A call that shows what is named: functions, classes, methods as Class.method; or what its own name begins with."""
    assert name not in CALLS
    CALLS[name] = work
    for each in shown or (name.partition(",")[0],):
        COVERED.setdefault(each, set()).add(name)


def refused(name: str, error: type[Exception], work: Call) -> None:
    assert name not in REFUSED
    REFUSED[name] = (error, work)


random = np.random.default_rng(0)
f32, g32 = (random.standard_normal(64).astype(np.float32) for _ in range(2))
f64, g64 = f32.astype(np.float64), g32.astype(np.float64)
rows32 = random.standard_normal((3, 16)).astype(np.float32)
corpus32 = random.standard_normal((5, 16)).astype(np.float32)
rows8, corpus8 = (random.integers(-128, 128, (n, 16), np.int8) for n in (3, 5))
image8 = random.integers(0, 256, (12, 17), np.uint8)
image64 = random.standard_normal((2, 9, 11))
names = ["smith", "smyth", "schmidt", None, "Дмитрий", "e\u0301ric", "a" * 70]
rows = np.array([f"{n:x}" for n in range(2100)])  # enough for two threads
others = ["smit", "Dmitri", "éric", "schmitt"]
arrow = columns.chunk("u", names)
opens, highs, lows, closes = (random.standard_normal(100) + shift for shift in (10, 12, 8, 10))
tensor, old_tensor = OnlyDLPack(f32), OnlyDLPack(g32, versioned=False)
vector32, vector64 = hk.Vector(f32), hk.Vector(f64)
counter = hk.ThreadSafeCounter()
long_a, long_b = "kitten sitting " * 40, "sitting kitten " * 45


def renderer(count: int = 100) -> hk.CandleRenderer:
    made = hk.CandleRenderer(320, 200, price_range=(5, 15))
    made.set_candles(opens[:count], highs[:count], lows[:count], closes[:count])
    return made


drawn = renderer()
commands = drawn.generate_render_commands(0, 100)

call("dot", lambda: hk.dot(f32, g32))
call("dot, of float64 in Vectors", lambda: hk.dot(vector64, vector64))
call("dot, strided", lambda: hk.dot(f64[::2], g64[::2]))
call("dot, by DLPack", lambda: hk.dot(tensor, old_tensor))
call("dot, of an array.array", lambda: hk.dot(array.array("d", b"\0" * 80), array.array("d", b"\0" * 80)))
call("cosine_similarity", lambda: hk.cosine_similarity(f64, g64))
call("cosine_matrix", lambda: hk.cosine_matrix(rows32, threads=1))
call("cosine_matrix, into out", lambda: hk.cosine_matrix(rows32, corpus32, out=np.empty((3, 5), np.float32), threads=1))
call("cosine_matrix, float16", lambda: hk.cosine_matrix(rows32.astype(np.float16), threads=1))
call("cosine_matrix, int8, strided", lambda: hk.cosine_matrix(rows8[:, ::2], corpus8[:, ::2], threads=1))
call("cosine_matrix, float64, two threads", lambda: hk.cosine_matrix(rows32.astype(np.float64), threads=2))
call("top_k", lambda: hk.top_k(rows32, corpus32, 3, threads=1))
call("top_k, int8", lambda: hk.top_k(rows8, corpus8, 5, metric="dot", threads=1))
call("median_filter", lambda: hk.median_filter(image8, 3, threads=1))
call(
    "median_filter, into out",
    lambda: hk.median_filter(image8, (3, 5), mode="constant", cval=7, out=np.empty_like(image8), threads=1),
)
call("median_filter, of a stack", lambda: hk.median_filter(image64, 5, mode="wrap", threads=1))
call("median_filter, by ranks", lambda: hk.median_filter(image64[0].astype(np.float32), 45, threads=1))
call("sum", lambda: hk.sum(f64))
call("sum, of integers", lambda: hk.sum(np.arange(50)))
call("sum, of a list", lambda: hk.sum([1, 2.5, 10**30, True]))
call("sum, strided", lambda: hk.sum(f32[::3]))
call("sum, by DLPack", lambda: hk.sum(tensor))
for function in (hk.levenshtein_distance, hk.osa_distance, hk.damerau_levenshtein_distance, hk.hamming_distance):
    name = function.__name__
    call(name, partial(function, "kitten", "sitting"))
    call(f"{name}, of more than bytes", partial(function, "Дмитрий", "e\u0301ric 😀", unit="grapheme"))
    call(f"{name}, of long strings", partial(function, long_a, long_b))
for similarity in (hk.jaro_similarity, hk.jaro_winkler_similarity, hk.jaccard_similarity):
    name = similarity.__name__
    call(name, partial(similarity, "martha", "marhta"))
    call(f"{name}, of more than bytes", partial(similarity, "Дмитрий", "e\u0301ric", unit="codepoint"))
    call(f"{name}, of long strings", partial(similarity, long_a, long_b))
call("jaccard_similarity, of pieces", lambda: hk.jaccard_similarity("martha", "marhta", 2))
call("jaro_winkler_similarity, with a tolerance", lambda: hk.jaro_winkler_similarity("martha", "marhta", True))
for code in (hk.soundex, hk.metaphone, hk.nysiis, hk.match_rating_codex):
    call(code.__name__, partial(code, "Thompson"))
    call(f"{code.__name__}, of a long name", partial(code, "Thompson" * 30))
call("match_rating_comparison", lambda: hk.match_rating_comparison("Smith", "Smyth"))
call("cdist", lambda: hk.cdist(names, others, threads=1))
call("cdist, two threads", lambda: hk.cdist(names, others, "jaro_winkler", score_cutoff=0.5, threads=2))
call("cdist, of an Arrow array", lambda: hk.cdist(columns.Array("u", arrow), others, "osa", dtype="uint8", threads=1))
call("cdist, of an Arrow stream", lambda: hk.cdist(columns.Stream("u", arrow, arrow), others, threads=1))
call("cdist, of an ndarray", lambda: hk.cdist(np.array(others), others, "hamming", unit="codepoint", threads=1))
call("cdist, of sets", lambda: hk.cdist(names, others, "jaccard", ngram_size=2, dtype="float32", threads=1))
call("cpdist", lambda: hk.cpdist(names, names[::-1], threads=1))
call("cpdist, two threads", lambda: hk.cpdist(rows, rows[::-1], "jaro_winkler", score_cutoff=0.5, threads=2))
call("best_match", lambda: hk.best_match(names, others, threads=1))
call(
    "best_match, told",
    lambda: hk.best_match(names, others, "damerau_levenshtein", progress=lambda done, total: None, threads=1),
)
call("best_match, of a similarity", lambda: hk.best_match(names, others, "jaro", score_cutoff=0.9, threads=1))
laid, laid_sets = hk.Choices(others), hk.Choices(names, "jaccard", ngram_size=2)
call("Choices", lambda: len(hk.Choices(names)))
call("Choices, of sets", lambda: len(hk.Choices(columns.Array("u", arrow), "jaccard", unit="codepoint", ngram_size=2)))
call("best_match, of Choices", lambda: hk.best_match(names, laid, "osa", threads=1), "best_match", "Choices")
call("cdist, of Choices", lambda: hk.cdist(names, laid_sets, threads=2), "cdist", "Choices")
for attribute in ("scorer", "unit", "ngram_size"):
    call(f"Choices.{attribute}", partial(attrgetter(attribute), laid_sets))
call("Choices.__len__", lambda: len(laid))
call("Choices.__repr__", lambda: repr(laid))
call("build_info", hk.build_info)
call("__version__", lambda: hk.__version__)

call("Vector", lambda: hk.Vector(f32))
call("Vector, of a list", lambda: hk.Vector([1, 2.5, 3], dtype="float32"), "Vector")
call("Vector.dtype", lambda: vector32.dtype, "Vector.dtype")
call("Vector.norm", lambda: hk.Vector(f64).norm, "Vector.norm")
call("Vector.dot", lambda: vector32.dot(g32))
call("Vector.cosine_similarity", lambda: vector32.cosine_similarity(vector32))
call("Vector.tolist", vector32.tolist)
call("Vector.__len__", lambda: len(vector32))
call("Vector.__getitem__", lambda: (vector32[3], vector32[-1], vector32[2:40:3].norm))
call("Vector.__iter__", lambda: list(vector32))
call("Vector.__eq__", lambda: (vector32 == vector64, vector32 != 3))
call("Vector.__repr__", lambda: repr(vector32))
call("Vector.__reduce__", lambda: pickle.loads(pickle.dumps(vector64)))
call("Vector.__buffer__", lambda: bytes(memoryview(vector32)), "Vector.__buffer__")

call("ThreadSafeCounter", hk.ThreadSafeCounter)
call("ThreadSafeCounter.increment", counter.increment)
call("ThreadSafeCounter.get", counter.get)
call("ThreadSafeCounter.__repr__", lambda: repr(counter))

call("CandleRenderer", renderer, "CandleRenderer", "CandleRenderer.set_candles")
call(
    "CandleRenderer, of a stride",
    lambda: hk.CandleRenderer(90, 50).set_candles(opens[::2], highs[::2], lows[::2], closes[::2]),
    "CandleRenderer.set_candles",
)
call("CandleRenderer.generate_render_commands", lambda: bytes(drawn.generate_render_commands(3, 90)))


def goes_on() -> object:
    made = renderer(20)
    made.append_candle(9, 11, 8, 10)
    made.update_last_candle(9, 12, 8, 11)
    made.resize(100, 80)
    return len(made), bytes(made.generate_render_commands(0, len(made)))


call(
    "CandleRenderer, as it goes on",
    goes_on,
    "CandleRenderer.append_candle",
    "CandleRenderer.update_last_candle",
    "CandleRenderer.resize",
)


STYLE = ("up_color", "down_color", "unchanged_color", "body_width", "padding", "price_range")


def restyle() -> object:
    made = hk.CandleRenderer(64, 48)
    for name in STYLE:
        setattr(made, name, getattr(drawn, name))
    return [getattr(made, name) for name in STYLE]


call("CandleRenderer, its style", restyle, *(f"CandleRenderer.{name}" for name in STYLE))


call("CandleRenderer.width", lambda: (drawn.width, drawn.height), "CandleRenderer.width", "CandleRenderer.height")
call("CandleRenderer.dtype", lambda: hk.CandleRenderer.dtype)
call("CandleRenderer.__len__", lambda: len(drawn))
call("CandleRenderer.__repr__", lambda: repr(drawn))
call("RenderCommands", lambda: list(struct.iter_unpack("6fI", commands)), "RenderCommands", "RenderCommands.__buffer__")
for attribute in ("price_range", "places", "unchanged", "dtype"):
    call(f"RenderCommands.{attribute}", partial(attrgetter(attribute), commands))
call("RenderCommands.__len__", lambda: len(commands))
call("RenderCommands.__repr__", lambda: repr(commands))

refused("dot, of two lengths", ValueError, lambda: hk.dot(f32, g32[:-1]))
refused("dot, of two dtypes", TypeError, lambda: hk.dot(f32, g64))
refused("dot, of no array", TypeError, lambda: hk.dot(f32, "text"))  # type: ignore[arg-type]
refused("dot, of nothing", ValueError, lambda: hk.dot(f32[:0], f32[:0]))
refused("cosine_similarity, of a matrix", ValueError, lambda: hk.cosine_similarity(rows32, rows32))
refused("cosine_matrix, of two widths", ValueError, lambda: hk.cosine_matrix(rows32, corpus32[:, :3]))
refused("cosine_matrix, of integers", TypeError, lambda: hk.cosine_matrix(rows8.astype(np.int32)))
refused("cosine_matrix, over its input", BufferError, lambda: hk.cosine_matrix(corpus32, out=corpus32[:, :5]))
refused("cosine_matrix, of no threads", ValueError, lambda: hk.cosine_matrix(rows32, threads=0))
refused("top_k, of too many", ValueError, lambda: hk.top_k(rows32, corpus32, 6))
refused("top_k, by another metric", ValueError, lambda: hk.top_k(rows32, corpus32, 1, metric="l2"))  # type: ignore[call-overload]
refused("median_filter, of no window", ValueError, lambda: hk.median_filter(image8, 0))
refused("median_filter, by another mode", ValueError, lambda: hk.median_filter(image8, 3, mode="edge"))  # type: ignore[call-overload]
refused("median_filter, of a row", ValueError, lambda: hk.median_filter(f64, 3))
refused("median_filter, over its input", BufferError, lambda: hk.median_filter(image8, 3, out=image8))
refused("sum, of strings", TypeError, lambda: hk.sum(["a"]))  # type: ignore[list-item]
refused("sum, of two infinities", ValueError, lambda: hk.sum([np.inf, -np.inf]))
refused("sum, of complex numbers", TypeError, lambda: hk.sum(f64.astype(complex)))
refused("levenshtein_distance, of bytes", TypeError, lambda: hk.levenshtein_distance(b"a", "a"))  # type: ignore[arg-type]
refused("levenshtein_distance, of half a character", UnicodeEncodeError, lambda: hk.levenshtein_distance("\ud800", "a"))
refused("osa_distance, in another unit", ValueError, lambda: hk.osa_distance("a", "b", unit="byte"))  # type: ignore[arg-type]
refused("jaro_winkler_similarity, by a word", TypeError, lambda: hk.jaro_winkler_similarity("a", "b", "yes"))  # type: ignore[arg-type]
refused("jaccard_similarity, of pieces of nothing", ValueError, lambda: hk.jaccard_similarity("a", "b", 0))
refused("match_rating_codex, of a digit", ValueError, lambda: hk.match_rating_codex("r2d2"))
refused("soundex, of None", TypeError, lambda: hk.soundex(None))  # type: ignore[arg-type]
refused("cdist, of numbers", TypeError, lambda: hk.cdist(["a", 3], ["b"]))  # type: ignore[list-item]
refused("cdist, of a str", TypeError, lambda: hk.cdist("abc", ["b"]))
refused("cdist, by another scorer", ValueError, lambda: hk.cdist(["a"], ["b"], "indel"))  # type: ignore[call-overload]
refused("cdist, in too small a dtype", ValueError, lambda: hk.cdist(["a" * 300], ["b"], dtype="uint8"))
refused("cpdist, of two lengths", ValueError, lambda: hk.cpdist(["a"], ["b", "c"]))
refused("cdist, of a column of numbers", TypeError, lambda: hk.cdist(columns.Array("i", arrow), ["b"]))
refused("cdist, of a broken stream", OSError, lambda: hk.cdist(columns.Stream("u", arrow, error=(5, b"broken")), ["b"]))
refused(
    "best_match, that is stopped", ZeroDivisionError, lambda: hk.best_match(["a"], ["b"], progress=lambda done, total: 1 // 0)
)
refused("Choices, of numbers", TypeError, lambda: hk.Choices(["a", 3]))  # type: ignore[list-item]
refused("best_match, by what Choices are not made for", ValueError, lambda: hk.best_match(names, laid, "jaccard"))
refused("cpdist, of Choices", TypeError, lambda: hk.cpdist(names, laid))  # type: ignore[call-overload]
refused("best_match, of half a character", UnicodeEncodeError, lambda: hk.best_match(["a"], ["\ud800"]))
refused("Vector, of nothing", ValueError, lambda: hk.Vector([]))
refused("Vector, of words", TypeError, lambda: hk.Vector(["a"]))  # type: ignore[list-item]
refused("Vector.__getitem__, past the end", IndexError, lambda: vector32[64])
refused("Vector.dot, of two lengths", ValueError, lambda: vector32.dot(g32[:3]))
refused("CandleRenderer, of no width", ValueError, lambda: hk.CandleRenderer(0, 100))
refused("CandleRenderer, of a colour too many", ValueError, lambda: setattr(drawn, "up_color", 1 << 32))
refused("CandleRenderer.set_candles, of two lengths", ValueError, lambda: drawn.set_candles(opens, highs, lows, closes[1:]))
refused("CandleRenderer.generate_render_commands, past the end", ValueError, lambda: drawn.generate_render_commands(0, 101))
refused("RenderCommands, of nobody", TypeError, type(commands))
refused("ThreadSafeCounter, of a number", TypeError, lambda: hk.ThreadSafeCounter(3))  # type: ignore[call-arg]


def attempt(work: Call, error: type[BaseException]) -> None:
    """Calls what must be refused."""
    try:
        work()
    except error:
        return
    raise AssertionError(f"nothing was raised where {error.__name__} is expected")


def public() -> set[str]:
    """Every function, class, method and attribute that the package has of its own."""
    found = set(hk.__all__)
    inherited = {
        "__init__",
        "__subclasshook__",
        "__init_subclass__",
        "__class__",
        "__doc__",
        "__module__",
        "__release_buffer__",
    }
    inherited |= {"__hash__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__new__", "__setattr__", "__delattr__"}
    for name in hk.__all__:
        thing: Any = getattr(hk, name)
        if isinstance(thing, type):
            found |= {f"{name}.{member}" for member in vars(thing) if member not in inherited}
    return found
