"""Where a newborn's brain lies in the atlas: an affine placement and its inverse.

Scans come in canonical voxel order, so permuted and flipped storage cannot change the result. The search starts from
the masks (centre, size, and the best of a set of head tilts), because slices may be tilted by any angle, and ends on
an image in which lesions weigh little: the brain's outline and its fluid, not the ADC of tissue.

How a displacement changes volume is computed by hand. ITK's own filter (DisplacementFieldJacobianDeterminant) takes
derivatives along voxel axes and leaves out the image's direction: on our grids, whose voxel axes point to RAS while
displacements are LPS, it turns stretching into shrinking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import (
    LPS_FROM_RAS,
    from_sitk,
    lps_transform,
    ras_matrix,
    reference_image,
    sitk_geometry,
    to_sitk,
)
from AGE2HIELib.preprocess.affine_fit import FitLevel, fit_levels, fitted_affine
from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.smoothing import bounding_box, crop, part_of, smooth_inside, widened
from AGE2HIELib.preprocess.tilt import start_transform
from AGE2HIELib.volume import Grid, Volume

_WORKING_MM = 3.0
_MARGIN_MM = 20.0  # of background around the brain: the metric looks only where the scan has voxels
_AROUND_MM = 7.0  # of the atlas brain: where the images are compared
_LEVELS = ((3.0, 2), (1.0, 1))  # smoothing (sigma, mm), distance of the compared points in voxels of _WORKING_MM
_TISSUE_WEIGHT = 0.6  # of the outline image; fluid adds the rest
_TISSUE_ADC, _FLUID_ADC = 1300.0, 2600.0  # 1e-6 mm^2/s
_INTERPOLATORS = {"linear": sitk.sitkLinear, "nearest": sitk.sitkNearestNeighbor}


@dataclass(frozen=True)
class Placement:
    """Attributes:
    native: the scan's grid, canonical voxel order.
    atlas: the atlas's own grid.
    native_from_atlas: maps points of the atlas to points of the scan (LPS+ mm, as SimpleITK has it).
    atlas_from_native: its inverse.
    similarity: correlation of the scan's ADC with the atlas mean where both are brain.
    overlap: Dice of the placed brain with the atlas brain.
    scale: factors along the three main axes by which the atlas is stretched to the scan, ascending.
    coverage: share of the atlas brain inside the scan's field of view.
    affine: the affine step of ``native_from_atlas``.
    displacement: mm (LPS+) on a grid of the atlas frame, applied to atlas points before the affine step; None where the
        placement is affine (``deform`` finds one).
    filled: share of the brain that looked injured, and was left out of the search for the displacement.
    folding: share of the atlas brain where the displacement turns space inside out.
    """

    native: Grid
    atlas: Grid
    native_from_atlas: sitk.Transform
    atlas_from_native: sitk.Transform
    similarity: float
    overlap: float
    scale: tuple[float, float, float]
    coverage: float
    affine: sitk.AffineTransform
    displacement: sitk.Image | None = None
    filled: float = 0.0
    folding: float = 0.0
    _kept: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    def share_in_atlas(self, mask: Volume, grid: Grid) -> np.ndarray:
        """How much of each voxel of a grid of the atlas frame a mask of the scan fills, 0..1, float32 and read-only.

        It is kept: the scores of injury and the table of regions ask for the same masks. ``mask``: bool, on the scan's
        grid.
        """
        if mask.array.dtype != bool or mask.array.shape != self.native.shape:
            raise ValueError(f"a mask of bool on {self.native.shape} voxels is meant, not {mask.array.dtype}")
        key = ("share", grid.shape, grid.affine_ras.tobytes(), np.packbits(mask.array).tobytes())
        return self._once(key, lambda: self.to_atlas(_as_float(mask), grid).array)

    def _once(self, key: tuple[object, ...], made: Callable[[], np.ndarray]) -> np.ndarray:
        if key not in self._kept:
            self._kept[key] = made()
            self._kept[key].setflags(write=False)
        return self._kept[key]

    def to_atlas(self, volume: Volume, grid: Grid, *, interpolation: str = "linear", outside: float = 0.0) -> Volume:
        """A volume of the scan on a grid of the atlas frame, interpolated once."""
        return resample(volume, grid, self.native_from_atlas, interpolation, outside)

    def to_native(
        self,
        volume: Volume,
        *,
        interpolation: str = "linear",
        outside: float = 0.0,
        within: np.ndarray | None = None,
    ) -> Volume:
        """A volume of the atlas frame on the scan's grid, interpolated once.

        ``within`` is a bool array on the scan's grid: where nothing beyond it is asked for, what lies outside the box
        around it is ``outside``, and takes no time.
        """
        if within is None or not within.any():
            return resample(volume, self.native, self.atlas_from_native, interpolation, outside)
        box = bounding_box(within)
        part = resample(volume, part_of(self.native, box), self.atlas_from_native, interpolation, outside).array
        whole = np.full(self.native.shape, outside, dtype=part.dtype)
        whole[box] = part
        return Volume(whole, self.native.affine_ras)

    def volume_change(self, box: tuple[slice, ...] | None = None) -> Volume:
        """How many times larger each voxel of the atlas is in the scan, on the atlas's grid or the part in a box, which
        is kept, and read-only.
        """
        if box is None:
            return Volume(self._volume_change_on(self.atlas), self.atlas.affine_ras)
        key = ("change", *((side.start, side.stop) for side in box))
        return Volume(self._once(key, lambda: self._volume_change_in(box)), part_of(self.atlas, box).affine_ras)

    def _volume_change_in(self, box: tuple[slice, ...]) -> np.ndarray:
        wide = widened(box, self.atlas.shape, 1)  # the slope at the border of the box is taken from both sides
        inner = tuple(slice(b.start - w.start, b.stop - w.start) for b, w in zip(box, wide, strict=True))
        return np.ascontiguousarray(self._volume_change_on(part_of(self.atlas, wide))[inner])

    def _volume_change_on(self, grid: Grid) -> np.ndarray:
        spacing, direction, origin = sitk_geometry(grid)
        size = [int(n) for n in grid.shape]
        field = sitk.TransformToDisplacementField(
            self.native_from_atlas, sitk.sitkVectorFloat64, size, origin, spacing, direction
        )
        return jacobian_determinant(field)


def place_in_atlas(adc: Volume, brain: Volume, atlas: Atlas) -> Placement:
    """Find the affine placement of a scan in the atlas: the same to the last digit on any number of threads.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: bool, same grid, not empty.
        atlas: the target.

    Raises:
        InputError: the brain is empty.
    """
    if not brain.array.any():
        raise InputError(
            "No brain was found in the scan, so it cannot be placed in the atlas. Give a brain mask with --mask."
        )
    return describe_placement(adc, brain, atlas, _fitted_affine(adc, brain, atlas))


class PlacementTarget(Protocol):
    """What a scan is placed in: an image (mean) and its brain on one grid."""

    @property
    def grid(self) -> Grid: ...
    @property
    def mean(self) -> Volume: ...
    @property
    def brain(self) -> Volume: ...


def _fitted_affine(adc: Volume, brain: Volume, atlas: Atlas) -> sitk.AffineTransform:
    box = bounding_box(brain.array)
    adc, brain = (crop(volume, box, margin_mm=_MARGIN_MM) for volume in (adc, brain))
    centred, middle = _about_its_middle(adc.grid)
    adc, brain = (Volume(volume.array, centred) for volume in (adc, brain))
    start = ras_matrix(start_transform(atlas.brain, brain))
    affine = lps_transform(fitted_affine(outline_image(adc, brain), _fixed_outline(atlas), start))
    affine.SetTranslation((np.array(affine.GetTranslation()) + middle).tolist())
    return affine


@once_per_atlas
def _fixed_outline(atlas: Atlas) -> tuple[FitLevel, ...]:
    """The atlas as the search sees it, where it looks."""
    fixed = _on_grid(outline_image(atlas.mean, atlas.brain), working_grid(atlas.grid))
    outside_mm = distance_transform_edt(fixed.array == 0, sampling=fixed.grid.spacing_mm)
    return fit_levels(fixed, outside_mm <= _AROUND_MM, _LEVELS)


def describe_placement(adc: Volume, brain: Volume, atlas: PlacementTarget, affine: sitk.Transform) -> Placement:
    """Measure how well an affine transform from atlas points to the scan's places a scan."""
    working = working_grid(atlas.grid)
    on_working = {
        "adc": resample(smooth_inside(adc, brain), working, affine, "linear", 0.0),
        "brain": resample(_as_float(brain), working, affine, "linear", 0.0),
        "seen": resample(brain.like(np.ones(brain.array.shape, np.float32)), working, affine, "nearest", 0.0),
        "mean": _on_grid(atlas.mean, working),
        "atlas": _on_grid(_as_float(atlas.brain), working),
    }
    placed, target = on_working["brain"].array > 0.5, on_working["atlas"].array > 0.5
    both = placed & target
    overlap = 2 * both.sum() / max(placed.sum() + target.sum(), 1)
    limits = (0.0, _FLUID_ADC)
    pair = [np.clip(on_working[name].array[both], *limits) for name in ("adc", "mean")]
    varied = both.sum() > 2 and min(values.std() for values in pair) > 0
    similarity = np.corrcoef(*pair)[0, 1] if varied else 0.0
    affine = sitk.AffineTransform(affine)
    matrix = np.array(affine.GetMatrix()).reshape(3, 3)
    low, middle, high = sorted(float(factor) for factor in np.linalg.svd(matrix, compute_uv=False))
    return Placement(
        native=adc.grid,
        atlas=atlas.grid,
        native_from_atlas=affine,
        atlas_from_native=affine.GetInverse(),
        similarity=float(similarity),
        overlap=float(overlap),
        scale=(low, middle, high),
        coverage=float(on_working["seen"].array[target].mean()),
        affine=affine,
    )


