"""Whether what was given beside the scan belongs to it: a z-map the right way round, a mask that lies on the brain."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter

from AGE2HIELib.quality.check import GIVEN_MASK, Check, at_least
from AGE2HIELib.volume import Volume

SHARED_DETAIL = 0.2
Z_DETAIL = "fine detail shared by z-map and ADC"
LIKE_FOUND_MASK = 0.9
_ADC_RANGE = (0.0, 4000.0)  # 1e-6 mm^2/s
_FLUID_ADC = 2200.0  # 1e-6 mm^2/s; borders of fluid are where they are in any brain, and outweigh tissue
_SATURATED_Z = 9.9  # released maps are clipped to 10
_MIRRORED = [axes for count in (1, 2, 3) for axes in combinations(range(3), count)]
_COVERED = 0.5  # of the brain that a z-map must hold to be compared
_FINE_FWHM_MM, _COARSE_OVER_FINE = 2.0, 1.5  # released maps were smoothed by 2 mm; anatomy of other infants is coarser
_TAILS = (2.0, 98.0)  # percentiles, to which values are clipped
_FWHM_PER_SIGMA = 2.3548


def given_checks(adc: Volume, brain: Volume, found: Volume, *, mask: Volume | None, z: Volume | None) -> list[Check]:
    """Those that can be asked.

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, the one that is used.
        found: bool, what ``brain_mask`` finds in the scan.
        mask, z: what the user gave; all on one grid.
    """
    checks = [] if mask is None else [mask_check(mask, found)]
    return checks if z is None or not brain.array.any() else [*checks, z_map_check(adc, brain, z)]


def z_map_check(adc: Volume, brain: Volume, z: Volume) -> Check:
    """How far the fine detail of z follows that of ADC, less what the likest mirror image of z does (0 if below).

    z is smoothed ADC less a normative mean, over a normative sd, and both of these are averages over infants, so that
    what changes from voxel to voxel is the scan's own: it does not need a lesion, and no other infant's map has it.

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, not empty.
        z: given by the user, 0 where there is none; all on one grid.
    """
    return at_least(
        Z_DETAIL,
        _shared_detail(adc, brain.array, z.array),
        SHARED_DETAIL,
        remedy="The z-map is turned round, or of another scan. Give the one of this scan in its own orientation, or "
        "leave --z-adc out: one is made from the atlas.",
        basis="Correlation of what changes within some 2 mm, in tissue: 0.33-0.77 in 28 real newborns with the z-maps "
        "released with them (0.04 % of such infants lie below), at most -0.33 where these were mirrored, at most 0.04 "
        "with other infants' maps laid over theirs (112 pairs).",
    )


def mask_check(given: Volume, found: Volume) -> Check:
    """Dice of the mask that the user gave with what ``brain_mask`` finds."""
    total = int(given.array.sum() + found.array.sum())
    return at_least(
        GIVEN_MASK,
        2 * float((given.array & found.array).sum()) / max(total, 1),
        LIKE_FOUND_MASK,
        remedy="Look at the mask over the scan. Override this if it lies on the brain: then the one found is wrong.",
        basis="Dice, of a phantom with a skull: 0.95 for its true brain, 0.88 for one moved by 5 mm, 0.77 for one "
        "upside down (which was predicted as 0.94 beside 0.24). One mirrored left to right cannot be told (0.91).",
        severity="warn",
    )


def _shared_detail(adc: Volume, brain: np.ndarray, z: np.ndarray) -> float:
    """NaN where z is none in most of the brain, or the same everywhere."""
    held = np.isfinite(z) & (z != 0)
    measured = brain & np.isfinite(adc.array)
    spacing_mm = adc.grid.spacing_mm
    detail = _fine_detail(np.clip(adc.array, *_ADC_RANGE), measured, spacing_mm)
    detail_z = _fine_detail(np.clip(z, -_SATURATED_Z, _SATURATED_Z), held, spacing_mm)
    tissue = binary_erosion(measured) & (adc.array < _FLUID_ADC)
    usable = binary_erosion(held) & (np.abs(np.where(held, z, 0)) < _SATURATED_Z)

    def shared(axes: tuple[int, ...]) -> float:
        if (measured & np.flip(held, axes)).sum() <= _COVERED * measured.sum():
            return float("nan")
        both = tissue & np.flip(usable, axes)
        return _correlation(detail[both], np.flip(detail_z, axes)[both])

    return shared(()) - max([0.0, *(value for axes in _MIRRORED if np.isfinite(value := shared(axes)))])


def _fine_detail(values: np.ndarray, known: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """What a narrow smoothing within ``known`` keeps and a wider one does not."""
    fine_mm = max(_FINE_FWHM_MM, float(spacing_mm.min()))
    weights = known.astype(np.float32)
    filled = np.where(known, values, 0).astype(np.float32)

    def smooth(fwhm_mm: float) -> np.ndarray:
        sigma = fwhm_mm / _FWHM_PER_SIGMA / spacing_mm
        share = gaussian_filter(weights, sigma)
        return np.asarray(gaussian_filter(filled, sigma) / np.maximum(share, 1e-3))

    return smooth(fine_mm) - smooth(_COARSE_OVER_FINE * fine_mm)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Of values clipped to their own percentiles, so that no single one rules; NaN where one of them is constant."""
    if not len(first):
        return float("nan")
    pair = [np.clip(values, *np.percentile(values, _TAILS)) for values in (first, second)]
    return float(np.corrcoef(*pair)[0, 1]) if min(np.ptp(values) for values in pair) > 0 else float("nan")
