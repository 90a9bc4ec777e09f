"""Pictures of the outcome: ROC, calibration and decision curves, and the forest of differences between arms."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from statsmodels.stats.proportion import proportion_confint

from training.evaluation.baselines import LESION_VOLUME, MEAN_ADC
from training.evaluation.metrics import cases_with_scores
from training.evaluation.paired import placements
from training.evaluation.splits import PROTOCOLS
from training.evaluation.summary import ALL, ARMS, arms_in_order, whole_protocols
from training.reporting.style import FAINT, GRID, INK, LINES, colour, p_text, plain, sheet

CALIBRATED_ARMS = ARMS[:2]
GROUPS = 5  # of equal size; with 156 cases about 31 in each
_PANEL_HEIGHT = 3.9
_DRAWN = (*ARMS, MEAN_ADC, LESION_VOLUME)
Corner = Literal["upper left", "lower right"]
_THRESHOLDS = np.linspace(0.02, 0.80, 157)


def roc(predictions: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Curves of placement values (Pepe and Cai 2004, doi:10.1111/j.0006-341X.2004.00200.x).

    Each adverse case enters at the share of normal cases of its own fold that score higher, so the area under the curve
    is the AUC of the table.
    """
    figure, panels = _panels(predictions)
    values = whole_protocols(summary).set_index(["protocol", "arm", "metric"])["value"].to_dict()
    for axes, protocol, part in panels:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        labels = []
        for arm in _arms(part, _DRAWN):
            axes.plot(
                *roc_points(part[part["arm"] == arm]),
                color=colour(arm),
                linestyle=LINES[arm],
                linewidth=1.8 if arm in ARMS else 1.3,
            )
            labels.append((f"{arm} {values[protocol, arm, 'auc']:.2f}", arm))
        _label(axes, labels, "lower right", heading="AUC")
        plain(axes, title=_title(protocol, part), x="1 - specificity", y="Sensitivity")
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    return figure


