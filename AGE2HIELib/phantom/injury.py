"""Hypoxic-ischemic injury of the phantom: where it lies and how far ADC falls.

Patterns as radiologists name them (basal ganglia-thalamus, watershed, near-total), a focal one for tests, and none.
Inside expert lesions of BONBID-HIE the median ADC is about 1020e-6 mm^2/s when under 20 % of the brain is injured and
889 (down to 819) when more is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.phantom.fields import ellipsoid, smooth_noise
from AGE2HIELib.phantom.infant import FINE_MM, Infant
from AGE2HIELib.phantom.structures import BASE_VALUE, CORTEX, DEEP_GREY, FLUID, HINDBRAIN, VALUE
from AGE2HIELib.phantom.zones import ANTERIOR_WATERSHED, POSTERIOR_WATERSHED, rolandic_distance
from AGE2HIELib.volume import Volume

INJURIES = ("none", "bgt", "watershed", "near-total", "focal")
_EDGE_MM = 1.5  # lesion borders are soft
_LARGE_ADC = (700.0, 880.0)  # 1e-6 mm^2/s, in the middle of a lesion where most of the brain is injured
_SMALL_ADC = (800.0, 980.0)
_VISIBLE_DROP = 0.13  # of the healthy ADC: experts mark what lies two standard deviations below normal
_LEAST_DROP = 0.2  # of the healthy ADC
# What an injury reaches: tissue, and sulci, which swelling closes; not the ventricles.
_SWELLING = np.where(np.isin(BASE_VALUE, FLUID), 0.0, 1.0).astype(np.float32)
_SWELLING[0], _SWELLING[VALUE["cerebrospinal fluid"]] = 0.0, 0.8


@dataclass(frozen=True)
class Injury:
    """Attributes:
    kind: one of INJURIES.
    adc: ADC with the injury, 1e-6 mm^2/s, on the infant's fine grid.
    lesion: bool, where ADC fell by as much as experts mark.
    load: share of the brain that is lesion, 0..1.
    deep_grey: share of thalamus, lentiform, caudate and PLIC that is lesion, 0..1.
    """

    kind: str
    adc: Volume
    lesion: Volume
    load: float
    deep_grey: float


def injure(infant: Infant, kind: str, *, seed: int, extent: float | None = None) -> Injury:
    """Plant an injury in a healthy infant.

    Args:
        infant: the healthy one.
        kind: one of ``INJURIES``.
        seed: place, asymmetry and depth follow from it.
        extent: 0 (a trace of the pattern) to 1 (all of it); drawn evenly when None.

    Raises:
        InputError: unknown kind.
    """
    if kind not in INJURIES:
        raise InputError(f"Unknown injury '{kind}'. Choose one of {', '.join(INJURIES)}.")
    rng = np.random.default_rng([seed, 2])
    labels = infant.labels.array
    full = float(extent if extent is not None else rng.uniform())
    if kind == "none":
        effect = np.zeros(labels.shape, dtype=np.float32)
    else:
        distance_mm = _PATTERNS[kind](infant, rng, full)
        effect = np.clip(0.5 - distance_mm / (2 * _EDGE_MM), 0, 1).astype(np.float32)
    effect *= _SWELLING[labels]
    deepest = rng.uniform(*(_LARGE_ADC if kind == "near-total" else _SMALL_ADC))
    depth = deepest * (1 + 0.06 * smooth_noise(rng, labels.shape, FINE_MM, 5.0))
    injured = np.minimum(depth, (1 - _LEAST_DROP) * infant.adc.array)
    adc = infant.adc.array + effect * (injured - infant.adc.array)
    lesion = (adc < (1 - _VISIBLE_DROP) * infant.adc.array) & (labels > 0)
    deep = np.isin(BASE_VALUE[labels], DEEP_GREY)
    return Injury(
        kind=kind,
        adc=infant.adc.like(adc.astype(np.float32)),
        lesion=infant.labels.like(lesion),
        load=float(lesion.sum() / (labels > 0).sum()),
        deep_grey=float((lesion & deep).sum() / deep.sum()),
    )


def _basal_ganglia_thalamus(infant: Infant, rng: np.random.Generator, extent: float) -> np.ndarray:
    """Posterior lentiform, ventrolateral thalamus and PLIC, at full extent the rolandic cortex and the rest as well."""
    x, y, z = infant.template_points
    distance = np.full(x.shape, np.inf, dtype=np.float32)
    for side in (-1, 1):
        size = (0.4 + 0.85 * extent) * rng.uniform(0.8, 1.2)
        points = (side * x, y, z)
        distance = np.minimum(distance, ellipsoid(points, (17, 7, 3.5), (5.5 * size, 9 * size, 8 * size)))
        distance = np.minimum(distance, ellipsoid(points, (10.5, -1.5, 4.5), (7 * size, 9 * size, 8 * size)))
    if extent > rng.uniform(0.3, 0.8):
        rolandic = np.maximum(rolandic_distance(infant.template_points) - 9.0 * extent, 16.0 - z)
        cortex = np.isin(BASE_VALUE[infant.labels.array], CORTEX)
        distance = np.where(cortex, np.minimum(distance, rolandic), distance)
    return np.asarray(distance + _roughness(infant, rng, 1.2))


def _watershed(infant: Infant, rng: np.random.Generator, extent: float) -> np.ndarray:
    """Parasagittal borders between the arteries' territories, frontal and parieto-occipital."""
    x, y, z = infant.template_points
    distance = np.full(x.shape, np.inf, dtype=np.float32)
    for side in (-1, 1):
        points = (side * x, y, z)
        for centre, radii in (ANTERIOR_WATERSHED, POSTERIOR_WATERSHED):
            size = (0.2 + 1.15 * extent) * rng.uniform(0.6, 1.2)
            distance = np.minimum(distance, ellipsoid(points, centre, tuple(size * r for r in radii)))
    return np.asarray(distance + _roughness(infant, rng, 3.0))


