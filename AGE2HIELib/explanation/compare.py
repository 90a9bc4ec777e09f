"""Maps side by side: which voxels hold most of a map's evidence, and where several maps agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from AGE2HIELib.volume import Volume

MARKED_SHARE = 0.5  # of a map's positive total: what counts as marked where nothing else is asked
_ROUNDING = 1e-12  # of sums over a map


def standing(saliency: np.ndarray) -> np.ndarray:
    """1 minus the share of all positive values that stronger voxels hold: 1 at the peak, 0 where no value is positive.

    It means the same for every method and infant, whatever their maps' unit, so that maps can share a colour scale.
    """
    rank = np.zeros(saliency.shape)
    there = np.nan_to_num(saliency) > 0  # most voxels lie outside the brain: sorting them would take ten times as long
    values, inverse, counts = np.unique(
        np.nan_to_num(saliency[there].astype(np.float64)), return_inverse=True, return_counts=True
    )
    held = values * counts
    total = held.sum()
    if total > 0:
        rank[there] = (1 - (total - np.cumsum(held)) / total)[inverse]
    return rank


def names_a_place(saliency: np.ndarray) -> bool:
    """Whether a map has any value above 0; without one its strongest voxels mean nothing."""
    return bool((np.nan_to_num(saliency) > 0).any())


def mark_strongest(saliency: np.ndarray, share: float = MARKED_SHARE) -> np.ndarray:
    """The fewest voxels that together hold ``share`` (0..1] of all positive values; bool, empty where there are none.

    Voxels that equal the last one taken belong to it as well.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share is above 0 and at most 1, not {share}")
    return np.asarray(standing(saliency) > 1 - share + _ROUNDING)


def agreement(maps: Sequence[Volume], share: float = MARKED_SHARE) -> Volume:
    """Part of the maps, 0..1, that mark each voxel; all on one grid."""
    votes = np.mean([mark_strongest(volume.array, share) for volume in maps], axis=0)
    return maps[0].like(votes.astype(np.float32))
