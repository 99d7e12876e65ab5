"""examples/candles.py: what is painted is what the records say; dragging, the wheel and trades do what they should."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPaintEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

EXAMPLE = Path(__file__).with_name("candles.py")
BACKGROUND = (0x13, 0x17, 0x22)


@pytest.fixture(scope="module")
def application() -> QApplication:
    return QApplication.instance() or QApplication([])  # type: ignore[return-value]


@pytest.fixture(scope="module")
def example() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(EXAMPLE)))


@pytest.fixture
def market(example: SimpleNamespace) -> Any:
    return example.Market()


@pytest.fixture
def chart(application: QApplication, example: SimpleNamespace, market: Any) -> Any:
    chart = example.Chart(*market.history(5000))
    chart.show()
    assert QTest.qWaitForWindowExposed(chart)
    application.processEvents()
    return chart


class Regions(QObject):
    """The regions that Qt asks a widget to paint."""

    def __init__(self, widget: Any) -> None:
        super().__init__()
        self.seen: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QPaintEvent):
            self.seen.append(QRect(event.rect()))
        return super().eventFilter(watched, event)


def pixels(chart: Any) -> np.ndarray:
    """Rows of (red, green, blue)."""
    image = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def records(chart: Any) -> np.ndarray:
    return np.frombuffer(chart.commands, chart.commands.dtype)


def color(rgba: int) -> tuple[int, int, int]:
    return rgba >> 24, rgba >> 16 & 255, rgba >> 8 & 255


def check(chart: Any) -> None:
    """Bodies and wicks have their colours where the records say; above and below a wick there is none of them."""
    painted, candles = pixels(chart), {color(int(rgba)) for rgba in np.unique(records(chart)["rgba"])}
    assert len(candles) > 1
    tall = wicks = 0
    for x, y, width, height, wick_top, wick_bottom, rgba in records(chart).tolist():
        middle, own = int(x + width / 2), color(rgba)
        if height >= 3:
            tall += 1
            assert tuple(painted[int(y + height / 2), middle]) == own
        for top, bottom in ((wick_top, y), (y + height, wick_bottom)):
            if bottom - top >= 3:
                wicks += 1
                assert tuple(painted[int((top + bottom) / 2), middle]) == own
        for outside in (int(wick_top) - 3, int(wick_bottom) + 3):
            if 0 <= outside < chart.height():
                assert tuple(painted[outside, middle]) not in candles
    assert tall > 10
    assert wicks > 10


def test_the_records_are_painted(chart: Any) -> None:
    assert (chart.start, chart.end, len(records(chart))) == (4880, 5000, 120)
    check(chart)
    assert BACKGROUND in {tuple(pixel) for pixel in pixels(chart)[0]}


def test_dragging_pans(chart: Any) -> None:
    place = chart.width() / 120
    before = pixels(chart)
    QTest.mousePress(chart, Qt.MouseButton.LeftButton, pos=QPoint(300, 100))
    QTest.mouseMove(chart, QPoint(300 + round(40 * place), 100))
    QTest.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=QPoint(300 + round(40 * place), 100))
    assert (chart.start, chart.end) == (4840, 4960)
    assert (pixels(chart) != before).any()
    check(chart)
    QTest.mouseMove(chart, QPoint(10, 100))
    assert (chart.start, chart.end) == (4840, 4960)  # released: no longer dragged
    QTest.mousePress(chart, Qt.MouseButton.LeftButton, pos=QPoint(700, 100))
    QTest.mouseMove(chart, QPoint(-5000, 100))
    assert (chart.start, chart.end) == (4880, 5000)  # no further than the last candle


def turn(chart: Any, x: float, notches: int) -> None:
    """The wheel, with the pointer at x."""
    place, nothing = QPointF(x, 100), QPoint()
    angle = QPoint(0, 120 * notches)
    phase, buttons, keys = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(chart, QWheelEvent(place, place, nothing, angle, buttons, keys, phase, False))


def test_the_wheel_zooms(chart: Any) -> None:
    turn(chart, chart.width() / 2, 1)
    assert (chart.end - chart.start, chart.start) == (96, 4892)  # around the candle in the middle
    check(chart)
    turn(chart, 0, 40)
    assert chart.end - chart.start == 5
    for _ in range(40):
        turn(chart, chart.width() / 2, -1)
    assert (chart.start, chart.end) == (0, 5000)
    assert len(records(chart)) == chart.width()  # a record a column of pixels
    check(chart)


def test_a_trade_paints_the_last_candle_alone(application: QApplication, chart: Any, market: Any) -> None:
    chart.begin(market.price)
    application.processEvents()
    before, regions = pixels(chart), Regions(chart)
    regions.seen.clear()
    chart.tick(market.price * 1.002)
    assert chart.commands.unchanged == len(chart.commands) - 1
    application.processEvents()
    left = int(chart.width() - chart.width() / chart.commands.places) - 1
    assert regions.seen
    assert min(region.left() for region in regions.seen) >= left
    changed = np.flatnonzero((pixels(chart) != before).any(axis=(0, 2)))
    assert len(changed) > 0
    assert changed.min() >= left


def test_a_new_extreme_paints_all(application: QApplication, chart: Any, market: Any) -> None:
    regions = Regions(chart)
    chart.begin(market.price)
    chart.tick(market.price * 2)
    application.processEvents()
    assert regions.seen[-1].width() == chart.width()
    assert chart.commands.price_range[1] > market.price * 2
    check_last = records(chart)[-1]
    assert check_last["height"] > chart.height() / 3


def test_resizing(application: QApplication, chart: Any) -> None:
    chart.resize(400, 200)
    application.processEvents()
    assert (chart.renderer.width, chart.renderer.height) == (400, 200)
    check(chart)


def test_the_picture_is_the_committed_one(tmp_path: Path) -> None:
    """Painted by the command that docs/candles.md names; letters may be drawn otherwise where other fonts are."""
    made = tmp_path / "candles.png"
    subprocess.run([sys.executable, "-P", EXAMPLE, "--picture", made], check=True, timeout=300)
    kept = EXAMPLE.parents[1] / "docs" / "pictures" / "candles.png"
    new, old = (np.asarray(QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888).constBits()) for path in (made, kept))
    assert new.shape == old.shape
    assert (new != old).mean() < 0.01
