"""The one error of the release line: which artifact, what was expected, what was found, what to do."""

from __future__ import annotations


class CiError(Exception):
    """Shown to a person as a few lines, never as a traceback."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", todo: str = "") -> None:
        super().__init__(message)
        self.message, self.expected, self.found, self.todo = message, expected, found, todo

    def __str__(self) -> str:
        rows = (("expected", self.expected), ("found", self.found), ("do", self.todo))
        return "\n".join([self.message, *(f"  {name}: {text}" for name, text in rows if text)])
