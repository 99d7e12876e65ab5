"""Builds the documentation as a site in target/site, and runs the code of its pages, with the package from a wheel.

Warnings are errors: a link or a reference that leads nowhere, a function without a docstring, a table without its results.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
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


def main(words: list[str]) -> int:
    try:
        declared = matrix.load()
        interpreter, python = newest(declared)
        bin_folder = tools.environment(ROOT / "ci" / "requirements" / "docs.txt", python=python)
        with tempfile.TemporaryDirectory(prefix="hotkernels-docs-") as folder:
            site = install(declared, interpreter, python, Path(folder))
            extensions = ROOT / "docs" / "extensions"
            env = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(extensions)])}
            console.rule("code in the pages", align="left")
            command: list[str | Path] = [bin_folder / "python", "-P", "-m", "pytest", "-p", "blocks", *(words or PAGES)]
            bad = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
            console.rule("site", align="left")
            # Anew each time: what a page says depends on stubs, docstrings and results too.
            shutil.rmtree(SITE, ignore_errors=True)
            build: list[str | Path] = [
                bin_folder / "python",
                "-P",
                "-m",
                "sphinx",
                "--fail-on-warning",
                "--keep-going",
                "--quiet",
                "--fresh-env",
            ]
            state = Path(folder) / "doctrees"
            bad |= subprocess.run([*build, "--doctree-dir", state, "docs", SITE], cwd=ROOT, env=env, check=False).returncode
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.print("[bold red]the documentation is not right[/]" if bad else f"{SITE.relative_to(ROOT)}/index.html")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
