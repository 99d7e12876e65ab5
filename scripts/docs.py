"""Builds the documentation as a site in target/site, and runs the code of its pages, with the package from a wheel.

Warnings are errors: a link or a reference that leads nowhere, a function without a docstring, a table without its results.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from ci import matrix, tools
from ci.console import console
from ci.errors import CiError
from ci.paths import ROOT
from scripts.examples import newest
from scripts.tests import install

SITE = ROOT / "target" / "site"
PAGES = ("README.md", "benchmarks/README.md", "docs")


@dataclass(frozen=True)
class Prepared:
    """A Python with the tools, an environment in which it imports the package from a wheel, and a folder to work in."""

    python: Path
    env: dict[str, str]
    folder: Path


def main(words: list[str]) -> int:
    try:
        with tempfile.TemporaryDirectory(prefix="hotkernels-docs-") as folder:
            made = prepared(Path(folder))
            console.rule("code in the pages", align="left")
            command: list[str | Path] = [made.python, "-P", "-m", "pytest", "-p", "blocks", *(words or PAGES)]
            bad = subprocess.run(command, cwd=ROOT, env=made.env, check=False).returncode
            console.rule("site", align="left")
            bad |= site(made)
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.print("[bold red]the documentation is not right[/]" if bad else f"{SITE.relative_to(ROOT)}/index.html")
    return 1 if bad else 0


def prepared(folder: Path) -> Prepared:
    declared = matrix.load()
    interpreter, python = newest(declared)
    bin_folder = tools.environment(ROOT / "ci" / "requirements" / "docs.txt", python=python)
    package = install(declared, interpreter, python, folder)
    path = os.pathsep.join([str(package), str(ROOT / "docs" / "extensions")])
    return Prepared(bin_folder / "python", os.environ | {"PYTHONPATH": path}, folder)


def site(made: Prepared) -> int:
    """Builds the site; Sphinx's status."""
    # Anew each time: what a page says depends on stubs, docstrings and results too.
    shutil.rmtree(SITE, ignore_errors=True)
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--doctree-dir", str(made.folder / "doctrees")]
    command: list[str | Path] = [made.python, "-P", "-m", "sphinx", *options, "docs", SITE]
    return subprocess.run(command, cwd=ROOT, env=made.env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
