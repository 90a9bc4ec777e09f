"""The deformable step of a placement: symmetric demons after the affine, stiff, and blind to injury.

Demons follow any difference of brightness, so a lesion, or a part of the brain that was not scanned, would be warped
into something that looks healthy. Tissue whose ADC no healthy newborn has there is therefore replaced by the atlas
mean before each level, and so is what lies outside the field of view. What remains is the shape of the brain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import grid_of, to_sitk
from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.placement import Placement, jacobian_determinant, place_in_atlas, resample, working_grid
from AGE2HIELib.preprocess.smoothing import bounding_box, crop, smooth_inside
from AGE2HIELib.volume import Grid, Volume

_WORKING_MM = 2.0
_MARGIN_MM = 10.0
_LEVELS = ((2, 30), (1, 12))  # voxels of the working grid a voxel of the level holds, iterations
# Of the Gaussian that smooths the field after each iteration, in voxels of the level. With an atlas of six sample cases
# 2 to 4 agree alike with the released z-maps of the other six (median correlation 0.80-0.81); 1.5 follows single sulci
# and folds. Region centroids of phantoms lie 1.3 mm off at 2, 1.4 at 2.5 and 1.7 at 4 (2.3 after the affine).
_STIFFNESS = 2.0
_ADC_RANGE = (1000.0, 2400.0)  # 1e-6 mm^2/s: from just below healthy tissue to fluid with some tissue in the voxel
_OUTSIDE = 0.0
_DARKEST_TISSUE = 0.3  # of the image: its distance from the outside draws the brains' borders together
_SMOOTHING_MM = 2.0  # of the ADC that is judged: single dark voxels are noise
_LEAST_Z = -2.0
_INJURED_ADC = 1200.0  # 1e-6 mm^2/s: inside expert lesions the median is 889-1030, at their edges fluid raises it
FILLED_LIMIT = 0.4  # of the brain: with more replaced, too little is left to place by
_INVERSE_ITERATIONS, _INVERSE_MM = 10, 0.05  # to and fro, points of the brain end within 0.06 mm of where they began


@dataclass(frozen=True)
class _Images:
    """ADC and brain on one grid; ``sd`` for the atlas, ``seen`` (in the field of view) for the scan."""

    adc: np.ndarray
    brain: np.ndarray
    other: np.ndarray


def deform(adc: Volume, brain: Volume, atlas: Atlas, placement: Placement) -> Placement:
    """The placement refined by a smooth displacement, or as it was where over 40 % of the brain looks injured.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: bool, same grid.
        atlas: where the scan was placed.
        placement: affine, found with this brain.

    Returns:
        A placement whose transforms hold affine and displacement, each applied in one interpolation. Its ``filled``
        says which share of the brain was replaced by the atlas mean, ``folding`` which share of the atlas brain is
        turned inside out; similarity, overlap, scale and coverage stay those of the affine step, because a
        deformation makes anything look similar.
    """
    grid, target = _target(atlas)
    scan = _scan(adc, brain, grid, placement.native_from_atlas)
    fixed = _image(target.adc, target.brain, grid)
    coarse: sitk.Image | None = None
    filled = 0.0
    for shrink, iterations in _LEVELS:
        warped = _warped(target, grid, coarse)
        injured = _injured(scan, warped)
        filled = max(filled, float(injured.sum() / max(scan.brain.sum(), 1)))
        if filled > FILLED_LIMIT:
            return replace(placement, filled=filled)
        moving = _image(*_replaced(scan, warped, injured), grid)
        coarse = _demons(fixed, moving, coarse, shrink, iterations)
    assert coarse is not None  # _LEVELS is not empty
    field = sitk.Resample(coarse, fixed)
    return replace(with_displacement(placement, field, invert_displacement(field), atlas), filled=filled)


def with_displacement(affine: Placement, field: sitk.Image, inverse: sitk.Image, atlas: Atlas) -> Placement:
    """An affine placement with a displacement (mm, LPS+) of atlas points before the affine step.

    Args:
        affine: the placement in this atlas.
        field: on the grid on which ``deform`` works in this atlas.
        inverse: the displacement that undoes ``field``.
        atlas: the target.

    Raises:
        InputError: the displacement lies on another grid.
    """
    grid, target = _target(atlas)
    if not grid_of(field).same_as(grid):
        raise InputError("The displacement belongs to another atlas. Name the atlas in which the scan was placed.")
    return displaced(affine, field, inverse, target.brain)


def displaced(affine: Placement, field: sitk.Image, inverse: sitk.Image, inside: np.ndarray) -> Placement:
    """The same in any template; ``inside`` is its brain, bool on the grid of ``field``, where folds are counted."""
    return replace(
        affine,
        native_from_atlas=_joined(affine.native_from_atlas, _as_transform(field)),
        atlas_from_native=_joined(_as_transform(inverse), affine.atlas_from_native),
        folding=folding_share(field, inside),
        displacement=field,
    )


def folding_share(field: sitk.Image, inside: np.ndarray) -> float:
    """Share of the voxels ``inside`` (I, J, K) where a displacement (mm) turns space inside out."""
    return float((jacobian_determinant(field)[inside] <= 0).mean())


@once_per_atlas
def _target(atlas: Atlas) -> tuple[Grid, _Images]:
    """The atlas brain with a margin, in the working resolution: further out nothing is displaced."""
    field_of_view = crop(atlas.brain, bounding_box(atlas.brain.array), margin_mm=_MARGIN_MM)
    grid = working_grid(field_of_view.grid, _WORKING_MM)
    same = sitk.Transform()
    mean, sd = (resample(image, grid, same, "linear", 0.0).array for image in (atlas.mean, atlas.sd))
    brain = resample(_as_float(atlas.brain), grid, same, "linear", 0.0).array > 0.5
    return grid, _Images(mean, brain, sd)


def _scan(adc: Volume, brain: Volume, grid: Grid, native_from_atlas: sitk.Transform) -> _Images:
    smoothed = smooth_inside(adc, brain)
    share = resample(_as_float(brain), grid, native_from_atlas, "linear", 0.0).array
    values = resample(smoothed, grid, native_from_atlas, "linear", 0.0).array / np.maximum(share, 0.5)
    everywhere = brain.like(np.ones(brain.array.shape, np.uint8))
    covered = resample(everywhere, grid, native_from_atlas, "nearest", 0.0).array > 0
    return _Images(values, share > 0.5, covered)


def _warped(target: _Images, grid: Grid, field: sitk.Image | None) -> _Images:
    """The atlas as the displacement found so far has it lie over the scan."""
    if field is None:
        return target
    back = _as_transform(invert_displacement(field))
    adc, sd, brain = (
        resample(Volume(array.astype(np.float32), grid.affine_ras), grid, back, "linear", 0.0).array
        for array in (target.adc, target.other, target.brain)
    )
    return _Images(adc, brain > 0.5, sd)


def _injured(scan: _Images, atlas: _Images) -> np.ndarray:
    """Tissue that no healthy newborn has there, with a margin of a voxel; not the noise of single voxels."""
    both = scan.brain & atlas.brain
    sigma = _SMOOTHING_MM / _WORKING_MM
    weight = np.maximum(ndimage.gaussian_filter(both.astype(np.float32), sigma), 1e-3)
    covered, mean, sd = (
        ndimage.gaussian_filter(np.where(both, image, 0).astype(np.float32), sigma) / weight
        for image in (scan.adc, atlas.adc, atlas.other)
    )
    low = both & (covered < mean + _LEAST_Z * sd) & (covered < _INJURED_ADC)
    injured: np.ndarray = ndimage.binary_dilation(ndimage.binary_opening(low), iterations=1) & both
    return injured


def _replaced(scan: _Images, atlas: _Images, injured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ADC and brain of the scan with the atlas's in what is injured or was not scanned."""
    unseen = ~scan.other
    return np.where(injured | unseen, atlas.adc, scan.adc), np.where(unseen, atlas.brain, scan.brain)


