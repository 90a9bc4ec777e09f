"""From the predictions of every case to the tables: each arm with intervals, and arms against each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from AGE2HIELib.errors import InputError
from training.evaluation.baselines import CLINICAL_ROWS, LESION_VOLUME, ROWS
from training.evaluation.intervals import RESAMPLES, estimates, mean_over_repeats, percentile_interval, resampled_cases
from training.evaluation.paired import components, delong, discordant
from training.evaluation.resampled import FOLD_METRICS, compare_methods, holm
from training.evaluation.splits import PROTOCOLS

TRANSFER = "transfer"
ARMS = (TRANSFER, "scratch", "shuffled-age", "untrained-frozen")
FURTHER_ARMS = ("sex", "segmentation", "reconstruction", "age+sex")  # other pretrainings, where they are asked for
ALL = "all"  # every setting of a protocol together: each case is tested once in it
COMPARISON_COLUMNS = (
    *("arm", "other", "protocol", "setting", "metric", "difference", "low", "high", "p_networks", "test_networks"),
    *("only_arm", "only_other", "method_difference", "method_low", "method_high", "p_method", "p_holm", "asked"),
    *("n", "n_adverse", "subjects", "folds", "repeats"),
)
COMPARED_WITH = ("scratch", "shuffled-age", *FURTHER_ARMS, "untrained-frozen", LESION_VOLUME)
PRIMARY_OTHER, PRIMARY_METRIC = COMPARED_WITH[0], "auc"  # the one question that is asked of each protocol


def summarise(predictions: pd.DataFrame, *, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Every metric of every arm in every setting, with a 95 % bootstrap interval over children.

    Returns:
        Columns ``arm protocol setting metric value low high n n_adverse subjects repeats``. A protocol of several
        settings has a setting "all" beside them.
    """
    rows = []
    for where, part in settings(predictions):
        drawn = resampled_cases(part, resamples=resamples, seed=seed)
        for arm in arms_in_order(part["arm"].unique()):
            mine = part[part["arm"] == arm]
            found = estimates(mine, drawn)
            rows += [
                {"arm": arm, **where, "metric": metric, "value": value, "low": low, "high": high, **_sizes(mine)}
                for metric, (value, low, high) in found.items()
            ]
    return pd.DataFrame(rows)


