"""How far each voxel's ADC lies from healthy newborns', in standard deviations, on the scan's own grid."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.volume import Volume

Z_LIMIT = 10.0  # the released maps are clipped here
ADC_RANGE = (0.0, 4095.0)  # negative and unbounded values are noise; released maps come from scanners clamped here
_SD_FLOOR = 30.0  # 1e-6 mm^2/s: below the smallest regional sd measured (42), it only guards the border of the atlas


def z_map(adc: Volume, brain: Volume, atlas: Atlas, placement: Placement) -> Volume:
    """(ADC smoothed within the brain by 2 mm - mean) / sd, clipped to +-10, 0 outside the brain.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order; not-finite voxels take the mean of their neighbours.
        brain: bool, same grid.
        atlas: normative mean and sd, brought to the scan's grid.
        placement: of this scan in that atlas.
    """
    mean, sd = (placement.to_native(field).array for field in _filled_norm(atlas))
    return z_scores(adc, brain, mean, sd)


def z_scores(adc: Volume, brain: Volume, mean: np.ndarray, sd: np.ndarray) -> Volume:
    """``z_map`` from mean and sd (1e-6 mm^2/s) that lie on the scan's grid already; 0 where the mean is 0."""
    smoothed = smooth_inside(adc.like(np.clip(adc.array, *ADC_RANGE)), brain).array
    score = (smoothed - mean) / np.maximum(sd, _SD_FLOOR)
    covered = brain.array & (mean > 0)
    return adc.like(np.where(covered, np.clip(score, -Z_LIMIT, Z_LIMIT), 0).astype(np.float32))


@once_per_atlas
def _filled_norm(atlas: Atlas) -> tuple[Volume, Volume]:
    return filled_beyond_brain(atlas.mean, atlas.brain), filled_beyond_brain(atlas.sd, atlas.brain)


def filled_beyond_brain(image: Volume, brain: Volume) -> Volume:
    """The image with every voxel outside the brain set to the nearest brain voxel's value.

    Interpolation near the border would otherwise mix in zeros, and a scan's mask may reach beyond the atlas's.
    """
    nearest = distance_transform_edt(~brain.array, return_distances=False, return_indices=True)
    return image.like(image.array[tuple(nearest)].astype(np.float32))
