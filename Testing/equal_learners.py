"""Studies in which two ways of learning are equally good: ridge logistic on exchangeable halves of the features."""

from __future__ import annotations

import numpy as np
import pandas as pd

SUBJECTS, ADVERSE = 156, 73
FOLDS, REPEATS = 5, 4
_PENALTY = 1.0
_NEWTON_STEPS = 6
Arms = tuple[pd.DataFrame, pd.DataFrame]


def study(draw: np.random.Generator, *, features: int = 10, signal: float = 0.15, advantage: float = 0.0) -> Arms:
    """Predictions of both learners in every repeat, one fold after the other left out.

    Args:
        features: of each learner; unit-variance normals.
        signal: half the distance of the outcomes' means in every feature, in standard deviations.
        advantage: what the first learner's features have on top.
    """
    adverse = np.arange(SUBJECTS) < ADVERSE
    sign = np.where(adverse, 1.0, -1.0)[:, None]
    fold = np.stack([_folds(draw, adverse) for _ in range(REPEATS)])
    left = np.concatenate([np.stack([row != k for k in range(FOLDS)]) for row in fold]).astype(float)
    arms = []
    for arm, more in (("transfer", advantage), ("scratch", 0.0)):
        x = draw.normal(0, 1, (SUBJECTS, features)) + (signal + more) * sign
        scores = _ridge_logistic(np.hstack([np.ones((SUBJECTS, 1)), x]), adverse, left)
        scores = scores.reshape(REPEATS, FOLDS, SUBJECTS)
        out = np.take_along_axis(scores, fold[:, None, :], axis=1)[:, 0]
        arms.append(_rows(arm, adverse, fold, out))
    return arms[0], arms[1]


def _folds(draw: np.random.Generator, adverse: np.ndarray) -> np.ndarray:
    fold = np.zeros(len(adverse), int)
    for outcome in (True, False):
        where = draw.permutation(np.flatnonzero(adverse == outcome))
        fold[where] = np.arange(len(where)) % FOLDS
    return fold


def _ridge_logistic(x: np.ndarray, adverse: np.ndarray, left: np.ndarray) -> np.ndarray:
    """``(J, N)`` scores of every subject by the fits on the subjects that ``left`` (J, N) keeps; no penalty on the
    first column."""
    slopes = np.zeros((len(left), x.shape[1]))
    penalty = np.diag([0.0, *[_PENALTY] * (x.shape[1] - 1)])
    for _ in range(_NEWTON_STEPS):
        fitted = 1 / (1 + np.exp(-slopes @ x.T))
        pull = (left * (adverse - fitted)) @ x - slopes @ penalty
        curvature = np.stack([(x * weight[:, None]).T @ x for weight in left * fitted * (1 - fitted)]) + penalty
        slopes = slopes + np.linalg.solve(curvature, pull[:, :, None])[:, :, 0]
    return np.asarray(slopes @ x.T)


def _rows(arm: str, adverse: np.ndarray, fold: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    name = [f"c{k:03d}" for k in range(SUBJECTS)]
    table = pd.DataFrame(
        {
            "case": name * REPEATS,
            "subject": name * REPEATS,
            "adverse": np.tile(adverse, REPEATS),
            "repeat": np.repeat(np.arange(REPEATS), SUBJECTS),
            "fold": fold.ravel(),
            "logit": scores.ravel(),
        }
    )
    table["probability"] = 1 / (1 + np.exp(-table["logit"]))
    table["predicted"] = (table["logit"] >= 0).astype(int)
    return table.assign(arm=arm, protocol="pooled", setting="pooled", site="A", threshold=0.5)
