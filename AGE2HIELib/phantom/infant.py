"""One synthetic newborn: structures and ADC on a fine grid, varied from infant to infant by a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from AGE2HIELib.phantom.anatomy import Shape, label_points
from AGE2HIELib.phantom.fields import Points, smooth_noise
from AGE2HIELib.phantom.structures import BASE_VALUE, FLUID, STRUCTURES, WHITE_MATTER
from AGE2HIELib.volume import Grid, Volume

FINE_MM = 1.25
TEMPLATE_ML = 383.0  # mean brain volume at scale 1
BRAIN_ML = (300.0, 580.0)  # measured on 56 BONBID-HIE cases: 304-578 ml
_CROSSROADS = (((14, 33, 10), (6, 7, 9)), ((19, -20, 13), (8, 6, 8)))  # centres and spread, template frame, mm
_CROSSROADS_ADC = 300.0  # 1e-6 mm^2/s at their centres, measured on the mean of six BONBID-HIE cases


@dataclass(frozen=True)
class Infant:
    """Attributes:
    labels: uint8 structures on a fine grid in the infant's own upright frame (RAS+ mm, origin in the brain).
    adc: healthy ADC there, 1e-6 mm^2/s, 0 outside the brain.
    b0_signal: signal without diffusion weighting, arbitrary units, 0 outside the brain.
    template_points: where each voxel's centre lies in the template frame: the true placement.
    seed: what the infant was made from.
    """

    labels: Volume
    adc: Volume
    b0_signal: Volume
    template_points: Points
    seed: int

    @property
    def brain(self) -> Volume:
        return self.labels.like(self.labels.array > 0)


def make_infant(seed: int, *, brain_ml: float | None = None, deformation: float = 1.0) -> Infant:
    """A healthy term newborn.

    Args:
        seed: everything random follows from it.
        brain_ml: brain volume; drawn from the measured range when None.
        deformation: how much the shape differs from the template, 1 is a natural spread.
    """
    rng = np.random.default_rng([seed, 0])
    volume_ml = float(brain_ml if brain_ml is not None else np.clip(rng.normal(420, 65), *BRAIN_ML))
    scale = np.cbrt(volume_ml / TEMPLATE_ML) * np.exp(0.035 * deformation * centred_numbers(rng, 3))
    grid = fine_grid(scale)
    points = template_points(rng, grid, scale, deformation)
    shape = Shape(
        ventricle_scale=float(1.15 * np.exp(0.35 * rng.standard_normal())),
        sulcus_width=float(1.2 * np.exp(0.35 * rng.standard_normal())),
        subarachnoid_mm=float(rng.uniform(0.1, 1.2)),
        cortex_mm=float(rng.uniform(2.6, 3.4)),
        own_folds=0.3,
        seed=seed,
    )
    labels = label_points(points, shape, FINE_MM)
    adc, b0_signal = _tissue(rng, labels, points)
    make = Volume(labels, grid.affine_ras)
    return Infant(make, make.like(adc), make.like(b0_signal), points, seed)


def centred_numbers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Normal numbers that sum to zero: they change proportions, not the volume."""
    numbers = rng.standard_normal(count)
    return np.asarray(numbers - numbers.mean())


def fine_grid(scale: np.ndarray, spacing_mm: float = FINE_MM) -> Grid:
    """A grid around a brain that is ``scale`` (3,) times the template, with its middle voxel at the origin."""
    half_mm = np.array([48.0, 60.0, 48.0]) * scale
    shape = tuple(int(n) for n in 2 * np.ceil(half_mm / spacing_mm) + 1)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-spacing_mm * (n - 1) / 2 for n in shape]
    return Grid((shape[0], shape[1], shape[2]), affine)


