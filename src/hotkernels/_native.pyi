# What the compiled module holds; nox -s lint checks it against the module (stubtest).
from collections.abc import Buffer, Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Literal, Protocol, SupportsFloat, SupportsIndex, final, overload, type_check_only

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = [
    "CandleRenderer",
    "Choices",
    "RenderCommands",
    "ThreadSafeCounter",
    "Vector",
    "__version__",
    "best_match",
    "build_info",
    "cdist",
    "cosine_matrix",
    "cosine_similarity",
    "cpdist",
    "damerau_levenshtein_distance",
    "dot",
    "hamming_distance",
    "jaccard_similarity",
    "jaro_similarity",
    "jaro_winkler_similarity",
    "levenshtein_distance",
    "match_rating_codex",
    "match_rating_comparison",
    "median_filter",
    "metaphone",
    "nysiis",
    "osa_distance",
    "soundex",
    "sum",
    "top_k",
]

__version__: str

@type_check_only
class _DLPackTensor(Protocol):
    def __dlpack__(self, *, max_version: tuple[int, int] | None = ...) -> object: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

@type_check_only
class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...

@type_check_only
class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...

type _Array = Buffer | _DLPackTensor
type _Strings = Iterable[str | None] | _ArrowArray | _ArrowStream
type _Narrow = np.float32 | np.float16 | np.int8 | np.uint16
type _Metric = Literal["cosine", "dot"]
type _Dtype = Literal["float32", "float64"]
type _Unit = Literal["grapheme", "codepoint"]
type _Mode = Literal["reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"]
type _Scorer = Literal["levenshtein", "osa", "damerau_levenshtein", "hamming", "jaro", "jaro_winkler", "jaccard"]

def dot(a: _Array, b: _Array) -> float: ...
def cosine_similarity(a: _Array, b: _Array) -> float: ...
@overload
def cosine_matrix(  # type: ignore[overload-overlap]  # arrays of no dtype at all
    queries: NDArray[np.float64], corpus: _Array | None = None, *, out: None = None, threads: int | None = None
) -> NDArray[np.float64]: ...
@overload
def cosine_matrix(
    queries: NDArray[_Narrow], corpus: _Array | None = None, *, out: None = None, threads: int | None = None
) -> NDArray[np.float32]: ...
@overload
def cosine_matrix(
    queries: _Array, corpus: _Array | None = None, *, out: None = None, threads: int | None = None
) -> NDArray[Any]: ...
@overload
def cosine_matrix[Out: Buffer](
    queries: _Array, corpus: _Array | None = None, *, out: Out, threads: int | None = None
) -> Out: ...
@overload
def top_k(  # type: ignore[overload-overlap]  # as above
    queries: NDArray[np.float64], corpus: _Array, k: SupportsIndex, *, metric: _Metric = "cosine", threads: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
@overload
def top_k(
    queries: NDArray[_Narrow], corpus: _Array, k: SupportsIndex, *, metric: _Metric = "cosine", threads: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]: ...
@overload
def top_k(
    queries: _Array, corpus: _Array, k: SupportsIndex, *, metric: _Metric = "cosine", threads: int | None = None
) -> tuple[NDArray[np.int64], NDArray[Any]]: ...
@overload
def median_filter(
    image: _Array,
    size: SupportsIndex | Sequence[SupportsIndex],
    *,
    mode: _Mode = "reflect",
    cval: SupportsFloat | SupportsIndex = 0.0,
    out: None = None,
    threads: int | None = None,
) -> NDArray[Any]: ...
@overload
def median_filter[Out: Buffer](
    image: _Array,
    size: SupportsIndex | Sequence[SupportsIndex],
    *,
    mode: _Mode = "reflect",
    cval: SupportsFloat | SupportsIndex = 0.0,
    out: Out,
    threads: int | None = None,
) -> Out: ...
def sum(x: _Array | Iterable[SupportsFloat | SupportsIndex]) -> int | float: ...  # noqa: A001 - used as hk.sum
def levenshtein_distance(a: str, b: str, *, unit: _Unit = "grapheme") -> int: ...
def osa_distance(a: str, b: str, *, unit: _Unit = "grapheme") -> int: ...
def damerau_levenshtein_distance(a: str, b: str, *, unit: _Unit = "grapheme") -> int: ...
def hamming_distance(a: str, b: str, *, unit: _Unit = "grapheme") -> int: ...
def jaro_similarity(a: str, b: str, *, unit: _Unit = "grapheme") -> float: ...
def jaro_winkler_similarity(a: str, b: str, long_tolerance: bool | None = None, *, unit: _Unit = "grapheme") -> float: ...
def jaccard_similarity(a: str, b: str, ngram_size: SupportsIndex | None = None, *, unit: _Unit = "codepoint") -> float: ...
@overload
def cdist(
    queries: _Strings,
    choices: _Strings | Choices,
    scorer: _Scorer = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: _Unit = "grapheme",
    ngram_size: SupportsIndex | None = None,
    out: None = None,
    dtype: DTypeLike | None = None,
    threads: int | None = None,
) -> NDArray[Any]: ...
@overload
def cdist[Out: Buffer](
    queries: _Strings,
    choices: _Strings | Choices,
    scorer: _Scorer = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: _Unit = "grapheme",
    ngram_size: SupportsIndex | None = None,
    out: Out,
    dtype: DTypeLike | None = None,
    threads: int | None = None,
) -> Out: ...
@overload
def cpdist(
    queries: _Strings,
    choices: _Strings,
    scorer: _Scorer = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: _Unit = "grapheme",
    ngram_size: SupportsIndex | None = None,
    out: None = None,
    dtype: DTypeLike | None = None,
    threads: int | None = None,
) -> NDArray[Any]: ...
@overload
def cpdist[Out: Buffer](
    queries: _Strings,
    choices: _Strings,
    scorer: _Scorer = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: _Unit = "grapheme",
    ngram_size: SupportsIndex | None = None,
    out: Out,
    dtype: DTypeLike | None = None,
    threads: int | None = None,
) -> Out: ...
def best_match(
    queries: _Strings,
    choices: _Strings | Choices,
    scorer: _Scorer = "levenshtein",
    *,
    score_cutoff: float | None = None,
    unit: _Unit = "grapheme",
    ngram_size: SupportsIndex | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64] | NDArray[np.float64]]: ...
