"""Whether one way of learning is better than another, not only these networks on these children.

Folds and repeats are other training sets, other test children and other seeds; the spread of a difference over them is
what a difference has to stand out from. They share most of their children, so that the plain t test calls equal
methods different far too often. Nadeau and Bengio (2003, doi:10.1023/A:1024068626366) add n_test / n_train to the
variance factor 1 / (folds x repeats); with folds of equal size that is 1 / (folds - 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from training.evaluation.intervals import COVERAGE
from training.evaluation.metrics import auc, cases_with_scores, decision_metrics

FOLD_METRICS = ("auc", "balanced_accuracy", "accuracy")
ONE_FOLD = "not asked: one fold, its repeats share all training cases"
ONE_CLASS = "not asked: a fold has cases of one outcome only"
NO_SPREAD = "not asked: the folds do not differ"


@dataclass(frozen=True)
class Resampled:
    """The mean difference over folds and repeats, its 95 % interval and two-sided p; NaN where ``asked`` says why."""

    difference: float
    low: float
    high: float
    p: float
    asked: str = ""


def compare_methods(first: pd.DataFrame, second: pd.DataFrame) -> Mapping[str, Resampled]:
    """The corrected resampled t test for each of ``FOLD_METRICS``, from rows of two arms with the same folds.

    Settings of a protocol together: a fold is then that fold of every site, each judged by its own networks.
    """
    folds = int(first["fold"].nunique())
    values = [fold_values(rows) for rows in (first, second)]
    if not values[0].index.equals(values[1].index):
        raise ValueError("Arms are compared on the same folds.")
    return {name: corrected_t((values[0][name] - values[1][name]).to_numpy(), folds) for name in FOLD_METRICS}


def fold_values(rows: pd.DataFrame) -> pd.DataFrame:
    """``FOLD_METRICS`` of one arm, a row for each ``(repeat, fold)``: a fold is a weighting of the cases."""
    of_fold = rows.groupby(["repeat", "fold"]).ngroup().to_numpy()
    weights = (of_fold[None, :] == np.arange(of_fold.max() + 1)[:, None]).astype(float)
    cases = cases_with_scores(rows)
    found = {"auc": auc(cases, weights), **decision_metrics(cases, weights)}
    index = rows.groupby(["repeat", "fold"]).size().index
    return pd.DataFrame({name: found[name] for name in FOLD_METRICS}, index=index)


def corrected_t(differences: np.ndarray, folds: int) -> Resampled:
    """Nadeau and Bengio's test of a mean of zero.

    Args:
        differences: ``(J,)`` of one metric, for every fold of every repeat.
        folds: of each repeat, of equal size.

    What repeats share is in no fold's difference: with one pretrained trunk for all of them its luck is in no p, and
    equal methods are called different in 17 % where that luck is half as large as the folds' noise. With a trunk for
    each repeat, or ``enough_pretrainings`` in turn, it is: their mean then varies by no more than the 1 / (folds - 1)
    that is added here.
    """
    mean = float(np.mean(differences))
    if folds < 2:
        return _not_asked(mean, ONE_FOLD)
    if np.isnan(mean):
        return _not_asked(mean, ONE_CLASS)
    spread, count = float(np.std(differences, ddof=1)), len(differences)
    if spread < 1e-12:
        return Resampled(0.0, 0.0, 0.0, 1.0) if abs(mean) < 1e-12 else _not_asked(mean, NO_SPREAD)
    error = spread * math.sqrt(1 / count + 1 / (folds - 1))
    half = error * float(t_distribution.ppf((1 + COVERAGE) / 2, count - 1))
    p = float(2 * t_distribution.sf(abs(mean) / error, count - 1))
    return Resampled(mean, mean - half, mean + half, p)


def enough_pretrainings(folds: int) -> int:
    """How many pretrained networks repeats must start from, for p to hold the luck of pretraining."""
    return max(1, folds - 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p of a family (Holm 1979, https://www.jstor.org/stable/4615733); NaN stays NaN and counts as no test."""
    found = np.asarray(p_values, float)
    asked = np.flatnonzero(~np.isnan(found))
    adjusted, largest = found.copy(), 0.0
    for rank, place in enumerate(asked[np.argsort(found[asked], kind="stable")]):
        largest = max(largest, min(1.0, (len(asked) - rank) * found[place]))
        adjusted[place] = largest
    return [float(value) for value in adjusted]


def _not_asked(mean: float, why: str) -> Resampled:
    return Resampled(mean, math.nan, math.nan, math.nan, why)
