"""Ensembles whose members disagree, drawn from normal distributions: what calibrations and sets made of them are worth.

A case's logits are the mean of its outcome (-0.6 or 0.6), what all networks see in it (sd 0.8), and each network's own
error (sd ``noise``). A cohort has 156 cases, as many as the published one, half of them adverse; the mean is of five.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as statsmodels

from AGE2HIELib.bundle.model_facts import Calibration
from AGE2HIELib.bundle.training_cases import SET_COVERAGE, Scores
from AGE2HIELib.inference.conformal import prediction_set
from AGE2HIELib.inference.probability import calibrate
from training.evaluation.decide import decide

MEMBERS, CASES, FRESH = 5, 156, 2000
_MEAN, SHARED_SD = 0.6, 0.8


@dataclass(frozen=True)
class Worth:
    """Of one cohort's calibration and sets, for fresh cases.

    Attributes:
        slope: of the outcome on the calibrated mean logit; 1 is right.
        coverage: share of the fresh cases whose set holds their outcome.
        one_outcome: share whose set holds one outcome.
    """

    slope: float
    coverage: float
    one_outcome: float


def worth_of_ensembles(rng: np.random.Generator, noise: float) -> Worth:
    """Calibrated and ranked as an export does: on means over whole ensembles that never saw the case."""
    logits, adverse = drawn(rng, CASES, noise)
    means = logits.mean(axis=1)
    scores = (Scores(np.sort(means[~adverse]), np.sort(means[adverse])),)
    return _worth(rng, noise, means, adverse, scores)


def worth_of_members(rng: np.random.Generator, noise: float) -> Worth:
    """On single networks' logits, each case's by the one that left it out."""
    logits, adverse = drawn(rng, CASES, noise)
    left_out_by = rng.permutation(CASES) % MEMBERS
    single = logits[np.arange(CASES), left_out_by]
    parts = [(single[left_out_by == k], adverse[left_out_by == k]) for k in range(MEMBERS)]
    scores = tuple(Scores(np.sort(part[~of_adverse]), np.sort(part[of_adverse])) for part, of_adverse in parts)
    return _worth(rng, noise, single, adverse, scores)


def drawn(rng: np.random.Generator, cases: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """``(N, MEMBERS)`` logits and ``(N,)`` outcomes, every second one adverse."""
    adverse = np.arange(cases) % 2 == 1
    seen_by_all = np.where(adverse, _MEAN, -_MEAN) + rng.normal(0, SHARED_SD, cases)
    return seen_by_all[:, None] + rng.normal(0, noise, (cases, MEMBERS)), adverse


def _worth(
    rng: np.random.Generator, noise: float, fitted: np.ndarray, of_adverse: np.ndarray, scores: tuple[Scores, ...]
) -> Worth:
    logits, adverse = drawn(rng, FRESH, noise)
    slope = slope_of(decide(fitted, of_adverse).calibration, logits, adverse)
    sets = [prediction_set(row, scores).outcomes for row in logits.tolist()]
    truth = np.where(adverse, "adverse", "favourable")
    held = np.mean([outcome in one for outcome, one in zip(truth, sets, strict=True)])
    return Worth(slope, float(held), float(np.mean([len(one) == 1 for one in sets])))


def slope_of(calibration: Calibration, logits: np.ndarray, adverse: np.ndarray) -> float:
    """Of the outcome on the calibrated mean logit; 1 is right."""
    design = statsmodels.add_constant(calibrate(logits.mean(axis=1), calibration))
    fitted = statsmodels.GLM(adverse.astype(float), design, family=statsmodels.families.Binomial()).fit()
    return float(fitted.params[1])


def promised_coverage(cases: int) -> float:
    """Mean over calibrations with so many cases of an outcome: that of ranks of exchangeable numbers."""
    return float(np.ceil(round((cases + 1) * SET_COVERAGE, 9)) / (cases + 1))
