"""What the comparisons say, in sentences that claim no more than the numbers do."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from training.evaluation.age import EVERYONE, age_summary, unlearned
from training.evaluation.paired import LEVEL, needed_for_significance
from training.evaluation.resampled import enough_pretrainings
from training.evaluation.summary import COMPARED_WITH, TRANSFER, whole_protocols
from training.evaluation.table import value_text
from training.reporting.content import ReportContent, flatten
from training.reporting.style import p_text

_PRIMARY, _CONTROL = COMPARED_WITH[:2]
METHOD_TEST = "corrected resampled t"


def main_findings(comparisons: pd.DataFrame, *, pretrained: int) -> Iterator[str]:
    """Transfer against scratch under each protocol: as ways of learning, then these networks on these children.

    Args:
        pretrained: networks for each arm, which repeats start from in turn.
    """
    shown = whole_protocols(comparisons)
    if shown.empty:
        yield "No arms were compared: the question of transfer is open."
        return
    primary = shown[shown["other"] == _PRIMARY]
    asked = int(primary["p_holm"].notna().sum())
    for protocol, part in primary.groupby("protocol", sort=False):
        rows = {row["metric"]: row for row in part.to_dict("records")}
        name = str(protocol).capitalize()
        yield f"{name}: {_primary_sentence(rows['auc'], asked)} {_networks_sentence(rows['auc'], rows['accuracy'])}"
    yield from _given_the_pretrained(primary, pretrained)
    yield from _age_itself(shown)
    others = int(comparisons["p_method"].notna().sum()) - asked
    yield (
        f"The AUC of {TRANSFER} against {_PRIMARY} under each protocol is the primary question, corrected after "
        f"Holm for {asked} protocol{'s' if asked != 1 else ''}. The {others} other p of ways of learning are "
        f"exploratory and uncorrected: without any true difference about {LEVEL * others:.1f} of them would lie "
        f"under {LEVEL:g}."
    )


def _given_the_pretrained(primary: pd.DataFrame, pretrained: int) -> Iterator[str]:
    """Where repeats start from too few pretrained networks for p to hold the luck of pretraining."""
    asked = primary[primary["p_holm"].notna()]
    if asked.empty:
        return
    used, needed = min(pretrained, int(asked["repeats"].min())), enough_pretrainings(int(asked["folds"].max()))
    if used < needed:
        yield (
            f"All this holds for the {used} pretrained network{'s' if used != 1 else ''} that the repeats start from: "
            f"with fewer than {needed} (pretrain.seeds, evaluate.repeats) p leaves luck of pretraining out, and is too "
            "small."
        )


def _primary_sentence(row: dict[Hashable, Any], asked: int) -> str:
    """The mean difference over folds with its corrected interval and p, and the only verdict on the page."""
    cases = f"{row['n']} cases, {row['n_adverse']} adverse"
    if math.isnan(row["p_holm"]):
        return (
            f"whether {TRANSFER} differs from {_PRIMARY} as a way of learning is {row['asked']} ({cases})."
            if row["asked"]
            else f"{verdict(row['p_holm'])} ({cases})."
        )
    change = value_text(row["method_difference"], row["method_low"], row["method_high"], 3)
    splits = f"{row['folds']} folds x {row['repeats']} repeat{'s' if row['repeats'] != 1 else ''}"
    corrected = f", {p_text(row['p_holm'])} after Holm" if asked > 1 else ""
    return (
        f"as a way of learning, {TRANSFER} differs from {_PRIMARY} by {change} in AUC ({cases}; {METHOD_TEST} over "
        f"{splits}, {p_text(row['p_method'])}{corrected}): {verdict(row['p_holm'])}."
    )


def _networks_sentence(auc: dict[Hashable, Any], accuracy: dict[Hashable, Any]) -> str:
    """What the networks of this run did on these children: no word about chance, their training had some too."""
    total = accuracy["only_arm"] + accuracy["only_other"]
    needed = needed_for_significance(total)
    would = (
        f"of {total} such children {needed} against {total - needed} would be needed for p under {LEVEL:g}"
        if needed is not None
        else f"{total} such children are too few for any p under {LEVEL:g}"
    )
    changes = [value_text(row["difference"], row["low"], row["high"], 3) for row in (auc, accuracy)]
    return (
        f"These networks on these children: AUC differs by {changes[0]} ({auc['test_networks']} "
        f"{p_text(auc['p_networks'])}), accuracy by {changes[1]}; by a vote over repeats, of {accuracy['subjects']} "
        f"children {TRANSFER} alone was right in {accuracy['only_arm']} and {_PRIMARY} alone in "
        f"{accuracy['only_other']} ({accuracy['test_networks']} {p_text(accuracy['p_networks'])}; {would})."
    )


def _age_itself(shown: pd.DataFrame) -> Iterator[str]:
    """Whether knowing age is what helps: a trunk that was pretrained on shuffled ages knows everything but that."""
    control = shown[(shown["other"] == _CONTROL) & (shown["metric"] == "auc")]
    if control.empty:
        return
    parts = [_control_part(row) for row in control.to_dict("records")]
    better = (control["method_difference"] > 0) & (control["p_method"] < LEVEL)
    meaning = (
        f"p is under {LEVEL:g}, before any correction, in {', '.join(control.loc[better, 'protocol'])}: a hint that "
        "knowing age helps, to be asked again in other children"
        if better.any()
        else "nothing here shows that knowing age is what helps"
    )
    yield f"Exploratory: the AUC of {TRANSFER} minus that of {_CONTROL}: {'; '.join(parts)}: {meaning}."


def _control_part(row: dict[Hashable, Any]) -> str:
    if math.isnan(row["p_method"]):
        change = value_text(row["difference"], row["low"], row["high"], 3)
        return f"{row['protocol']} {change} for these networks, as a way of learning {row['asked'] or 'unknown'}"
    change = value_text(row["method_difference"], row["method_low"], row["method_high"], 3)
    return f"{row['protocol']} {change}, {p_text(row['p_method'])}"


def verdict(p_holm: float) -> str:
    """Of the primary comparison alone, from p by the corrected resampled t test after Holm."""
    if math.isnan(p_holm):
        return "it is unknown whether this is chance"
    return "distinguishable from chance" if p_holm < LEVEL else "not distinguishable from chance"


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
    if said := unlearned(age_predictions):
        yield said
    table = age_summary(age_predictions)
    everyone = table[table["band"] == EVERYONE].set_index("pretraining")
    error = {str(name): float(mae) for name, mae in everyone["mae_years"].items()}
    for name, mae in error.items():
        if name == "mean":
            continue
        against = f", {mae / error['mean']:.2f} of that of answering the mean" if error.get("mean") else ""
        yield (
            f"{_AGE_SOURCES.get(name, name)}: mean absolute error {mae:.2f} years over "
            f"{everyone['n'][name]} held-out subjects{against}; Spearman {everyone['spearman'][name]:.2f}"
            f"{_bias(everyone, name)}."
        )


def _bias(everyone: pd.DataFrame, name: str) -> str:
    """Regression to the mean, and what is left without it."""
    slope, corrected = (float(everyone[column][name]) for column in ("error_slope", "mae_corrected_years"))
    if math.isnan(slope) or math.isnan(corrected):
        return ""
    return f"; the error changes by {slope:+.2f} years a year of age, {corrected:.2f} years without that"


def unknowns(content: ReportContent) -> Iterator[str]:
    """What no table on the page can answer."""
    if content.synthetic:
        yield "Whether any of this holds in children: every scan and every outcome was simulated by rules of our own."
    else:
        yield "Whether it holds at another hospital: a site outside the table, its scanners and its care, was not seen."
    yield "Whether a clinician decides better with the score than without it: nobody's decision was studied."
    repeats = int(content.predictions["repeat"].nunique())
    yield (
        "How the bootstrap intervals would move with other training seeds: they resample children, and hold the "
        f"trained networks fixed ({repeats} repeat{'s' if repeats != 1 else ''} of the folds). The {METHOD_TEST} looks "
        "at other folds and seeds as well."
    )
    if TRANSFER in set(content.predictions["arm"]):
        yield _luck_of_pretraining(pretrained_networks(content), repeats)
    yield "Whether the score means the same in subgroups (sex, ancestry, gestation, cooling): none was recorded here."


def _luck_of_pretraining(networks: int, repeats: int) -> str:
    if networks > 1 and repeats > 1:
        return (
            f"How far other pretrainings would carry: repeats started from {min(networks, repeats)} of them in turn, "
            "and the spread between so few is known roughly."
        )
    if networks > 1:
        return (
            f"How much of the difference is luck of pretraining: every prediction is the mean over {networks} "
            "pretrained networks at most, but with one repeat nothing shows how far two such means lie apart."
        )
    return (
        "How much of the difference is luck of pretraining: all fits of an arm start from the one network that was "
        "pretrained for it, and no interval and no p holds its luck (pretrain.seeds)."
    )


def pretrained_networks(content: ReportContent) -> int:
    """How many were pretrained for each arm."""
    return int(dict(flatten(content.settings)).get("pretrain.seeds", "1"))
