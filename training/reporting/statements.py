"""What the comparisons say, in sentences that claim no more than the numbers do."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from training.evaluation.age import EVERYONE, age_summary
from training.evaluation.paired import LEVEL, needed_for_significance
from training.evaluation.summary import ALL, COMPARED_WITH, TRANSFER
from training.evaluation.table import value_text
from training.reporting.style import p_text

_PRIMARY, _CONTROL = COMPARED_WITH[:2]


def whole(comparisons: pd.DataFrame) -> pd.DataFrame:
    """The comparisons over all cases of a protocol."""
    if comparisons.empty:
        return comparisons
    single = comparisons.groupby("protocol")["setting"].transform("nunique") == 1
    return comparisons[single | (comparisons["setting"] == ALL)]


def main_findings(comparisons: pd.DataFrame) -> Iterator[str]:
    """Transfer against scratch under each protocol: a difference, its interval, n, p, and what p means."""
    shown = whole(comparisons)
    if shown.empty:
        yield "No arms were compared: the question of transfer is open."
        return
    primary = shown[shown["other"] == _PRIMARY]
    for protocol, part in primary.groupby("protocol", sort=False):
        rows = {row["metric"]: row for row in part.to_dict("records")}
        yield f"{str(protocol).capitalize()}: {_auc_sentence(rows['auc'])} {_accuracy_sentence(rows['accuracy'])}"
    yield from _age_itself(shown)
    count = len(comparisons)
    yield (
        f"{count} tests stand on this page, uncorrected; without any true difference about {LEVEL * count:.1f} of them "
        f"would give p under {LEVEL:g}."
    )


def _age_itself(shown: pd.DataFrame) -> Iterator[str]:
    """Whether knowing age is what helps: a trunk that was pretrained on shuffled ages knows everything but that."""
    control = shown[(shown["other"] == _CONTROL) & (shown["metric"] == "auc")]
    if control.empty:
        return
    parts = [
        f"{row['protocol']} {value_text(row['difference'], row['low'], row['high'], 3)}, {p_text(row['p'])}"
        for row in control.to_dict("records")
    ]
    better = (control["difference"] > 0) & (control["p"] < LEVEL)
    meaning = (
        "what pretraining on age adds beyond shuffled ages is distinguishable from chance in "
        + ", ".join(control.loc[better, "protocol"])
        if better.any()
        else "nothing here shows that knowing age is what helps"
    )
    yield f"The AUC of {TRANSFER} minus that of {_CONTROL}: {'; '.join(parts)}: {meaning}."


def _auc_sentence(row: dict) -> str:
    change = value_text(row["difference"], row["low"], row["high"], 3)
    return (
        f"the AUC of {TRANSFER} minus that of {_PRIMARY} is {change} ({row['n']} cases, {row['n_adverse']} adverse; "
        f"{row['test']} {p_text(row['p'])}): {verdict(row['p'])}."
    )


def _accuracy_sentence(row: dict) -> str:
    """How many children the two arms judged differently, and how many would have been needed."""
    change = value_text(row["difference"], row["low"], row["high"], 3)
    total = row["only_arm"] + row["only_other"]
    needed = needed_for_significance(total)
    would = (
        f"of {total} such children {needed} against {total - needed} would be needed for p under {LEVEL:g}"
        if needed is not None
        else f"{total} such children are too few for any p under {LEVEL:g}"
    )
    counted = (
        f"of {row['subjects']} children {TRANSFER} alone was right in {row['only_arm']} and {_PRIMARY} alone in "
        f"{row['only_other']}"
    )
    return (
        f"The accuracy differs by {change}: {counted} ({row['test']} {p_text(row['p'])}: {verdict(row['p'])}; {would})."
    )


def verdict(p: float) -> str:
    if math.isnan(p):
        return "it is unknown whether this is chance"
    return "distinguishable from chance" if p < LEVEL else "not distinguishable from chance"


_AGE_SOURCES = {
    "age": "Pretraining on age",
    "shuffled-age": "Pretraining on shuffled ages",
    "brain-volume": "A straight line through the logarithm of the brain volume, no network",
}


def age_findings(age_predictions: pd.DataFrame | None) -> Iterator[str]:
    """How pretraining on age did against answering the mean, and against shuffled ages."""
    if age_predictions is None or age_predictions.empty:
        yield "No encoder was pretrained in this run: age results are unknown."
        return
    table = age_summary(age_predictions)
    everyone = table[table["band"] == EVERYONE].set_index("pretraining")
    error = {str(name): float(mae) for name, mae in everyone["mae_years"].items()}
    for name, mae in error.items():
        if name == "mean":
            continue
        against = f", {mae / error['mean']:.2f} of that of answering the mean" if error.get("mean") else ""
        yield (
            f"{_AGE_SOURCES.get(name, name)}: mean absolute error {mae:.2f} years over "
            f"{everyone['n'][name]} held-out subjects{against}; Spearman {everyone['spearman'][name]:.2f}."
        )


def unknowns(synthetic: bool, repeats: int) -> Iterator[str]:
    """What no table on the page can answer."""
    if synthetic:
        yield "Whether any of this holds in children: every scan and every outcome was simulated by rules of our own."
    else:
        yield "Whether it holds at another hospital: a site outside the table, its scanners and its care, was not seen."
    yield "Whether a clinician decides better with the score than without it: nobody's decision was studied."
    yield (
        "How the intervals would move with other training seeds: they resample children, and hold the trained networks "
        f"fixed ({repeats} repeat{'s' if repeats != 1 else ''} of the folds)."
    )
    yield "Whether the score means the same in subgroups (sex, ancestry, gestation, cooling): none was recorded here."
