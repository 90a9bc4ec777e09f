"""How good predictions are, for many weightings of the cases at once: a bootstrap resample is a weighting.

scikit-learn and statsmodels have each of these for one weighting; a thousand resamples of every arm and setting would
take them many minutes. The tests hold every one of them against theirs.

AUC counts pairs of cases scored in the same fold, that is by the same network. Scores of different folds do not
compare: a model that knows nothing falls back on its training prevalence, which is low just where the test fold's is
high, and pairs across folds push its AUC below one half (Airola et al. 2011, doi:10.1016/j.csda.2010.11.018; Forman and
Scholz 2010, doi:10.1145/1882471.1882479). ``auc_pooled`` is what a single ROC curve over all folds gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

EVEN = 0.5
PROBABILITY_FLOOR = 1e-6  # logits of calibrated probabilities stay finite
_NEWTON_STEPS = 30
_LONGEST_STEP = 2.0  # a full step from far away overshoots
_NO_SPREAD = 1e-9  # of logits
_CONVERGED, _NEARLY = 1e-8, 1e-4
_LARGEST_SLOPE = 1e3  # beyond it the classes are separated and the slope has no finite estimate

METRICS = (
    *("auc", "auc_pooled", "auprc", "accuracy", "accuracy_at_half", "balanced_accuracy", "f1", "sensitivity"),
    *("specificity", "mcc", "brier", "calibration_slope", "calibration_intercept", "calibration_in_the_large"),
)


@dataclass(frozen=True)
class Scored:
    """Cases of one arm in one repeat, each predicted once.

    Attributes:
        adverse, predicted: ``(N,)`` bool.
        probability: ``(N,)`` calibrated.
        block: ``(N,)`` the fold (and setting) that scored a case.
    """

    adverse: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    block: np.ndarray


def cases_with_scores(rows: pd.DataFrame) -> Scored:
    """From rows of ``predictions.tsv`` of one arm; a repeat's folds are blocks of their own."""
    block = rows.groupby(["protocol", "setting", "repeat", "fold"], sort=False).ngroup().to_numpy()
    return Scored(
        rows["adverse"].to_numpy(bool),
        rows["probability"].to_numpy(float),
        rows["predicted"].to_numpy(bool),
        block,
    )


def measure(cases: Scored, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Every metric under every weighting.

    Args:
        weights: ``(B, N)``, not negative; all cases once when left out.

    Returns:
        ``(B,)`` for each of ``METRICS``. NaN where it is not defined (one class only, nothing called adverse), never 0.

        "accuracy" is at the threshold that was chosen on inner folds; "accuracy_at_half" at a probability of 0.5, as
        accuracies are mostly given.

        ``calibration_slope`` and ``calibration_intercept`` are of one logistic regression of the outcome on the logit
        of the probability (1 and 0 when perfect); ``calibration_in_the_large`` is the intercept with the slope held
        at 1 (Van Calster et al. 2019, doi:10.1186/s12916-019-1466-7).
    """
    counts = np.ones((1, len(cases.adverse))) if weights is None else np.asarray(weights, float)
    slope, intercept = calibration_line(cases, counts)
    return {
        "auc": auc(cases, counts),
        "auc_pooled": auc(
            Scored(cases.adverse, cases.probability, cases.predicted, np.zeros_like(cases.block)), counts
        ),
        "auprc": average_precision(cases, counts),
        **decision_metrics(cases, counts),
        "accuracy_at_half": _ratio(
            counts @ ((cases.probability >= EVEN) == cases.adverse).astype(float), counts.sum(axis=1)
        ),
        "brier": _ratio(counts @ (cases.probability - cases.adverse) ** 2, counts.sum(axis=1)),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "calibration_in_the_large": calibration_in_the_large(cases, counts),
    }


def auc(cases: Scored, weights: np.ndarray) -> np.ndarray:
    """``(B,)`` share of adverse-normal pairs of the same block in order, ties counting one half."""
    in_order, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for block in np.unique(cases.block):
        adverse, normal = cases.adverse & (cases.block == block), ~cases.adverse & (cases.block == block)
        higher = cases.probability[adverse][:, None] - cases.probability[normal][None, :]
        order = (np.sign(higher) + 1) / 2
        in_order += ((weights[:, adverse] @ order) * weights[:, normal]).sum(axis=1)
        pairs += weights[:, adverse].sum(axis=1) * weights[:, normal].sum(axis=1)
    return _ratio(in_order, pairs)


def average_precision(cases: Scored, weights: np.ndarray) -> np.ndarray:
    """``(B,)`` area under the precision-recall curve by steps, as scikit-learn's; folds pooled."""
    falling = np.argsort(-cases.probability, kind="stable")
    last_of_tie = np.append(np.diff(cases.probability[falling]) != 0, True)
    called = np.cumsum(weights[:, falling], axis=1)[:, last_of_tie]
    right = np.cumsum(weights[:, falling] * cases.adverse[falling], axis=1)[:, last_of_tie]
    with np.errstate(invalid="ignore"):
        precision = np.where(called > 0, right / called, 0.0)
    found = np.diff(right, axis=1, prepend=0)
    return _ratio((found * precision).sum(axis=1), right[:, -1])


def decision_metrics(cases: Scored, weights: np.ndarray) -> dict[str, np.ndarray]:
    """What follows from the fourfold table of decision and outcome."""
    true_positive, false_positive = (
        weights @ (cases.adverse & cases.predicted),
        weights @ (~cases.adverse & cases.predicted),
    )
    false_negative, true_negative = (
        weights @ (cases.adverse & ~cases.predicted),
        weights @ (~cases.adverse & ~cases.predicted),
    )
    positive, negative = true_positive + false_negative, true_negative + false_positive
    sensitivity, specificity = _ratio(true_positive, positive), _ratio(true_negative, negative)
    margins = positive * negative * (true_positive + false_positive) * (true_negative + false_negative)
    return {
        "accuracy": _ratio(true_positive + true_negative, positive + negative),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "f1": np.where(
            positive > 0, _ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative), np.nan
        ),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "mcc": _ratio(true_positive * true_negative - false_positive * false_negative, np.sqrt(margins)),
    }


