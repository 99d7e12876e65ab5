"""The plots of text: how many times faster than the peer, and the hours of the whole job."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Result

Results = dict[str, Any]

OURS, THEIRS = "#c2410c", "#64748b"


def rows(results: Results) -> list[Result]:
    """The rows as they were measured."""
    return [Result(**row) for row in results["results"]]


def text(figure: Any, all_results: Sequence[Results]) -> None:
    """Each row's ratio to the peer, with the quartiles of the rounds."""
    (results,) = all_results
    found = rows(results)[::-1]
    axes = figure.subplots()
    middles, lows, highs = [], [], []
    for row in found:
        ratios = [peer / own for peer, own in zip(row.seconds[row.peer], row.seconds["hotkernels"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        middles.append(middle)
        lows.append(middle - low)
        highs.append(high - middle)
    axes.barh(range(len(found)), middles, xerr=[lows, highs], color=OURS, error_kw={"linewidth": 0.8})
    axes.set_yticks(range(len(found)), [row.work for row in found], fontsize=7)
    axes.axvline(1, color=THEIRS, linewidth=0.8)
    axes.set(xscale="log", xlabel="times faster than RapidFuzz, one thread (medians and quartiles of the rounds)")
    axes.margins(x=0.1)
    for place, middle in enumerate(middles):
        axes.annotate(f" {middle:.1f}", (middle + highs[place], place), va="center", fontsize=7)


def job(figure: Any, all_results: Sequence[Results]) -> None:
    """Hours of one core for all pairs by scorer, and the memory of the part that was done."""
    (results,) = all_results
    found = rows(results)
    hours, memory = figure.subplots(1, 2, width_ratios=(3, 2))
    for offset, (engine, colour) in enumerate((("hotkernels", OURS), ("rapidfuzz cdist", THEIRS), ("jellyfish", "#cbd5e1"))):
        places = [place + (offset - 1) * 0.27 for place, row in enumerate(found) if engine in row.seconds]
        values = [row.median(engine) / 3600 for row in found if engine in row.seconds]
        bars = hours.bar(places, values, 0.27, color=colour, label=engine)
        hours.bar_label(bars, [f"{value:.2g}" if value < 99 else f"{value:.0f}" for value in values], fontsize=6)
    hours.set(yscale="log", ylabel="hours of one core", title="Best match, 100,000 × 250,000 names")
    names = [row.work.partition(",")[0].replace("_", "\n") for row in found]
    hours.set_xticks(range(len(found)), names, fontsize=7)
    hours.margins(y=0.2)
    hours.legend(fontsize=7, ncols=3, loc="upper center")
    done = results["done"]
    seconds, above = zip(*done["memory"], strict=True)
    memory.plot(seconds, above, color=OURS)
    memory.set(
        xlabel="seconds",
        ylabel=f"MiB above the {done['inputs']:.0f} MiB before",
        ylim=(0, max(200, *above)),
        title=f"{done['pairs'] / 1e9:.0f} billion pairs, Levenshtein",
    )
    memory.grid(visible=True, alpha=0.3)
