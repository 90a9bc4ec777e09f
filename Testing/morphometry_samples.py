"""The T1 template as a scan of which every place was enlarged or shrunk by a known factor, in several stored orders."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import map_coordinates
from t1_samples import AXES

from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.preprocess.t1.placement import bundled_t1_template
from AGE2HIELib.volume import Grid, Volume

CENTRE_MM = np.array([0.0, 0.0, 5.0])  # of what is enlarged, between the lateral ventricles
REACH_MM = 14.0
# Signal, of which the placement makes the template's outline again: 0.3 of it in tissue, more in what is partly fluid.
_TISSUE, _LEAST_FLUID, _FLUID = 100.0, 70.0, 40.0
_OUTLINE_OF_TISSUE = 0.3
_RADII_MM = np.linspace(0.0, 120.0, 4801)


def morphometry_spec(spacing_mm: float = 4.0) -> InputSpec:
    """T1 and local volume, whose unit is 1, of the template's field of view."""
    shape = tuple(round(extent / spacing_mm) for extent in (112, 128, 96))
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-spacing_mm * (n - 1) / 2 for n in shape]
    channels = (Channel("t1", 0, 1, -4, 4, scaling="robust"), Channel("log_jacobian", 0.0, 1.0, -3.0, 3.0))
    return InputSpec(Grid((shape[0], shape[1], shape[2]), affine), channels)


def radius_in_template(radius_mm: np.ndarray, strength: float) -> np.ndarray:
    """Where a point of the subject so far from the centre lies in the template; with a strength above 0 nearer, so that
    the subject is larger there. ``r (1 - s exp(-r^2 / 2 R^2))`` with R of ``REACH_MM``; rises for s below 0.69.
    """
    return np.asarray(radius_mm * (1 - strength * np.exp(-0.5 * (radius_mm / REACH_MM) ** 2)))


def true_log_jacobian(points_mm: np.ndarray, strength: float) -> np.ndarray:
    """Of template points (..., 3), RAS+ mm, in closed form: of a radial map r -> f it is ``-log(f' (f / r)^2)``."""
    at = np.linalg.norm(points_mm - CENTRE_MM, axis=-1)
    radius = np.interp(at, radius_in_template(_RADII_MM, strength), _RADII_MM)
    bell = np.exp(-0.5 * (radius / REACH_MM) ** 2)
    slope = 1 - strength * bell * (1 - (radius / REACH_MM) ** 2)
    return np.asarray(-np.log(slope) - 2 * np.log(1 - strength * bell))


@cache
def planted(strength: float, stored: str = "upright", size: float = 1.0) -> Volume:
    """A stripped T1 of the template, ``size`` times as long along each axis, fluid dark."""
    template, axes = bundled_t1_template(), AXES[stored]
    shape = np.ceil(190.0 / np.linalg.norm(axes, axis=0)).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = -axes @ ((shape - 1) / 2)
    points = np.moveaxis(np.indices(tuple(shape)), 0, -1) @ axes.T + affine[:3, 3]
    away = points / size - CENTRE_MM
    radius = np.linalg.norm(away, axis=-1)
    factor = radius_in_template(radius, strength) / np.maximum(radius, 1e-9)
    there = CENTRE_MM + away * np.where(radius > 0, factor, 1 - strength)[..., None]
    index = np.moveaxis((there - template.grid.affine_ras[:3, 3]) / template.grid.spacing_mm, -1, 0)
    outline = map_coordinates(template.image.array, index, order=1)
    inside = map_coordinates(template.brain.array.astype(np.float32), index, order=1) > 0.5
    fluid = np.clip((outline - _OUTLINE_OF_TISSUE) / (1 - _OUTLINE_OF_TISSUE), 0, 1)
    signal = np.where(fluid > 0.01, _LEAST_FLUID + (_FLUID - _LEAST_FLUID) * fluid, _TISSUE)
    return Volume(np.where(inside, signal, 0).astype(np.float32), affine)


def grid_points(grid: Grid) -> np.ndarray:
    """(I, J, K, 3) RAS+ mm of a grid's voxels."""
    points = np.moveaxis(np.indices(grid.shape), 0, -1) @ grid.affine_ras[:3, :3].T + grid.affine_ras[:3, 3]
    return np.asarray(points)
