"""How far calibrated probabilities lie from the shares that were observed, and how far chance alone would put them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from training.evaluation.decide import apply, decide
from training.evaluation.metrics import EVEN, Scored, calibration_line

_GROUPS, _DRAWS = 10, 200
_PARTS = 10


def calibration_error(probability: np.ndarray, adverse: np.ndarray) -> float:
    """Mean over ten groups of equal size of |share adverse - mean probability|."""
    groups = np.array_split(np.argsort(probability), _GROUPS)
    return float(sum(len(g) * abs(adverse[g].mean() - probability[g].mean()) for g in groups) / len(probability))


def error_of_a_perfect_model(probability: np.ndarray) -> float:
    """The same of outcomes that are drawn from the probabilities themselves, mean of 200 draws."""
    rng = np.random.default_rng(0)
    return float(
        np.mean([calibration_error(probability, rng.random(len(probability)) < probability) for _ in range(_DRAWS)])
    )


def slope_and_intercept(probability: np.ndarray, adverse: np.ndarray) -> tuple[float, float]:
    """Of the outcome on the logit of the probability: 1 and 0 for a calibrated model."""
    one_block = np.zeros(len(adverse), int)
    scored = Scored(adverse, probability, probability >= EVEN, one_block)
    slope, intercept = calibration_line(scored, np.ones((1, len(adverse))))
    return float(slope[0]), float(intercept[0])


def cross_fitted(answered: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """What a calibration is worth in infants who did not make it: every tenth of them is read by the other nine.

    Args:
        answered: columns ``case z logit adverse``; with fewer than ten infants of an outcome there are as many parts.

    Returns:
        A row for each kind of z-map: ``z infants adverse slope intercept error perfect``; 1 and 0 are right for slope
        and intercept, and ``perfect`` is the error that chance gives a perfect model of as many infants.
    """
    rows = []
    for kind, part in answered.groupby("z"):
        logits, adverse = part["logit"].to_numpy(float), part["adverse"].to_numpy(bool)
        probability = np.zeros(len(part))
        parts = StratifiedKFold(min(_PARTS, *np.bincount(adverse)), shuffle=True, random_state=seed)
        for others, these in parts.split(logits, adverse):
            probability[these], _ = apply(decide(logits[others], adverse[others]), logits[these])
        slope, intercept = slope_and_intercept(probability, adverse)
        known = {"z": kind, "infants": len(part), "adverse": int(adverse.sum())}
        figures = {"slope": slope, "intercept": intercept, "error": calibration_error(probability, adverse)}
        rows.append({**known, **figures, "perfect": error_of_a_perfect_model(probability)})
    return pd.DataFrame(rows)
