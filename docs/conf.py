"""Sphinx's settings: the documentation is docs/*.md; `nox -s docs` builds it, with warnings as errors, and runs its code."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE / "extensions")]

_project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]

project = _project["name"]
author = _project["authors"][0]["name"]
project_copyright = author
version = release = _workspace["version"]

extensions = [
    "myst_parser",  # the pages are Markdown, readable as they lie in the repository
    "sphinx_copybutton",  # code is there to be taken
    "reference",  # {reference}: a function by its docstring and its stub
    "speed",  # {speed}: a table from the raw results
    "bindings",  # {bindings}: another, of ways to write an extension
    "reliability",  # {reliability}: another, of what long runs came to
    "sources",  # links to files that are not pages lead to the repository
]
exclude_patterns = ["extensions"]
nitpicky = True  # a reference that leads nowhere is a warning, and so an error
nitpick_ignore = [
    ("py:class", name) for name in ("NDArray", "DTypeLike", "np.int64", "np.float64", "da.Array", "pl.Expr", "pl.Series")
]  # NumPy's, dask's and polars' documentation has them
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
source_url = f"{_project['urls']['Source']}/blob/main"

html_theme = "furo"  # light and dark, and reads well on a phone
html_title = f"hotkernels {version}"
html_static_path = ["static"]
html_css_files = ["hotkernels.css"]
html_copy_source = False
html_show_sphinx = False
templates_path = ["templates"]
