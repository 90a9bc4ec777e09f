"""A classical brain mask corrected by the atlas brain: for scans that still have skull, eyes and neck."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.mask import largest_piece
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.volume import Volume

# An affine placement leaves a few mm of an infant's own shape; only what lies further out than that is cut off, and
# only holes deeper inside than that are filled.
_MARGIN_MM = 6.0
_CHANGED_SHARE = 0.005  # of the mask: below it a new placement would move nothing


def refine_mask(adc: Volume, brain: Volume, placement: Placement, atlas: Atlas) -> tuple[Volume, Placement]:
    """Cut what lies well outside the placed atlas brain, fill what lies well inside, and place again if need be.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: classical mask, bool, not empty.
        placement: found with that mask.
        atlas: where it was placed.

    Returns:
        The corrected mask, and the placement that goes with it.
    """
    expected = placement.to_native(atlas.brain.like(atlas.brain.array.astype(np.float32))).array > 0.5
    if not expected.any():
        return brain, placement
    spacing_mm = adc.grid.spacing_mm
    near = ndimage.distance_transform_edt(~expected, sampling=spacing_mm) <= _MARGIN_MM
    deep = ndimage.distance_transform_edt(expected, sampling=spacing_mm) > _MARGIN_MM
    refined = largest_piece((brain.array & near) | deep)
    if (refined != brain.array).sum() <= _CHANGED_SHARE * brain.array.sum():
        return brain, placement
    corrected = brain.like(refined)
    return corrected, place_in_atlas(adc, corrected, atlas)
