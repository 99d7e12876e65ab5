"""What a way costs a person: lines of code, by what they are for. Comments, docstrings and empty lines are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bindings.building import Way

COMMENTS = {".c": "//", ".h": "//", ".cpp": "//", ".rs": "//", ".toml": "#", ".py": "#", ".pyx": "#"}
"""What a line that is a comment starts with, by the file's ending; files with others, lock files, are written by no person."""

PARTS = ("parts.h", "parts.rs")
"""For benchmarks/calls.py alone."""

BUILD = ("Cargo.toml", "build.py")


def lines(way: Way) -> dict[str, int]:
    """Lines of code: in all, and of these to build, to read DLPack by hand, and of the library that is called."""
    found = {"all": 0, "build": 0, "dlpack": 0, "library": 0}
    for path in way.sources:
        if path.suffix in COMMENTS and path.name not in PARTS:
            count = sum(1 for _ in code(path))
            found["all"] += count
            if path.name in BUILD:
                found["build"] += count
            elif path.stem == "dlpack":
                found["dlpack"] += count
            elif way.folder not in path.parents:
                found["library"] += count
    return found


def code(path: Path) -> Iterator[str]:
    """The lines of a file that are code."""
    comment, python = COMMENTS[path.suffix], path.suffix in {".py", ".pyx"}
    inside = ""  # of three quotation marks: a docstring, or text
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.strip()
        turns = python and words.count('"""') % 2 == 1
        kind = inside or ("docstring" if python and words.startswith('"""') else "text" if turns else "")
        if words and kind != "docstring" and (inside or not words.startswith(comment)):
            yield line
        if turns:
            inside = "" if inside else kind
