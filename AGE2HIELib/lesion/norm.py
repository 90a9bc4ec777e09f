"""What the atlas says of tissue alone: normal ADC without the fluid beside it, and the sides of the brain."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.explanation.region_norms import fluid_regions, label_boxes
from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.preprocess.zmap import fill_beyond_brain
from AGE2HIELib.volume import Volume

# 1e-6 mm^2/s. Above this a mean over many newborns holds fluid: in some of them the ventricle or a sulcus was there.
TISSUE_MEAN = 1500.0
NORM_SD_MM = 2.0  # of the Gaussian over the tissue's norm: as wide as placement is uncertain
# Of a region's sd in the atlas, the percentile that is its tissue's own: towards fluid the sd grows with what is mixed
# in. Cortex 140, white matter 105, deep grey 70 to 75, where released maps have 126-171, 109-135 and 77-88.
SD_PERCENTILE = 10
LEAST_SD = 60.0  # 1e-6 mm^2/s


@once_per_atlas
def tissue_norm(atlas: Atlas) -> tuple[Volume, Volume]:
    """(mean, sd) of tissue, 1e-6 mm^2/s, on the atlas's grid; fluid and what lies outside take the nearest tissue's."""
    tissue = _tissue(atlas)
    dry = atlas.brain.like(tissue & (atlas.mean.array < TISSUE_MEAN))
    sd = np.full(atlas.grid.shape, LEAST_SD, dtype=np.float32)
    boxes = label_boxes(atlas.labels.array)
    for value, box in ((region.value, boxes[region.value]) for region in atlas.regions if region.value in boxes):
        here = atlas.labels.array[box] == value
        sd[box][here] = max(float(np.percentile(atlas.sd.array[box][here], SD_PERCENTILE)), LEAST_SD)
    return _smooth_norm(atlas.mean, dry), _smooth_norm(atlas.mean.like(sd), atlas.brain.like(tissue))


@once_per_atlas
def nearest_tissue(atlas: Atlas) -> Volume:
    """The label of the nearest region that is tissue, everywhere on the atlas's grid; 0 where there is none."""
    tissue = _tissue(atlas)
    if not tissue.any():
        return atlas.labels.like(np.zeros_like(atlas.labels.array))
    nearest = distance_transform_edt(~tissue, return_distances=False, return_indices=True)
    return atlas.labels.like(atlas.labels.array[tuple(nearest)])


@once_per_atlas
def sides_of_midline(atlas: Atlas) -> Volume:
    """1 where the left half's regions are nearer, -1 where the right half's are, 0 on the midline (int8).

    The atlas of a user need not have its midline at x = 0; its labels say where it is.
    """
    distances = []
    for hemisphere in ("left", "right"):
        values = [region.value for region in atlas.regions if region.hemisphere == hemisphere]
        there = np.isin(atlas.labels.array, values)
        spacing = tuple(float(mm) for mm in atlas.grid.spacing_mm)
        distances.append(distance_transform_edt(~there, sampling=spacing) if there.any() else np.zeros(there.shape))
    return atlas.labels.like(np.sign(distances[1] - distances[0]).astype(np.int8))


def _tissue(atlas: Atlas) -> np.ndarray:
    labels = atlas.labels.array
    return np.asarray((labels > 0) & ~np.isin(labels, sorted(fluid_regions(atlas))))


def _smooth_norm(image: Volume, where: Volume) -> Volume:
    return fill_beyond_brain(smooth_inside(image, where, NORM_SD_MM), where) if where.array.any() else image
