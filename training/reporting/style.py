"""How every figure looks: colours that colour-blind readers tell apart, and sizes that read on a page 1100 px wide."""

from __future__ import annotations

import io
import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

INK, FAINT, GRID = "#1c2430", "#5d6878", "#dfe4ea"
# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/); line styles tell the arms apart in black and white
COLOURS = {
    "transfer": "#0072B2",
    "scratch": "#D55E00",
    "shuffled-age": "#009E73",
    "untrained-frozen": "#CC79A7",
    "mean-adc": "#E69F00",
    "lesion-volume": "#56B4E9",
    "age": "#0072B2",
}
LINES: dict[str, LineStyleType] = {
    "transfer": "-",
    "scratch": "--",
    "shuffled-age": "-.",
    "untrained-frozen": ":",
    "mean-adc": (0, (1, 3)),
    "lesion-volume": (0, (6, 3)),
}
WIDTH_INCHES = 10.5
_DPI = 130


def colour(name: str) -> str:
    return COLOURS.get(name, FAINT)


def sheet(height_inches: float) -> Figure:
    """An empty figure that belongs to no window and no global state."""
    return Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")


def plain(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Title on the left, a light grid, no box."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x, color=FAINT, fontsize=10)
    axes.set_ylabel(y, color=FAINT, fontsize=10)
    axes.tick_params(colors=FAINT, labelsize=9)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)


def png(figure: Figure) -> bytes:
    """The same picture gives the same bytes: no date in it."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    return held.getvalue()


def p_text(p: float) -> str:
    """Two digits that matter, three near the levels people use, and no p of zero."""
    if math.isnan(p):
        return "p unknown"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
