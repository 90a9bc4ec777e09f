"""The voxels of a scan that hold the tissue of one region and nothing else, and their diffusion.

A voxel that a structure shares with fluid, or with its neighbour, has the ADC of neither: with slices of 6 mm half of
the voxels of a newborn's thalamus are such. They are left out here, in the scan's own voxels, where partial volume
arises; an atlas voxel mixes several of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import bounding_box
from AGE2HIELib.volume import Grid, Volume

# 1e-6 mm^2/s: white matter, the wettest tissue of a newborn, has 1550-1650 in the literature; ventricles have 2542
# (median of 56 infants of BONBID-HIE). Limits of 1500 and 1600 give the same medians on phantoms to 0.1 sd.
FLUID_ADC = 1700.0
# Of a voxel that must belong to the region. On 30 phantoms (seeds from 620000) shares of 0.6, 0.7 and 0.8 gave 94 to
# 97 % of medians within one sd between infants; with 0.9 a caudate nucleus is often not measurable.
_ALONE = 0.7
_FLUID_REACH_MM = 1.5  # at least one voxel; more of them where a scanner has interpolated its pixels
_PART_MM = 1.0  # of a voxel, in which the label is looked up
_FEWEST_ML = 0.1  # nine voxels of 1.4 x 1.4 x 6 mm


@dataclass(frozen=True)
class RegionTissue:
    """Of the voxels that hold one region alone: median and 10th percentile of ADC (1e-6 mm^2/s), median z."""

    median_adc: float
    p10_adc: float
    median_z: float


def region_tissues(
    atlas: Atlas, placement: Placement, brain: Volume, adc: Volume, z: Volume
) -> dict[int, RegionTissue]:
    """By label; a region with less than 0.1 ml of such voxels is left out.

    Args:
        atlas: where the scan was placed.
        brain, adc, z: on the scan's grid, canonical voxel order; ADC in 1e-6 mm^2/s.
    """
    usable = brain.array & np.isfinite(adc.array) & np.isfinite(z.array) & ~near_fluid(adc, brain)
    labels = np.where(usable, labels_alone(atlas, placement, brain).array, 0)
    fewest = _FEWEST_ML / brain.grid.voxel_ml
    tissues = {}
    for label in np.unique(labels[labels > 0]):
        here = labels == label
        if here.sum() >= fewest:
            values = adc.array[here].astype(np.float64)
            median, low = float(np.median(values)), float(np.percentile(values, 10))
            tissues[int(label)] = RegionTissue(median, low, float(np.median(z.array[here])))
    return tissues


def labels_alone(atlas: Atlas, placement: Placement, brain: Volume) -> Volume:
    """int16 on the scan's grid: the atlas's label that fills at least 70 % of a voxel, elsewhere 0.

    The label is looked up in parts of about 1 mm of each voxel that lies in the box around the brain.
    """
    grid = brain.grid
    alone = np.zeros(grid.shape, dtype=np.int16)
    if not brain.array.any():
        return brain.like(alone)
    box = bounding_box(brain.array)
    fine_grid, parts = parts_of_voxels(grid, box)
    shape = tuple(int(side.stop - side.start) for side in box)
    labels = replace(placement, native=fine_grid).to_native(atlas.labels, interpolation="nearest").array
    split = labels.reshape(shape[0], parts[0], shape[1], parts[1], shape[2], parts[2])
    split = split.transpose(1, 3, 5, 0, 2, 4).reshape(-1, *shape)
    middle = len(split) // 2
    median = np.partition(split, middle, axis=0)[middle]  # a label that fills more than half of a voxel is this one
    named = np.isin(median, [region.value for region in atlas.regions])
    alone[box] = np.where(named & ((split == median).mean(axis=0) >= _ALONE), median, 0)
    return brain.like(alone)


def parts_of_voxels(grid: Grid, box: tuple[slice, ...]) -> tuple[Grid, tuple[int, int, int]]:
    """The grid of the parts, about 1 mm wide, of each voxel in a box of a grid; the number of parts along i, j, k."""
    parts = np.maximum(1, np.round(np.array(grid.spacing_mm) / _PART_MM)).astype(int)
    start = np.array([side.start for side in box])
    shape = [int(side.stop - side.start) * int(count) for side, count in zip(box, parts, strict=True)]
    finer = grid.affine_ras.copy()
    finer[:3, :3] = grid.affine_ras[:3, :3] / parts
    first_centre = start + (1 / parts - 1) / 2  # of the first part, in voxels of the scan
    finer[:3, 3] = grid.affine_ras[:3, :3] @ first_centre + grid.affine_ras[:3, 3]
    return Grid((shape[0], shape[1], shape[2]), finer), (int(parts[0]), int(parts[1]), int(parts[2]))


def near_fluid(adc: Volume, brain: Volume) -> np.ndarray:
    """Voxels of fluid and their neighbours along the axes, up to 1.5 mm and at least one voxel away; bool."""
    fluid = brain.array & (adc.array > FLUID_ADC)
    near = fluid.copy()
    for axis, spacing_mm in enumerate(adc.grid.spacing_mm):
        reach = max(1, round(_FLUID_REACH_MM / spacing_mm))
        size = [1, 1, 1]
        size[axis] = 2 * reach + 1
        near |= binary_dilation(fluid, np.ones(size, dtype=bool))
    return near
