#!/usr/bin/env python3
"""A live candlestick chart with Qt: drag to pan, turn the wheel to zoom; the last candle moves by itself.

python examples/candles.py [--picture FILE]: with a picture there is no window; the chart is painted into the file.
It needs PySide6 and NumPy beside hotkernels; the renderer itself needs neither.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import hotkernels as hk
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

BACKGROUND, GRID, TEXT = QColor(0x13, 0x17, 0x22), QColor(0x2A, 0x2E, 0x39), QColor(0x9A, 0x9E, 0xA9)
FEWEST = 5
"""Candles in view when zoomed in as far as it goes."""


class Chart(QWidget):
    """Paints a renderer's commands. start and end: the candles in view."""

    def __init__(self, opens: np.ndarray, highs: np.ndarray, lows: np.ndarray, closes: np.ndarray) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # Qt need not erase: what is left out stays
        self.resize(720, 360)
        self.renderer = hk.CandleRenderer(self.width(), self.height())
        self.renderer.set_candles(opens, highs, lows, closes)  # held, not copied
        self.start, self.end = max(0, len(opens) - 120), len(opens)
        self.commands = self.renderer.generate_render_commands(self.start, self.end)
        self.dragged: tuple[float, int] | None = None

    def show_candles(self, start: int, end: int) -> None:
        """Looks at these candles; what lies outside of all is moved inside."""
        count = min(max(end - start, FEWEST), len(self.renderer))
        self.start = min(max(start, 0), len(self.renderer) - count)
        self.end = self.start + count
        self.refresh()

    def refresh(self) -> None:
        """Draws anew, and has Qt paint no more than what is not as it was."""
        scale = self.commands.price_range
        self.commands = self.renderer.generate_render_commands(self.start, self.end)
        kept = self.commands.unchanged
        if kept == 0 or self.commands.price_range != scale:
            self.update()
        elif kept < len(self.commands):
            body = np.frombuffer(self.commands, self.commands.dtype)[kept]
            # A body is in the middle of its place.
            place = self.width() / self.commands.places
            left = int(body["x"] - (place - body["width"]) / 2)
            self.update(QRect(left, 0, self.width() - left, self.height()))

    # The last candle

    def tick(self, price: float) -> None:
        """A trade: the last candle ends at its price."""
        opened, high, low = self.last
        self.last = opened, max(high, price), min(low, price)
        self.renderer.update_last_candle(opened, self.last[1], self.last[2], price)
        if self.end == len(self.renderer):
            self.refresh()

    def begin(self, price: float) -> None:
        """A new period; who looks at the newest candles goes on doing so."""
        follows = self.end == len(self.renderer)
        self.renderer.append_candle(price, price, price, price)
        self.last = price, price, price
        if follows:
            self.show_candles(self.start + 1, self.end + 1)

    last: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Open, high and low of the period that is running; begin sets it."""

    # Qt's events

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self.renderer.resize(max(event.size().width(), 1), max(event.size().height(), 1))
        self.refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.dragged = (event.position().x(), self.start)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.dragged:
            pressed, start = self.dragged
            moved = round((pressed - event.position().x()) * (self.end - self.start) / self.width())
            self.show_candles(start + moved, start + moved + self.end - self.start)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802
        self.dragged = None

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zooms by a quarter a notch around the candle under the pointer."""
        count = self.end - self.start
        wanted = max(FEWEST, round(count * 0.8 ** (event.angleDelta().y() / 120)))
        share = event.position().x() / self.width()
        start = self.start + round(share * (count - wanted))
        self.show_candles(start, start + wanted)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the records within the region that Qt asks for."""
        region = event.rect()
        painter = QPainter(self)
        painter.fillRect(region, BACKGROUND)
        low, high = self.commands.price_range
        for y in range(self.height() // 6, self.height(), max(self.height() // 6, 1)):
            painter.setPen(GRID)
            painter.drawLine(0, y, self.width(), y)
            painter.setPen(TEXT)
            painter.drawText(QPointF(4, y - 3), f"{high - y * (high - low) / self.height():.2f}")
        records = np.frombuffer(self.commands, self.commands.dtype)
        inside = (records["x"] <= region.right() + 1) & (records["x"] + records["width"] >= region.left())
        records = records[inside]
        for rgba in np.unique(records["rgba"]).tolist():
            color = QColor(rgba >> 24, rgba >> 16 & 255, rgba >> 8 & 255, rgba & 255)
            rows = records[records["rgba"] == rgba].tolist()
            painter.setPen(color)
            middles = [(int(x + width / 2), top, bottom) for x, _, width, _, top, bottom, _ in rows]
            painter.drawLines([QLineF(x, top, x, bottom) for x, top, bottom in middles])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRects([QRectF(x, y, width, height) for x, y, width, height, *_ in rows])
        painter.end()


class Market:
    """Prices as they could be: a random walk, the same each time."""

    def __init__(self, seed: int = 7) -> None:
        self.numbers = np.random.default_rng(seed)
        self.price = 100.0

    def history(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Opens, highs, lows, closes."""
        steps = self.numbers.normal(0, 0.0015, (count, 12))
        prices = self.price * np.exp(np.cumsum(steps).reshape(count, 12))
        opens = np.concatenate(([self.price], prices[:-1, -1]))
        self.price = float(prices[-1, -1])
        highs, lows = np.maximum(prices.max(axis=1), opens), np.minimum(prices.min(axis=1), opens)
        return opens, highs, lows, prices[:, -1].copy()

    def trade(self) -> float:
        self.price *= float(np.exp(self.numbers.normal(0, 0.0015)))
        return self.price


def live(chart: Chart, market: Market, trades: int) -> None:
    """So many trades; a period has a dozen."""
    for _ in range(trades):
        chart.setProperty("trades", number := int(chart.property("trades") or 0) + 1)
        if number % 12 == 1:
            chart.begin(market.price)
        chart.tick(market.trade())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--candles", type=int, default=100_000, help="of history (100,000)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="paint into this file, and show no window")
    args = parser.parse_args()
    if args.picture:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    market = Market()
    chart = Chart(*market.history(args.candles))
    chart.setWindowTitle("hotkernels: drag to pan, turn the wheel to zoom")
    if args.picture:
        live(chart, market, 30)
        return 0 if chart.grab().save(str(args.picture)) else 1
    timer = QTimer(chart)
    timer.timeout.connect(lambda: live(chart, market, 1))
    timer.start(50)
    chart.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
