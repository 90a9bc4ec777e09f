"""Maps that know nothing and are as smooth as a given one: what its deletion and insertion are held against."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.stats import ortho_group


def turned(saliency: np.ndarray, inside: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """A map turned, and mirrored, at random about the middle of the brain: the spin test of cortical maps
    (Alexander-Bloch 2018, doi:10.1016/j.neuroimage.2018.05.070) in three dimensions.

    The brain is turned as the ellipsoid of its second moments, which is mapped onto itself: smoothness, values, and how
    they grow from the middle to the outline stay the map's own. Outside the brain the map is continued with the nearest
    value in it.

    Args:
        saliency: float, 3D.
        inside: the brain, bool, same shape; it spans all three axes.
        count: of maps; the same ones for the same input.

    Yields:
        Maps of the same shape, 0 outside the brain.
    """
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    continued = saliency[tuple(nearest)]
    places = np.stack(np.nonzero(inside)).astype(np.float64)
    middle = places.mean(axis=1, keepdims=True)
    scale = places.std(axis=1, keepdims=True)  # the brain stands straight in the network's input
    directions = (places - middle) / scale
    for rotation in ortho_group.rvs(3, size=count, random_state=np.random.default_rng(0)):
        drawn = np.zeros(saliency.shape)
        drawn[inside] = map_coordinates(continued, rotation @ directions * scale + middle, order=1, mode="nearest")
        yield drawn
