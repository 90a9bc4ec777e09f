"""95 % intervals by resampling children, so that a child's cases, repeats and arms stay together."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from training.evaluation.metrics import cases_with_scores, measure

COVERAGE = 0.95
RESAMPLES = 1000
_MOST_UNDEFINED = 0.05  # a percentile interval of the rest would be of the easy resamples only


def resampled_cases(cases: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """How often each case is drawn in each resample: subjects with replacement, within each outcome.

    Args:
        cases: one row a case, columns ``case subject adverse``.

    Returns:
        ``(N, B)`` counts, a row a case by name, so that any arm can look up its cases in any order.
    """
    table = cases.drop_duplicates("case").sort_values("case")
    subjects = table.drop_duplicates("subject").sort_values("subject")
    draw = np.random.default_rng((seed, zlib.crc32("|".join(table["case"]).encode("utf-8"))))
    counts = np.zeros((len(subjects), resamples), dtype=np.int64)
    for adverse in (False, True):
        here = np.flatnonzero(subjects["adverse"].to_numpy(bool) == adverse)
        if len(here):
            counts[here] = draw.multinomial(len(here), np.full(len(here), 1 / len(here)), size=resamples).T
    by_subject = pd.DataFrame(counts, index=subjects["subject"].to_numpy())
    return by_subject.loc[table["subject"]].set_axis(table["case"].to_numpy(), axis=0)


def mean_over_repeats(rows: pd.DataFrame, drawn: pd.DataFrame | None = None) -> dict[str, np.ndarray]:
    """``(B,)`` mean over the repeats of each metric, for one arm; all cases once without ``drawn``."""
    found = [
        measure(cases_with_scores(part), None if drawn is None else drawn.loc[part["case"]].to_numpy().T)
        for _, part in rows.groupby("repeat")
    ]
    return {name: np.mean([each[name] for each in found], axis=0) for name in found[0]}


def percentile_interval(replicates: np.ndarray) -> tuple[float, float]:
    """The middle 95 %; NaN where more than 5 % of the resamples have no value."""
    if np.isnan(replicates).mean() > _MOST_UNDEFINED:
        return float("nan"), float("nan")
    tail = (1 - COVERAGE) / 2
    low, high = np.nanquantile(replicates, [tail, 1 - tail])
    return float(low), float(high)


def estimates(rows: pd.DataFrame, drawn: pd.DataFrame) -> Mapping[str, tuple[float, float, float]]:
    """Value, low and high of every metric of one arm."""
    values, replicates = mean_over_repeats(rows), mean_over_repeats(rows, drawn)
    return {name: (float(value[0]), *percentile_interval(replicates[name])) for name, value in values.items()}
