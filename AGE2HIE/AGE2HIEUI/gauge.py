"""The score as a picture: a bar from 0 to 1 with its axis, the interval, the members and the threshold, and above
it how the scores of other infants lie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import qt

if TYPE_CHECKING:
    from AGE2HIELib.bundle.details import ReferenceScores
    from AGE2HIELib.result.record import Result


WIDTH, HEIGHT = 360, 92
_LEFT, _BAR_WIDTH, _BAR_TOP, _BAR_HEIGHT = 12, 336, 46, 16
_CURVE_BASE, _CURVE_HEIGHT, _BINS = 38, 34, 28  # of the histograms above the bar
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_TICK_TOP = _BAR_TOP + _BAR_HEIGHT + 14
FAVOURABLE, ADVERSE = "#4a7fb5", "#d2691e"
_BACK, _INTERVAL, _SCORE, _MEMBER, _THRESHOLD = "#d9dce1", "#8fb3d9", "#12385e", "#cc4d1a", "#555555"


def gaugePixmap(result: Result, reference: ReferenceScores | None = None) -> Any:
    """A pixmap for a label; the bar alone for a refused scan.

    Args:
        reference: scores of infants of either outcome; None where the model keeps none.
    """
    pixmap = qt.QPixmap(WIDTH, HEIGHT)
    pixmap.fill(qt.QColor(255, 255, 255, 0))
    painter = qt.QPainter()
    painter.begin(pixmap)
    if reference is not None:
        for scores, colour in ((reference.favourable, FAVOURABLE), (reference.adverse, ADVERSE)):
            _curve(painter, scores, colour)
    _bar(painter, 0.0, 1.0, _BACK)
    if result.probability_adverse is not None and result.interval is not None:
        _bar(painter, *result.interval, _INTERVAL)
        for member in result.members:
            painter.fillRect(position(member) - 1, _BAR_TOP + _BAR_HEIGHT + 4, 3, 8, qt.QColor(_MEMBER))
        if not result.demonstration:  # a demonstration score is not held against a threshold
            painter.fillRect(position(result.threshold), _BAR_TOP - 6, 1, _BAR_HEIGHT + 12, qt.QColor(_THRESHOLD))
        painter.fillRect(position(result.probability_adverse) - 2, _BAR_TOP - 4, 5, _BAR_HEIGHT + 8, qt.QColor(_SCORE))
    _axis(painter)
    painter.end()
    return pixmap


def position(value: float) -> int:
    """The pixel column of a value from 0 to 1."""
    return _LEFT + round(value * _BAR_WIDTH)


def shares(scores: Sequence[float], bins: int = _BINS) -> list[float]:
    """The part of the scores in each of as many equal steps from 0 to 1."""
    counts = [0] * bins
    for score in scores:
        counts[min(int(score * bins), bins - 1)] += 1
    return [count / max(len(scores), 1) for count in counts]


def _curve(painter: Any, scores: Sequence[float], colour: str) -> None:
    """Steps whose height is the square root of the share, so that few infants are still seen."""
    painter.setPen(qt.QPen(qt.QColor(colour), 2))
    before = None
    for step, share in enumerate(shares(scores)):
        left, right = position(step / _BINS), position((step + 1) / _BINS)
        y = _CURVE_BASE - round(_CURVE_HEIGHT * math.sqrt(share))
        if before is not None:
            painter.drawLine(left, before, left, y)
        painter.drawLine(left, y, right, y)
        before = y


def _axis(painter: Any) -> None:
    """Ticks and their numbers, grey enough for a light and a dark panel."""
    painter.setPen(qt.QColor(_THRESHOLD))
    for value in _TICKS:
        painter.fillRect(position(value), _BAR_TOP + _BAR_HEIGHT, 1, 4, qt.QColor(_THRESHOLD))
        box = qt.QRect(position(value) - 20, _TICK_TOP, 40, 14)
        align = int(qt.Qt.AlignLeft) if value == 0 else int(qt.Qt.AlignRight) if value == 1 else int(qt.Qt.AlignHCenter)
        box.translate(18 if value == 0 else -18 if value == 1 else 0, 0)
        painter.drawText(box, align, f"{value:g}")


def _bar(painter: Any, low: float, high: float, colour: str) -> None:
    painter.fillRect(position(low), _BAR_TOP, max(position(high) - position(low), 1), _BAR_HEIGHT, qt.QColor(colour))
