"""The commit that is checked out, as git says it. Standard library only: build writes it down, the gate holds builds to it."""

from __future__ import annotations

import subprocess

from ci.paths import ROOT


def commit() -> str:
    """The commit, "-dirty" behind it when the tree differs from it; empty outside a checkout."""
    return output("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def output(*command: str) -> str:
    """What a small command prints, or nothing where it cannot."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
