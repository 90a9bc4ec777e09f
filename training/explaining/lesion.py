"""Whether a saliency map names the lesion: its peak, and how much of it lies there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.volume import Volume


@dataclass(frozen=True)
class InLesion:
    """Attributes:
    peak_mm: distance of the map's highest voxel from the lesion; 0 inside it.
    pointing: whether that is at most half a cell of the map: the pointing game (Zhang et al. 2018,
        doi:10.1007/s11263-017-1059-x).
    enrichment: share of the map's positive values that lies in the lesion, over the lesion's share of the brain: 1
        is chance.
    """

    peak_mm: float
    pointing: bool
    enrichment: float


def in_lesion(saliency: Volume, lesion: Volume, brain: Volume, *, half_cell_mm: float) -> InLesion | None:
    """The figures, for maps on one grid; None where no lesion lies in the brain or nothing in the map is positive."""
    marked = (lesion.array > 0) & brain.array
    positive = np.where(brain.array, np.maximum(np.nan_to_num(saliency.array), 0), 0).astype(np.float64)
    if not marked.any() or positive.max() <= 0:
        return None
    peak = np.unravel_index(int(positive.argmax()), positive.shape)
    distance = float(distance_transform_edt(~marked, sampling=saliency.grid.spacing_mm)[peak])
    by_chance = marked.sum() / brain.array.sum()
    return InLesion(distance, distance <= half_cell_mm, float(positive[marked].sum() / positive.sum() / by_chance))
