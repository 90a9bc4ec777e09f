"""Mean and spread of ADC over infants that were placed in a template, in the presence of a few abnormal ones.

Every infant counts twice, as it is and mirrored: healthy hemispheres are alike, and few infants are what there is.
At each voxel values further from the median than three robust standard deviations are left out. The variance is pooled
over neighbouring voxels, since that of a handful of values at one voxel is mostly chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from AGE2HIELib.volume import Grid, Volume

SD_FLOOR = 40.0  # 1e-6 mm^2/s: the smallest regional sd measured on 56 newborns is 42
_POOLED_SIGMA_MM = 2.0
_OUTLIER = 3.0  # robust standard deviations
_SD_OF_MAD = 1.4826  # of a normal distribution
_SLAB = 8  # rows that are in memory at once, for all infants
_BRAIN_SHARE = 0.5  # of the infants that must have brain there


@dataclass(frozen=True)
class Statistics:
    """Attributes:
    mean, sd: 1e-6 mm^2/s, 0 outside the brain; ``sd`` is what a new infant's z-map needs: sqrt(1 + 1/n) larger.
    brain: bool.
    left_out: share of the brain's values that were outliers.
    """

    mean: Volume
    sd: Volume
    brain: Volume
    left_out: float


def group_statistics(files: Sequence[Path], grid: Grid) -> Statistics:
    """From ``.npy`` files of placed ADC (float32 on ``grid``, whose first axis is mirrored in its middle).

    NaN is where an infant has no brain; a negative value is brain that does not count, such as a lesion.
    """
    stacks = [np.load(file, mmap_mode="r") for file in files]
    present = _by_slab(stacks, grid, lambda values: (~np.isnan(values)).mean(axis=0))
    brain = present >= _BRAIN_SHARE
    median = _by_slab(stacks, grid, lambda values: _quiet_median(_usable(values)))
    deviation = _by_slab(
        stacks, grid, lambda values: _quiet_median(np.abs(_usable(values) - _quiet_median(_usable(values))))
    )
    spread = np.maximum(_pooled(_SD_OF_MAD * deviation, brain, grid), SD_FLOOR)
    total, squares, count, seen = (np.zeros(grid.shape) for _ in range(4))
    for stack in stacks:
        for values in (stack, stack[::-1]):
            usable = ~np.isnan(values) & (np.asarray(values) >= 0)
            offset = np.where(usable, values - median, 0)
            kept = usable & (np.abs(offset) < _OUTLIER * spread)
            seen += usable
            count += kept
            total += np.where(kept, offset, 0)
            squares += np.where(kept, offset**2, 0)
    shift = total / np.maximum(count, 1)
    variance = np.maximum(squares - count * shift**2, 0) / np.maximum(count - 1, 1)
    known = brain & (count > 1)
    sd = np.sqrt(_pooled(variance, known, grid) * (1 + 1 / len(files)))
    mean = np.where(known, median + shift, _pooled(median + shift, known, grid))
    return Statistics(
        mean=Volume(np.where(brain, mean, 0).astype(np.float32), grid.affine_ras),
        sd=Volume(np.where(brain, np.maximum(sd, SD_FLOOR), 0).astype(np.float32), grid.affine_ras),
        brain=Volume(brain, grid.affine_ras),
        left_out=float(1 - count[brain].sum() / max(seen[brain].sum(), 1)),
    )


def _by_slab(stacks: Sequence[np.ndarray], grid: Grid, work: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``work`` on (2 n, I, rows, K) pieces: memory does not grow with the image, and little with the infants."""
    result = np.zeros(grid.shape)
    for start in range(0, grid.shape[1], _SLAB):
        rows = slice(start, start + _SLAB)
        result[:, rows] = work(np.stack([one for stack in stacks for one in (stack[:, rows], stack[::-1, rows])]))
    return result


def _usable(values: np.ndarray) -> np.ndarray:
    return np.where(values >= 0, values, np.nan)


def _quiet_median(values: np.ndarray) -> np.ndarray:
    """Median of what is not NaN, 0 where nothing is."""
    empty = np.isnan(values).all(axis=0)
    return np.asarray(np.nan_to_num(np.nanmedian(np.where(empty, 0.0, values), axis=0)))


def _pooled(values: np.ndarray, where: np.ndarray, grid: Grid) -> np.ndarray:
    sigma = _POOLED_SIGMA_MM / grid.spacing_mm
    weight = np.maximum(gaussian_filter(where.astype(float), sigma), 1e-3)
    return np.asarray(gaussian_filter(np.where(where, values, 0), sigma) / weight)