def soundex(a: str) -> str: ...
def metaphone(a: str) -> str: ...
def nysiis(a: str) -> str: ...
def match_rating_codex(a: str) -> str: ...
def match_rating_comparison(a: str, b: str) -> bool | None: ...
def build_info() -> dict[str, Any]: ...

@final
class Choices:
    def __new__(
        cls,
        choices: _Strings,
        scorer: _Scorer = "levenshtein",
        *,
        unit: _Unit = "grapheme",
        ngram_size: SupportsIndex | None = None,
    ) -> Choices: ...
    @property
    def scorer(self) -> _Scorer: ...
    @property
    def unit(self) -> _Unit: ...
    @property
    def ngram_size(self) -> int | None: ...
    def __len__(self) -> int: ...

@final
class Vector:
    def __new__(cls, data: _Array | Iterable[SupportsFloat], dtype: _Dtype | None = None) -> Vector: ...
    @property
    def dtype(self) -> _Dtype: ...
    @property
    def norm(self) -> float: ...
    def dot(self, other: _Array) -> float: ...
    def cosine_similarity(self, other: _Array) -> float: ...
    def tolist(self) -> list[float]: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> float: ...
    @overload
    def __getitem__(self, index: slice, /) -> Vector: ...
    def __iter__(self) -> Iterator[float]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[type[Vector], tuple[list[float], str]]: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class ThreadSafeCounter:
    def __new__(cls) -> ThreadSafeCounter: ...
    def increment(self) -> int: ...
    def get(self) -> int: ...

@final
class CandleRenderer:
    dtype: ClassVar[np.dtype[np.void]]
    def __new__(
        cls,
        width: float,
        height: float,
        *,
        up_color: int = 0x26A69AFF,
        down_color: int = 0xEF5350FF,
        unchanged_color: int = 0x9E9E9EFF,
        body_width: float = 0.8,
        padding: float = 0.05,
        price_range: tuple[float, float] | None = None,
    ) -> CandleRenderer: ...
    up_color: int
    down_color: int
    unchanged_color: int
    body_width: float
    padding: float
    price_range: tuple[float, float] | None
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...
    def resize(self, width: float, height: float) -> None: ...
    def set_candles(self, opens: _Array, highs: _Array, lows: _Array, closes: _Array) -> None: ...
    def update_last_candle(self, open: float, high: float, low: float, close: float) -> None: ...  # noqa: A002 - the price's name
    def append_candle(self, open: float, high: float, low: float, close: float) -> None: ...  # noqa: A002 - the price's name
    def generate_render_commands(self, start: SupportsIndex, end: SupportsIndex) -> RenderCommands: ...
    def __len__(self) -> int: ...

@final
class RenderCommands:
    dtype: ClassVar[np.dtype[np.void]]
    @property
    def price_range(self) -> tuple[float, float]: ...
    @property
    def places(self) -> int: ...
    @property
    def unchanged(self) -> int: ...
    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