def grid_points(grid: Grid) -> Points:
    """RAS+ mm of every voxel centre of an axis-aligned grid, float32."""
    axes = [
        (grid.affine_ras[a, a] * np.arange(n) + grid.affine_ras[a, 3]).astype(np.float32)
        for a, n in enumerate(grid.shape)
    ]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    return x, y, z


def template_points(
    rng: np.random.Generator, grid: Grid, scale: np.ndarray, deformation: float, *, template_mm: float = FINE_MM
) -> Points:
    """Scaled, then shifted by a coarse (28 mm, 2 mm rms) and a finer (12 mm, 0.8 mm rms) smooth field.

    ``template_mm`` is the distance of neighbouring voxels in the template frame, where the fields have their scale.
    """
    warped = []
    for axis, coordinate in enumerate(grid_points(grid)):
        coarse = 2.0 * smooth_noise(rng, grid.shape, template_mm, 28.0)
        fine = 0.8 * smooth_noise(rng, grid.shape, template_mm, 12.0)
        warped.append((coordinate / scale[axis] + deformation * (coarse + fine)).astype(np.float32))
    return warped[0], warped[1], warped[2]


def _tissue(rng: np.random.Generator, labels: np.ndarray, points: Points) -> tuple[np.ndarray, np.ndarray]:
    """ADC and b0 signal: a value a structure and infant, a front-to-back trend, and texture."""
    adc_of = np.zeros(256, dtype=np.float32)
    b0_of = np.zeros(256, dtype=np.float32)
    # shared by all structures: less mature brains hold more water, and some are much less mature than the others
    immaturity = (rng.gamma(2.0) - 2.0) / np.sqrt(2.0)
    for structure in STRUCTURES:
        deviation = 0.6 * immaturity + 0.7 * rng.standard_normal()
        for value in (structure.value, structure.value + 32) if structure.paired else (structure.value,):
            side = 0.25 * rng.standard_normal()
            adc_of[value] = structure.adc + 0.7 * structure.adc_sd * (deviation + side)
            b0_of[value] = structure.b0_signal * (1 + 0.04 * rng.standard_normal())
    fluid = np.isin(BASE_VALUE[labels], FLUID)
    inside = labels > 0
    texture = 0.025 * smooth_noise(rng, labels.shape, FINE_MM, 3.0) + 0.018 * smooth_noise(
        rng, labels.shape, FINE_MM, 12.0
    )
    trend = rng.normal(0, 0.012) * points[1] / 50 + rng.normal(0, 0.012) * points[2] / 40
    white = np.isin(BASE_VALUE[labels], WHITE_MATTER)
    adc = np.where(white, adc_of[labels] + _crossroads(points), adc_of[labels])
    adc *= 1 + np.where(fluid, 2.0, 1.0) * (texture + trend)
    b0 = b0_of[labels] * (1 + 0.5 * texture)
    # tissue borders are not sharp: about one fine voxel of blur, kept inside the brain
    adc, b0 = (blur_inside(image, inside) for image in (adc, b0))
    return adc.astype(np.float32), b0.astype(np.float32)


def _crossroads(points: Points) -> np.ndarray:
    """What the periventricular crossroads of the fibres add to the ADC of white matter, 1e-6 mm^2/s.

    In front of the frontal horns and beside the atria, newborn white matter holds the most water (Judas 2005,
    PMID 16219829).
    """
    mirrored = (np.abs(points[0]), points[1], points[2])
    added = np.zeros(points[0].shape, dtype=np.float32)
    for centre, radii in _CROSSROADS:
        squared = sum(((p - c) / r) ** 2 for p, c, r in zip(mirrored, centre, radii, strict=True))
        added += _CROSSROADS_ADC * np.exp(-0.5 * squared)
    return added


def blur_inside(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """About one fine voxel of blur that takes nothing in from outside."""
    weight = gaussian_filter(inside.astype(np.float32), 0.6)
    return np.asarray(np.where(inside, gaussian_filter(image * inside, 0.6) / np.maximum(weight, 1e-6), 0))
