"""What surrounds the brain in a T1-weighted scan: fluid, skull with marrow, muscle, fatty scalp, eyes, neck, air."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from AGE2HIELib.phantom.fields import ellipsoid, smooth_noise
from AGE2HIELib.phantom.infant import TEMPLATE_ML, grid_points
from AGE2HIELib.volume import Grid, Volume

_PAD = (16, 16, 16)  # voxels of the fine grid around the brain's: room for scalp and neck
# (outer distance from the brain in mm for an adult, T1 signal where adult white matter is 100): fluid and dura, inner
# table, marrow (holds fat), outer table, scalp (fat). Chosen to look right.
_LAYERS = ((2.5, 26.0), (4.5, 12.0), (7.0, 62.0), (9.0, 12.0), (15.0, 135.0))
_ADULT_ML = 1300.0
_MUSCLE, _EYE, _NECK_FAT = 55.0, 30.0, 120.0


def with_skull_and_scalp(signal: Volume, brain: Volume, rng: np.random.Generator) -> Volume:
    """The signal of a whole head around the brain's; the layers grow with the brain, and vary by the generator."""
    grid = _padded_grid(signal.grid)
    inside = np.pad(brain.array, [(n, n) for n in _PAD])
    fine_mm = float(grid.spacing_mm[0])
    size = float(np.cbrt(brain.array.sum() * brain.grid.voxel_ml / _ADULT_ML))
    distance_mm = gaussian_filter(distance_transform_edt(~inside, sampling=fine_mm).astype(np.float32), 2.0)
    distance_mm += 0.12 * distance_mm * smooth_noise(rng, grid.shape, fine_mm, 14.0)  # bone is not even
    head = np.zeros(grid.shape, dtype=np.float32)
    # the anatomy's template frame, in which the places of neck and eyes are given
    template = np.cbrt(brain.array.sum() * brain.grid.voxel_ml / TEMPLATE_ML)
    x, y, z = (p / template for p in grid_points(grid))
    for radii, value in (((36, 42, 40), _NECK_FAT), ((33, 39, 39), _MUSCLE)):
        head[ellipsoid((x, y, z), (0, -6, -58), radii) < 0] = value
    for outer_mm, value in reversed(_LAYERS):
        head[distance_mm < outer_mm * size * rng.uniform(0.85, 1.15)] = value
    for side in (-1, 1):
        eye = (ellipsoid((x, y, z), (side * 17, 46, -24), (9, 9, 9)) < 0) & (distance_mm > _LAYERS[0][0] * size)
        head[eye] = _EYE
    head *= 1 + 0.08 * smooth_noise(rng, grid.shape, fine_mm, 4.0)
    whole = np.where(inside, np.pad(signal.array, [(n, n) for n in _PAD]), gaussian_filter(head, 0.5))
    return Volume(np.maximum(whole, 0).astype(np.float32), grid.affine_ras)


def _padded_grid(grid: Grid) -> Grid:
    affine = grid.affine_ras.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(_PAD)
    i, j, k = (n + 2 * pad for n, pad in zip(grid.shape, _PAD, strict=True))
    return Grid((i, j, k), affine)
