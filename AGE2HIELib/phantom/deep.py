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
    thalamus = ellipsoid(mirrored, (9, -2, 5), (7.5, 9.5, 8.5))
    lentiform = ellipsoid(mirrored, (19.5, 8, 4), (6, 11.5, 8.5))
    caudate = np.minimum(
        ellipsoid(mirrored, (10.5, 17, 7), (4.5, 7, 7)),
        tube(mirrored, [(10.5, 15, 12), (14, 4, 17), (16, -5, 17)], [2.8, 2.4, 1.8]),
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
    return np.minimum(tube(mirrored, nodes, radii), occipital)


def paint_midline_ventricles(labels: np.ndarray, points: Points, calibre: float) -> None:
    """Third and fourth ventricle and the cavity of the septum, which term newborns still have."""
    x, y, z = points
    third = (np.abs(x) < 1.0 * calibre) & (ellipsoid((0 * x, y, z), (0, 4, 0), (1, 10, 7)) < 0)
    third &= ellipsoid((0 * x, y, z), (0, 2, 6), (1, 5, 4)) > 0  # the thalami meet
    foramina = ellipsoid(points, (0, 11, 4), (2.2 * calibre, 3, 5)) < 0
    septum = tube(points, [(0, 13, 9), (0, 21, 10)], [1.8 * calibre, 1.8 * calibre]) < 0
    fourth = tube(points, [(0, -6, -13), (0, -6, -22), (0, -6, -29)], [1.8 * calibre, 2.6 * calibre, 1.8 * calibre]) < 0
    fourth |= tube(points, [(-5, -6.5, -22), (5, -6.5, -22)], [1.6 * calibre] * 2) < 0
    labels[third | foramina | septum | fourth] = VALUE["third and fourth ventricle"]
