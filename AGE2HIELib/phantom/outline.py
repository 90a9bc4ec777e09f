"""The outer shapes of the phantom's brain: hemispheres, hindbrain, and the fluid spaces around them.

Each function gives the distance in mm to a body, negative inside, in the template frame. ``mirrored`` points have |x|.
"""

from __future__ import annotations

import numpy as np

from AGE2HIELib.phantom.fields import Points, ellipsoid, tube

_PITCH = np.deg2rad(8.0)  # the long axis of the hemispheres falls towards the occipital pole


def cerebrum(mirrored: Points) -> np.ndarray:
    """The unfolded outline of both hemispheres, over the orbits in front and the tentorium behind."""
    x, y, z = mirrored
    along = np.cos(_PITCH) * y + np.sin(_PITCH) * z
    up = -np.sin(_PITCH) * y + np.cos(_PITCH) * z
    dome = ellipsoid((x, along, up), (0, -0.5, 0), (42.5, 53, 44), 2.15)
    front = np.clip((y - 6.0) / 10.0, 0, 1)
    floor = -23.0 + front * (12.5 + 0.35 * np.clip(x - 12.0, 0, None))
    floor = floor + 0.5 * np.clip(y - 40.0, 0, None) + 0.5 * np.clip(x - 0.3 * y - 30.0, 0, None)
    dome = np.maximum(dome, 0.9 * (floor - z))
    dome = np.maximum(dome, 0.8 * (x + 0.55 * y - 53.0))  # the frontal lobes are narrower than the parietal ones
    temporal = ellipsoid(mirrored, (24.5, 4, -13.5), (14, 25, 12.5), 2.2)
    hemispheres = np.minimum(dome, temporal)
    tentorium = -8.5 - 0.55 * x + 0.2 * np.minimum(y + 10.0, 0)
    return np.asarray(
        np.where(y < 10, np.maximum(hemispheres, 0.85 * np.minimum(tentorium - z, 24.5 - x)), hemispheres)
    )


def cerebellum(mirrored: Points) -> np.ndarray:
    """Both hemispheres and the vermis between them."""
    hemisphere = ellipsoid(mirrored, (11.6, -15.0, -25.0), (11.8, 13.6, 11), 2.2)
    return np.asarray(np.minimum(hemisphere, ellipsoid(mirrored, (0, -18, -19), (7.5, 10, 10))))


def brainstem(points: Points) -> np.ndarray:
    """Midbrain, pons, medulla."""
    peduncles = ellipsoid(points, (0, -1, -9), (10, 6.5, 5.5))
    column = tube(points, [(0, -1, -5), (0, 1, -17), (0, -1, -26), (0, -2, -37)], [7.6, 7.2, 5.8, 3.8])
    return np.asarray(np.minimum(peduncles, column))


def sylvian_fissure(mirrored: Points) -> np.ndarray:
    """From the basal cisterns over the insula to the convexity."""
    insular = tube(mirrored, [(29, 27, -5), (29, 16, 1), (28.5, 6, 5)], [3.5, 2.2, 1.0])
    lateral = tube(mirrored, [(32, 27, 0), (38, 22, 4), (42.5, 6, 7), (43.5, -6, 9)], [4.0, 3.2, 1.8, 1.2])
    return np.asarray(np.minimum(insular, lateral))


def cisterns(points: Points, mirrored: Points) -> np.ndarray:
    """Suprasellar, ambient and quadrigeminal cistern, the cistern under the vermis, and the one beside the pons."""
    spaces = (
        ellipsoid(points, (0, 16, -9), (11, 8.5, 5.5)),
        tube(mirrored, [(8, 18, -9), (20, 23, -9), (29, 27, -5)], [3.0, 3.2, 3.5]),
        tube(mirrored, [(14, 7, -7), (9.5, -3, -8), (6, -9, -9)], [2.2, 2.2, 2.2]),
        tube(mirrored, [(9, 5, -10), (9, 6, -18), (13, 6, -24)], [2.2, 2.4, 3.0]),
        tube(points, [(0, -6, 11), (0, -9, 4), (0, -12, -4), (0, -23, -13)], [2.6, 4.6, 7.0, 3.0]),
        ellipsoid(points, (0, -15, -31), (5, 7, 4)),
    )
    return np.asarray(np.minimum.reduce(spaces))