def _image(adc: np.ndarray, brain: np.ndarray, grid: Grid) -> sitk.Image:
    low, high = _ADC_RANGE
    tissue = (np.clip(adc, low, high) - low) / (high - low)
    shown = np.where(brain, _DARKEST_TISSUE + (1 - _DARKEST_TISSUE) * tissue, _OUTSIDE)
    return to_sitk(Volume(shown.astype(np.float32), grid.affine_ras))


def _demons(
    fixed: sitk.Image, moving: sitk.Image, start: sitk.Image | None, shrink: int, iterations: int
) -> sitk.Image:
    """The displacement (mm, LPS+) from ``fixed`` points to ``moving`` ones, on a grid ``shrink`` times coarser."""
    pair = (fixed, moving)
    if shrink > 1:
        sigma_mm = 0.5 * shrink * _WORKING_MM
        pair = (coarser(fixed, sigma_mm, shrink), coarser(moving, sigma_mm, shrink))
    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfIterations(iterations)
    demons.SetSmoothDisplacementField(True)
    demons.SetStandardDeviations(_STIFFNESS)
    field = demons.Execute(*pair) if start is None else demons.Execute(*pair, sitk.Resample(start, pair[0]))
    as_double: sitk.Image = sitk.Cast(field, sitk.sitkVectorFloat64)
    return as_double


