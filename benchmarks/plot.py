"""python -m benchmarks.plot [PLOT …]: draws plots/<name>.svg from the raw results, and measures nothing."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import bindings_plots, text_plots

RESULTS = Path(__file__).parent / "results"
PLOTS = Path(__file__).parent / "plots"
COMMAND = "python -m benchmarks.plot"
"""What nox -s bench runs at its end. It stands in a comment of XML, which has no room for two hyphens."""

Results = dict[str, Any]
"""What `python -m benchmarks --output` keeps: machine, finished, results."""


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One picture: the files of raw results that it is made of, and what draws them into a figure."""

    files: tuple[str, ...]
    draw: Callable[[Any, Sequence[Results]], None]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plot", description=__doc__)
    parser.add_argument("plot", nargs="*", help=f"of {', '.join(ALL)}; all that there are results for, by default")
    args = parser.parse_args()
    if unknown := set(args.plot) - set(ALL):
        parser.error(f"no plot {min(unknown)!r}; there are {', '.join(ALL)}")
    for name in args.plot or [name for name, plot in ALL.items() if all((RESULTS / file).exists() for file in plot.files)]:
        print(f"  plot: {save(name, PLOTS / f'{name}.svg')}")


def save(name: str, path: Path) -> Path:
    """Draws one. The same results give the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - whoever asks only whether a plot is stale needs none

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9})
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of what it draws with

    figure = plt.figure(figsize=(8, 4.5), layout="constrained")
    results = [json.loads((RESULTS / file).read_bytes()) for file in ALL[name].files]
    ALL[name].draw(figure, results)
    figure.supxlabel(machine(results[0]), fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    declaration, _, rest = path.read_text(encoding="utf-8").partition("\n")
    lines = [declaration, f"<!-- {first_line(name)} -->", *(line.rstrip() for line in rest.splitlines())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def first_line(name: str) -> str:
    """What a plot says of itself: the command, and of which results it is."""
    digest = hashlib.sha256(b"".join((RESULTS / file).read_bytes() for file in ALL[name].files)).hexdigest()
    return f"Made by: {COMMAND}. Of results: sha256:{digest}"


def medians(results: Results, work: str) -> dict[str, list[tuple[int, float]]]:
    """Of all rows whose name is `work` with a number in it: by engine, that number and the median seconds of a call."""
    pattern = re.compile(re.escape(work).replace(r"\#", "([0-9,]+)"))
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in results["results"]:
        if match := pattern.fullmatch(row["work"]):
            number = int(match[1].replace(",", ""))
            for engine, seconds in row["seconds"].items():
                curves.setdefault(engine, []).append((number, statistics.median(seconds)))
    return curves


def machine(results: Results) -> str:
    """A line that says where it was measured."""
    where, info = results["machine"], results["machine"]["hotkernels"]
    return f"{where['cpu']}, {info['simd']}, Python {where['python']}, hotkernels {info['version']} {info['abi']}"


def ffi(figure: Any, all_results: Sequence[Results]) -> None:
    """Time a vector against the vectors of a batch: what the crossing costs, and from where on it does not show."""
    (results,) = all_results
    axes = figure.subplots()
    for engine, points in medians(results, "cosine, 1 query × # × 128 float32").items():
        counts = [count for count, _ in points]
        style = "o-" if "hotkernels" in engine or "Vector" in engine else "s--"
        axes.loglog(counts, [seconds / count * 1e9 for count, seconds in points], style, label=engine, markersize=3)
    axes.set(
        xlabel="vectors in the batch", ylabel="nanoseconds a vector", title="Cosine of a query with n vectors of 128 float32"
    )
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))


def threads(figure: Any, all_results: Sequence[Results]) -> None:
    """How much more N Python threads do than one, a panel a kernel, a bar a build."""
    panels = figure.subplots(1, 3, sharey=True)
    for number, axes in enumerate(panels):
        for place, results in enumerate(all_results):
            row = results["results"][number]
            alone = row["seconds"]["ThreadPoolExecutor(1)"]
            ratios = {
                engine.partition("(")[2].rstrip(")"): statistics.median(
                    one / many for one, many in zip(alone, own, strict=True)
                )
                for engine, own in row["seconds"].items()
            }
            places = [index + (place - 1) * 0.28 for index in range(len(ratios))]
            axes.bar(places, list(ratios.values()), 0.26, label=results["machine"]["hotkernels"]["abi"])
            axes.set_xticks(range(len(ratios)), list(ratios))
        axes.set(title=row["work"], xlabel="threads of a ThreadPoolExecutor")
        axes.title.set_fontsize(8)
        axes.grid(visible=True, axis="y", alpha=0.3)
    cores = all_results[0]["machine"]["cores"]
    panels[0].set(ylabel=f"times the work of one thread, on {cores} cores")
    panels[0].legend(fontsize=7, loc="upper left")


ALL: dict[str, Plot] = {
    "ffi": Plot(files=("cp314-ffi.json",), draw=ffi),
    "threads": Plot(files=("cp314-threads.json", "cp312-abi3-threads.json", "cp314t-threads.json"), draw=threads),
    "text": Plot(files=("cp314-text.json",), draw=text_plots.text),
    "job": Plot(files=("cp314-job.json",), draw=text_plots.job),
    "bindings": Plot(files=("cp314-bindings.json",), draw=bindings_plots.bindings),
    "handover": Plot(files=("cp314-bindings.json",), draw=bindings_plots.handover),
    "workload": Plot(files=("cp314-workload.json", "cp314t-workload.json"), draw=bindings_plots.workload),
}


if __name__ == "__main__":
    main()
