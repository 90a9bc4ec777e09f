"""A procedural term-newborn brain: which structure lies at each point of the template frame.

The template frame is RAS+ in mm with the origin in the middle of the brain. Shapes are simple bodies whose sizes and
places follow newborn scans (compared with the mean of six BONBID-HIE infants with little or no injury); cortex is
folded by a random field, part of which all infants share, so that sulci lie at similar but never equal places.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.phantom.deep import paint_deep_structures, paint_midline_ventricles
from AGE2HIELib.phantom.fields import Points, ellipsoid, sample, smooth_noise
from AGE2HIELib.phantom.outline import brainstem, cerebellum, cerebrum, cisterns, sylvian_fissure
from AGE2HIELib.phantom.structures import RIGHT_OFFSET, VALUE

_LATTICE_MM = 2.5  # lattice of the folding fields
_LATTICE_SHAPE = (56, 60, 48)
_FOLD_SCALE_MM = 3.3  # kernel of the folding field: gyri about 10 mm apart
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
