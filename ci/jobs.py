"""How many runs of tests go at a time on this machine: one a core, as far as its memory goes. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""What a container may have, by the version of control groups."""

ROOM = 3 << 30
"""Bytes of one run: twice what the largest takes, so that what is measured in it is not the system at its limit."""


def at_once() -> int:
    """A run for each core that this process may use, and no more than there is memory for; one at least."""
    return max(1, min(cores(), memory() // ROOM))


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of the machine, or of the container where that has fewer."""
    least = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in map(Path, LIMITS):
        if path.is_file() and (said := path.read_text(encoding="ascii").strip()).isdecimal():
            least = min(least, int(said))
    return least
