"""The average of a group of infants in a template: mean and spread of ADC, and the mean shape.

Every infant counts twice, as it is and mirrored: healthy hemispheres are alike, and there are few infants. At each
voxel values further from the median than three robust standard deviations are left out, since a few infants may be
abnormal. The variance is pooled over neighbouring voxels, since that of a handful of values at one voxel is mostly
chance.

The mean shape is what an atlas must be warped by so that its infants differ from it in no direction. An infant's
placement is an affine step and a displacement. The stretch of the affine (its rotation, position and size
aside: they say how the head lay, and that brains have sizes) and the displacement are averaged over infants and their
mirror images. Averaging the displacements of placements in the current template and warping by the mean is the shape
update of Guimond et al. 2000 (doi:10.1006/cviu.1999.0815).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.linalg import polar
from scipy.ndimage import gaussian_filter

from AGE2HIELib.io.coordinates import LPS_FROM_RAS, reference_image
from AGE2HIELib.preprocess.placement import Placement, resample, working_grid
from AGE2HIELib.volume import Grid, Volume

SD_FLOOR = 40.0  # 1e-6 mm^2/s: the smallest regional sd measured on 56 newborns is 42
_POOLED_SIGMA_MM = 2.0
_OUTLIER = 3.0  # robust standard deviations
_SD_OF_MAD = 1.4826  # of a normal distribution
_SLAB = 8  # rows that are in memory at once, for all infants
_BRAIN_SHARE = 0.5  # of the infants that must have brain there
_WORKING_MM = 2.0
_MIRROR = np.array([-1.0, 1.0, 1.0])  # left and right change places: x, in RAS and in LPS


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
    total, squares, count, usable_count = (np.zeros(grid.shape) for _ in range(4))
    for stack in stacks:
        for values in (stack, stack[::-1]):
            usable = ~np.isnan(values) & (np.asarray(values) >= 0)
            offset = np.where(usable, values - median, 0)
            kept = usable & (np.abs(offset) < _OUTLIER * spread)
            usable_count += usable
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
        left_out=float(1 - count[brain].sum() / max(usable_count[brain].sum(), 1)),
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


@dataclass(frozen=True)
class ShapeDifference:
    """How an infant's shape differs from the template's.

    Attributes:
        log_stretch: (3, 3) logarithm of the affine's symmetric part (LPS+), without its change of volume.
        displacement_mm: (I, J, K, 3) float32, LPS+, on the template's field of view at 2 mm.
    """

    log_stretch: np.ndarray
    displacement_mm: np.ndarray


def shape_difference(placement: Placement) -> ShapeDifference:
    """What is left of a placement when position, rotation and size are taken out."""
    matrix = np.array(placement.affine.GetMatrix()).reshape(3, 3)
    _, stretch = polar(matrix, side="right")
    values, vectors = np.linalg.eigh(stretch)
    log_stretch = (vectors * (np.log(values) - np.log(values).mean())) @ vectors.T
    grid = working_grid(placement.atlas, _WORKING_MM)
    if placement.displacement is None:
        return ShapeDifference(log_stretch, np.zeros((*grid.shape, 3), np.float32))
    sampled = sitk.Resample(placement.displacement, reference_image(grid))
    components = sitk.GetArrayFromImage(sampled).transpose(2, 1, 0, 3)
    return ShapeDifference(log_stretch, np.ascontiguousarray(components, dtype=np.float32))


def mean_difference(differences: Sequence[ShapeDifference]) -> ShapeDifference:
    """The mean over infants and their mirror images, on a template that is its own mirror image."""
    flip = np.diag(_MIRROR)
    stretches = [(difference.log_stretch + flip @ difference.log_stretch @ flip) / 2 for difference in differences]
    total = np.zeros_like(differences[0].displacement_mm, dtype=np.float64)
    for difference in differences:
        total += (difference.displacement_mm + difference.displacement_mm[::-1] * _MIRROR) / 2
    mean = (total / len(differences)).astype(np.float32)
    return ShapeDifference(np.mean(stretches, axis=0), mean)


def to_mean_shape(images: Sequence[Volume], brain: Volume, mean: ShapeDifference) -> tuple[list[Volume], float]:
    """The template's images in the group's mean shape, on their own grid, and how far its brain moved (mm, mean).

    A point x of the template lies, on the average over infants, at ``S (x + u(x))``: the new template has there what
    the old one had at x.
    """
    grid = brain.grid
    forward = _displacement(mean.displacement_mm, grid)
    back = sitk.InvertDisplacementField(forward, 40, 0.01, 0.001, True)
    values, vectors = np.linalg.eigh(mean.log_stretch)
    stretch = sitk.AffineTransform(3)
    stretch.SetCenter(_centre_lps(brain))
    stretch.SetMatrix(((vectors * np.exp(-values)) @ vectors.T).ravel().tolist())
    joined = sitk.CompositeTransform(3)  # new points -> old points: the stretch undone, then the displacement
    joined.AddTransform(sitk.DisplacementFieldTransform(back))
    joined.AddTransform(stretch)
    moved = [resample(image, grid, joined, "linear", 0.0) for image in images]
    inside = resample(
        brain.like(brain.array.astype(np.float32)), working_grid(grid, _WORKING_MM), sitk.Transform(), "linear", 0
    )
    steps = np.linalg.norm(mean.displacement_mm, axis=-1)[inside.array > 0.5]
    return moved, float(steps.mean())


def _displacement(field_mm: np.ndarray, grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(
        np.ascontiguousarray(field_mm.transpose(2, 1, 0, 3), dtype=np.float64), isVector=True
    )
    image.CopyInformation(reference_image(working_grid(grid, _WORKING_MM)))
    return image


def _centre_lps(brain: Volume) -> list[float]:
    centre = brain.affine_ras @ np.append(np.argwhere(brain.array).mean(axis=0), 1.0)
    return [float(coordinate) for coordinate in (LPS_FROM_RAS @ centre)[:3]]