def roc_points(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Steps of the mean ROC curve of one arm over folds and repeats; the area under them is ``metrics.auc``."""
    entered, weights = [], []
    for _, part in rows.groupby("repeat"):
        cases = cases_with_scores(part)
        share, weight = placements(cases)
        entered.append(1 - share[cases.adverse])
        weights.append(weight[cases.adverse])
    at, weight = np.concatenate(entered), np.concatenate(weights)
    order = np.argsort(at, kind="stable")
    levels = np.concatenate([[0.0], np.cumsum(weight[order]) / weight.sum()])
    return np.concatenate([[0.0], np.repeat(at[order], 2), [1.0]]), np.repeat(levels, 2)


def calibration(predictions: pd.DataFrame) -> Figure:
    """Observed share against mean probability in fifths of the cases, with Wilson intervals."""
    figure, panels = _panels(predictions)
    for axes, protocol, part in panels:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        arms = _arms(part, CALIBRATED_ARMS)
        for k, arm in enumerate(arms):
            mine = part[part["arm"] == arm]
            table = calibration_groups(mine)
            errors = np.abs(table[["low", "high"]].to_numpy().T - table["observed"].to_numpy())
            axes.errorbar(
                table["mean"], table["observed"], yerr=errors, color=colour(arm), linestyle=LINES[arm],
                marker="os"[k % 2], markersize=5, linewidth=1.5, elinewidth=1.0, capsize=2,
            )  # fmt: skip
            counts, edges = np.histogram(mine["probability"], bins=20, range=(0, 1))
            axes.stairs(-0.02 - 0.12 * counts / counts.max() - 0.14 * k, edges, baseline=-0.02 - 0.14 * k, fill=True,
                        color=colour(arm), alpha=0.55)  # fmt: skip
        _label(axes, [(arm, arm) for arm in arms], "upper left")
        plain(axes, title=_title(protocol, part), x="Calibrated probability", y="Share adverse")
        axes.set(xlim=(0, 1), ylim=(-0.02 - 0.14 * len(arms), 1.01), yticks=np.linspace(0, 1, 6))
    return figure


def calibration_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns ``mean observed low high n``, a row for each fifth of the cases by probability.

    Repeats of a case are not further cases: the Wilson interval counts cases.
    """
    ordered = rows.sort_values("probability", kind="stable")
    repeats = rows["repeat"].nunique()
    groups = [ordered.iloc[part] for part in np.array_split(np.arange(len(ordered)), GROUPS) if len(part)]
    table = []
    for group in groups:
        observed, size = float(group["adverse"].mean()), len(group) / repeats
        low, high = proportion_confint(observed * size, size, method="wilson")
        row = {"mean": group["probability"].mean(), "observed": observed, "low": low, "high": high, "n": size}
        table.append(row)
    return pd.DataFrame(table)


def decision(predictions: pd.DataFrame) -> Figure:
    """Net benefit over the thresholds (Vickers and Elkin 2006, doi:10.1177/0272989X06295361)."""
    figure, panels = _panels(predictions)
    for axes, protocol, part in panels:
        everyone = part.drop_duplicates("case")["adverse"].to_numpy(bool)
        axes.plot(_THRESHOLDS, net_benefit(everyone, np.ones(len(everyone))), color=INK, linewidth=1.0)
        axes.axhline(0, color=INK, linewidth=1.0)
        arms = _arms(part, _DRAWN)
        for arm in arms:
            mine = part[part["arm"] == arm]
            benefit = net_benefit(mine["adverse"].to_numpy(bool), mine["probability"].to_numpy(float))
            axes.plot(_THRESHOLDS, benefit, color=colour(arm), linestyle=LINES[arm], linewidth=1.6)
        top = float(everyone.mean())
        axes.text(top * 0.99, -0.09, "everyone", color=INK, fontsize=9, ha="right", va="center")
        axes.text(0.02, -0.012, "no one", color=INK, fontsize=9, va="top")
        plain(axes, title=_title(protocol, part), x="Probability that would change care", y="Net benefit a case")
        axes.set(xlim=(0, 0.8), ylim=(-0.12, top + 0.03))
    shown = _arms(predictions, _DRAWN)
    figure.legend(_samples(shown), shown, loc="outside lower center", ncols=len(shown), fontsize=9, frameon=False)
    return figure


def net_benefit(adverse: np.ndarray, probability: np.ndarray, thresholds: np.ndarray = _THRESHOLDS) -> np.ndarray:
    """``(T,)`` true positives a case, less false positives weighted by the odds of the threshold."""
    called = probability[None, :] >= thresholds[:, None]
    benefit: np.ndarray = (called & adverse).mean(axis=1) - (called & ~adverse).mean(axis=1) * thresholds / (
        1 - thresholds
    )
    return benefit


def _panels(predictions: pd.DataFrame) -> tuple[Figure, Iterator[tuple[Axes, str, pd.DataFrame]]]:
    protocols = [name for name in PROTOCOLS if name in set(predictions["protocol"])]
    figure = sheet(_PANEL_HEIGHT)
    row = figure.subplots(1, max(len(protocols), 2), squeeze=False)[0]  # a single panel keeps its shape
    for axes in row[len(protocols) :]:
        axes.set_axis_off()
    parts = (predictions[predictions["protocol"] == name] for name in protocols)
    return figure, zip(row, protocols, parts, strict=False)


def _arms(part: pd.DataFrame, wanted: Sequence[str]) -> list[str]:
    return [arm for arm in arms_in_order(part["arm"].unique()) if arm in wanted]


def _title(protocol: str, part: pd.DataFrame) -> str:
    cases = part.drop_duplicates("case")
    return f"{protocol}: {len(cases)} cases, {int(cases['adverse'].sum())} adverse"


def _samples(arms: Sequence[str]) -> list[Line2D]:
    return [Line2D([], [], color=colour(arm), linestyle=LINES[arm], linewidth=1.8) for arm in arms]


def _label(axes: Axes, labels: list[tuple[str, str]], corner: Corner, *, heading: str = "") -> None:
    """The names of the lines with a sample of each, in a corner."""
    legend = axes.legend(
        _samples([arm for _, arm in labels]),
        [text for text, _ in labels],
        loc=corner,
        fontsize=8.5,
        title=heading or None,
        edgecolor=GRID,
        labelspacing=0.25,
    )
    legend.get_title().set_fontsize(8.5)


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
