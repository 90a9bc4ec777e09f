"""Where the brain is in a T1-weighted scan: its zero background, or found in a whole head by classical means.

In a head a surface grows from inside the brain (BET), with several thresholds, since scanners and ages differ in
contrast. Each result is placed in the template, and the one that fits best is kept, so that a surface which took in the
neck or stopped half way does not win. The smooth sensitivity of the receive coil is found before that, by N4 (Tustison
2010, doi:10.1109/TMI.2010.2046908).
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import from_sitk, reference_image, to_sitk
from AGE2HIELib.preprocess.mask import largest_piece
from AGE2HIELib.preprocess.smoothing import bounding_box, crop
from AGE2HIELib.preprocess.t1.placement import T1Template, place_t1
from AGE2HIELib.preprocess.t1.surface import HeadLevels, brain_surface
from AGE2HIELib.volume import Grid, Volume

_BIAS_WORKING_MM = 6.0  # with 4 mm N4 finds the same field (within 0.003 of the logarithm) in three times the time
_ITERATIONS = (15, 10)
_CONVERGENCE = 1e-3
_BLOCK_SHARE = 0.99  # of a block of voxels that must be tissue to tell the bias
_FEWEST_BLOCKS = 50  # with fewer there is nothing to fit
PLAUSIBLE_ML = (200.0, 2000.0)  # preterm newborns to the largest adults
# Of all voxels exactly 0, and of the others in one piece: 8 stripped scans have 0.92 and 1.00 at least; 25 heads with
# a partly blanked background have 0.41 at most.
_STRIPPED_ZEROS = 0.45
_STRIPPED_PIECE = 0.95
_STRIPPED_BORDER = 0.02  # of the border's voxels, at most, that are not 0

_WORKING_MM = 2.0  # finer scans are averaged to about this
_ROBUST_PERCENT = (2.0, 98.0)  # of the signal: robust minimum and maximum (BET)
_TISSUE_SHARE = 0.1  # of the way between them: above it lies tissue (BET)
_ADULT_HEAD_MM = 75.0  # radius of a ball as large as the upper part of an adult's head
_UPPER_MM = 165.0  # of an adult's head, from the vertex to below the cerebellum: what is lower is neck
# Of the surface (b_t). Atrophied brains are dark inside: above 0.5 the surface collapses into their ventricles.
_THRESHOLDS = (0.26, 0.34, 0.43, 0.55)
_FAT_SHARE = 2.0  # of the brain's median: brighter is scalp, marrow or fat behind the eye, never brain
_MARGIN_MM = 8.0  # of background around a piece that is placed
_LEAST_OVERLAP = 0.80  # Dice with the placed template


def bias_field(image: Volume, inside: Volume) -> np.ndarray:
    """``(I, J, K)`` positive factor by which the coil brightens the image; about 1 on average over ``inside``.

    Args:
        image: any unit.
        inside: bool, the tissue to judge by; not empty.
    """
    level = max(float(np.median(image.array[inside.array])), float(np.finfo(np.float32).tiny))
    # in units of the median, so that N4 sees the same numbers whatever the scanner's gain
    values = np.where(inside.array, np.maximum(image.array / level, 0), 0)
    factors = [max(1, round(_BIAS_WORKING_MM / float(mm))) for mm in image.grid.spacing_mm]
    factors = [min(factor, n) for factor, n in zip(factors, image.array.shape, strict=True)]
    blocks = sitk.BinShrink(to_sitk(image.like(values.astype(np.float32))), factors)
    whole = sitk.BinShrink(to_sitk(inside.like(inside.array.astype(np.float32))), factors) > _BLOCK_SHARE
    if sitk.GetArrayViewFromImage(whole).sum() < _FEWEST_BLOCKS:
        return np.ones(image.array.shape, dtype=np.float32)
    method = sitk.N4BiasFieldCorrectionImageFilter()
    method.SetNumberOfThreads(1)
    method.SetMaximumNumberOfIterations(list(_ITERATIONS))
    method.SetConvergenceThreshold(_CONVERGENCE)
    method.Execute(blocks, whole)
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(reference_image(image.grid))
    resampler.UseNearestNeighborExtrapolatorOn()
    log_bias = from_sitk(resampler.Execute(method.GetLogBiasFieldAsImage(blocks))).array
    return np.asarray(np.exp(log_bias), dtype=np.float32)


def t1_mask(t1: Volume, template: T1Template) -> Volume:
    """The brain as bool on the scan's grid.

    Args:
        t1: any unit, canonical voxel order, finite.
        template: tells what a brain's shape is.

    Raises:
        InputError: nothing in the scan has a brain's size and shape.
    """
    stripped = stripped_brain(t1)
    if stripped is not None:
        return stripped
    brain = _best_surface(_averaged(t1), template)
    resampled = sitk.Resample(to_sitk(brain.like(brain.array.astype(np.float32))), reference_image(t1.grid))
    return t1.like(from_sitk(resampled).array > 0.5)


def stripped_brain(t1: Volume) -> Volume | None:
    """The brain of a scan whose background is 0; None for a whole head. InputError where it is 0 everywhere."""
    measured = t1.array != 0
    return t1.like(ndimage.binary_fill_holes(largest_piece(measured))) if _is_stripped(measured) else None


def _is_stripped(measured: np.ndarray) -> bool:
    if not measured.any():
        raise InputError("The T1 scan is 0 everywhere, so there is no brain in it. Check the file.")
    if 1 - measured.mean() < _STRIPPED_ZEROS:
        return False
    border = np.ones(measured.shape, dtype=bool)
    border[1:-1, 1:-1, 1:-1] = False
    piece = largest_piece(measured).sum() / measured.sum()
    return bool(piece > _STRIPPED_PIECE and measured[border].mean() < _STRIPPED_BORDER)


def _averaged(t1: Volume) -> Volume:
    """Of voxels of about 2 mm where they are finer: found faster, and less noisy."""
    factors = [max(1, round(_WORKING_MM / float(mm))) for mm in t1.grid.spacing_mm]
    return from_sitk(sitk.BinShrink(to_sitk(t1), factors)) if max(factors) > 1 else t1


def _best_surface(head: Volume, template: T1Template) -> Volume:
    bright = head.array > _levels(head).tissue
    head = head.like(head.array / bias_field(head, head.like(bright)))  # a coil's bright middle is no fat
    levels = _levels(head)
    first = brain_surface(_without_fat_and_neck(head, levels), levels, float(np.median(_THRESHOLDS)))
    if _volume_ml(first) > 0.5 * PLAUSIBLE_ML[0] and _volume_ml(first) < PLAUSIBLE_ML[1]:
        levels = _levels(head, around=first)  # from the middle of the first surface the second one is even
    dark = _without_fat_and_neck(head, levels)
    surfaces = [brain_surface(dark, levels, threshold) for threshold in _THRESHOLDS]
    rated = [(brain, _overlap(head, brain, template)) for brain in surfaces]
    best, overlap = max(rated, key=lambda one: one[1])
    if overlap < _LEAST_OVERLAP:
        raise InputError(
            f"No brain was found in the T1 scan: the likeliest piece has {_volume_ml(best):.0f} ml and overlaps the "
            f"template by {overlap:.2f} (Dice); a brain has {PLAUSIBLE_ML[0]:.0f} to {PLAUSIBLE_ML[1]:.0f} ml and "
            f"{_LEAST_OVERLAP} or more. Give a brain mask."
        )
    return best


def _without_fat_and_neck(head: Volume, levels: HeadLevels) -> Volume:
    """Where the surface must not grow is as dark as air."""
    height_mm = _superior_mm(head.grid)
    top_mm = float(height_mm[largest_piece(head.array > levels.tissue)].max())
    kept = (height_mm > top_mm - _UPPER_MM * levels.size) & (head.array < _FAT_SHARE * levels.brain)
    return head.like(np.where(kept, head.array, levels.dark))


def _levels(head: Volume, around: Volume | None = None) -> HeadLevels:
    """Signals and start of the growth, as BET takes them, from the part of the head above the neck."""
    smooth = ndimage.median_filter(head.array, 3) if around is None else head.array
    low, high = np.percentile(smooth, _ROBUST_PERCENT)
    tissue = float(low + _TISSUE_SHARE * (high - low))
    bright = largest_piece(smooth > tissue)
    height_mm = _superior_mm(head.grid)
    top_mm = float(height_mm[bright].max())
    size = 1.0
    for _ in range(3):  # how far down the head reaches depends on its size, which depends on how far it is counted
        upper = bright & (height_mm > top_mm - _UPPER_MM * size)
        radius_mm = float(np.cbrt(_volume_ml(head.like(upper)) * 1000 / (4 / 3 * np.pi)))
        size = min(radius_mm / _ADULT_HEAD_MM, 1.0)
    middle = upper if around is None else around.array
    centre = head.affine_ras[:3, :3] @ np.argwhere(middle).mean(axis=0) + head.affine_ras[:3, 3]
    near = _distance_mm(head.grid, centre) < 0.6 * radius_mm
    inner = near & (head.array > tissue) & (head.array < high)
    brain = float(np.median(head.array[inner])) if inner.any() else tissue
    return HeadLevels(float(low), tissue, brain, centre, radius_mm, size)


def _superior_mm(grid: Grid) -> np.ndarray:
    """(I, J, K) height of every voxel in the scanner's frame."""
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    row = grid.affine_ras[2]
    return np.asarray(row[0] * i + row[1] * j + row[2] * k + row[3])


def _distance_mm(grid: Grid, centre: np.ndarray) -> np.ndarray:
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    rows = grid.affine_ras[:3]
    squares = ((r[0] * i + r[1] * j + r[2] * k + r[3] - c) ** 2 for r, c in zip(rows, centre, strict=True))
    return np.asarray(np.sqrt(sum(squares)))


def _overlap(head: Volume, brain: Volume, template: T1Template) -> float:
    """Dice of a surface's inside with the template it is placed in; 0 for a volume that no brain has."""
    if not PLAUSIBLE_ML[0] <= _volume_ml(brain) <= PLAUSIBLE_ML[1]:
        return 0.0
    box = bounding_box(brain.array)
    near, small = (crop(volume, box, margin_mm=_MARGIN_MM) for volume in (head, brain))
    return place_t1(near, small, template, kind="affine").overlap


def _volume_ml(brain: Volume) -> float:
    return float(brain.array.sum()) * brain.grid.voxel_ml
