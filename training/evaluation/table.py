"""The main table as plain text, for the terminal."""

from __future__ import annotations

import math

import pandas as pd

from training.evaluation.baselines import CLINICAL_ROWS, MAJORITY
from training.evaluation.splits import PROTOCOLS
from training.evaluation.summary import arms_in_order, whole_protocols

_ARM_WIDTH, _CELL_WIDTH = 18, 33


def main_table_text(summary: pd.DataFrame) -> str:
    """Arms by protocol: AUC with its interval, then both accuracies; at most 117 columns."""
    shown = whole_protocols(summary)
    protocols = [name for name in PROTOCOLS if name in set(shown["protocol"])]
    sizes = [shown[shown["protocol"] == name].iloc[0] for name in protocols]
    lines = [
        _line("", protocols),
        _line("", [f"{size.n} cases, {size.n_adverse} adverse" for size in sizes]),
        _line("", ["AUC [95 %]            acc. 0.5"] * len(protocols)),
        "-" * (_ARM_WIDTH + _CELL_WIDTH * len(protocols) - 2),
    ]
    arms = arms_in_order(shown["arm"].unique())
    for arm in arms:
        if arm in (MAJORITY, CLINICAL_ROWS[0]) and arm != arms[0]:
            lines.append("")
        lines.append(_line(arm, [_cell(shown, arm, protocol) for protocol in protocols]))
    note = (
        "AUC: pairs of cases scored by the same network. Intervals: bootstrap over children, the networks held fixed.",
        "acc.: accuracy at the threshold of the best balanced accuracy on inner folds; 0.5: accuracy at that "
        "probability.",
        "Research use only.",
    )
    return "\n".join([*lines, "", *note])


def value_text(value: float, low: float, high: float, digits: int = 2) -> str:
    """``0.71 [0.60, 0.80]``; a dash where it is not defined."""
    if math.isnan(value):
        return "-"
    told = [f"{round(number, digits) + 0.0:.{digits}f}" for number in (value, low, high)]  # + 0.0: no "-0.00"
    return told[0] if math.isnan(low) else f"{told[0]} [{told[1]}, {told[2]}]"


def _cell(shown: pd.DataFrame, arm: str, protocol: str) -> str:
    mine = shown[(shown["arm"] == arm) & (shown["protocol"] == protocol)].set_index("metric")
    if mine.empty:
        return "-"
    value, low, high = (float(mine[column]["auc"]) for column in ("value", "low", "high"))
    at = [float(mine["value"][name]) for name in ("accuracy", "accuracy_at_half")]
    return f"{value_text(value, low, high, 3):<22}{at[0]:.2f} {at[1]:.2f}"


def _line(first: str, cells: list[str]) -> str:
    return (f"{first:<{_ARM_WIDTH}}" + "".join(f"{cell:<{_CELL_WIDTH}}" for cell in cells)).rstrip()
