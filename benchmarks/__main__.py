"""python -m benchmarks [FAMILY …]: measures, prints a table, and keeps the raw results."""

from __future__ import annotations

import argparse
import os

# One thread for NumPy's BLAS: the rows compare single threads. Before NumPy is imported, or it does not count.
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import json  # noqa: E402
from dataclasses import asdict  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402

from benchmarks import families, machine, measure  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("family", nargs="*", help=f"of {', '.join(families.FAMILIES)}; all of them by default")
    parser.add_argument("--rounds", type=int, default=15, help="counted rounds a row (15)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the raw results go: <abi>-<family>.json")
    args = parser.parse_args()
    if unknown := set(args.family) - set(families.FAMILIES):
        parser.error(f"no family {min(unknown)!r}; there are {', '.join(families.FAMILIES)}")
    where = machine.describe()
    info = where["hotkernels"]
    print(
        f"{where['cpu']}, {where['cores']} cores; Python {where['python']}"
        f"{' free-threaded' if where['free_threaded'] else ''}; hotkernels {info['version']} {info['abi']} {info['simd']}"
    )
    for family in args.family or families.FAMILIES:
        print(f"\n{family}")
        results = []
        for work in families.FAMILIES[family]():
            result = measure.run(work, args.rounds)
            results.append(asdict(result))
            show(result)
        beside = families.BESIDE[family](args.rounds) if family in families.BESIDE else {}
        if args.output:
            name = f"{info['abi']}-{family}.json"
            content = {"machine": where, "results": results} | beside
            print(f"  raw results: {keep(args.output / name, content)}")


def keep(path: Path, content: dict[str, object]) -> Path:
    """Writes the raw results beside their place, and renames them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    part.write_text(json.dumps(content | {"finished": finished}, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def rate(number: float) -> str:
    """A number with the prefix that leaves one to three digits before the point."""
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {prefix}"
    return f"{number:.3g}"


def duration(seconds: float) -> str:
    """Microseconds, or hours where it is that long."""
    return f"{seconds / 3600:.3f} h" if seconds > 10 else f"{seconds * 1e6:.3f} µs"


def show(result: measure.Result) -> None:
    """One row an engine: time a call, rate, spread, and how many times faster than the peer."""
    print(f"  {result.work}{f' ({result.note})' if result.note else ''}")
    for engine in result.seconds:
        seconds = result.median(engine)
        error = f"  error {result.errors[engine]:.1e}" if engine in result.errors else ""
        print(
            f"    {engine:32} {duration(seconds):>12}  ±{result.spread(engine):4.0%}  "
            f"{rate(result.amount / seconds):>8} {result.unit}/s  × {result.ratio(engine):.2f}{error}"
        )


if __name__ == "__main__":
    main()
