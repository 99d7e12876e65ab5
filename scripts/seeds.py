"""Proves that the checks of workflows can fail: each workflow with one mistake in it, and something objects to each.

The mistakes are those that reviews miss: an action that is not pinned, a missing `needs`, a write permission too many, a key
that means nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ci.errors import CiError
from ci.paths import ROOT
from scripts import actionlint, policy

Mistake = Callable[[str], Iterator[str]]


def unpinned(text: str) -> Iterator[str]:
    """A tag in place of a commit, for each action in turn."""
    for match in re.finditer(r"@[0-9a-f]{40} # (v\d+)\.\d+\.\d+", text):
        yield text[: match.start()] + "@" + match[1] + text[match.end() :]


def needless(text: str) -> Iterator[str]:
    """Without the line `needs:`, for each job that has one."""
    for match in re.finditer(r"^    needs: .*\n", text, re.MULTILINE):
        yield text[: match.start()] + text[match.end() :]


def writing(text: str) -> Iterator[str]:
    """A write permission more, on top and in each job."""
    yield re.sub(r"^permissions: {}$", "permissions:\n  packages: write # a mistake", text, count=1, flags=re.MULTILINE)
    for match in re.finditer(r"^    permissions:( {})?$", text, re.MULTILINE):
        yield f"{text[: match.start()]}    permissions:\n      packages: write # a mistake{text[match.end() :]}"


def unknown(text: str) -> Iterator[str]:
    """A key that there is not: on top, in a job, in a step."""
    yield f"{text}\nrequires: nothing\n"
    yield re.sub(r"^(    name: .*\n)", r"\1    require: nothing\n", text, count=1, flags=re.MULTILINE)
    if "      - uses: " in text:
        yield re.sub(r"^(      - uses: .*\n)", r"\1        require: nothing\n", text, count=1, flags=re.MULTILINE)


MISTAKES: dict[str, Mistake] = {
    "an action that is not pinned": unpinned,
    "a missing needs": needless,
    "a write permission too many": writing,
    "an unknown key": unknown,
}


def main() -> int:
    unseen, seen = [], 0
    with tempfile.TemporaryDirectory(prefix="hotkernels-seeds-") as name:
        root = Path(name)
        shutil.copytree(ROOT / ".github", root / ".github")
        folder = root / ".github" / "workflows"
        if found := list(objections(root, folder)):
            print(CiError("the workflows themselves are objected to", found="\n".join(found), todo="correct them first"))
            return 1
        for path in sorted(folder.iterdir()):
            whole = path.read_text(encoding="utf-8")
            for what, mistake in MISTAKES.items():
                for number, text in enumerate(mistake(whole), 1):
                    path.write_text(text, encoding="utf-8")
                    if text == whole or next(objections(root, folder), None) is None:
                        unseen.append(f"{path.name}: {what}, the {number}.")
                    seen += 1
            path.write_text(whole, encoding="utf-8")
    for each in unseen:
        print(CiError(f"{each}: no check objects to it", todo="give scripts/policy.py a rule that does"))
    print(f"{seen} mistakes, {seen - len(unseen)} caught")
    return 1 if unseen else 0


def objections(root: Path, folder: Path) -> Iterator[str]:
    """What the checks say, the quick ones first."""
    try:
        yield from map(str, policy.problems(folder))
    except Exception as error:  # noqa: BLE001  # what does not read as a workflow has been noticed
        yield repr(error)
    files = [str(path.relative_to(root)) for path in sorted(folder.iterdir())]
    command = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", "--output-format", "json", *files]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    yield from (str(error) for error in json.loads(done.stdout)["errors"])
    if said := actionlint.check(files, cwd=root):
        yield said
    command = ["zizmor", "--offline", "--quiet", "--persona", "pedantic", ".github"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stdout


if __name__ == "__main__":
    sys.exit(main())
