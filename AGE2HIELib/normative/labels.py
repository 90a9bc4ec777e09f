"""Region labels carried from one atlas to another."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.volume import Volume


def carried_labels(labelled: Atlas, atlas: Atlas) -> Volume:
    """The labels of ``labelled`` on the grid of ``atlas``, brought there as they would be to an infant's scan.

    Every voxel of the atlas's brain gets one: where the placement leaves a gap, that of the nearest labelled voxel.
    """
    placement = deform(atlas.mean, atlas.brain, labelled, place_in_atlas(atlas.mean, atlas.brain, labelled))
    carried = placement.to_native(labelled.labels, interpolation="nearest").array
    nearest = distance_transform_edt(carried == 0, return_distances=False, return_indices=True)
    return atlas.labels.like(np.where(atlas.brain.array, carried[tuple(nearest)], 0).astype(np.int16))