def calibration_line(cases: Scored, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``(B,)`` slope and intercept of the outcome on the logit, by Newton's method on all weightings at once."""
    x = _logits(cases)
    centre, spread = x.mean(), x.std()
    if max(np.ptp(x[cases.block == block]) for block in np.unique(cases.block)) < _NO_SPREAD:  # knows only its fold
        undefined = np.full(len(weights), np.nan)
        return undefined, undefined
    scaled = (x - centre) / spread
    slope, intercept = np.zeros(len(weights)), np.zeros(len(weights))
    for _ in range(_NEWTON_STEPS):
        step = _newton_step(cases, weights, scaled, (intercept, slope))
        intercept, slope = intercept + step[0], slope + step[1]
        if np.nanmax(np.abs(step), initial=0.0) < _CONVERGED:
            break
    lost = (
        ~(np.abs(step).max(axis=0) < _NEARLY) | (np.abs(slope / spread) > _LARGEST_SLOPE) | _one_class(cases, weights)
    )
    return np.where(lost, np.nan, slope / spread), np.where(lost, np.nan, intercept - slope * centre / spread)


def _newton_step(cases: Scored, weights: np.ndarray, x: np.ndarray, at: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """``(2, B)`` step of intercept and slope; NaN where the cases of a weighting determine neither."""
    intercept, slope = at
    fitted = expit(intercept[:, None] + slope[:, None] * x)
    residual, curvature = weights * (cases.adverse - fitted), weights * fitted * (1 - fitted)
    pull, tilt = residual.sum(axis=1), residual @ x
    zeroth, first, second = curvature.sum(axis=1), curvature @ x, curvature @ x**2
    determinant = zeroth * second - first**2
    steps = np.stack([second * pull - first * tilt, zeroth * tilt - first * pull])
    bounded: np.ndarray = np.clip(_ratio(steps, np.stack([determinant] * 2)), -_LONGEST_STEP, _LONGEST_STEP)
    return bounded


def calibration_in_the_large(cases: Scored, weights: np.ndarray) -> np.ndarray:
    """``(B,)`` shift of all logits that makes the mean probability the observed share."""
    x = _logits(cases)
    shift = np.zeros(len(weights))
    for _ in range(_NEWTON_STEPS):
        fitted = expit(shift[:, None] + x)
        pull, curvature = weights * (cases.adverse - fitted), weights * fitted * (1 - fitted)
        step = np.clip(_ratio(pull.sum(axis=1), curvature.sum(axis=1)), -_LONGEST_STEP, _LONGEST_STEP)
        shift += step
        if np.nanmax(np.abs(step), initial=0.0) < _CONVERGED:
            break
    return np.where(_one_class(cases, weights) | ~(np.abs(step) < _NEARLY), np.nan, shift)


def _logits(cases: Scored) -> np.ndarray:
    clipped: np.ndarray = logit(np.clip(cases.probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR))
    return clipped


def _one_class(cases: Scored, weights: np.ndarray) -> np.ndarray:
    positive = weights @ cases.adverse
    single: np.ndarray = (positive <= 0) | (positive >= weights.sum(axis=1))
    return single


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """NaN where the denominator is zero."""
    ratio: np.ndarray = np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
    return ratio
