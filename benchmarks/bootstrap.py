"""How far a ratio of medians can be trusted: the bootstrap distribution, which for medians is known without drawing from it.

Of n values drawn with replacement from n, the median is at most the k-th smallest if more than half of the draws are, which a
binomial distribution tells (Efron 1979; Maritz and Jarrett 1978). Two runs are independent: their ratio is that of each pair of
such medians with the product of both probabilities. No random numbers, the same interval each time. Standard library alone, so
that it runs where the release line does, whose environment has neither NumPy nor SciPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from math import comb
from statistics import median


def ratio(before: Sequence[float], after: Sequence[float], confidence: float) -> tuple[float, float, float]:
    """The median of `after` by that of `before`, and the lower and upper end of its interval of that confidence."""
    distribution = sorted(
        (above / below, chance * other) for below, chance in medians(before) for above, other in medians(after)
    )
    tail = (1 - confidence) / 2
    low, high = quantile(distribution, tail), quantile(distribution[::-1], tail)
    return median(after) / median(before), low, high


def medians(values: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Each value, and the chance that the median of as many draws is that one; of an even number, either of the middle two."""
    yield from zip(sorted(values), chances(len(values)), strict=True)


@cache
def chances(count: int) -> tuple[float, ...]:
    """That the median of `count` draws is the smallest value, the second smallest, and so on."""
    found = [0.0] * count
    ranks = {(count + 1) // 2, count // 2 + 1}  # the median is the rank-th smallest
    for rank in ranks:
        at_most = [at_least(rank, count, k / count) for k in range(count + 1)]
        for place, (before, now) in enumerate(pairwise(at_most)):
            found[place] += (now - before) / len(ranks)
    return tuple(found)


def at_least(rank: int, count: int, chance: float) -> float:
    """The probability of `rank` or more successes of `count`."""
    return sum(comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(rank, count + 1))


def quantile(distribution: Sequence[tuple[float, float]], tail: float) -> float:
    """The first value at which the probabilities so far are more than `tail`."""
    so_far = 0.0
    for value, chance in distribution:
        so_far += chance
        if so_far > tail:
            return value
    return distribution[-1][0]
