"""What an atlas says of its own regions: where they lie, which of them are fluid, and what is usual in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import binary_erosion, find_objects

from AGE2HIELib.explanation.region_tissue import FLUID_ADC
from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.smoothing import bounding_box

MOST_FLUID = 0.5  # of a label: with more, the structure is not where the label says
FEWEST_VOXELS = 50  # of the atlas: 0.1 ml at 1.25 mm, nine voxels of a scan with slices of 6 mm
_DIGITS = 6  # significant digits in the table: float32 maps hold no more

NormalRanges = Mapping[int, tuple[float, float]]


@once_per_atlas
def normal_ranges(atlas: Atlas) -> NormalRanges:
    """By label: mean less and plus two sd of healthy newborns, 1e-6 mm^2/s, the median over the label's tissue.

    The sd is that of single voxels between newborns. Medians of whole regions vary less, so that a median outside
    this range is unusual, and one inside may still be low for the region.
    """
    found = {}
    for value, box in label_boxes(atlas.labels.array).items():
        here = atlas.labels.array[box] == value
        core = binary_erosion(here)
        tissue = (core if core.sum() >= FEWEST_VOXELS else here) & (atlas.mean.array[box] <= FLUID_ADC)
        if tissue.any():
            mean, sd = (image.array[box][tissue].astype(np.float64) for image in (atlas.mean, atlas.sd))
            low, high = (round_value(float(np.median(mean + side * sd))) for side in (-2, 2))
            found[value] = (low, high)
    return found


def label_boxes(labels: np.ndarray) -> dict[int, tuple[slice, ...]]:
    """The smallest box around each label above 0."""
    boxes = enumerate(find_objects(labels.astype(np.int32)), start=1)
    return {value: box for value, box in boxes if box is not None}


@once_per_atlas
def fluid_regions(atlas: Atlas) -> frozenset[int]:
    """Labels that hold too much fluid to be measured in healthy newborns already: ventricles, and the fluid around."""
    labels = atlas.labels.array.ravel()
    voxels, wet = np.bincount(labels), np.bincount(labels, (atlas.mean.array > FLUID_ADC).ravel())
    there = (region.value for region in atlas.regions if region.value < len(voxels) and voxels[region.value])
    return frozenset(value for value in there if wet[value] / voxels[value] > MOST_FLUID)


@once_per_atlas
def labelled_box(atlas: Atlas) -> tuple[slice, ...]:
    """The box around all labels and zones: outside it there is nothing to measure."""
    labelled = atlas.labels.array > 0
    if atlas.zones is not None:
        labelled = labelled | (atlas.zones.labels.array > 0)
    return bounding_box(labelled) if labelled.any() else tuple(slice(0, size) for size in labelled.shape)


def round_value(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
