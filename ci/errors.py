"""The one error of the release line: which artifact, what was expected, what was found, what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class CiError(Exception):
    """Shown to a person as a few lines, never as a traceback."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", todo: str = "") -> None:
        super().__init__(message)
        self.message, self.expected, self.found, self.todo = map(printable, (message, expected, found, todo))

    def __str__(self) -> str:
        rows = (("expected", self.expected), ("found", self.found), ("do", self.todo))
        lines = [self.message, *(f"  {name}: {text}" for name, text in rows if text)]
        return "\n".join(map(harmless, "\n".join(line.replace("\n", "\n      ") for line in lines).split("\n")))

    def detail(self) -> dict[str, str]:
        """The same as the detail of failed evidence; `from_detail` is the way back."""
        rows = {"message": self.message, "expected": self.expected, "found": self.found, "todo": self.todo}
        return {key: text for key, text in rows.items() if text}

    @classmethod
    def from_detail(cls, detail: Mapping[str, object]) -> CiError:
        text = {key: str(detail[key]) for key in ("expected", "found", "todo") if detail.get(key)}
        return cls(str(detail.get("message", "failed without a message")), **text)


def printable(text: str) -> str:
    """Text that every terminal and file takes: names in an archive and answers of a server are anybody's bytes."""
    plain = COLOUR.sub("", text).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char in "\n\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in plain)


def harmless(line: str) -> str:
    """A line that a hosted runner does not take for one of its commands, which may begin after spaces."""
    return f"| {line}" if line.lstrip().startswith(("::", "##[")) else line
