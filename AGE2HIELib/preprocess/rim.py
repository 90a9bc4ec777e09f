"""Zeros in the rim of a map that was interpolated or smoothed after its skull had been taken off."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.special import ndtr, ndtri

from AGE2HIELib.preprocess.mask import is_stripped, largest_piece
from AGE2HIELib.volume import Volume

# A voxel at the rim is dark below this share of the three behind it, and a rim is mixed where more than a third of it
# is dark along some axis. Of the 28 cases of BONBID-HIE at most 11 % is, of phantoms at most 9 % (4 mm, whose noise
# reaches below 0); of phantoms that were resampled (linear, cubic, windowed sinc) or smoothed, at least 84 %.
DARK = 0.6
MIXED_SHARE = 1 / 3
_BACKGROUND = 0.02  # of the median: what rings around a map that was resampled by splines or a windowed sinc
_BEHIND = 3  # voxels
_FEWEST_VOXELS = 100  # along an axis, to speak of a share
_DEEP_MM = 3.0  # further inside than a kernel that leaves a newborn's anatomy reaches
_LEVEL_SD_MM = 4.0
_FLUID = 1.5  # of the median: fluid must not raise the level that tissue at the rim is held against
_LEAST_WEIGHT = 0.5  # inside the brain, whose border is where half of a voxel is brain


def without_mixed_rim(adc: Volume) -> tuple[Volume, tuple[str, ...]]:
    """A stripped map whose rim is brain alone, and a warning; any other map as it is, without one.

    Interpolation makes of a stripped map ``sum(w m v)``, where m is 1 in the brain and 0 around it. The brain ends
    where the value falls to half of the level behind, and a voxel inside is divided by ``sum(w m)``. The kernel is not
    known: along each axis it is taken for a Gaussian of the width that the edge has.

    Args:
        adc: 1e-6 mm^2/s, 0 or NaN around the brain.
    """
    values = np.nan_to_num(adc.array.astype(np.float64), posinf=0.0, neginf=0.0)
    positive = values[values > 0]
    if not len(positive):
        return adc, ()
    seen = np.abs(values) > _BACKGROUND * float(np.median(positive))
    # the second question takes ten times as long as the first
    if dark_share(values, seen) <= MIXED_SHARE or not is_stripped(adc.like(np.where(seen, values, 0))):
        return adc, ()
    brain = _to_half(values, largest_piece(seen), adc.grid.spacing_mm)
    weight = ndimage.gaussian_filter(brain.astype(np.float64), _edge_sd(values, brain), mode="nearest")
    corrected = np.where(brain, adc.array / np.maximum(weight, _LEAST_WEIGHT), 0)
    return adc.like(corrected.astype(adc.array.dtype)), (
        "Zeros are mixed into the rim of the brain: the map was interpolated or smoothed after its skull had been "
        "taken off. The rim was weighted by its share of brain; what lies next to the surface is less certain. "
        "Resample before stripping, or give the map as the scanner made it.",
    )


def dark_share(values: np.ndarray, seen: np.ndarray) -> float:
    """Share of the rim that is far darker than what lies behind it, along the axis where it is largest.

    Args:
        values: ADC, finite.
        seen: bool, where there is any.
    """
    least = float(np.median(values[seen])) / 4  # behind it may be little, or less than none
    return max(_dark_along(np.moveaxis(values, axis, 0), np.moveaxis(seen, axis, 0), least) for axis in range(3))


def _dark_along(values: np.ndarray, seen: np.ndarray, least: float) -> float:
    """Along the first axis, from both ends."""
    dark = total = 0
    count = len(values) - _BEHIND - 1
    for ends in (slice(None), slice(None, None, -1)):
        inside, along = seen[ends], values[ends]
        behind = [slice(1 + step, 1 + step + count) for step in range(1, _BEHIND + 1)]
        rim = inside[1 : 1 + count] & ~inside[:count]
        for part in behind:
            rim = rim & inside[part]
        level = np.median([along[part][rim] for part in behind], axis=0) if rim.any() else np.empty(0)
        dark += int((along[1 : 1 + count][rim] < DARK * np.maximum(level, least)).sum())
        total += int(rim.sum())
    return dark / total if total >= _FEWEST_VOXELS else 0.0


def _to_half(values: np.ndarray, seen: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """The brain up to where values are half of the tissue's behind."""
    deep = ndimage.distance_transform_edt(seen, sampling=spacing_mm) > _DEEP_MM
    capped = np.where(deep, np.minimum(values, _FLUID * float(np.median(values[seen & (values > 0)]))), 0)
    sigma = _LEVEL_SD_MM / spacing_mm
    near = ndimage.gaussian_filter(deep.astype(np.float64), sigma)
    level = ndimage.gaussian_filter(capped, sigma) / np.maximum(near, np.finfo(np.float64).tiny)
    found = seen & (near > 0) & (values > level / 2)
    return np.asarray(ndimage.binary_fill_holes(largest_piece(found | deep)))


def _edge_sd(values: np.ndarray, brain: np.ndarray) -> list[float]:
    """Standard deviation in voxels, along each axis, of the Gaussian that makes such an edge of a sharp one.

    The edge lies half a voxel from the last voxel inside, which then holds ``ndtr(0.5 / sd)`` of brain, and the first
    one outside holds the rest.
    """
    differences = []
    for axis in range(3):
        inside, along = np.moveaxis(brain, axis, 0), np.moveaxis(values, axis, 0)
        pairs = []
        for one, other in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            edge = inside[one] & ~inside[other] & (along[one] > 0)
            pairs.append(along[other][edge] / along[one][edge])
        ratio = float(np.clip(np.median(np.concatenate([*pairs, [0.0]])), 0, 0.9))
        share = 1 / (1 + ratio)
        differences.append(0.0 if share >= ndtr(3.0) else float(0.5 / ndtri(share)))
    return differences
