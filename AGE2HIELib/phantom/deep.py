"""The deep structures of the phantom's brain: ganglia, capsule, callosum and ventricles, in the template frame."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.phantom.fields import Points, ellipsoid, tube
from AGE2HIELib.phantom.structures import VALUE


def paint_deep_structures(labels: np.ndarray, points: Points, mirrored: Points, calibre: float) -> None:
    """Write ganglia, internal capsule, callosum and lateral ventricles into ``labels``.

    Args:
        labels: uint8, changed in place.
        points: template frame, mm; ``mirrored`` has |x|.
        calibre: of the ventricles, 1 is typical.
    """
    x, y, z = points
    thalamus, lentiform = thalami(mirrored), lentiforms(mirrored)
    caudate = np.minimum(
        ellipsoid(mirrored, (8.8, 19, 7), (3.9, 6.2, 6.2)),
        tube(mirrored, [(8.8, 17, 12), (12, 7, 16.5), (14.5, -3, 17)], [2.4, 2.0, 1.6]),
    )
    capsule = (z > -5) & (z < 16) & (lentiform < 6)
    labels[capsule & (thalamus < 7.5) & (y <= 8)] = VALUE["posterior limb of the internal capsule"]
    labels[capsule & (caudate < 6.5) & (y > 8)] = VALUE["anterior limb of the internal capsule"]
    arch = np.abs(ellipsoid((0 * x, y, z), (0, 7, 6), (1, 22, 14.5)))
    labels[(arch < 2.0) & (mirrored[0] < 10) & (z > 6)] = VALUE["corpus callosum"]
    labels[thalamus < 0] = VALUE["thalamus"]
    labels[lentiform < 0] = VALUE["lentiform nucleus"]
    labels[caudate < 0] = VALUE["caudate nucleus"]
    labels[_lateral_ventricle(mirrored, calibre) < 0] = VALUE["lateral ventricle"]


def thalami(mirrored: Points) -> np.ndarray:
    """Distance in mm to the thalami: their hind ends lie further apart than their front ends."""
    return ellipsoid(turned(mirrored, _DIVERGENCE), _THALAMUS, (7.3, 11.5, 9.8))


def lentiforms(mirrored: Points) -> np.ndarray:
    """Distance in mm to the lentiform nuclei, in front of the thalami and beside them."""
    return ellipsoid(turned(mirrored, _DIVERGENCE), _LENTIFORM, (5.2, 10.5, 8.3))


def turned(points: Points, angle: float) -> Points:
    """Coordinates across, along and up of bodies whose long axis leaves the midplane by ``angle`` towards the back."""
    x, y, z = points
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x, z


def _turned_centre(x: float, y: float, z: float) -> tuple[float, float, float]:
    across, along, up = turned((np.array(x), np.array(y), np.array(z)), _DIVERGENCE)
    return float(across), float(along), float(up)


_DIVERGENCE = np.deg2rad(22.0)
_THALAMUS, _LENTIFORM = _turned_centre(8.6, -1.5, 4.3), _turned_centre(15.6, 11.0, 3.2)


def _lateral_ventricle(mirrored: Points, calibre: float) -> np.ndarray:
    """Frontal horn, body, atrium and temporal horn; the occipital horn."""
    nodes = [
        (11, 27, 8),
        (5, 20, 9),
        (5, 12, 13),
        (7, 6, 17),
        (11.5, -4, 16.5),
        (13.5, -12, 10),
        (16, -15, 4),
        (19.5, -15, -3),
        (22.5, -4, -7),
        (22.5, 5, -10),
    ]
    radii = [calibre * radius for radius in (1.4, 2.6, 2.8, 2.6, 2.8, 3.8, 4.2, 3.4, 1.6, 1.8)]
    occipital = tube(mirrored, [(18, -20, -3), (15, -32, -6)], [2.2 * calibre, 1.8 * calibre])
    return np.asarray(np.minimum(tube(mirrored, nodes, radii), occipital))


def paint_midline_ventricles(labels: np.ndarray, points: Points, calibre: float) -> None:
    """Third and fourth ventricle and the cavity of the septum, which term newborns still have."""
    x, y, z = points
    third = (np.abs(x) < 1.0 * calibre) & (ellipsoid((0 * x, y, z), (0, 4, 0), (1, 10, 7)) < 0)
    third &= ellipsoid((0 * x, y, z), (0, 2, 6), (1, 5, 4)) > 0  # the thalami meet
    foramina = ellipsoid(points, (0, 11, 4), (2.2 * calibre, 3, 5)) < 0
    septum = tube(points, [(0, 13, 9), (0, 21, 10)], [1.8 * calibre, 1.8 * calibre]) < 0
    fourth = (
        tube(points, [(0, -8.5, -13), (0, -8.5, -22), (0, -8.5, -29)], [1.8 * calibre, 2.6 * calibre, 1.8 * calibre])
        < 0
    )
    fourth |= tube(points, [(-5, -9, -22), (5, -9, -22)], [1.6 * calibre] * 2) < 0
    labels[third | foramina | septum | fourth] = VALUE["third and fourth ventricle"]
