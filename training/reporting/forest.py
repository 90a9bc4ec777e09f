"""The effect of transfer with its intervals."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.summary import ALL
from training.reporting.style import FAINT, INK, colour, p_text, plain, sheet

_ROW_INCHES = 0.24
_GAP_ROWS = 1.6


def forest(comparisons: pd.DataFrame) -> Figure:
    """Difference of transfer from each other arm, AUC left and accuracy right, a row for each setting."""
    others = list(comparisons["other"].unique())
    metrics = [name for name in ("auc", "accuracy") if name in set(comparisons["metric"])]
    rows = sum(len(part) for _, part in comparisons[comparisons["metric"] == metrics[0]].groupby("other"))
    figure = sheet(1.0 + _ROW_INCHES * (rows + _GAP_ROWS * len(others)))
    for k, (axes, metric) in enumerate(zip(figure.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True)):
        _one_metric(axes, comparisons[comparisons["metric"] == metric], others, named=k == 0)
        heading = {"auc": "AUC", "accuracy": "Accuracy"}[metric]
        plain(axes, title=f"{heading}; p: as a way of learning", x=f"Difference in {heading}: transfer - other", y="")
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return figure


def _one_metric(axes: Axes, table: pd.DataFrame, others: list[str], *, named: bool) -> None:
    at = 0.0
    ticks: list[float] = []
    names: list[str] = []
    ends = table[["low", "high", "difference", "method_low", "method_high"]].to_numpy(float)
    ends = np.clip(ends, -1.0, 1.0)  # with two or three folds an interval may reach far beyond what can be
    known = ends[~np.isnan(ends)]
    left, right = min(-0.1, known.min(initial=0.0)), max(0.1, known.max(initial=0.0))
    span = right - left
    for other in others:
        ticks.append(at)
        names.append(f"transfer - {other}")
        for row in table[table["other"] == other].to_dict("records"):
            at += 1
            whole = row["setting"] in (ALL, row["protocol"])
            width, size = (3.4, 6.5) if whole else (2.0, 4.0)
            axes.plot([row["method_low"], row["method_high"]], [at, at], color=colour(other), linewidth=0.9)
            axes.plot([row["low"], row["high"]], [at, at], color=colour(other), linewidth=width)
            axes.plot(row["difference"], at, "s" if whole else "o", color=colour(other), markersize=size)
            axes.text(right + 0.04 * span, at, _p(row), fontsize=8, color=INK, va="center")
            ticks.append(at)
            names.append(row["protocol"] if whole else f"{row['setting']} ({row['protocol']})")
        at += _GAP_ROWS
    axes.axvline(0, color=FAINT, linewidth=1.0)
    axes.set_yticks(ticks, names if named else [""] * len(names), fontsize=9)
    for tick, name in zip(axes.get_yticklabels(), names, strict=True):
        tick.set_fontweight("bold" if name.startswith("transfer") else "normal")
    axes.set(xlim=(left - 0.03 * span, right + 0.28 * span), ylim=(at - _GAP_ROWS + 0.8, -0.8))


def _p(row: dict[Hashable, Any]) -> str:
    return "not asked" if row["asked"] else p_text(row["p_method"])
