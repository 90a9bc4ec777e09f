"""Whether one arm differs from another on the same children, and whether that is more than chance.

DeLong's test is by hand: here scores compare only within a fold, a child may have several scans, and there are several
settings; the package that has the test (MLstatkit) knows one list of independent cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom, norm, rankdata
from statsmodels.stats.contingency_tables import mcnemar

from training.evaluation.metrics import Scored, cases_with_scores

LEVEL = 0.05
_MAJORITY = 0.5


@dataclass(frozen=True)
class Components:
    """What each case adds to an AUC, by case: the mean over the adverse is the AUC, and so is that over the normal."""

    share: pd.Series
    adverse: pd.Series
    subject: pd.Series
    setting: pd.Series


@dataclass(frozen=True)
class Discordant:
    """Children that one arm judged right and the other wrong, and the exact McNemar p."""

    only_first: int
    only_second: int
    subjects: int
    p: float


def components(rows: pd.DataFrame) -> Components:
    """Placement values of one arm, averaged over repeats, so that their mean is the AUC of ``metrics.auc``."""
    by_repeat = []
    for _, part in rows.groupby("repeat"):
        share, weight = placements(cases_with_scores(part))
        by_repeat.append(pd.Series(share * weight, index=part["case"].to_numpy()))
    known = rows.drop_duplicates("case").set_index("case").sort_index()
    mean = pd.concat(by_repeat, axis=1).mean(axis=1).loc[known.index]
    return Components(mean, known["adverse"].astype(bool), known["subject"], known["setting"])


def placements(cases: Scored) -> tuple[np.ndarray, np.ndarray]:
    """For each case, the share of the other class of its block that stands in the right order, and its weight.

    Shares come from midranks (Sun and Xu 2014, doi:10.1109/LSP.2014.2337313). Weights have mean 1 in each class and
    give every pair the same say where blocks differ in size; with one block they are 1, and the shares are DeLong's
    structural components.
    """
    shares, weights, pairs = np.zeros(len(cases.adverse)), np.zeros(len(cases.adverse)), 0
    for block in np.unique(cases.block):
        here = cases.block == block
        adverse, normal = here & cases.adverse, here & ~cases.adverse
        both = np.zeros(len(shares))
        both[here] = rankdata(cases.probability[here])
        weights[adverse], weights[normal] = normal.sum(), adverse.sum()
        shares[adverse] = both[adverse] - rankdata(cases.probability[adverse])
        shares[normal] = adverse.sum() - (both[normal] - rankdata(cases.probability[normal]))
        pairs += int(adverse.sum() * normal.sum())
    if not pairs:
        return np.full(len(shares), np.nan), weights
    totals = np.where(cases.adverse, cases.adverse.sum(), (~cases.adverse).sum())
    return shares / np.maximum(weights, 1), weights * totals / pairs


def delong(first: Components, second: Components) -> tuple[float, float]:
    """Difference of two AUCs on the same cases and its two-sided p (DeLong et al. 1988, doi:10.2307/2531595).

    The cases of a subject are summed before the variance is taken (Obuchowski 1997, doi:10.2307/2533958; one outcome to
    a subject, so the two classes stay independent), and settings are strata. p is 1 where all pairs are ordered alike.
    """
    if not first.share.index.equals(second.share.index):
        raise ValueError("Arms are compared on the same cases.")
    gap = first.share - second.share
    variance, difference = 0.0, 0.0
    for outcome in (True, False):
        values = gap[first.adverse == outcome]
        difference = float(values.mean())
        for _, part in values.groupby(first.setting[values.index]):
            sums = (part - part.mean()).groupby(first.subject[part.index]).sum().to_numpy()
            variance += sums @ sums * len(sums) / max(len(sums) - 1, 1) / len(values) ** 2
    if variance <= 0:
        return difference, 1.0 if abs(difference) < 1e-12 else 0.0
    return difference, float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def discordant(first: pd.DataFrame, second: pd.DataFrame) -> Discordant:
    """Exact McNemar on one decision for each child: adverse where at least half of its decisions (over repeats and
    scans) say so."""
    right = [_right(rows) for rows in (first, second)]
    first_right, second_right = right[0].to_numpy(), right[1].loc[right[0].index].to_numpy()
    only_first = int((first_right & ~second_right).sum())
    only_second = int((~first_right & second_right).sum())
    p = float(mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue) if only_first + only_second else 1.0
    return Discordant(only_first, only_second, len(right[0]), p)


def needed_for_significance(discordant_cases: int, *, level: float = LEVEL) -> int | None:
    """The smallest count on one side of so many discordant cases with an exact two-sided p under ``level``."""
    for count in range((discordant_cases + 1) // 2, discordant_cases + 1):
        if 2 * binom.sf(count - 1, discordant_cases, 0.5) < level:
            return count
    return None


def _right(rows: pd.DataFrame) -> pd.Series:
    by_subject = rows.groupby("subject").agg({"predicted": "mean", "adverse": "first"})
    called: pd.Series = by_subject["predicted"] >= _MAJORITY
    return called == by_subject["adverse"].astype(bool)
