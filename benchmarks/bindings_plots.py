"""The plots of the ways to write an extension, and of the workload: what a call, a hand-over and a pair cost in each."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Results = dict[str, Any]

OURS, OTHER = "#c2410c", "#64748b"
MODES = {"copy": "#64748b", "buffer": "#c2410c", "DLPack": "#0f766e"}


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and how far the quartiles are below and above it."""
    low, middle, high = statistics.quantiles(values, n=4)
    return middle, middle - low, high - middle


def named(results: Results, work: str) -> dict[str, list[float]]:
    """The seconds of one row, by engine."""
    (row,) = (row for row in results["results"] if row["work"] == work)
    seconds: dict[str, list[float]] = row["seconds"]
    return seconds


def bindings(figure: Any, all_results: Sequence[Results]) -> None:
    """Nanoseconds a call of add, and how long a dot product takes beside C's, by length."""
    (results,) = all_results
    calls, arrays = figure.subplots(1, 2)
    seconds = {name: values for name, values in named(results, "add(int, int)").items() if "lambda" not in name}
    names = list(seconds)[::-1]
    found = [quartiles([value * 1e9 for value in seconds[name]]) for name in names]
    errors = [[low for _, low, _ in found], [high for _, _, high in found]]
    middles = [middle for middle, _, _ in found]
    calls.barh(range(len(names)), middles, xerr=errors, color=OTHER, error_kw={"linewidth": 0.8})
    calls.set_yticks(range(len(names)), names, fontsize=8)
    for place, (middle, _, high) in enumerate(found):
        calls.annotate(f" {middle:.0f}", (middle + high, place), va="center", fontsize=7)
    calls.set(xlabel="ns a call (median, quartiles)", title="add(int, int)")
    calls.margins(x=0.15)
    rows = [row for row in results["results"] if row["work"].startswith("dot, ")]
    lengths = [row["amount"] for row in rows]
    for name in seconds:
        ratios = [statistics.median(row["seconds"][name]) / row["amount"] * 1e9 for row in rows]
        style = {"Python": "k:", "C": "k-"}.get(name, "s--" if name in {"ctypes", "cffi, ABI", "cffi, API"} else "o-")
        arrays.loglog(lengths, ratios, style, label=name, markersize=3, linewidth=1)
    arrays.set(xlabel="elements of each array", ylabel="ns an element", title="dot of two float64 buffers, the same loop")
    arrays.grid(visible=True, which="major", alpha=0.3)
    arrays.legend(fontsize=6)


def handover(figure: Any, all_results: Sequence[Results]) -> None:
    """Seconds until the first number of 1 GB is read, and the memory beside it, by way and mode."""
    (results,) = all_results
    ways = list(dict.fromkeys(row["way"] for row in results["handover"]))
    times, memory = figure.subplots(1, 2, sharey=True)
    for offset, (mode, colour) in enumerate(MODES.items()):
        rows = [row for row in results["handover"] if row["mode"] == mode]
        places = [len(ways) - 1 - ways.index(row["way"]) - (offset - 1) * 0.27 for row in rows]
        first = [statistics.median(row["first"]) for row in rows]
        peak = [statistics.median(row["peak"]) / 1e6 for row in rows]
        times.barh(places, first, 0.25, color=colour, label=mode)
        memory.barh(places, peak, 0.25, color=colour, label=mode)
    times.set(xscale="log", xlabel="seconds until the first number is read", title="1 GB handed over")
    memory.set(xlabel="MB of memory beside the input, at most", title="What it takes")
    times.set_yticks(range(len(ways)), ways[::-1], fontsize=8)
    for axes in (times, memory):
        axes.grid(visible=True, axis="x", alpha=0.3)
    memory.legend(fontsize=7)


def workload(figure: Any, all_results: Sequence[Results]) -> None:
    """Pairs a second by threads of the pool, with the GIL and without."""
    panels = figure.subplots(1, 2, sharey=True)
    for axes, results in zip(panels, all_results, strict=True):
        for row in results["results"]:
            if row["note"] != "wall time":
                continue
            points = {
                int(engine.partition("(")[2].rstrip(")")): row["amount"] / statistics.median(seconds)
                for engine, seconds in row["seconds"].items()
            }
            axes.semilogy(list(points), list(points.values()), "o-", label=row["work"].rpartition("float32, ")[2], markersize=4)
            axes.set_xticks(list(points))
        free = results["machine"]["free_threaded"]
        axes.set(
            xlabel=f"threads of a pool, on {results['machine']['cores']} cores",
            title="free-threaded" if free else "with the GIL",
        )
        axes.grid(visible=True, alpha=0.3)
    panels[0].set(ylabel="cosines a second, of 128 float32")
    panels[1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
