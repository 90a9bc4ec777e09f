"""The score's drawing: an axis from 0 to 1, the interval, the members, the threshold and the base rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LEFT, _WIDTH = 20.0, 600.0  # of the axis, in the drawing's own units
_DOT = 8.0  # below this distance dots are stacked


def score_drawing(record: Mapping[str, Any]) -> dict[str, Any]:
    """Where the marks lie; members that fall together are stacked.

    Args:
        record: of result.json, with a probability.

    Returns:
        For ``gauge.html.j2``: places along the axis; ``base`` is None where a record keeps no prevalence.
    """
    low, high = record["interval"]
    dots: list[dict[str, float]] = []
    taken: list[float] = []
    for value in sorted(record["members"]):
        x = _x(value)
        level = sum(abs(x - other) < _DOT for other in taken)
        taken.append(x)
        dots.append({"x": x, "y": 20.0 - 7 * level, "value": value})
    prevalence = record.get("prevalence")
    return {
        "left": _LEFT,
        "right": _LEFT + _WIDTH,
        "width": _WIDTH,
        "low": _x(low),
        "high": _x(high),
        "score": _x(record["probability_adverse"]),
        "threshold": _x(record["threshold"]),
        "base": None if prevalence is None else _x(prevalence),
        "dots": dots,
        "ticks": [{"x": _x(t / 10), "text": "" if t % 2 else f"{t / 10:.1f}"} for t in range(11)],
    }


def _x(share: float) -> float:
    return round(_LEFT + _WIDTH * float(share), 1)
