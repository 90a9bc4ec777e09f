"""Building blocks of the phantom: distances to simple bodies, and smooth random fields."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

Points = tuple[np.ndarray, np.ndarray, np.ndarray]  # x, y, z in mm, all of one shape
Point = Sequence[float]  # x, y, z
REACH_MM = 8.0  # a body's surroundings are asked for within 6.5 mm at most


def ellipsoid(points: Points, centre: Point, radii: Point, power: float = 2.0) -> np.ndarray:
    """Distance in mm along the ray from the centre to a (super)ellipsoid; negative inside."""
    offsets = [p - c for p, c in zip(points, centre, strict=True)]
    level = sum(np.abs(o / r) ** power for o, r in zip(offsets, radii, strict=True)) ** (1.0 / power)
    distance = np.sqrt(sum(o * o for o in offsets))
    return np.asarray(distance * (1.0 - 1.0 / np.maximum(level, 1e-3)))


def tube(points: Points, nodes: Sequence[Point], radii: list[float]) -> np.ndarray:
    """Distance in mm to a bent tube through ``nodes`` whose radius changes linearly between them.

    Points that are further away than ``REACH_MM`` along an axis have infinity: most of a head does, in a fraction of
    the time.
    """
    reach = max(radii) + REACH_MM
    near = np.ones(points[0].shape, dtype=bool)
    for p, of_nodes in zip(points, zip(*nodes, strict=True), strict=True):
        near &= (p > min(of_nodes) - reach) & (p < max(of_nodes) + reach)
    nearest = np.full(points[0].shape, np.inf)
    inside = [p[near] for p in points]
    for (start, end), (r0, r1) in zip(pairwise(nodes), pairwise(radii), strict=True):
        axis = np.subtract(end, start)
        offsets = [p - s for p, s in zip(inside, start, strict=True)]
        along = np.clip(sum(o * a for o, a in zip(offsets, axis, strict=True)) / (axis @ axis), 0, 1)
        squared = sum((o - along * a) ** 2 for o, a in zip(offsets, axis, strict=True))
        nearest[near] = np.minimum(nearest[near], np.sqrt(squared) - (r0 + (r1 - r0) * along))
    return nearest


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], spacing_mm: float, scale_mm: float) -> np.ndarray:
    """Gaussian random field of unit variance whose Gaussian kernel has the standard deviation ``scale_mm``.

    Drawn on a lattice of half the scale and interpolated: a field this smooth holds nothing finer.
    """
    step = max(1.0, scale_mm / 2 / spacing_mm)
    coarse = tuple(int(np.ceil(n / step)) + 2 for n in shape)
    noise = gaussian_filter(rng.standard_normal(coarse).astype(np.float32), scale_mm / spacing_mm / step, mode="wrap")
    noise /= noise.std()
    fine = zoom(noise, [(n + step) / c for n, c in zip(shape, coarse, strict=True)], order=1, grid_mode=False)
    return np.asarray(fine[tuple(slice(n) for n in shape)], dtype=np.float32)


def sample(lattice: np.ndarray, points: Points, spacing_mm: float) -> np.ndarray:
    """Values of a field that is stored on a cubic lattice centred at 0 mm, at arbitrary points."""
    centre = [(n - 1) / 2 for n in lattice.shape]
    coordinates = np.stack([p / spacing_mm + c for p, c in zip(points, centre, strict=True)])
    return np.asarray(map_coordinates(lattice, coordinates, order=1, mode="nearest"), dtype=np.float32)
