"""Late fusion: the image's calibrated logit and the clinical variables, any of them missing, become one logit.

Per infant, with ``u`` the variables in standard deviations from their mean and ``L`` the image's calibrated logit:

    logit = L * sqrt(1 + pi/8 * b' S b) + b' r + d' (m - f),      r = u - E[u | L]

``r`` is what a variable says beyond what the image leads one to expect (a linear regression on ``L``), ``S`` its
covariance, ``b`` its coefficients (ridge logistic regression). ``m`` is 1 where a variable is missing, ``f`` the share
of infants in whom it was missing while learning, ``d`` the coefficients of these indicators.

What is not known is averaged over, and not filled in by one value: given what is known, ``b' r`` is normal with a mean
and a variance ``v`` that follow from ``S``, and the mean of the sigmoid over a normal distribution is close to the
sigmoid of ``logit / sqrt(1 + pi/8 * v)`` (MacKay 1992, doi:10.1162/neco.1992.4.5.720). It is multiple imputation with
endlessly many draws. With nothing known the square roots cancel, and the logit is ``L`` exactly: the image alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_PROBIT = np.pi / 8  # of MacKay's approximation


@dataclass(frozen=True)
class Fusion:
    """What was learned from infants with image, variables and outcome; V variables.

    Attributes:
        names: of the variables, in the order of all arrays.
        mean, sd: ``(V,)`` in the variables' own units (0 and 1 for no and yes).
        image_mean: of the image's calibrated logit.
        image_slope: ``(V,)`` of u on that logit.
        covariance: ``(V, V)`` of r.
        coefficients: ``(V,)``, logits for each standard deviation.
        missing_coefficients, missing_share: ``(V,)``; the former is 0 for a variable that was hardly ever missing.
        uncertainty: ``(2 V, 2 V)`` covariance of the estimates of both kinds of coefficients.
        penalty: of the ridge.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    image_mean: float
    image_slope: np.ndarray
    covariance: np.ndarray
    coefficients: np.ndarray
    missing_coefficients: np.ndarray
    missing_share: np.ndarray
    uncertainty: np.ndarray
    penalty: float


@dataclass(frozen=True)
class Fused:
    """Of N infants, in logits.

    Attributes:
        logit: ``(N,)``: the sum of ``image`` and of all ``parts``.
        image: ``(N,)`` what the image gives of it.
        parts: ``(N, V)`` what each variable gives of it, or its being missing.
        image_rate: ``(N,)`` how the logit follows the image's, at the same values of the variables.
        sd: ``(N,)`` standard error from the coefficients.
    """

    logit: np.ndarray
    image: np.ndarray
    parts: np.ndarray
    image_rate: np.ndarray
    sd: np.ndarray


def fuse(fusion: Fusion, image_logit: np.ndarray, values: np.ndarray) -> Fused:
    """The fused logits.

    Args:
        image_logit: ``(N,)`` calibrated, at the prevalence of the calibration.
        values: ``(N, V)`` in the order of ``fusion.names`` and in the variables' units; NaN for what is missing.
    """
    image_logit, values = np.asarray(image_logit, float), np.asarray(values, float)
    count, width = values.shape
    parts, image, rate, sd = np.zeros((count, width)), image_logit.copy(), np.ones(count), np.zeros(count)
    known = np.isfinite(values)
    residual = (values - fusion.mean) / fusion.sd
    residual -= (image_logit[:, None] - fusion.image_mean) * fusion.image_slope
    for pattern in np.unique(known, axis=0) if width else ():
        if pattern.any():  # else the image alone, to the last bit
            rows = np.flatnonzero((known == pattern).all(axis=1))
            found = _with_pattern(fusion, image_logit[rows], residual[rows], pattern)
            image[rows], parts[rows], rate[rows], sd[rows] = found
    return Fused(image + parts.sum(axis=1), image, parts, rate, sd)


def residual_scale(coefficients: np.ndarray, covariance: np.ndarray) -> float:
    """``sqrt(1 + pi/8 v)`` with the variance of ``b' r``: how much flatter a logit is that does not know r."""
    return float(np.sqrt(1 + _PROBIT * (coefficients @ covariance @ coefficients)))


def _with_pattern(
    fusion: Fusion, image_logit: np.ndarray, residual: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(image, parts, rate, sd) of infants of whom the same variables are known, at least one."""
    coefficients, covariance, missing = fusion.coefficients, fusion.covariance, ~known
    # E[r of the missing | r of the known] = gain @ r of the known
    gain = np.linalg.solve(covariance[np.ix_(known, known)], covariance[np.ix_(known, missing)]).T
    left = covariance[np.ix_(missing, missing)] - gain @ covariance[np.ix_(known, missing)]
    flatter = 1 / residual_scale(coefficients[missing], left)
    sharper = residual_scale(coefficients, covariance)
    weights = coefficients[known] + gain.T @ coefficients[missing]
    image = flatter * sharper * image_logit
    indicators = missing - fusion.missing_share
    parts = np.tile(flatter * fusion.missing_coefficients * indicators, (len(image_logit), 1))
    parts[:, known] += flatter * weights * residual[:, known]
    rate = np.full(len(image_logit), flatter * (sharper - weights @ fusion.image_slope[known]))
    expected = residual.copy()
    expected[:, missing] = residual[:, known] @ gain.T
    # derivatives of the logit by the coefficients: the scales depend on them, too
    by_scale = np.zeros_like(coefficients)
    by_scale[missing] = -_PROBIT * flatter**2 * (left @ coefficients[missing])
    slopes = flatter * (expected + np.outer(image_logit, _PROBIT / sharper * (covariance @ coefficients)))
    slopes += np.outer(image + parts.sum(axis=1), by_scale)
    gradient = np.hstack([slopes, np.tile(flatter * indicators, (len(image_logit), 1))])
    variance = np.einsum("ni,ij,nj->n", gradient, fusion.uncertainty, gradient)
    return image, parts, rate, np.sqrt(np.maximum(variance, 0.0))
