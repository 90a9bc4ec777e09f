"""Which voxels of a scan are lesion: tissue far below normal newborns' ADC, in clusters."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from AGE2HIELib.explanation.regions import FLUID_ADC
from AGE2HIELib.volume import Grid, Volume

LESION_Z = -2.0  # the organisers' rule for a lesion of BONBID-HIE
SMALLEST_ML = 0.1
METHOD, MEANING = "z below -2", "tissue whose ADC lies more than two standard deviations below normal newborns'"


def lesion_mask(z: Volume, adc: Volume, brain: Volume, *, limit: float = LESION_Z) -> Volume:
    """True in lesion, on the scan's grid.

    Args:
        z: in standard deviations, 0 outside the brain.
        adc: 1e-6 mm^2/s; what is not finite counts as tissue.
        brain: bool.
        limit: of z.
    """
    low = brain.array & (z.array < limit) & ~(adc.array > FLUID_ADC)
    return brain.like(without_small(low, brain.grid))


def clusters(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """(number of the cluster of every voxel, 0 outside; how many there are).

    Voxels belong together that share a face, an edge or a corner (26 neighbours): in slices of 4 to 6 mm a lesion that
    moves by a voxel from one slice to the next would fall apart by faces alone.
    """
    found, count = ndimage.label(mask, structure=np.ones((3, 3, 3), bool))
    return found, int(count)


def without_small(mask: np.ndarray, grid: Grid, smallest_ml: float = SMALLEST_ML) -> np.ndarray:
    """The mask without clusters of fewer millilitres than that."""
    found, _ = clusters(mask)
    sizes = np.bincount(found.ravel()) * grid.voxel_ml
    sizes[0] = 0.0
    return np.asarray((sizes >= smallest_ml)[found])
