"""Where a reader looks first: the strongest evidence, and the largest lesion."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.lesion.mask import number_clusters
from AGE2HIELib.volume import Volume

PEAK, LARGEST_LESION = "peak", "largest lesion"


def peak_voxel(saliency: Volume | None) -> tuple[int, int, int] | None:
    """Index of the map's highest value; None where nothing in it is above 0."""
    if saliency is None:
        return None
    values = np.nan_to_num(saliency.array)
    i, j, k = (int(n) for n in np.unravel_index(int(values.argmax()), values.shape))
    return (i, j, k) if values[i, j, k] > 0 else None


def largest_lesion(lesion: Volume | None) -> Volume | None:
    """The connected part of a lesion mask with the most voxels; None where the mask is empty."""
    if lesion is None or not lesion.array.any():
        return None
    parts, count = number_clusters(lesion.array)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    return lesion.like(parts == 1 + int(sizes.argmax()))


def centre_voxel(mask: Volume) -> tuple[int, int, int]:
    """The voxel of a mask that lies nearest to its centre of gravity, in mm: always inside, even in a ring."""
    places = np.argwhere(mask.array)
    away = (places - places.mean(axis=0)) * mask.grid.spacing_mm
    i, j, k = (int(n) for n in places[int((away**2).sum(axis=1).argmin())])
    return i, j, k


def notable_slices(saliency: Volume | None, lesion: Volume | None) -> dict[int, str]:
    """By the index of an axial slice, what it shows: that of the peak, and the one with most of the largest lesion."""
    found: dict[int, str] = {}
    largest = largest_lesion(lesion)
    if largest is not None:
        found[int(largest.array.sum(axis=(0, 1)).argmax())] = LARGEST_LESION
    peak = peak_voxel(saliency)
    if peak is not None:
        level = peak[2]
        found[level] = f"{PEAK}, {found[level]}" if level in found else PEAK
    return found


def lesion_slices(lesion: Volume, count: int) -> tuple[int, ...]:
    """Up to ``count`` axial slices, from below, that divide the lesion's voxels evenly; fewer for a flat lesion."""
    held = np.cumsum(lesion.array.sum(axis=(0, 1)))
    parts = (np.arange(count) + 0.5) / count * held[-1]
    return tuple(int(k) for k in np.unique(np.searchsorted(held, parts)))
