"""From logits to a probability and a yes or no, with out-of-fold cases only."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from AGE2HIELib.bundle.model_facts import Calibration
from training.evaluation.platt import platt

LEAST = 20  # infants of either outcome: a set at 90 % ranks at least nine, and a slope from fewer says nothing
_EVEN = 0.5
_NO_SLOPE = 1e-3  # logits that do not differ say nothing: the prevalence is left


@dataclass(frozen=True)
class Decision:
    """What turns a logit into a calibrated probability, and the smallest probability that is called adverse."""

    calibration: Calibration
    threshold: float


def decide(out_of_fold: np.ndarray, of_adverse: np.ndarray) -> Decision:
    """Calibrate and choose the threshold on cases that the scoring networks were not fitted to.

    Args:
        out_of_fold: ``(N,)`` logits. What is decided holds for numbers that scatter as these do: for the mean of an
            ensemble, where these are such means.
        of_adverse: ``(N,)`` bool; both classes.
    """
    logits, adverse = np.asarray(out_of_fold, float), np.asarray(of_adverse, bool)
    calibration = _calibration(logits, adverse)
    return Decision(calibration, best_threshold(calibrate_logits(calibration, logits), adverse))


def apply(decision: Decision, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities ``(N,)`` and decisions ``(N,)`` of 0 or 1."""
    probability = calibrate_logits(decision.calibration, np.asarray(logits, float))
    return probability, (probability >= decision.threshold).astype(int)


def calibrate_logits(calibration: Calibration, logits: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = 1 / (1 + np.exp(-(calibration.intercept + calibration.slope * logits)))
    return scaled


def best_threshold(probability: np.ndarray, adverse: np.ndarray) -> float:
    """The midpoint between neighbouring cases with the highest balanced accuracy; of several, the one nearest 0.5.

    0.5 where all probabilities are equal: nothing separates the cases then.
    """
    values = np.unique(probability)
    if len(values) == 1:
        return _EVEN
    middles = (values[:-1] + values[1:]) / 2
    called = probability[None, :] >= middles[:, None]
    balanced = (called[:, adverse].mean(axis=1) + (~called[:, ~adverse]).mean(axis=1)) / 2
    best = middles[np.isclose(balanced, balanced.max(), rtol=0, atol=1e-12)]
    return float(best[np.abs(best - _EVEN).argmin()])


def _calibration(logits: np.ndarray, adverse: np.ndarray) -> Calibration:
    if np.ptp(logits) == 0:
        share = (adverse.sum() + 1) / (len(adverse) + 2)  # as Platt's targets: never 0 or 1
        intercept = float(np.log(share / (1 - share))) - _NO_SLOPE * float(logits[0])
        return Calibration(slope=_NO_SLOPE, intercept=intercept, prevalence=float(adverse.mean()))
    with warnings.catch_warnings():  # Platt's targets keep the fit finite where the classes separate
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return platt(logits, adverse)
