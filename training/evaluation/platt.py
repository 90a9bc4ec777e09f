"""Platt scaling (Platt 1999): a logistic regression of the outcome on the logit, with its standard errors."""

from __future__ import annotations

import numpy as np
import statsmodels.api as statsmodels

from AGE2HIELib.bundle.model_facts import Calibration

_NO_SLOPE = 1e-3


def platt(logit: np.ndarray, adverse: np.ndarray) -> Calibration:
    """Logistic regression of the outcome on the logit, with Platt's smoothed targets against separation.

    Args:
        logit: ``(N,)`` out-of-fold, of what the calibration is for: of single networks, or of means over an ensemble.
        adverse: ``(N,)`` bool.
    """
    positives, negatives = adverse.sum(), (~adverse).sum()
    target = np.where(adverse, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    fitted = statsmodels.GLM(target, statsmodels.add_constant(logit), family=statsmodels.families.Binomial()).fit()
    covariance = fitted.cov_params()
    intercept, slope = (float(value) for value in fitted.params)
    if slope <= 0:  # the logits order cases wrongly: all that can be said is the prevalence
        slope, intercept = _NO_SLOPE, float(np.log(target.mean() / (1 - target.mean())))
    return Calibration(
        slope=slope,
        intercept=intercept,
        prevalence=float(adverse.mean()),
        slope_sd=float(np.sqrt(covariance[1, 1])),
        intercept_sd=float(np.sqrt(covariance[0, 0])),
        covariance=float(covariance[0, 1]),
    )