def compare(predictions: pd.DataFrame, *, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Transfer against the other arms and the lesion volume, in every setting, on the same children.

    Returns:
        ``COMPARISON_COLUMNS``, a row for each of ``FOLD_METRICS``. About these networks on these children:
        ``difference`` with its bootstrap interval, and ``p_networks`` by ``test_networks`` (paired DeLong for "auc",
        exact McNemar for "accuracy", with ``only_arm``: children that ``arm`` alone judged right, else -1). About the
        two ways of learning: ``method_difference`` (mean over folds) with ``p_method`` and interval by the corrected
        resampled t test; ``asked`` says why there is none. ``p_holm`` is ``p_method`` of the primary comparison,
        corrected over the protocols in which it could be asked; NaN in every other row, which are exploratory.
    """
    rows = []
    for where, part in settings(predictions):
        drawn = resampled_cases(part, resamples=resamples, seed=seed)
        arms = {str(arm): mine for arm, mine in part.groupby("arm")}
        if TRANSFER not in arms:
            continue
        for other in (name for name in COMPARED_WITH if name in arms):
            pair = {"arm": TRANSFER, "other": other, **where}
            rows += [{**pair, **found, **_sizes(part)} for found in _differences(arms[TRANSFER], arms[other], drawn)]
    return with_holm(pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS)))


def further_outcomes(
    predictions: pd.DataFrame, outcomes: pd.DataFrame, *, resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """The area under the curve of every arm for other outcomes than the one that it learned, where they are known.

    Args:
        outcomes: ``case`` and a column for each outcome, 0, 1 or NaN.

    Returns:
        Columns ``outcome`` and those of ``summarise``; empty where there are no further outcomes.
    """
    tables = []
    for name in outcomes.columns.drop("case"):
        known = outcomes.dropna(subset=[name]).set_index("case")[name].astype(bool)
        rows = predictions[predictions["case"].isin(known.index)]
        rows = rows.assign(adverse=rows["case"].map(known).astype(bool))
        if rows["adverse"].nunique() == 2:
            found = summarise(rows, resamples=resamples, seed=seed)
            tables.append(found[found["metric"] == PRIMARY_METRIC].assign(outcome=name))
    columns = ("outcome", "arm", "protocol", "setting", "metric", "value", "low", "high", "n", "n_adverse")
    return pd.concat(tables)[list(columns)] if tables else pd.DataFrame(columns=list(columns))


def with_holm(comparisons: pd.DataFrame) -> pd.DataFrame:
    """The rows with ``p_holm`` filled."""
    found = comparisons.assign(p_holm=np.nan)
    shown = whole_protocols(found)
    primary = shown.index[(shown["other"] == PRIMARY_OTHER) & (shown["metric"] == PRIMARY_METRIC)]
    found.loc[primary, "p_holm"] = holm(found.loc[primary, "p_method"].to_list())
    return found


def whole_protocols(rows: pd.DataFrame) -> pd.DataFrame:
    """Of a summary or of comparisons the rows that stand for a whole protocol: setting "all", or the only setting."""
    single = rows.groupby("protocol")["setting"].transform("nunique") == 1
    return rows[single | (rows["setting"] == ALL)]


def _differences(first: pd.DataFrame, second: pd.DataFrame, drawn: pd.DataFrame) -> Iterator[dict[str, object]]:
    values = [mean_over_repeats(rows) for rows in (first, second)]
    replicates = [mean_over_repeats(rows, drawn) for rows in (first, second)]
    split = discordant(first, second)
    _, p_auc = delong(components(first), components(second))
    none = {"p_networks": np.nan, "test_networks": "", "only_arm": -1, "only_other": -1}
    alone = {"only_arm": split.only_first, "only_other": split.only_second}
    tests = {
        "auc": {**none, "p_networks": p_auc, "test_networks": "paired DeLong"},
        "accuracy": {"p_networks": split.p, "test_networks": "exact McNemar", **alone},
    }
    methods = compare_methods(first, second)
    for metric in FOLD_METRICS:
        low, high = percentile_interval(replicates[0][metric] - replicates[1][metric])
        method = methods[metric]
        yield {
            "metric": metric,
            "difference": float(values[0][metric][0] - values[1][metric][0]),
            "low": low,
            "high": high,
            **tests.get(metric, none),
            "method_difference": method.difference,
            "method_low": method.low,
            "method_high": method.high,
            "p_method": method.p,
            "asked": method.asked,
            "folds": int(first["fold"].nunique()),
        }


def settings(predictions: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The rows of each setting of each protocol, and of several settings of a protocol together as "all"."""
    for protocol in (name for name in PROTOCOLS if name in set(predictions["protocol"])):
        part = predictions[predictions["protocol"] == protocol]
        names = sorted(part["setting"].unique())
        for setting in names:
            here = part[part["setting"] == setting]
            _check_same_cases(here)
            yield {"protocol": protocol, "setting": setting}, here
        if len(names) > 1:
            yield {"protocol": protocol, "setting": ALL}, part


def arms_in_order(arms: np.ndarray) -> list[str]:
    """Arms in the order of the tables; others after them by name."""
    known = [arm for arm in (*ARMS, *FURTHER_ARMS, *ROWS, *CLINICAL_ROWS) if arm in set(arms)]
    return known + sorted(set(map(str, arms)) - set(known))


def _check_same_cases(part: pd.DataFrame) -> None:
    """Paired statistics need every arm to have predicted every case once in each repeat."""
    if part.duplicated(["arm", "repeat", "case"]).any():
        raise InputError("predictions.tsv has a case twice in one arm and repeat: remove the older run's rows.")
    tested = {str(arm): set(zip(rows["repeat"], rows["case"], strict=True)) for arm, rows in part.groupby("arm")}
    fewest = min(tested, key=lambda arm: len(tested[arm]))
    missing = len(set().union(*tested.values()) - tested[fewest])
    if missing:
        where = f"{part['protocol'].iloc[0]} {part['setting'].iloc[0]}"
        raise InputError(f"Arm {fewest} lacks {missing} predictions in {where} that other arms have: finish its run.")


def _sizes(rows: pd.DataFrame) -> dict[str, int]:
    cases = rows.drop_duplicates("case")
    return {
        "n": len(cases),
        "n_adverse": int(cases["adverse"].sum()),
        "subjects": int(cases["subject"].nunique()),
        "repeats": int(rows["repeat"].nunique()),
    }
