"""The brain inside a whole head whose skull and scalp were taken for brain: an ADC map without raw series hardly shows
bone, and in pixels finer than they were measured not at all. 15 such heads of phantoms: Dice 0.64-0.75 of what is found
with the brain, 0.88-0.96 of what is cut out.

The fluid around the brain parts them: a watershed of ADC, flooded from the skin and from deep inside, meets on that
bright ridge, and about half way where there is none. Whether the found piece was a head at all is asked of the atlas:
the brain that was cut out must resemble it more.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.mask import as_one_brain, depth_mm
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.volume import Volume

# Scalp, bone and fluid of a newborn are about 10 mm; the floods begin as far on either side of that.
_SKIN_MM, _DEEP_MM = 2.5, 15.0
_RELIEF_SD_MM = 1.0
_RELIEF_ADC = 3000.0  # 1e-6 mm^2/s, free water at 37 degrees
# Of the correlation with the atlas. Gained by cutting these heads: 0.11-0.13 where most of the brain is injured,
# 0.32-0.53 in the others; by cutting 14 real brains, enlarged to 605-629 ml: -0.40 to 0.02; by cutting 28 as they are:
# -0.52 to -0.07. So a brain is asked at any size: heads of brains of 230-310 ml have no more than large brains.
_LEAST_GAIN = 0.06
_UNASKED_SIMILARITY = 0.4  # these heads have at most 0.31, and half of the newborns' brains more than this
_LARGEST_HEAD_ML = 1200.0  # twice a newborn's largest brain; these heads have 599-884 ml, adults' brains 1081 and more
# Of what was found. Brains are 0.49-0.67 of these heads. Where only bits of the scalp hang on a brain as large as this
# (2 mm, stretched to 620-700 ml), the cut goes through the brain, which is 0.70-0.81 of it afterwards.
_MOST_LEFT = 0.68
CUT = (
    "Skull and scalp were found with the brain and cut off along the fluid around it: look at the outline. A brain "
    "mask (--mask), a skull-stripped ADC map or the raw series are safer."
)


def brain_in_head(adc: Volume, found: Volume, placement: Placement, atlas: Atlas) -> tuple[Volume, Placement]:
    """The brain and its placement, cut out of the skull where that was found with it; else what is given.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order.
        found: what was taken for the brain of an ADC map without other contrasts, bool, not empty.
        placement: of ``found``.
        atlas: where it was placed.
    """
    too_large = found.array.sum() * found.grid.voxel_ml > _LARGEST_HEAD_ML
    if too_large or placement.similarity >= _UNASKED_SIMILARITY:
        return found, placement
    inside = parted_at_fluid(adc, found)
    if not 0 < inside.array.sum() <= _MOST_LEFT * found.array.sum():
        return found, placement
    placed = place_in_atlas(adc, inside, atlas)
    return (inside, placed) if placed.similarity > placement.similarity + _LEAST_GAIN else (found, placement)


def parted_at_fluid(adc: Volume, head: Volume) -> Volume:
    """What of a head lies inside the ridge of fluid around the brain; empty where nothing lies deep enough."""
    spacing_mm = adc.grid.spacing_mm
    below_skin = depth_mm(head.array, spacing_mm)
    markers = np.where(below_skin <= _SKIN_MM, 1, np.where(below_skin > _DEEP_MM, 2, 0)).astype(np.uint8)
    bounded = np.clip(np.nan_to_num(adc.array), 0, _RELIEF_ADC).astype(np.float32)
    relief = ndimage.gaussian_filter(bounded, _RELIEF_SD_MM / spacing_mm)
    flooded = sitk.MorphologicalWatershedFromMarkers(
        sitk.GetImageFromArray(relief), sitk.GetImageFromArray(markers), markWatershedLine=False, fullyConnected=False
    )
    return as_one_brain(sitk.GetArrayFromImage(flooded) == 2, adc)
