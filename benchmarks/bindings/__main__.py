"""Builds every way for this interpreter, and says where it is."""

from __future__ import annotations

from benchmarks import bindings

for way in bindings.ways.ALL:
    print(f"{way.name}: {bindings.building.built(way)}")
bindings.load()
