"""Which unit an ADC map is stored in, told from the values inside the brain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

from AGE2HIELib.errors import InputError

# Brain medians of newborns to stroke patients with a margin (BONBID-HIE 1226-1623e-6 mm2/s; shared bounds of the
# field: 300-4000). The ranges are 75-fold apart, so no map can be taken for another.
PLAUSIBLE_ADC = _LOWEST, _HIGHEST = 300.0, 4000.0  # 1e-6 mm2/s
UNITS = {"1e-6 mm2/s": 1.0, "1e-3 mm2/s": 1e3, "mm2/s": 1e6}  # factor to 1e-6 mm2/s

_ROUGH = 0.35  # local sd over local mean: brain ADC stays below 0.2 even at CSF borders, air noise is above 0.5
_FAR_OUT = 10.0  # of the 99th percentile: no tissue, and no clamp of a scanner
_FEWEST_VOXELS = 200
_MOST_EXPONENT = 120  # of two, that a number of 32 bits holds with room to spare
# What an ADC map keeps in any unit, over 14 real maps (12 BONBID-HIE, 2 adult) and 15 T1w or trace images: the 5 %
# quantile over the median is 0.58-0.86 (T1w 0.19-0.51), and CSF stretches the upper tail, (q99 - 1) / (1 - q1) being
# 2.1-8.1 (others 0.95-2.2).
_LOWEST_Q5 = 0.55
_LOWEST_TAIL_RATIO = 1.8


@dataclass(frozen=True)
class AdcUnit:
    """``name`` None: the image does not look like an ADC map; ``factor`` multiplies to 1e-6 mm2/s."""

    name: str | None
    factor: float
    median: float


def find_unit(array: np.ndarray, *, name: str) -> AdcUnit:
    """Tell the unit of a 3D map; raises InputError for an ADC-like map in a unit that is not known."""
    values = brain_values(array)
    if values.size == 0:
        raise InputError(f"'{name}' holds no positive value. Give an ADC map or a diffusion series.")
    median = float(np.median(values))
    for unit, factor in UNITS.items():
        if _LOWEST <= median * factor <= _HIGHEST:
            return AdcUnit(unit, factor, median)
    if _looks_like_adc(values / median):
        raise InputError(
            f"The unit of the ADC map '{name}' is unknown: the median in the brain is {median:.4g}, where 300-4000 "
            "(1e-6 mm2/s), 0.3-4 (1e-3 mm2/s) or 0.0003-0.004 (mm2/s) was expected. Scale the map to 1e-6 mm2/s."
        )
    return AdcUnit(None, 1.0, median)


def brain_values(array: np.ndarray) -> np.ndarray:
    """Positive values where the map is locally smooth.

    A map that is not stripped is mostly air, where the fit returns noise of both signs, clamped values or dust;
    tissue is the part that varies little from voxel to voxel.
    """
    finite = np.where(np.isfinite(array), array, 0.0).astype(np.float32)
    positive = finite > 0
    if not positive.any():
        return finite[positive]
    # Above the 99th percentile there are outliers only; dust is what lies below a hundredth of it.
    high = float(np.percentile(finite[positive], 99))
    candidate = positive & (finite > 0.01 * high) & (finite < finite.max())
    clipped = np.clip(finite, -_FAR_OUT * high, _FAR_OUT * high)  # a broken voxel overflows the filter's running sum
    # By a power of two, which changes no digit: squares of values of 1e30 overflow.
    relative = np.ldexp(clipped, -int(np.clip(np.floor(np.log2(high)), -_MOST_EXPONENT, _MOST_EXPONENT)))
    mean = uniform_filter(relative, 3)
    variance = np.maximum(uniform_filter(relative**2, 3) - mean**2, 0.0)
    smooth = candidate & (mean > 0) & (np.sqrt(variance) < _ROUGH * mean)
    for choice in (smooth, candidate):
        if np.count_nonzero(choice) >= _FEWEST_VOXELS:
            return np.asarray(clipped[choice])
    return clipped[positive]


def _looks_like_adc(relative: np.ndarray) -> bool:
    """Whether values over their median are spread as in an ADC map, whatever its unit."""
    q1, q5, q99 = np.percentile(relative, [1, 5, 99])
    return bool(q5 >= _LOWEST_Q5 and q99 - 1 >= _LOWEST_TAIL_RATIO * (1 - q1))
