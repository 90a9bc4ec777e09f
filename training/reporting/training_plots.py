"""What happened in training: losses by epoch, and how age was read afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.age import EVERYONE, age_summary
from training.reporting.style import FAINT, INK, colour, plain, sheet

MOST_PANELS = 12
_COLUMNS = 4
_LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_MOST_LINES = 4
_OFFSET_YEARS = 0.25  # log(age + 3 months): infants and the old fit on one axis
_TICKS = {0: "0", 0.25: "3 months", 1: "1", 3: "3", 6: "6", 18: "18", 40: "40", 60: "60", 97: "97"}


def learning(curves: Mapping[str, Path]) -> Figure:
    """A panel for each run, at most ``MOST_PANELS``; every logged loss is a line, the mean of each epoch."""
    shown = list(curves.items())[:MOST_PANELS]
    rows = -(-len(shown) // _COLUMNS)
    figure = sheet(0.4 + 2.5 * rows)
    grid = figure.subplots(rows, min(_COLUMNS, max(len(shown), 2)), squeeze=False).ravel()
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    for axes, (label, path) in zip(grid, shown, strict=False):
        losses = losses_by_epoch(pd.read_csv(path))
        for line, name in zip(_LINES, losses.columns[:_MOST_LINES], strict=False):
            marker = "o" if len(losses[name].dropna()) < 3 else ""
            drawn = losses[name].dropna()
            axes.plot(drawn.index + 1, drawn, color=line, linewidth=1.5, marker=marker, label=name)
        positive = losses.to_numpy()[np.isfinite(losses.to_numpy())]
        if len(positive) and positive.min() > 0 and positive.max() > 20 * positive.min():
            axes.set_yscale("log")
        plain(axes, title=label, x="Epoch", y="Loss")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(fontsize=8, frameon=False)
    return figure


def losses_by_epoch(log: pd.DataFrame) -> pd.DataFrame:
    """Columns whose names hold "loss" (every number but epoch and step if none does), averaged by epoch."""
    numbers = log.select_dtypes("number").drop(columns=["epoch", "step"], errors="ignore")
    chosen = [name for name in numbers if "loss" in str(name)] or list(numbers)
    return numbers[chosen].groupby(log["epoch"]).mean().dropna(axis=1, how="all")


def age_scatter(predictions: pd.DataFrame) -> Figure:
    """Predicted against true age of held-out subjects, a panel for each pretraining."""
    held_out = predictions[predictions["split"] == "held-out"]
    names = [str(name) for name in held_out["pretraining"].unique() if name != "mean"]
    errors = age_summary(predictions)
    everyone = errors[errors["band"] == EVERYONE].set_index("pretraining")
    figure = sheet(5.0)
    grid = figure.subplots(1, max(len(names), 2), squeeze=False)[0]
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    for axes, name in zip(grid, names, strict=False):
        mine = held_out[held_out["pretraining"] == name]
        _age_axes(axes, highest=float(mine[["age_years", "predicted_years"]].max().max()))
        axes.plot([0, 97], [0, 97], color=FAINT, linewidth=0.8)
        shown = mine["predicted_years"].clip(lower=-_OFFSET_YEARS / 2)
        axes.scatter(mine["age_years"], shown, s=14, alpha=0.6, color=colour(name), linewidths=0)
        error, correlation = everyone["mae_years"][name], everyone["spearman"][name]
        note = f"MAE {error:.1f} years\nSpearman {correlation:.2f}\nn = {everyone['n'][name]}"
        axes.text(0.03, 0.97, note, transform=axes.transAxes, va="top", fontsize=10, color=INK)
        heading = "Pretrained on age" if name == "age" else f"Pretrained on {name.replace('-', ' ')}s"
        plain(axes, title=heading, x="Age, years", y="Predicted age, years")
    return figure


def _age_axes(axes: Axes, *, highest: float) -> None:
    def forward(years: np.ndarray) -> np.ndarray:
        return np.asarray(np.log(np.maximum(np.asarray(years, float), -0.9 * _OFFSET_YEARS) + _OFFSET_YEARS))

    def backward(value: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(value) - _OFFSET_YEARS)

    axes.set_xscale("function", functions=(forward, backward))
    axes.set_yscale("function", functions=(forward, backward))
    ticks, texts = list(_TICKS), list(_TICKS.values())
    axes.set_xticks(ticks, texts)
    axes.set_yticks(ticks, texts)
    axes.set(xlim=(-0.05, 110), ylim=(-0.14, max(110.0, 1.1 * highest)))