def _about_its_middle(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """(RAS+ affine with the grid's middle at the origin, the middle in LPS+ mm, as SimpleITK has it).

    One scan in two formats or stored orders differs in the last digits of its geometry, by some 1e-6 mm, of which a
    search that decides by comparisons (which tilt, which step) could make more. The place drops out here; spacing and
    directions are rounded to 2**-12, which is 0.01 mm at the edge of a head.
    """
    half = (np.array(grid.shape) - 1) / 2
    affine = np.eye(4)
    affine[:3, :3] = np.round(grid.affine_ras[:3, :3] * 2**12) / 2**12
    affine[:3, 3] = -affine[:3, :3] @ half
    return affine, (LPS_FROM_RAS @ grid.affine_ras @ [*half, 1.0])[:3]


def outline_image(adc: Volume, brain: Volume) -> Volume:
    """0 outside, about 0.6 in tissue of any ADC, 1 in fluid."""
    smoothed = smooth_inside(adc, brain).array
    fluid = np.clip((smoothed - _TISSUE_ADC) / (_FLUID_ADC - _TISSUE_ADC), 0, 1)
    return adc.like((brain.array * (_TISSUE_WEIGHT + (1 - _TISSUE_WEIGHT) * fluid)).astype(np.float32))


def in_brain(placed: Volume, placement: Placement, brain: Volume) -> Volume:
    """A volume of the atlas frame on the scan's grid, which is that of ``brain``, in one interpolation; 0 outside."""
    native = placement.to_native(placed, within=brain.array)
    return native.like(np.where(brain.array, native.array, 0).astype(np.float32))


def working_grid(grid: Grid, spacing_mm: float = _WORKING_MM) -> Grid:
    """The atlas's field of view at a coarser resolution."""
    factor = spacing_mm / grid.spacing_mm
    shape = np.ceil((np.array(grid.shape) - 1) / factor).astype(int) + 1
    affine = grid.affine_ras.copy()
    affine[:3, :3] = grid.affine_ras[:3, :3] * factor
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def _on_grid(volume: Volume, grid: Grid) -> Volume:
    return resample(volume, grid, sitk.Transform(), "linear", 0.0)


def _as_float(mask: Volume) -> Volume:
    return mask.like(mask.array.astype(np.float32))


def resample(volume: Volume, grid: Grid, transform: sitk.Transform, interpolation: str, outside: float) -> Volume:
    """A volume on another grid, whose points ``transform`` (LPS+ mm) carries to the volume's."""
    resampled = sitk.Resample(to_sitk(volume), reference_image(grid), transform, _INTERPOLATORS[interpolation], outside)
    return Volume(from_sitk(resampled).array, grid.affine_ras)


def jacobian_determinant(field: sitk.Image) -> np.ndarray:
    """Determinant of the derivative of ``x + u(x)``, (I, J, K); 1 keeps volume, 0 or less folds.

    Args:
        field: displacement u in mm (LPS+, as SimpleITK has it), on a grid of any direction.
    """
    displacement = sitk.GetArrayViewFromImage(field).transpose(2, 1, 0, 3)
    index_from_point = np.linalg.inv(np.reshape(field.GetDirection(), (3, 3)) * field.GetSpacing())
    rows = [_derivative(displacement[..., component], index_from_point) for component in range(3)]
    for component, row in enumerate(rows):
        row[component] += 1.0
    first, second, third = rows  # written out: numpy's determinant of many small matrices takes four times as long
    return np.asarray(
        first[0] * (second[1] * third[2] - second[2] * third[1])
        + first[1] * (second[2] * third[0] - second[0] * third[2])
        + first[2] * (second[0] * third[1] - second[1] * third[0])
    )


def _derivative(values: np.ndarray, index_from_point: np.ndarray) -> np.ndarray:
    """``(3, I, J, K)``: by each coordinate of space."""
    along_axes = np.stack(np.gradient(np.ascontiguousarray(values)))
    return np.asarray(np.tensordot(index_from_point.T, along_axes, axes=1))
