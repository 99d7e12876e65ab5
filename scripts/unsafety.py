"""Writes docs/unsafe.md: every place in the Rust sources that is unsafe, with the reason that stands beside it.

A block's reason is its `// SAFETY:` comment; an unsafe function or trait states in `# Safety` what its callers owe. Places are
named by the function around them, not by line: the list changes when what is unsafe does. `--check`: whether it is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ci import matrix
from ci.errors import CiError
from ci.evidence import write_text
from ci.paths import ROOT

FILE = ROOT / "docs" / "unsafe.md"
CRATES = tuple(matrix.load().crates.values())
KINDS = {
    "block": "blocks",
    "impl": "impls",
    "attribute": "attributes",
    "fn": "functions",
    "trait": "traits",
    "extern": "extern",
}
"""What is told apart, and the head of its column. Blocks, impls and attributes claim something; the rest hands a duty on."""

TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*)
    | (?P<block_comment>/\*.*?\*/)
    | (?P<string>b?c?r(?P<hashes>\#*)".*?"(?P=hashes) | [bc]?"(?:\\.|[^"\\])*")
    | (?P<char>b?'(?:\\.[^']*|[^'\\])')
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>[{}();\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)


ABOVE = re.compile(r"see above\b")
"""A block that points to what its file says once for all of them."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One unsafe thing. where: the function, impl or trait it is in or is; reason: what is claimed, empty where nothing is."""

    file: str
    line: int
    kind: str
    where: str
    reason: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s unsafe --", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="say whether the file is stale; write nothing")
    args = parser.parse_args()
    try:
        found = list(places())
        without_reason(found)
        text = written(found)
        if args.check:
            compare(text)
        else:
            write_text(FILE, text)
            print(f"{FILE.relative_to(ROOT)}  {len(found)} places in {len({place.file for place in found})} files")
    except CiError as error:
        print(error)
        return 1
    return 0


def without_reason(found: list[Place]) -> None:
    if bare := [f"{place.file}:{place.line}: {place.kind} in {place.where}" for place in found if not place.reason]:
        raise CiError(
            "unsafe without a reason",
            expected="`// SAFETY:` above each block, impl and attribute; `# Safety` in the docs of functions and traits",
            found="\n".join(bare),
            todo="say why it is sound, or do without",
        )


def compare(text: str) -> None:
    old = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
    if old != text:
        now, then = Counter(text.splitlines()), Counter(old.splitlines())
        lines = [f"+ {line}" for line in (now - then).elements()] + [f"- {line}" for line in (then - now).elements()]
        raise CiError(
            f"{FILE.name} does not list what is unsafe now",
            expected="the places in src/ as they are",
            found="\n".join(lines[:20]) or "the same lines in another order",
            todo="nox -s unsafe, and look at what changed",
        )


