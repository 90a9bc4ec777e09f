"""How far calibrated probabilities lie from the shares that were observed, and how far chance alone would put them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from training.evaluation.decide import apply, decide
from training.evaluation.metrics import Scored, calibration_line

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
        probability, called = np.zeros(len(part)), np.zeros(len(part), bool)
        parts = StratifiedKFold(min(_PARTS, *np.bincount(adverse)), shuffle=True, random_state=seed)
        for others, these in parts.split(logits, adverse):
            probability[these], found = apply(decide(logits[others], adverse[others]), logits[these])
            called[these] = found.astype(bool)
        scored = Scored(adverse, probability, called, np.zeros(len(part), int))
        slope, intercept = calibration_line(scored, np.ones((1, len(part))))
        known = {"z": kind, "infants": len(part), "adverse": int(adverse.sum())}
        figures = {"slope": slope[0], "intercept": intercept[0], "error": calibration_error(probability, adverse)}
        rows.append({**known, **figures, "perfect": error_of_a_perfect_model(probability)})
    return pd.DataFrame(rows)
