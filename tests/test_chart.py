"""CandleRenderer: records against a specification in NumPy, what stays of a frame, who owns which memory, threads, refusals."""

from __future__ import annotations

import gc
import itertools
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hotkernels as hk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import guises

UP, DOWN, UNCHANGED = 0x26A69AFF, 0xEF5350FF, 0x9E9E9EFF

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def walk(count: int, seed: int = 1, dtype: Any = np.float64) -> Columns:
    """Opens, highs, lows, closes of a random walk; some candles close where they open."""
    numbers = np.random.default_rng(seed)
    closes = 100 + np.cumsum(numbers.integers(-3, 4, count) / 4)
    opens = np.concatenate(([100.0], closes[:-1]))
    highs = np.maximum(opens, closes) + numbers.random(count)
    lows = np.minimum(opens, closes) - numbers.random(count)
    opens, highs, lows, closes = (column.astype(dtype) for column in (opens, highs, lows, closes))
    return opens, highs, lows, closes


def expected(columns: Columns, width: float, height: float, start: int, end: int, **style: Any) -> np.ndarray:
    """The records as NumPy computes them."""
    opens, highs, lows, closes = (column[start:end].astype(np.float64) for column in columns)
    valid = np.isfinite(opens) & np.isfinite(highs) & np.isfinite(lows) & np.isfinite(closes)
    total, fitting = end - start, int(width)
    places = min(total, fitting)
    edges = np.arange(places + 1) * total // places
    rows = []
    for place, (first, last) in enumerate(itertools.pairwise(edges)):
        chosen = np.flatnonzero(valid[first:last]) + first
        if len(chosen):
            rows.append((place, opens[chosen[0]], highs[chosen].max(), lows[chosen].min(), closes[chosen[-1]]))
    number, o, h, low, c = np.array(rows).T.reshape(5, -1)
    if fixed := style.get("price_range"):
        bottom, top = fixed
    else:
        padding = style.get("padding", 0.05)
        share = padding / (1 - 2 * padding)
        beside = h.max() * share - low.min() * share if h.max() > low.min() else abs(h.max()) * 0.005
        bottom, top = low.min() - beside, h.max() + beside
    pitch = width / places
    body = pitch if total > fitting else max(pitch * style.get("body_width", 0.8), 1)

    def y(price: np.ndarray) -> np.ndarray:
        return np.clip((top - price) * (height / (top - bottom)), -height, 2 * height)

    upper, lower = np.minimum(y(o), y(c)), np.maximum(y(o), y(c))
    short = np.maximum(1 - (lower - upper), 0)
    records = np.empty(len(o), hk.CandleRenderer.dtype)
    records["x"] = number * pitch + (pitch - body) / 2
    records["y"] = upper - short / 2
    records["width"] = body
    records["height"] = np.where(short > 0, 1, lower - upper)
    records["wick_top"], records["wick_bottom"] = y(h), y(low)
    records["rgba"] = np.where(c > o, UP, np.where(c < o, DOWN, UNCHANGED))
    return records


def records(commands: hk.RenderCommands) -> np.ndarray:
    return np.frombuffer(commands, commands.dtype)


def drawn(columns: Columns, width: float = 800, height: float = 400, **style: Any) -> np.ndarray:
    renderer = hk.CandleRenderer(width, height, **style)
    renderer.set_candles(*columns)
    return records(renderer.generate_render_commands(0, len(columns[0])))


