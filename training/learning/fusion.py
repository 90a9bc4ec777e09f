"""Fits the fusion of image and clinical variables: multiple imputation, then a ridge logistic regression.

Everything is learned from the cases that are given, so that inside a fold nothing of a test case is known: means, the
regression on the image's logit, the covariances by which gaps are filled, the coefficients and the penalty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from AGE2HIELib.clinical.fusion import Fusion, residual_scale

DRAWS = 20  # imputations: with half of a variable missing, estimates of 20 draws have 97.6 % of endlessly many's worth
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)
_FOLDS = 5  # of the choice of the penalty
FEWEST_KNOWN = 10  # a variable that fewer infants have is left out
_OFTEN_MISSING = 0.05  # share from which on (and of being there) an indicator is learned
_STEPS, _CLOSE = 200, 1e-7
_SHRUNK = 1.0  # pseudo-infants, for each variable, without covariances


def fit_fusion(
    image_logit: np.ndarray,
    values: np.ndarray,
    adverse: np.ndarray,
    names: Sequence[str],
    *,
    seed: int = 0,
    penalty: float | None = None,
) -> Fusion:
    """Learn what the variables add to the image.

    Args:
        image_logit: ``(N,)`` calibrated and out-of-fold. A constant (the prevalence's logit) fits the variables alone.
        values: ``(N, V)`` in the variables' units; NaN for what is missing.
        adverse: ``(N,)`` bool.
        names: of the V variables. Those that hardly anybody has, or that do not differ, are left out.
        penalty: of the ridge; None chooses one of ``PENALTIES`` by five-fold cross-validation.
    """
    values, adverse = np.asarray(values, float), np.asarray(adverse, bool)
    usable = [n for n in range(len(names)) if _is_usable(values[:, n])]
    values, names = values[:, usable], tuple(names[n] for n in usable)
    if not names:
        return _nothing_usable(float(np.mean(image_logit)))
    known = np.isfinite(values)
    mean = np.array([values[known[:, n], n].mean() for n in range(len(names))])
    sd = np.array([values[known[:, n], n].std() for n in range(len(names))])
    standard = np.column_stack([(values - mean) / sd, image_logit - np.mean(image_logit), adverse - adverse.mean()])
    centre, joint = gaussian_with_gaps(standard)
    width = len(names)
    variance = joint[width, width]
    slope = joint[:width, width] / variance if variance > _CLOSE else np.zeros(width)
    covariance = joint[:width, :width] - np.outer(slope, joint[width, :width])
    mean = mean + sd * centre[:width]  # of all infants, those with gaps included
    standard[:, :width] -= centre[:width]
    share = 1 - known.mean(axis=0)
    learned = (share >= _OFTEN_MISSING) & (share <= 1 - _OFTEN_MISSING)
    indicators = (~known - share)[:, learned]
    rng = np.random.default_rng([seed, 24])
    filled = [_imputed(standard, joint, rng)[:, :width] for _ in range(DRAWS)]
    moved = standard[:, width, None] * slope
    designs = [np.hstack([one - moved, indicators]) for one in filled]
    chosen = penalty if penalty is not None else _chosen_penalty(designs, image_logit, adverse, covariance, rng)
    fits = [anchored_ridge(design, image_logit, adverse, covariance, chosen) for design in designs]
    estimates = np.array([estimate for estimate, _ in fits])
    between = np.cov(estimates, rowvar=False).reshape(estimates.shape[1], -1)
    spread = np.mean([one for _, one in fits], axis=0) + (1 + 1 / DRAWS) * between  # Rubin's rule
    place = np.concatenate([np.arange(width), width + np.flatnonzero(learned)])
    both, uncertainty = np.zeros(2 * width), np.zeros((2 * width, 2 * width))
    both[place], uncertainty[np.ix_(place, place)] = estimates.mean(axis=0), spread
    return Fusion(
        names=names,
        mean=mean,
        sd=sd,
        image_mean=float(np.mean(image_logit)),
        image_slope=slope,
        covariance=covariance,
        coefficients=both[:width],
        missing_coefficients=both[width:],
        missing_share=share,
        uncertainty=uncertainty,
        penalty=chosen,
    )


def anchored_ridge(
    design: np.ndarray, image_logit: np.ndarray, adverse: np.ndarray, covariance: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """``ridge_logistic`` with the image's logit as it counts where every variable is known (see ``clinical.fusion``).

    How much it counts depends on the coefficients, so both are found in turn.
    """
    width, estimate = len(covariance), np.zeros(design.shape[1])
    for _ in range(_STEPS):
        offset = image_logit * residual_scale(estimate[:width], covariance)
        found, spread = ridge_logistic(design, adverse, offset, penalty, start=estimate)
        if np.abs(found - estimate).max(initial=0.0) < _CLOSE:
            break
        estimate = found
    return found, spread


def ridge_logistic(
    design: np.ndarray, adverse: np.ndarray, offset: np.ndarray, penalty: float, *, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression with ``penalty / 2 * |b|^2`` and without an intercept, by Newton's method.

    Returns:
        The coefficients, and their covariance (the inverse of the penalised information).
    """
    coefficients = np.zeros(design.shape[1]) if start is None else start
    ridge = penalty * np.eye(design.shape[1])
    for _ in range(_STEPS):
        probability = expit(offset + design @ coefficients)
        information = (design.T * (probability * (1 - probability))) @ design + ridge
        step = np.linalg.solve(information, design.T @ (adverse - probability) - penalty * coefficients)
        coefficients = coefficients + step
        if np.abs(step).max(initial=0.0) < _CLOSE:
            break
    return coefficients, np.linalg.inv(information)


def gaussian_with_gaps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a normal distribution, some of whose values are NaN, by the EM algorithm (Dempster, Laird
    and Rubin 1977); the covariances are shrunk by one pseudo-infant for each column.
    """
    count, width = values.shape
    known = np.isfinite(values)
    mean = np.nanmean(values, axis=0)
    covariance = np.diag(np.nanvar(values, axis=0))
    for _ in range(_STEPS):
        filled, added = values.copy(), np.zeros((width, width))
        for pattern in np.unique(known, axis=0):
            rows = (known == pattern).all(axis=1)
            gain, left = _conditional(covariance, pattern)
            filled[np.ix_(rows, ~pattern)] = mean[~pattern] + (values[np.ix_(rows, pattern)] - mean[pattern]) @ gain.T
            added[np.ix_(~pattern, ~pattern)] += rows.sum() * left
        new_mean = filled.mean(axis=0)
        away = filled - new_mean
        found = (away.T @ away + added) / count
        found = _shrunk(found, count)
        change = max(np.abs(new_mean - mean).max(), np.abs(found - covariance).max())
        mean, covariance = new_mean, found
        if change < 1e-6:
            break
    return mean, covariance


def _shrunk(covariance: np.ndarray, count: int) -> np.ndarray:
    towards = _SHRUNK * len(covariance) / (count + _SHRUNK * len(covariance))
    return (1 - towards) * covariance + towards * np.diag(np.diag(covariance))


def _conditional(covariance: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(gain, covariance) of the missing, given the known; a constant column is known and says nothing."""
    inverse = np.linalg.pinv(covariance[np.ix_(known, known)], hermitian=True)
    gain = covariance[np.ix_(~known, known)] @ inverse
    return gain, covariance[np.ix_(~known, ~known)] - gain @ covariance[np.ix_(known, ~known)]


def _imputed(values: np.ndarray, covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw of what is missing given the rest, the outcome included (values centred). Without the outcome the
    coefficients would be drawn towards 0 (Moons et al. 2006, doi:10.1016/j.jclinepi.2006.01.009).
    """
    filled, known = values.copy(), np.isfinite(values)
    for pattern in np.unique(known, axis=0):
        if pattern.all():
            continue
        rows = np.flatnonzero((known == pattern).all(axis=1))
        gain, left = _conditional(covariance, pattern)
        noise = rng.multivariate_normal(np.zeros(len(left)), left, size=len(rows), check_valid="ignore")
        filled[np.ix_(rows, ~pattern)] = values[np.ix_(rows, pattern)] @ gain.T + noise
    return filled


def _chosen_penalty(
    designs: Sequence[np.ndarray],
    image_logit: np.ndarray,
    adverse: np.ndarray,
    covariance: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """The one with the best log likelihood of left-out infants; of equal ones the largest."""
    fold = np.empty(len(adverse), int)
    for outcome in (False, True):
        rows = rng.permutation(np.flatnonzero(adverse == outcome))
        fold[rows] = np.arange(len(rows)) % _FOLDS
    width, best, chosen = len(covariance), -np.inf, PENALTIES[-1]
    for penalty in reversed(PENALTIES):
        total = 0.0
        for design in designs[:2]:  # the choice is coarse, and each draw costs as much as all that follows
            for left_out in range(_FOLDS):
                learned, judged = fold != left_out, fold == left_out
                found, _ = anchored_ridge(design[learned], image_logit[learned], adverse[learned], covariance, penalty)
                logit = image_logit[judged] * residual_scale(found[:width], covariance) + design[judged] @ found
                total -= float(np.logaddexp(0, np.where(adverse[judged], -logit, logit)).sum())
        if total > best + 1e-9:
            best, chosen = total, penalty
    return chosen


def _nothing_usable(image_mean: float) -> Fusion:
    """The image alone."""
    none, square = np.zeros(0), np.zeros((0, 0))
    return Fusion((), none, none, image_mean, none, square, none, none, none, square, PENALTIES[-1])


def _is_usable(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return len(known) >= FEWEST_KNOWN and bool(np.ptp(known) > 0)
