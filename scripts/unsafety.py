"""Writes docs/unsafe.md: every place in the Rust sources that is unsafe, with the reason that stands beside it.

A block's reason is its `// SAFETY:` comment; an unsafe function or trait states in `# Safety` what its callers owe. Places are
named by the function around them, not by line, so that the list changes when what is unsafe does. `--check`: whether it is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci.errors import CiError
from ci.evidence import write_text
from ci.paths import ROOT

FILE = ROOT / "docs" / "unsafe.md"
CRATES = ("src/bindings", "src/kernels")
KINDS = {"block": "blocks", "impl": "impls", "attribute": "attributes", "fn": "functions", "trait": "traits", "extern": "extern"}
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
            expected="a `// SAFETY:` comment above each block, impl and attribute; `# Safety` in the docs of functions and traits",
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


def of_file(name: str, text: str) -> Iterator[Place]:
    """The places of one file: its tokens are walked, so that neither strings nor comments count."""
    lines = text.splitlines()
    tokens = [match for match in TOKEN.finditer(text) if match.lastgroup in {"word", "sign"}]
    words = [match.group() for match in tokens]
    common = for_the_file(text)
    open_items: list[str] = []  # of each brace that is open: what it opened
    item, brackets = "", 0  # what the next brace opens; how deep in a signature's parameters and array types
    last = ""
    for index, (token, word) in enumerate(zip(tokens, words, strict=True)):
        after = words[index + 1] if index + 1 < len(words) else ""
        if word in {"(", ")", "[", "]"}:
            brackets += 1 if word in {"(", "["} else -1
        elif word == "fn" and after == "(":
            pass  # the type of a pointer
        elif word in {"fn", "impl", "trait", "mod", "macro_rules"}:
            head = heading(text, token.end(), whole=word != "fn")
            # `impl` in the type of an argument opens nothing.
            if word != "impl" or " for " in head or index == 0 or words[index - 1] in {"}", "{", ";", "]", "unsafe"}:
                item, brackets = f"{word} {head}", 0
        elif word == "{":
            open_items.append(item)
            item = ""
        elif word == "}":
            if open_items:
                open_items.pop()
        elif word == ";" and brackets <= 0:
            item = ""
        elif word == "unsafe":
            line = text.count("\n", 0, token.start())
            if after == "{":
                around = next((name for name in reversed(open_items) if name.startswith("fn ")), "")
                around = around or next((name for name in reversed(open_items) if name), "the module")
                reason = safety(lines, line, "//")
                if ABOVE.match(reason):
                    reason = reason if common else ""
                reason = last = reason.replace("as above", last.rstrip("."), 1) if reason.startswith("as above") else reason
                yield Place(file=name, line=line + 1, kind="block", where=around, reason=reason)
            elif after == "(":
                yield Place(file=name, line=line + 1, kind="attribute", where=lines[line].strip(), reason=safety(lines, line, "//"))
            elif after in {"impl", "extern"} and words[index + 2 : index + 3] != ["fn"]:
                where = heading(text, token.end(), whole=True)
                yield Place(file=name, line=line + 1, kind=after, where=where, reason=safety(lines, line, "//"))
            elif after in {"fn", "trait", "extern"} and not is_type(text, token.start(), words, index):
                where = heading(text, text.index("trait" if after == "trait" else "fn", token.end()) - 1)
                reason = safety(lines, line, "///") or inherited(name, open_items) or common
                yield Place(file=name, line=line + 1, kind="fn" if after == "extern" else after, where=where, reason=reason)


def is_type(text: str, start: int, words: list[str], index: int) -> bool:
    """Whether `unsafe fn` here is the type of a pointer: then no name comes before the parenthesis."""
    names = words[index + 1 : index + 4]
    return "fn" in names and names[names.index("fn") + 1 : names.index("fn") + 2] == ["("]


def for_the_file(text: str) -> str:
    """The reason that a file gives once for all of its blocks; empty where it gives none."""
    match = re.search(r"^// SAFETY, for all blocks below: (.+(?:\n// .+)*)", text, re.MULTILINE)
    return " ".join(match[1].replace("\n//", " ").split()) if match else ""


def inherited(file: str, open_items: list[str]) -> str:
    """A method of an impl of a trait owes what the trait's documentation says; a test's own functions what the test does."""
    if "tests" in Path(file).with_suffix("").parts:
        return "of a test, which calls it"
    around = next((name for name in reversed(open_items) if name), "")
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
    while above >= 0 and re.match(r"\s*(#\[|#!\[)", lines[above]):
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
        "Every unsafe place of both crates, by function, with the reason that stands beside it in the sources. A block, an impl or",
        "an attribute claims that its reason holds; an unsafe function or trait says what its callers owe. Files that are not",
        "listed have none.",
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
