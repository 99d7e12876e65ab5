"""Hot kernels in Rust that release the GIL: vectors and exact sums, from any buffer, without a copy.

The functions are described where they are: help(hotkernels.dot).
"""

from hotkernels._native import (
    ThreadSafeCounter,
    Vector,
    __version__,
    build_info,
    cosine_matrix,
    cosine_similarity,
    dot,
    sum,  # noqa: A004 - the builtin's name for the builtin's work, used as hk.sum
)

__all__ = [
    "ThreadSafeCounter",
    "Vector",
    "__version__",
    "build_info",
    "cosine_matrix",
    "cosine_similarity",
    "dot",
    "sum",
]
