"""A plugin of pytest: runs the Python of the documentation, and holds what is printed to what is written beside it.

A line `print(…)  # 24.0 0.96` has to print that, or what the comment on the line below says. Words after a comma are the
author's. The blocks of a page are run in order, in one namespace. `<!--- invisible-code-block: python` is run as well, and not
shown.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser

ROOT = Path(__file__).resolve().parents[2]
SAID = re.compile(r"^\s*print\(.*\)(?:  |\n\s*)# (.+)$", re.MULTILINE)


class Shown(PythonEvaluator):
    """Runs a block, and compares."""

    def __call__(self, example: Example) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            super().__call__(example)
        wanted, printed = SAID.findall(example.parsed), out.getvalue().splitlines()
        if len(wanted) != len(printed):
            raise AssertionError(f"{len(printed)} lines were printed, {len(wanted)} are written: {printed}")
        for line, words in zip(printed, wanted, strict=True):
            if words != line and not words.startswith(f"{line}, "):
                raise AssertionError(f"printed: {line}\nwritten: {words}")


pytest_collect_file = Sybil(
    path=str(ROOT),
    parsers=[CodeBlockParser("python", Shown())],
    patterns=["README.md", "docs/*.md", "benchmarks/README.md"],
).pytest()