class TestRecords:
    def test_as_written_down(self) -> None:
        columns = [np.array(column) for column in ([10.0, 20, 20], [30.0, 50, 20], [0.0, 10, 20], [20.0, 15, 20])]
        renderer = hk.CandleRenderer(300, 100, price_range=(0, 50), body_width=0.5, unchanged_color=7)
        renderer.set_candles(*columns)
        commands = renderer.generate_render_commands(0, 3)
        assert list(struct.iter_unpack("6fI", commands)) == [
            (25, 60, 50, 20, 40, 100, UP),
            (125, 60, 50, 10, 0, 80, DOWN),
            (225, 59.5, 50, 1, 60, 60, 7),
        ]
        assert (len(commands), commands.places, commands.price_range) == (3, 3, (0, 50))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("count", [1, 2, 799, 800, 801, 5000, 40_000])
    def test_of_many(self, dtype: Any, count: int) -> None:
        columns = walk(count, dtype=dtype)
        np.testing.assert_array_equal(drawn(columns), expected(columns, 800, 400, 0, count))

    @settings(max_examples=max(settings().max_examples // 2, 5))
    @given(
        st.integers(1, 700),
        st.tuples(st.floats(0, 1), st.floats(0, 1)),
        st.one_of(st.integers(1, 400), st.floats(1, 400)),
        st.fixed_dictionaries({}, optional={"padding": st.floats(0, 0.4), "price_range": st.just((95.0, 102.0))}),
        st.sets(st.integers(0, 699), max_size=300),
    )
    def test_of_any_range(self, count: int, at: tuple[float, float], width: float, style: Any, gaps: set[int]) -> None:
        columns = walk(count, seed=count)
        for number in gaps:
            columns[number % 4][number % count] = (np.nan, np.inf, -np.inf)[number % 3]
        start = min(int(min(at) * count), count - 1)
        end = max(int(max(at) * count), start + 1)
        renderer = hk.CandleRenderer(width, 300, **style)
        renderer.set_candles(*columns)
        found = records(renderer.generate_render_commands(start, end))
        if all(np.isfinite(np.stack([column[start:end] for column in columns])).all(axis=0) == 0):
            assert len(found) == 0
        else:
            np.testing.assert_array_equal(found, expected(columns, width, 300, start, end, **style))

    def test_nothing_but_gaps(self) -> None:
        renderer = hk.CandleRenderer(100, 100)
        nothing = np.full(5000, np.nan)
        renderer.set_candles(nothing, nothing, nothing, nothing)
        for end in (1, 90, 5000):
            commands = renderer.generate_render_commands(0, end)
            assert (len(commands), bytes(commands), commands.price_range) == (0, b"", (0, 1))
            assert len(np.asarray(commands)) == 0

    def test_prices_of_any_size(self) -> None:
        for price in (0.0, -0.0, 5e-324, 1e308, -1e308):
            flat = np.full(3, price)
            found = drawn((flat, flat, flat, flat))
            assert found["y"] == pytest.approx(199.5)
        extremes = np.array([-1e308, 1e308])  # further apart than a float64 holds
        found = drawn((extremes, extremes, extremes, extremes))
        assert found["wick_top"].tolist() == pytest.approx([380, 20], abs=1)
        far = np.array([1e300])
        assert drawn((far, far, far, far), price_range=(0, 1))["wick_top"].tolist() == [-400]

    def test_every_guise(self) -> None:
        columns = walk(50)
        want = drawn(columns)
        for (name, opens), (_, highs), (_, lows), (_, closes) in zip(*map(guises, columns), strict=True):
            renderer = hk.CandleRenderer(800, 400)
            renderer.set_candles(opens, highs, lows, closes)
            np.testing.assert_array_equal(records(renderer.generate_render_commands(0, 50)), want, err_msg=name)

    def test_style(self) -> None:
        renderer = hk.CandleRenderer(200, 100, up_color=0x11223344, down_color=1, unchanged_color=2)
        assert (renderer.width, renderer.height, renderer.body_width, renderer.padding) == (200, 100, 0.8, 0.05)
        assert (renderer.up_color, renderer.down_color, renderer.unchanged_color, renderer.price_range) == (
            0x11223344,
            1,
            2,
            None,
        )
        columns = walk(20)
        renderer.set_candles(*columns)
        assert set(records(renderer.generate_render_commands(0, 20))["rgba"]) <= {0x11223344, 1, 2}
        renderer.resize(400, 50.5)
        renderer.up_color, renderer.down_color, renderer.unchanged_color = UP, DOWN, UNCHANGED
        renderer.body_width, renderer.padding, renderer.price_range = 1, 0, (90, 110)
        want = expected(columns, 400, 50.5, 0, 20, body_width=1, padding=0, price_range=(90, 110))
        np.testing.assert_array_equal(records(renderer.generate_render_commands(0, 20)), want)
        renderer.price_range = None
        want = expected(columns, 400, 50.5, 0, 20, body_width=1, padding=0)
        np.testing.assert_array_equal(records(renderer.generate_render_commands(0, 20)), want)
        assert (len(renderer), repr(renderer)) == (20, "CandleRenderer(400.0, 50.5, 20 candles)")


class TestBuffer:
    def test_is_a_read_only_buffer_of_records(self) -> None:
        renderer = hk.CandleRenderer(100, 100)
        renderer.set_candles(*walk(10))
        commands = renderer.generate_render_commands(0, 10)
        view = memoryview(commands)
        assert (view.readonly, view.ndim, view.shape, view.itemsize, view.nbytes) == (True, 1, (10,), 28, 280)
        shown = np.asarray(commands)
        assert shown.dtype == commands.dtype == renderer.dtype == hk.CandleRenderer.dtype
        assert shown.dtype.names == ("x", "y", "width", "height", "wick_top", "wick_bottom", "rgba")
        assert shown.tobytes() == bytes(commands) == records(commands).tobytes()
        assert not shown.flags.writeable
        with pytest.raises((TypeError, NotImplementedError)):
            view[0] = 1
        with pytest.raises((BufferError, TypeError)):
            struct.pack_into("f", commands, 0, 1.0)
        assert repr(commands).startswith("RenderCommands(10 records, price_range=(")

    def test_a_frame_that_is_held_does_not_change(self) -> None:
        columns = walk(2000)
        renderer = hk.CandleRenderer(300, 200)
        renderer.set_candles(*columns)
        held = []
        for step in range(30):
            if step % 3 == 0:
                renderer.update_last_candle(100, 100 + step / 100, 99, 99.5)
            if step % 7 == 0:
                renderer.append_candle(100, 101, 99, 100.5)
            frame = records(renderer.generate_render_commands(step % 5, 2000))
            held.append((frame, frame.copy()))
        renderer.set_candles(*walk(50, seed=3))
        records(renderer.generate_render_commands(0, 50))
        del renderer
        gc.collect()
        for frame, copy in held:
            np.testing.assert_array_equal(frame, copy)

    def test_without_numpy(self) -> None:
        code = """
import sys
sys.modules["numpy"] = None
import array, struct
import hotkernels as hk
renderer = hk.CandleRenderer(10, 10)
renderer.set_candles(*(array.array("d", [1, 2]) for _ in range(4)))
commands = renderer.generate_render_commands(0, 2)
assert len(list(struct.iter_unpack("6fI", commands))) == 2
try:
    commands.dtype
except ImportError as error:
    assert "hotkernels[numpy]" in str(error), error
else:
    raise AssertionError("a dtype without NumPy")
"""
        subprocess.run([sys.executable, "-P", "-c", code], check=True)


class TestOwnership:
    def test_arrays_are_held_and_never_written(self) -> None:
        columns = walk(100)
        copies = [column.copy() for column in columns]
        counts = [sys.getrefcount(column) for column in columns]
        renderer = hk.CandleRenderer(500, 100)
        renderer.set_candles(*columns)
        if not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled():
            assert [sys.getrefcount(column) > count for column, count in zip(columns, counts, strict=True)] == [True] * 4
        renderer.update_last_candle(1, 2, 0, 1)
        renderer.append_candle(2, 3, 1, 2)
        renderer.update_last_candle(5, 6, 4, 5)
        assert len(renderer) == 101
        for column, copy in zip(columns, copies, strict=True):
            np.testing.assert_array_equal(column, copy)

    def test_buffers_are_given_back(self) -> None:
        first = [bytearray(8 * 20) for _ in range(4)]
        renderer = hk.CandleRenderer(100, 100)
        renderer.set_candles(*(memoryview(data).cast("d") for data in first))
        gc.collect()
        with pytest.raises(BufferError):
            first[0].append(1)
        second = [bytearray(8) for _ in range(4)]
        renderer.set_candles(*(memoryview(data).cast("d") for data in second))
        gc.collect()
        first[0].append(1)
        with pytest.raises(BufferError):
            second[3].append(1)
        del renderer
        gc.collect()
        second[3].append(1)

    def test_arrays_outlive_their_names(self) -> None:
        renderer = hk.CandleRenderer(400, 100)
        renderer.set_candles(*walk(300))
        gc.collect()
        filler = [np.full(300, 7.0) for _ in range(50)]
        np.testing.assert_array_equal(records(renderer.generate_render_commands(0, 300)), expected(walk(300), 400, 100, 0, 300))
        assert len(filler) == 50

    def test_what_is_written_is_drawn_after_set_candles(self) -> None:
        columns = walk(3000)
        renderer = hk.CandleRenderer(100, 100)
        renderer.set_candles(*columns)
        records(renderer.generate_render_commands(0, 3000))
        for column in columns:
            np.add(column, 5, out=column)
            column[17] = 1e6
        renderer.set_candles(*columns)
        np.testing.assert_array_equal(records(renderer.generate_render_commands(0, 3000)), expected(columns, 100, 100, 0, 3000))


class TestLastCandle:
    @pytest.mark.parametrize("count", [60, 5000])
    def test_leaves_the_others(self, count: int) -> None:
        opens, highs, lows, closes = walk(count)
        renderer = hk.CandleRenderer(200, 100)
        renderer.set_candles(opens, highs, lows, closes)
        commands = renderer.generate_render_commands(0, count)
        before, address = bytes(commands), records(commands).__array_interface__["data"][0]
        kept = len(commands) - 1
        del commands
        for price in (100.0, 100.25):
            renderer.update_last_candle(opens[-1], opens[-1], opens[-1], opens[-1] + 0.1 * (price - 100))
            commands = renderer.generate_render_commands(0, count)
            assert commands.unchanged == kept
            assert bytes(commands)[: 28 * kept] == before[: 28 * kept]
            assert bytes(commands)[28 * kept :] != before[28 * kept :]
            # The frame before is no longer held: the records of the others lie where they lay.
            assert records(commands).__array_interface__["data"][0] == address
            closes = closes.copy()
            closes[-1] = opens[-1] + 0.1 * (price - 100)
            highs, lows = highs.copy(), lows.copy()
            highs[-1] = lows[-1] = opens[-1]
            want = expected((opens, highs, lows, closes), 200, 100, 0, count)
            np.testing.assert_array_equal(records(commands), want)
            del commands
        same = renderer.generate_render_commands(0, count)
        assert same.unchanged == len(same)

    def test_a_new_extreme_moves_all_unless_the_range_is_fixed(self) -> None:
        renderer = hk.CandleRenderer(200, 100)
        renderer.set_candles(*walk(60))
        range_before = renderer.generate_render_commands(0, 60).price_range
        renderer.update_last_candle(100, 1000, 100, 100)
        commands = renderer.generate_render_commands(0, 60)
        assert (commands.unchanged, commands.price_range > range_before) == (0, False)
        assert commands.price_range[1] > 1000
        renderer.price_range = (80, 120)
        renderer.generate_render_commands(0, 60)
        renderer.update_last_candle(100, 2000, 100, 101)
        commands = renderer.generate_render_commands(0, 60)
        assert (commands.unchanged, commands.price_range) == (59, (80, 120))

    def test_grows_from_nothing(self) -> None:
        columns = walk(700)
        renderer = hk.CandleRenderer(90, 100)
        assert len(renderer) == 0
        for count, candle in enumerate(zip(*columns, strict=True), 1):
            renderer.append_candle(100, 1e6, -1e6, 100)  # a period begins, and its last trade decides
            renderer.update_last_candle(*candle)
            if count % 83 == 0:
                found = records(renderer.generate_render_commands(0, count))
                np.testing.assert_array_equal(found, expected(columns, 90, 100, 0, count))

    def test_a_gap_for_the_last_candle(self) -> None:
        renderer = hk.CandleRenderer(200, 100)
        renderer.set_candles(*walk(10))
        renderer.update_last_candle(float("nan"), 1, 1, 1)
        assert len(renderer.generate_render_commands(0, 10)) == 9
        renderer.append_candle(100, 101, 99, 100)
        assert len(renderer.generate_render_commands(0, 11)) == 10


class TestThreads:
    def test_each_frame_is_of_one_state(self) -> None:
        """Candles of one price each: a frame that mixed two states would show two."""
        renderer = hk.CandleRenderer(64, 100, price_range=(0, 100))
        states = [np.full(count, price) for count, price in ((300, 10.0), (301, 20.0), (302, 30.0))]
        renderer.set_candles(*[states[0]] * 4)
        wanted = {state[0]: 100 - state[0] for state in states}
        barrier = threading.Barrier(4)

        def write(number: int) -> None:
            barrier.wait()
            for turn in range(100):
                renderer.set_candles(*[states[(turn + number) % 3]] * 4)

        def read(_: int) -> None:
            barrier.wait()
            for _ in range(100):
                frame = records(renderer.generate_render_commands(0, 300))
                assert len(set(frame["wick_top"].tolist())) == 1
                assert frame["wick_top"][0] in wanted.values()

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(work, number) for work in (write, read) for number in range(2)]
            for future in running:
                future.result()

    def test_candles_of_many_threads_all_come(self) -> None:
        renderer = hk.CandleRenderer(64, 100)
        barrier = threading.Barrier(4)

        def work(number: int) -> None:
            barrier.wait()
            for turn in range(50):
                renderer.append_candle(number, 5, -1, turn)
                renderer.update_last_candle(number, 5, -1, turn)
                renderer.resize(64 + turn % 3, 100)
                commands = renderer.generate_render_commands(0, len(renderer))
                assert 1 <= len(records(commands)) <= 66

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert len(renderer) == 200

    def test_writing_to_the_arrays_meanwhile_does_no_harm(self) -> None:
        columns = walk(20_000)
        renderer = hk.CandleRenderer(300, 100)
        renderer.set_candles(*columns)
        numbers = np.random.default_rng(5)
        done = threading.Event()

        def scribble() -> None:
            while not done.is_set():
                for column in columns:
                    column[numbers.integers(0, 20_000, 500)] = np.nan
                    column[numbers.integers(0, 20_000, 500)] = 1e300

        thread = threading.Thread(target=scribble)
        thread.start()
        try:
            for _ in range(50):
                assert len(renderer.generate_render_commands(0, 20_000)) <= 300
        finally:
            done.set()
            thread.join()


class TestRefusals:
    def test_sizes(self) -> None:
        for value in (0, 0.5, -1, 1_000_001, float("nan"), float("inf")):
            with pytest.raises(ValueError, match=r"^width: pixels from 1 to 1,000,000 are taken, got "):
                hk.CandleRenderer(value, 100)
            with pytest.raises(ValueError, match=r"^height: pixels"):
                hk.CandleRenderer(100, 100).resize(100, value)
        with pytest.raises(TypeError, match=r"^height: pixels from 1 to 1,000,000 are taken, got 'a'(; |$)"):
            hk.CandleRenderer(1, "a")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("name", "wrong", "message"),
        [
            ("up_color", [-1, 1 << 32], "an int from 0 to 0xFFFFFFFF, 0xRRGGBBAA, is taken, got "),
            ("down_color", [-1], "an int from 0 to 0xFFFFFFFF"),
            ("unchanged_color", [1 << 40], "an int from 0 to 0xFFFFFFFF"),
            ("body_width", [0, -1, 1.01, float("nan")], "a share above 0 and up to 1 is taken, got "),
            ("padding", [-0.1, 0.5, float("nan")], "a share from 0 to below 0.5 is taken, got "),
            ("price_range", [(1, 1), (2, 1), (0, float("inf")), (float("nan"), 1)], r"\(lowest, highest\), two finite prices"),
        ],
    )
    def test_styles(self, name: str, wrong: list[Any], message: str) -> None:
        renderer = hk.CandleRenderer(1, 1)
        before = getattr(renderer, name)
        for value in wrong:
            with pytest.raises(ValueError, match=f"^{name}: {message}"):
                hk.CandleRenderer(1, 1, **{name: value})
            with pytest.raises(ValueError, match=f"^{name}: {message}"):
                setattr(renderer, name, value)
        with pytest.raises(TypeError, match=f"^{name}: {message}"):
            setattr(renderer, name, "red")
        assert getattr(renderer, name) == before

    def test_ranges(self) -> None:
        renderer = hk.CandleRenderer(100, 100)
        with pytest.raises(ValueError, match=r"^there are no candles; set_candles or append_candle comes first$"):
            renderer.generate_render_commands(0, 1)
        with pytest.raises(ValueError, match=r"^there is no last candle; set_candles or append_candle comes first$"):
            renderer.update_last_candle(1, 1, 1, 1)
        renderer.set_candles(*walk(10))
        for start, end in ((0, 0), (3, 3), (5, 4), (-1, 5), (0, 11), (10, 11), (0, -1), (0, 2**70), (-(2**70), 1)):
            with pytest.raises(ValueError, match=rf"^start and end: 0 <= start < end <= 10, .* got {start} and {end}(; |$)"):
                renderer.generate_render_commands(start, end)
        with pytest.raises(TypeError, match=r"^end: an int is taken, got 1\.5(; |$)"):
            renderer.generate_render_commands(0, 1.5)  # type: ignore[arg-type]

    def test_columns(self) -> None:
        renderer = hk.CandleRenderer(100, 100)
        opens, highs, lows, closes = walk(10)
        renderer.set_candles(opens, highs, lows, closes)
        with pytest.raises(ValueError, match=r"^lows has 9 elements and opens has 10; one length is taken for all four(; |$)"):
            renderer.set_candles(opens, highs, lows[1:], closes)
        with pytest.raises(ValueError, match=r"^opens is empty, of shape \(0,\); at least one element is taken(; |$)"):
            renderer.set_candles(*[np.ones(0)] * 4)
        with pytest.raises(TypeError, match=r"^closes has dtype float32 and opens has dtype float64; one dtype"):
            renderer.set_candles(opens, highs, lows, closes.astype(np.float32))
        with pytest.raises(TypeError, match=r"^highs has dtype int64; float32 or float64 is taken"):
            renderer.set_candles(opens, highs.astype(np.int64), lows, closes)
        with pytest.raises(ValueError, match=r"^opens has 2 dimensions"):
            renderer.set_candles(opens.reshape(2, 5), highs, lows, closes)
        with pytest.raises(TypeError, match=r"^lows: a buffer .* is taken, got list(; |$)"):
            renderer.set_candles(opens, highs, list(lows), closes)  # type: ignore[arg-type]
        assert len(renderer) == 10  # what was refused has changed nothing
        with pytest.raises(TypeError, match="close"):
            renderer.append_candle(1, 2, 3, "4")  # type: ignore[arg-type]
