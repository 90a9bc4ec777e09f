"""A procedural term-newborn brain: which structure lies at each point of the template frame.

The template frame is RAS+ in mm with the origin in the middle of the brain. Shapes are simple bodies whose sizes and
places follow newborn scans (compared with the mean of six BONBID-HIE infants with little or no injury); cortex is
folded by a random field, part of which all infants share, so that sulci lie at similar but never equal places.

Outer shapes come first (hemispheres, hindbrain, fluid spaces), then the deep structures (ganglia, capsule, callosum,
ventricles). Each of their functions gives the distance in mm to a body, negative inside; ``mirrored`` points have |x|.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.phantom.fields import Points, ellipsoid, sample, smooth_noise, tube
from AGE2HIELib.phantom.structures import RIGHT_OFFSET, VALUE

_PITCH = np.deg2rad(8.0)  # the long axis of the hemispheres falls towards the occipital pole
_LATTICE_MM = 2.5  # lattice of the folding fields
_LATTICE_SHAPE = (56, 60, 48)
_FOLD_SCALE_MM = 3.3  # kernel of the folding field: gyri about 10 mm apart
_SHARED_FOLDS_SEED = 40


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
    return ellipsoid(turn_points(mirrored, _DIVERGENCE), _THALAMUS, (7.3, 11.5, 9.8))


def lentiforms(mirrored: Points) -> np.ndarray:
    """Distance in mm to the lentiform nuclei, in front of the thalami and beside them."""
    return ellipsoid(turn_points(mirrored, _DIVERGENCE), _LENTIFORM, (5.2, 10.5, 8.3))


def turn_points(points: Points, angle: float) -> Points:
    """Coordinates across, along and up of bodies whose long axis leaves the midplane by ``angle`` towards the back."""
    x, y, z = points
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x, z


def _turned_centre(x: float, y: float, z: float) -> tuple[float, float, float]:
    across, along, up = turn_points((np.array(x), np.array(y), np.array(z)), _DIVERGENCE)
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


@dataclass(frozen=True)
class Shape:
    """What differs between infants in the template frame.

    Attributes:
        ventricle_scale: calibre of the lateral ventricles, 1 is typical.
        sulcus_width: width of the sulci, 1 is typical.
        subarachnoid_mm: width of the fluid around the brain that a brain mask keeps.
        cortex_mm: thickness of the cortex.
        own_folds: share of the folding field that is this infant's own, 0..1.
        seed: of the infant's own folds.
    """

    ventricle_scale: float = 1.0
    sulcus_width: float = 1.0
    subarachnoid_mm: float = 1.0
    cortex_mm: float = 3.0
    own_folds: float = 0.6
    seed: int = 0


def label_points(points: Points, shape: Shape, spacing_mm: float) -> np.ndarray:
    """Label of every point (uint8, 0 outside the brain). ``spacing_mm`` is the distance of neighbouring points."""
    x, y, z = points
    mirrored = (np.abs(x), y, z)
    hemispheres = cerebrum(mirrored)
    depth_mm = np.maximum(-hemispheres, 0)
    inner = _midline_block(points)
    between = (mirrored[0] < 1.3) & ~inner
    cleft = between | (sylvian_fissure(mirrored) < 0) | (_sulci(points, depth_mm, shape) & ~inner)
    parenchyma = (hemispheres < 0) & ~cleft
    hindbrain, stem, fluid = cerebellum(mirrored), brainstem(points), cisterns(points, mirrored)
    hull = np.minimum(np.minimum(hemispheres, hindbrain), stem) < shape.subarachnoid_mm
    hull |= fluid < 0

    labels = np.where(hull, VALUE["cerebrospinal fluid"], 0).astype(np.uint8)
    cortex = parenchyma & (distance_transform_edt(parenchyma | inner, sampling=spacing_mm) < shape.cortex_mm)
    lobe = _lobe(mirrored)
    labels[parenchyma] = 4 + lobe[parenchyma]
    labels[cortex & ~inner] = lobe[cortex & ~inner]
    paint_deep_structures(labels, points, mirrored, shape.ventricle_scale)
    labels[fluid < 0] = VALUE["cerebrospinal fluid"]
    labels[hindbrain < 0] = VALUE["cerebellum"]
    labels[stem < 0] = VALUE["brainstem"]
    paint_midline_ventricles(labels, points, shape.ventricle_scale)
    paired = (labels > 0) & (labels < RIGHT_OFFSET)
    labels[paired & (x > 0)] += RIGHT_OFFSET
    return labels


def _midline_block(points: Points) -> np.ndarray:
    """The middle of the brain, where the hemispheres are joined and no sulcus goes."""
    return np.asarray((ellipsoid(points, (0, 4, 4), (24, 27, 18)) < 0) & (points[2] > -12))


@cache
def _shared_folds() -> np.ndarray:
    return smooth_noise(np.random.default_rng(_SHARED_FOLDS_SEED), _LATTICE_SHAPE, _LATTICE_MM, _FOLD_SCALE_MM)


def _sulci(points: Points, depth_mm: np.ndarray, shape: Shape) -> np.ndarray:
    """Narrow fluid-filled clefts, wide at the surface and gone at 11 mm."""
    own = smooth_noise(np.random.default_rng([shape.seed, 1]), _LATTICE_SHAPE, _LATTICE_MM, _FOLD_SCALE_MM)
    folds = np.sqrt(1 - shape.own_folds**2) * _shared_folds() + shape.own_folds * own
    half_width = 0.11 * shape.sulcus_width * (1.15 - depth_mm / 11.0)
    return np.asarray(np.abs(sample(folds, points, _LATTICE_MM)) < half_width)


def _lobe(mirrored: Points) -> np.ndarray:
    """1 frontal, 2 parietal, 3 temporal, 4 occipital."""
    x, y, z = mirrored
    lobe = np.where(y > 7.5 - 0.5 * z, 1, 2)
    lobe = np.where((z < np.minimum(7.0, 6.0 - 0.35 * (y - 5.0))) & (x > 12) & (y < 32), 3, lobe)
    return np.where(y < -27.0 - 0.35 * z, 4, lobe).astype(np.uint8)