def _near_total(infant: Infant, rng: np.random.Generator, extent: float) -> np.ndarray:
    """Most of both hemispheres; what is spared follows a coarse random field."""
    labels = infant.labels.array
    spared = smooth_noise(rng, labels.shape, FINE_MM, 9.0)
    level = -1.0 + 2.2 * extent  # in standard deviations of the field
    infratentorial = np.isin(BASE_VALUE[labels], HINDBRAIN)
    return np.asarray(9.0 * (spared - level) + np.where(infratentorial, 12.0, 0.0))


def _focal(infant: Infant, rng: np.random.Generator, extent: float) -> np.ndarray:
    """One ball of 12 to 32 mm across that lies in tissue."""
    labels = infant.labels.array
    tissue = (labels > 0) & ~np.isin(BASE_VALUE[labels], FLUID)
    x, y, z = infant.template_points
    candidates = np.flatnonzero(tissue & (ellipsoid((x, y, z), (0, 0, 4), (36, 47, 30)) < 0))
    centre = np.unravel_index(rng.choice(candidates), labels.shape)
    radius_mm = 6.0 + 10.0 * extent
    indices = np.indices(labels.shape, dtype=np.float32)
    squared = sum((FINE_MM * (index - c)) ** 2 for index, c in zip(indices, centre, strict=True))
    return np.asarray(np.sqrt(squared) - radius_mm)


def _roughness(infant: Infant, rng: np.random.Generator, amplitude_mm: float) -> np.ndarray:
    return amplitude_mm * smooth_noise(rng, infant.labels.array.shape, FINE_MM, 5.0)


_PATTERNS = {
    "bgt": _basal_ganglia_thalamus,
    "watershed": _watershed,
    "near-total": _near_total,
    "focal": _focal,
}
