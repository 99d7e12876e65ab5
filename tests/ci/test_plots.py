"""Plots are of the raw results beside them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks import plot


@pytest.mark.parametrize("name", plot.ALL)
def test_a_plot_is_of_the_results_beside_it(name: str) -> None:
    path = plot.PLOTS / f"{name}.svg"
    measured = all((plot.RESULTS / file).exists() for file in plot.ALL[name].files)
    assert path.exists() == measured, plot.COMMAND
    if measured:
        ElementTree.parse(path)
        assert path.read_text(encoding="utf-8").splitlines()[1] == f"<!-- {plot.first_line(name)} -->", f"stale: {plot.COMMAND}"


def test_medians_go_by_the_number_in_the_name() -> None:
    rows = [
        {"work": "cosine, 1 query × 1,000 × 128", "seconds": {"a": [3.0, 1.0, 2.0]}},
        {"work": "cosine, 1 query × 10 × 128", "seconds": {"a": [1.0], "b": [4.0, 6.0]}},
        {"work": "something else", "seconds": {"a": [9.0]}},
    ]
    found = plot.medians({"results": rows}, "cosine, 1 query × # × 128")
    assert found == {"a": [(1000, 2.0), (10, 1.0)], "b": [(10, 5.0)]}
