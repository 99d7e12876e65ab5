"""Hot kernels in Rust that release the GIL: vectors and exact sums from any buffer, text from any str, charts.

The functions are described where they are: help(hotkernels.dot).
"""

from hotkernels._native import (
    CandleRenderer,
    RenderCommands,
    ThreadSafeCounter,
    Vector,
    __version__,
    best_match,
    build_info,
    cdist,
    cosine_matrix,
    cosine_similarity,
    damerau_levenshtein_distance,
    dot,
    hamming_distance,
    jaccard_similarity,
    jaro_similarity,
    jaro_winkler_similarity,
    levenshtein_distance,
    match_rating_codex,
    match_rating_comparison,
    metaphone,
    nysiis,
    osa_distance,
    soundex,
    sum,  # noqa: A004 - the builtin's name for the builtin's work, used as hk.sum
)

__all__ = [
    "CandleRenderer",
    "RenderCommands",
    "ThreadSafeCounter",
    "Vector",
    "__version__",
    "best_match",
    "build_info",
    "cdist",
    "cosine_matrix",
    "cosine_similarity",
    "damerau_levenshtein_distance",
    "dot",
    "hamming_distance",
    "jaccard_similarity",
    "jaro_similarity",
    "jaro_winkler_similarity",
    "levenshtein_distance",
    "match_rating_codex",
    "match_rating_comparison",
    "metaphone",
    "nysiis",
    "osa_distance",
    "soundex",
    "sum",
]