def coarser(image: sitk.Image, sigma_mm: float, shrink: int) -> sitk.Image:
    """Smoothed, and on a grid with every ``shrink``-th voxel."""
    shrunk: sitk.Image = sitk.Shrink(sitk.SmoothingRecursiveGaussian(image, sigma_mm), [shrink] * 3)
    return shrunk


def invert_displacement(
    field: sitk.Image, *, iterations: int = _INVERSE_ITERATIONS, accuracy_mm: float = _INVERSE_MM
) -> sitk.Image:
    """The displacement (mm) that undoes another one, on its grid; the search ends with what is reached first."""
    inverse: sitk.Image = sitk.InvertDisplacementField(
        field,
        maximumNumberOfIterations=iterations,
        maxErrorToleranceThreshold=accuracy_mm,
        meanErrorToleranceThreshold=accuracy_mm / 10,
        enforceBoundaryCondition=True,
    )
    return inverse


def _joined(last: sitk.Transform, first: sitk.Transform) -> sitk.CompositeTransform:
    """``first`` and then ``last``: SimpleITK applies the transform that was added last first."""
    joined = sitk.CompositeTransform(3)
    joined.AddTransform(last)
    joined.AddTransform(first)
    return joined


def _as_transform(field: sitk.Image) -> sitk.DisplacementFieldTransform:
    return sitk.DisplacementFieldTransform(sitk.Image(field))  # a copy: SimpleITK empties the image that it is given


def _as_float(mask: Volume) -> Volume:
    return mask.like(mask.array.astype(np.float32))


def carry_labels(labelled: Atlas, atlas: Atlas) -> Atlas:
    """``atlas`` with the labels and zones of ``labelled``, brought there as they would be to an infant's scan.

    Every voxel of the atlas's brain gets a label: where the placement leaves a gap, that of the nearest labelled voxel.
    """
    placement = deform(atlas.mean, atlas.brain, labelled, place_in_atlas(atlas.mean, atlas.brain, labelled))
    carried = placement.to_native(labelled.labels, interpolation="nearest").array
    nearest = distance_transform_edt(carried == 0, return_distances=False, return_indices=True)
    inside = atlas.brain.array
    labels = atlas.labels.like(np.where(inside, carried[tuple(nearest)], 0).astype(np.int16))
    zones = labelled.zones
    if zones is not None:
        placed = placement.to_native(zones.labels, interpolation="nearest").array
        zones = replace(zones, labels=labels.like(np.where(inside, placed, 0).astype(np.int16)), sha256="")
    return replace(atlas, labels=labels, zones=zones)
