"""Builds every binding for this interpreter, and says where it is."""

from __future__ import annotations

from benchmarks import bindings

for binding in bindings.ALL:
    print(f"{binding.name}: {bindings.built(binding)}")
bindings.load()