def places(root: Path = ROOT) -> Iterator[Place]:
    """All of them, file by file, from top to bottom."""
    for crate in CRATES:
        for path in sorted((root / crate).rglob("*.rs")):
            yield from of_file(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


@dataclass(kw_only=True)
class Scope:
    """Where in a file a walk over its tokens is: what each open brace opened, and what the next one will."""

    opened: list[str] = field(default_factory=list)
    item: str = ""
    brackets: int = 0  # how deep in a signature's parameters and array types

    def step(self, word: str, before: str, after: str, head: str) -> None:
        """Takes in one token; head: what is declared there, where it declares something."""
        if word in {"(", "["}:
            self.brackets += 1
        elif word in {")", "]"}:
            self.brackets -= 1
        elif word == "{":
            self.opened.append(self.item)
            self.item = ""
        elif word == "}":
            del self.opened[-1:]
        elif word == ";" and self.brackets <= 0:
            self.item = ""
        elif word in DECLARES and declares(word, before, after, head):
            self.item, self.brackets = f"{word} {head}", 0

    @property
    def inner(self) -> str:
        """The innermost thing with a name."""
        return next((name for name in reversed(self.opened) if name), "the module")

    @property
    def function(self) -> str:
        """The innermost function; outside of one, the innermost thing."""
        return next((name for name in reversed(self.opened) if name.startswith("fn ")), self.inner)


DECLARES = {"fn", "impl", "trait", "mod", "macro_rules"}


def declares(word: str, before: str, after: str, head: str) -> bool:
    """Whether the word opens something: `fn` not as the type of a pointer, `impl` not in the type of an argument."""
    if word == "fn":
        return after != "("
    return word != "impl" or " for " in head or before in {"", "}", "{", ";", "]", "unsafe"}


def of_file(name: str, text: str) -> Iterator[Place]:
    """The places of one file: its tokens are walked, so that neither strings nor comments count."""
    lines, common, last = text.splitlines(), for_the_file(text), ""
    tokens = [match for match in TOKEN.finditer(text) if match.lastgroup in {"word", "sign"}]
    words = [match.group() for match in tokens]
    scope = Scope()
    for index, (token, word) in enumerate(zip(tokens, words, strict=True)):
        after = [*words[index + 1 : index + 5], "", "", ""]
        if word != "unsafe":
            head = heading(text, token.end(), whole=word != "fn") if word in DECLARES else ""
            scope.step(word, words[index - 1] if index else "", after[0], head)
            continue
        kind = kind_of(after)
        if not kind:
            continue
        line = text.count("\n", 0, token.start())
        reason = safety(lines, line, "///" if kind in HANDED_ON else "//")
        if kind in HANDED_ON:
            reason = reason or inherited(name, scope.inner) or common
        elif ABOVE.match(reason) and not common:
            reason = ""
        elif reason.startswith("as above"):
            reason = reason.replace("as above", last.rstrip("."), 1)
        last = last if kind in HANDED_ON else reason
        named = where(kind, text, token.end(), lines[line], scope)
        yield Place(file=name, line=line + 1, kind=kind, where=named, reason=reason)


HANDED_ON = {"fn", "trait"}


def kind_of(after: list[str]) -> str:
    """What `unsafe` begins, by the words behind it; empty where it is a part of a type."""
    if after[0] in {"{", "("}:
        return "block" if after[0] == "{" else "attribute"
    if "fn" in after[:2]:
        # The type of a pointer to a function has no name before the parenthesis.
        return "" if after[after.index("fn") + 1] == "(" else "fn"
    return after[0] if after[0] in KINDS else ""


def where(kind: str, text: str, end: int, line: str, scope: Scope) -> str:
    """The name of the place: the function around a block, or what is declared."""
    if kind == "block":
        return scope.function
    if kind == "attribute":
        return line.strip()
    return heading(text, text.index("fn", end) + 2 if kind == "fn" else end, whole=kind != "fn")


def for_the_file(text: str) -> str:
    """The reason that a file gives once for all of its blocks; empty where it gives none."""
    match = re.search(r"^// SAFETY, for all blocks below: (.+(?:\n// .+)*)", text, re.MULTILINE)
    return " ".join(match[1].replace("\n//", " ").split()) if match else ""


def inherited(file: str, around: str) -> str:
    """What a method of an impl owes: what its trait says, or what Python's C API says of a slot. A test's own, what it does."""
    if "tests" in Path(file).with_suffix("").parts:
        return "of a test, which calls it"
    if around.startswith("impl ") and " for " in around:
        return "as the trait says"
    return "Python's slot: the interpreter calls it as its C API documents" if around.startswith("impl ") else ""


def heading(text: str, start: int, *, whole: bool = False) -> str:
    """What is declared at `start`, on one line, up to its parameters; whole: up to its body."""
    end = re.compile(r"[{;]|\bwhere\b" if whole else r"[({;]|\bwhere\b").search(text, start)
    found = " ".join(text[start : end.start() if end else start + 60].split())
    return found if len(found) <= 80 else f"{found[:77]}…"


def safety(lines: list[str], line: int, mark: str) -> str:
    """The reason in the comment above `line` (counted from 0), or in one at its end; empty where there is none."""
    if mark == "//" and (match := re.search(r"// SAFETY: (.+)$", lines[line])):
        return match[1]
    above = line - 1
    # A statement may begin lines before its block; its comment stands above the statement.
    while mark == "//" and above >= 0 and lines[above].strip() and not lines[above].strip().startswith("//"):
        if re.search(r"[;{}]\s*$", lines[above]) or line - above > 12:
            return ""
        above -= 1
    while above >= 0 and re.match(r"\s*(#\[|\)\]$)", lines[above]):
        # An attribute of several lines ends with a bracket of its own.
        while above > 0 and not re.match(r"\s*#\[", lines[above]):
            above -= 1
        above -= 1
    comment: list[str] = []
    while above >= 0 and lines[above].strip().startswith((mark, "#[")):
        comment.insert(0, lines[above].strip().removeprefix(mark).strip())
        above -= 1
    joined = "\n".join(comment)
    if mark == "///":
        match = re.search(r"# Safety\n+(.+?)(?:\n# |\n\n|\Z)", joined, re.DOTALL)
    else:
        match = re.search(r"SAFETY: (.+)", joined, re.DOTALL)
    return " ".join(match[1].split()) if match else ""


def written(found: list[Place]) -> str:
    """The page: a table of counts, then the places of each file with their reasons."""
    counts = {kind: Counter(place.file for place in found if place.kind == kind) for kind in KINDS}
    files = list(dict.fromkeys(place.file for place in found))
    shown = [kind for kind in KINDS if counts[kind]]
    lines = [
        "<!-- Made by: nox -s unsafe -->",
        "",
        "# What is unsafe, and why it is sound",
        "",
        "Every unsafe place of both crates, by function, with the reason that stands beside it in the sources. A block, an",
        "impl or an attribute claims that its reason holds; an unsafe function or trait says what its callers owe. Files that",
        "are not listed have none.",
        "",
        f"| file | {' | '.join(KINDS[kind] for kind in shown)} |",
        f"| --- |{' ---: |' * len(shown)}",
    ]
    rows = [*files, "all"]
    for file in rows:
        cells = [str(counts[kind][file] if file != "all" else counts[kind].total()) for kind in shown]
        lines.append(f"| {file} | {' | '.join(cells)} |")
    for file in files:
        lines += ["", f"## {file}", ""]
        if common := for_the_file((ROOT / file).read_text(encoding="utf-8")):
            lines += [f"Above all blocks: {common}", ""]
        mine = Counter((place.kind, place.where, place.reason) for place in found if place.file == file)
        for (kind, where, reason), times in mine.items():
            often = f", {times} times" if times > 1 else ""
            lines.append(f"- `{where}`, {kind}{often}: {reason}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
