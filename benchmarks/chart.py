"""Charts: frames of candles beside the same arithmetic in NumPy, and what an update of the last candle costs."""

from __future__ import annotations

from collections.abc import Iterator

import hotkernels as hk
import numpy as np

from benchmarks.measure import Work

WIDTH, HEIGHT, PADDING, BODY = 1920, 1080, 0.05, 0.8
UP, DOWN, UNCHANGED = 0x26A69AFF, 0xEF5350FF, 0x9E9E9EFF

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def walk(count: int) -> Columns:
    """Opens, highs, lows, closes."""
    numbers = np.random.default_rng(5)
    closes = 100 + np.cumsum(numbers.normal(0, 0.1, count))
    opens = np.concatenate(([100.0], closes[:-1]))
    highs = np.maximum(opens, closes) + numbers.random(count) / 10
    lows = np.minimum(opens, closes) - numbers.random(count) / 10
    return opens, highs, lows, closes


def records(columns: Columns, start: int, end: int) -> np.ndarray:
    """The same records with NumPy, of candles without gaps; it does not look for those."""
    opens, highs, lows, closes = (column[start:end] for column in columns)
    count, pitch, body = end - start, WIDTH / (end - start), max(WIDTH / (end - start) * BODY, 1)
    if count > WIDTH:
        edges = np.arange(WIDTH + 1) * count // WIDTH
        opens, closes = opens[edges[:-1]], closes[edges[1:] - 1]
        highs, lows = np.maximum.reduceat(highs, edges[:-1]), np.minimum.reduceat(lows, edges[:-1])
        count, pitch, body = WIDTH, 1, 1
    low, high = lows.min(), highs.max()
    beside = (high - low) * PADDING / (1 - 2 * PADDING)
    top, scale = high + beside, HEIGHT / (high - low + 2 * beside)
    first, last = (top - opens) * scale, (top - closes) * scale
    upper = np.minimum(first, last)
    height = np.maximum(first, last) - upper
    short = np.maximum(1 - height, 0)
    out = np.empty(count, hk.CandleRenderer.dtype)
    out["x"] = np.arange(count) * pitch + (pitch - body) / 2
    out["y"] = upper - short / 2
    out["width"] = body
    out["height"] = height + short
    out["wick_top"] = (top - highs) * scale
    out["wick_bottom"] = (top - lows) * scale
    out["rgba"] = np.where(closes > opens, UP, np.where(closes < opens, DOWN, UNCHANGED))
    return out


def chart() -> Iterator[Work]:
    """Frames that are panned by a candle each time, so that nothing is kept; live updates; what setting columns costs."""
    for count in (1_000, 10_000, 100_000, 1_000_000):
        columns = walk(count + 1)
        panned, live = hk.CandleRenderer(WIDTH, HEIGHT), hk.CandleRenderer(WIDTH, HEIGHT)
        panned.set_candles(*columns)
        live.set_candles(*columns)
        check(panned, columns, count)
        at = {"hotkernels": 0, "numpy": 0, "live": 0}

        def ours(renderer: hk.CandleRenderer = panned, count: int = count, at: dict[str, int] = at) -> object:
            at["hotkernels"] ^= 1
            return renderer.generate_render_commands(at["hotkernels"], count + at["hotkernels"])

        def theirs(columns: Columns = columns, count: int = count, at: dict[str, int] = at) -> object:
            at["numpy"] ^= 1
            return records(columns, at["numpy"], count + at["numpy"])

        def updated(
            renderer: hk.CandleRenderer = live, count: int = count, at: dict[str, int] = at, last: Columns = columns
        ) -> object:
            at["live"] ^= 1
            opened = float(last[0][-1])
            renderer.update_last_candle(opened, opened, opened, opened - at["live"] / 1000)
            return renderer.generate_render_commands(0, count + 1)

        yield Work(
            name=f"frame of {count:,} candles, {WIDTH} × {HEIGHT}",
            unit="candles",
            amount=count,
            peer="numpy",
            note="one thread; panned by a candle each time",
            engines={"hotkernels": ours, "hotkernels, last candle updated": updated, "numpy": theirs},
        )
        yield Work(
            name=f"set_candles, {count:,} candles",
            unit="bytes",
            amount=sum(column.nbytes for column in columns),
            peer="numpy, one copy of the columns",
            engines={
                "hotkernels": lambda r=panned, c=columns: r.set_candles(*c),
                "numpy, one copy of the columns": lambda c=columns: [column.copy() for column in c],
            },
        )


def check(renderer: hk.CandleRenderer, columns: Columns, count: int) -> None:
    """Both draw the same, but for the rounding of a product where the other divides."""
    own = np.asarray(renderer.generate_render_commands(0, count))
    other = records(columns, 0, count)
    for name in own.dtype.names or ():
        np.testing.assert_allclose(own[name], other[name], atol=1e-2, err_msg=name)
