"""The apparent diffusion coefficient of a diffusion series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.units import PLAUSIBLE_ADC
from AGE2HIELib.preprocess.shells import Shell, fitted_shells, unusual_b_warning
from AGE2HIELib.volume import DwiSeries, Volume

_SLAB_VOXELS = 1 << 15  # float32 work arrays of 128 KiB stay in a core's cache: fastest of 2^12..2^20
_MM2_S = 1e6  # mm^2/s to 1e-6 mm^2/s


@dataclass(frozen=True)
class AdcFit:
    """Attributes:
    adc: float32, 1e-6 mm^2/s, NaN where a used signal is not positive.
    mean_b0: mean of the lowest shell alone: of the b0 where there is one, whatever low b-values stand beside it.
    b_values_used: of the shells that the ADC was fitted from, s/mm^2, lowest first.
    warnings: what was not ideal.
    """

    adc: Volume
    mean_b0: Volume
    b_values_used: tuple[float, ...]
    warnings: tuple[str, ...] = ()


def adc_map(dwi: DwiSeries) -> AdcFit:
    """The ADC of a series: a straight line through the mean ln S of each shell (Stejskal and Tanner, 1965).

    Args:
        dwi: array (N, I, J, K) in scanner units, b-values (N,) in s/mm^2. Of a file: ``read_scan(path).source.dwi``,
            which is None where the file is an ADC map already.

    Returns:
        ``adc`` on the grid of the series, 1e-6 mm^2/s, NaN where a used signal is not positive; the mean b0; the
        b-values that were used; warnings.

    Raises:
        InputError: the b-values do not allow a fit.

    >>> import numpy as np
    >>> import AGE2HIELib as hie
    >>> from AGE2HIELib.volume import DwiSeries
    >>> b_values = np.array([0.0, 1000.0])
    >>> signal = 500 * np.exp(-b_values * 1.2e-3)[:, None, None, None] * np.ones((2, 8, 8, 4))
    >>> fit = hie.adc_map(DwiSeries(signal, np.eye(4), b_values))
    >>> fit.adc.array.shape, float(fit.adc.array.mean().round(1)), fit.b_values_used
    ((8, 8, 4), 1200.0, (0.0, 1000.0))
    """
    shells = fitted_shells(dwi.b_values, dwi.directions_ras)
    adc = fit_adc(dwi.array, dwi.b_values, dwi.directions_ras)
    b0 = shells[0].volumes
    mean_b0 = np.zeros(dwi.array.shape[1:], dtype=np.float32)
    for index in b0:
        mean_b0 += dwi.array[index]
    mean_b0 /= len(b0)
    warnings = (unusual_b_warning(shells), *(shell.warning for shell in shells), implausible_warning(adc, mean_b0))
    return AdcFit(
        Volume(adc, dwi.affine_ras),
        Volume(mean_b0, dwi.affine_ras),
        tuple(shell.b_value for shell in shells),
        tuple(warning for warning in warnings if warning),
    )


def implausible_warning(adc: np.ndarray, mean_b0: np.ndarray) -> str:
    """What is wrong with the median ADC of a head, or "" where tissue may have it.

    The head is what is brighter than the mean, air being most of the rest; a broken voxel does not move that mean.

    Args:
        adc: ``(I, J, K)`` in 1e-6 mm^2/s, NaN where it is not known.
        mean_b0: the same voxels' signal without weighting.
    """
    known = np.isfinite(adc) & (mean_b0 > 0)
    bright = mean_b0 >= np.mean(np.minimum(mean_b0[known], np.percentile(mean_b0[known], 99))) if known.any() else known
    values = adc[known & bright]
    low, high = PLAUSIBLE_ADC
    median = float(np.median(values)) if values.size else float("nan")
    if low <= median <= high:
        return ""
    return (
        f"The median ADC where the image is bright is {median:.4g}e-6 mm2/s, and tissue has {low:g} to {high:g}: "
        "the volumes may not have the b-values that are stated. Look at the raw volumes and their b-values."
    )


def fit_adc(signal: np.ndarray, b_values: np.ndarray, directions: np.ndarray | None = None) -> np.ndarray:
    """Mono-exponential decay of the direction-averaged signal (Stejskal and Tanner, 1965) in every voxel.

    ln S is averaged over the directions of each shell that ``fitted_shells`` chooses; other volumes have no part. Two
    shells give ln(S0/Sb)/b; more, a least-squares line weighted by the number of volumes times the (geometric) mean
    signal squared, the inverse variance.

    Args:
        signal: ``(N, I, J, K)`` magnitudes in scanner units.
        b_values: ``(N,)`` in s/mm^2.
        directions: ``(N, 3)`` unit vectors, zero rows for b0 and trace volumes; None where there are none.

    Returns:
        ``(I, J, K)`` float32 ADC in 1e-6 mm^2/s; NaN where any used signal is not positive or not finite.
    """
    _check_lengths(signal, b_values, directions)
    shells = fitted_shells(b_values, directions)
    adc = np.empty(signal.shape[1:], dtype=np.float32)
    rows = max(1, _SLAB_VOXELS // max(1, int(np.prod(signal.shape[2:]))))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for start in range(0, len(adc), rows):
            slab = slice(start, start + rows)
            log_means = [_mean_log(signal, shell, slab) for shell in shells]
            slope = _two_point_slope(log_means, shells) if len(shells) == 2 else _weighted_slope(log_means, shells)
            slope *= -_MM2_S
            slope[~np.isfinite(slope)] = np.nan
            adc[slab] = slope
    return adc


def _check_lengths(signal: np.ndarray, b_values: np.ndarray, directions: np.ndarray | None) -> None:
    if signal.ndim != 4 or len(b_values) != len(signal):
        raise InputError(f"{len(b_values)} b-values do not fit an image of shape {signal.shape}. Give one a volume.")
    if directions is not None and np.shape(directions) != (len(signal), 3):
        raise InputError(
            f"Directions of shape {np.shape(directions)} do not fit {len(signal)} volumes. Check the file."
        )


def _mean_log(signal: np.ndarray, shell: Shell, slab: slice) -> np.ndarray:
    """Weighted mean of ln S; a zero or negative signal makes it infinite or NaN, which the caller masks."""
    total = np.zeros(signal[0, slab].shape, dtype=np.float32)
    log_signal = np.empty_like(total)
    for index, weight in zip(shell.volumes, shell.weights, strict=True):
        log_signal[...] = signal[index, slab]
        np.log(log_signal, out=log_signal)
        log_signal *= np.float32(weight)
        total += log_signal
    return total


def _two_point_slope(log_means: Sequence[np.ndarray], shells: Sequence[Shell]) -> np.ndarray:
    low, high = log_means
    high -= low
    high /= np.float32(shells[1].b_value - shells[0].b_value)
    return high


def _weighted_slope(log_means: Sequence[np.ndarray], shells: Sequence[Shell]) -> np.ndarray:
    """Slope of the weighted line; weights are relative to the largest signal, so no gain overflows them."""
    largest = np.maximum.reduce(log_means)
    weights = [len(s.volumes) * np.exp(2 * (mean - largest)) for mean, s in zip(log_means, shells, strict=True)]
    total = sum(weights)
    mean_b = sum(w * np.float32(s.b_value) for w, s in zip(weights, shells, strict=True)) / total
    covariance = np.zeros_like(largest)
    variance = np.zeros_like(largest)
    for weight, mean, shell in zip(weights, log_means, shells, strict=True):
        centred = np.float32(shell.b_value) - mean_b
        covariance += weight * centred * mean
        variance += weight * centred * centred
    slope: np.ndarray = covariance / variance
    return slope
