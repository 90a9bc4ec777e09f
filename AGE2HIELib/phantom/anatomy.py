"""A procedural term-newborn brain: which structure lies at each point of the template frame.

The template frame is RAS+ in mm with the origin in the middle of the brain. Shapes are simple bodies whose sizes and
places follow newborn scans (extent about 83 x 105 x 79 mm at 400 ml); cortex is folded by a random field, part of
which all infants share, so that sulci lie at similar but never equal places.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.phantom.fields import Points, ellipsoid, sample, smooth_noise, tube
from AGE2HIELib.phantom.structures import RIGHT_OFFSET, VALUE

_LATTICE_MM = 2.5  # lattice of the folding fields
_LATTICE_SHAPE = (56, 60, 48)
_FOLD_SCALE_MM = 4.2  # kernel of the folding field: gyri about 12 mm apart
_SHARED_FOLDS_SEED = 40


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
    cerebrum = _cerebrum(mirrored)
    depth_mm = np.maximum(-cerebrum, 0)
    inner = _midline_block(points)
    fluid_cleft = _fissures(mirrored, inner) | (_sulci(points, depth_mm, shape) & ~inner)
    parenchyma = (cerebrum < 0) & ~fluid_cleft
    cerebellum = np.minimum(
        ellipsoid(mirrored, (13, -30, -25), (14, 16, 13)), ellipsoid(points, (0, -30, -24), (9, 15, 13))
    )
    brainstem = tube(points, [(0, -9, -6), (0, -9, -17), (0, -13, -25), (0, -19, -42)], [8.5, 8.0, 8.0, 5.0])
    hull = np.minimum(np.minimum(cerebrum, cerebellum), brainstem) < shape.subarachnoid_mm
    hull |= ellipsoid(points, (0, -4, -14), (16, 22, 8)) < 0  # basal cisterns

    labels = np.where(hull, VALUE["cerebrospinal fluid"], 0).astype(np.uint8)
    cortex = parenchyma & (distance_transform_edt(parenchyma | inner, sampling=spacing_mm) < shape.cortex_mm)
    lobe = _lobe(mirrored)
    labels[parenchyma] = 4 + lobe[parenchyma]
    labels[cortex & ~inner] = lobe[cortex & ~inner]
    labels[cerebellum < 0] = VALUE["cerebellum"]
    labels[brainstem < 0] = VALUE["brainstem"]
    _paint_deep_structures(labels, points, mirrored, shape)
    paired = (labels > 0) & (labels < RIGHT_OFFSET)
    labels[paired & (x > 0)] += RIGHT_OFFSET
    return labels


def _cerebrum(mirrored: Points) -> np.ndarray:
    """Distance to the unfolded outline of both hemispheres."""
    dome = np.maximum(ellipsoid(mirrored, (0, 0, 4), (42, 54, 36.5), 2.35), -13.0 - mirrored[2])
    # the frontal lobes end higher than the temporal ones, and narrower than the parietal ones
    dome = np.maximum(dome, 0.75 * (-mirrored[2] - 12.0 + 0.16 * mirrored[1]))
    dome = np.maximum(dome, 0.8 * (mirrored[0] + 0.55 * mirrored[1] - 51.0))
    temporal = ellipsoid(mirrored, (25, 4, -14), (13, 26, 12))
    return np.minimum(dome, temporal)


def _midline_block(points: Points) -> np.ndarray:
    """The middle of the brain, where the hemispheres are joined and no sulcus goes."""
    return (ellipsoid(points, (0, -2, 3), (25, 30, 17)) < 0) & (points[2] > -13)


def _fissures(mirrored: Points, inner: np.ndarray) -> np.ndarray:
    """The fissure between the hemispheres and the Sylvian fissure."""
    x, y, z = mirrored
    between = (x < 1.1) & ~inner
    plane = z + 1.0 - 0.22 * (y - 5.0)
    sylvian = (np.abs(plane) < 1.1 + 0.05 * np.clip(y, 0, 20)) & (x > 27) & (y > -20) & (y < 24)
    return between | sylvian


@cache
def _shared_folds() -> np.ndarray:
    return smooth_noise(np.random.default_rng(_SHARED_FOLDS_SEED), _LATTICE_SHAPE, _LATTICE_MM, _FOLD_SCALE_MM)


def _sulci(points: Points, depth_mm: np.ndarray, shape: Shape) -> np.ndarray:
    """Narrow fluid-filled clefts, wide at the surface and gone at 11 mm."""
    own = smooth_noise(np.random.default_rng([shape.seed, 1]), _LATTICE_SHAPE, _LATTICE_MM, _FOLD_SCALE_MM)
    folds = np.sqrt(1 - shape.own_folds**2) * _shared_folds() + shape.own_folds * own
    half_width = 0.14 * shape.sulcus_width * (1.15 - depth_mm / 11.0)
    return np.asarray(np.abs(sample(folds, points, _LATTICE_MM)) < half_width)


def _lobe(mirrored: Points) -> np.ndarray:
    """1 frontal, 2 parietal, 3 temporal, 4 occipital."""
    x, y, z = mirrored
    lobe = np.where(y > 8.0 - 0.5 * z, 1, 2)
    lobe = np.where((z + 1.0 - 0.22 * (y - 5.0) < 0) & (x > 11) & (y < 30), 3, lobe)
    return np.where(y < -34, 4, lobe).astype(np.uint8)


def _paint_deep_structures(labels: np.ndarray, points: Points, mirrored: Points, shape: Shape) -> None:
    x, y, z = points
    thalamus = ellipsoid(mirrored, (8.5, -8, 3), (7, 11.5, 8))
    lentiform = ellipsoid(mirrored, (21.5, 3, 1), (6, 13, 8.5))
    caudate = np.minimum(
        ellipsoid(mirrored, (9.5, 17, 6), (4.5, 7.5, 7)),
        tube(mirrored, [(9.5, 17, 10), (13, 2, 15), (15, -12, 13)], [2.8, 2.2, 1.6]),
    )
    capsule = (z > -7) & (z < 14) & (lentiform < 6)
    labels[capsule & (thalamus < 7.5) & (y <= 4)] = VALUE["posterior limb of the internal capsule"]
    labels[capsule & (caudate < 6.5) & (y > 4)] = VALUE["anterior limb of the internal capsule"]
    callosum_arch = np.abs(ellipsoid((0 * x, y, z), (0, -2, 6), (1, 27, 13)))
    labels[(callosum_arch < 2.0) & (np.abs(x) < 10) & (z > 6)] = VALUE["corpus callosum"]
    labels[thalamus < 0] = VALUE["thalamus"]
    labels[lentiform < 0] = VALUE["lentiform nucleus"]
    labels[caudate < 0] = VALUE["caudate nucleus"]
    width = shape.ventricle_scale
    ventricle = np.minimum(
        tube(
            mirrored,
            [(5, 24, 7), (5.5, 12, 10), (8, -6, 14), (15, -22, 8), (23, -14, -9), (24, 2, -13)],
            [2.6 * width, 2.4 * width, 2.2 * width, 3.6 * width, 1.4 * width, 0.8 * width],
        ),
        tube(mirrored, [(15, -22, 8), (15, -37, 6)], [3.2 * width, 1.2 * width]),
    )
    labels[ventricle < 0] = VALUE["lateral ventricle"]
    third = (np.abs(x) < 1.0 * width) & (ellipsoid((0 * x, y, z), (0, -4, -2), (1, 11, 7)) < 0)
    fourth = ellipsoid(points, (0, -19, -25), (4 * width, 3 * width, 6)) < 0
    labels[third | fourth] = VALUE["third and fourth ventricle"]
