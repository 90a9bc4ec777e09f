"""The affine of the highest correlation is found, whatever the grid, the gain and the start; nothing is made up."""

from __future__ import annotations

import numpy as np
import pytest

from AGE2HIELib.preprocess.affine_fit import FitLevel, fit_levels, fitted_affine
from AGE2HIELib.preprocess.rotations import rotation_of, turned_head
from AGE2HIELib.volume import Volume

EDGE_MM = 50.0


def _blobs(points: np.ndarray) -> np.ndarray:
    """A smooth image of twelve Gaussians, known everywhere in space; points (..., 3) mm."""
    rng = np.random.default_rng(3)
    centres, widths, heights = rng.uniform(-35, 35, (12, 3)), rng.uniform(8, 16, 12), rng.uniform(0.4, 1.0, 12)
    squared = ((points[..., None, :] - centres) ** 2).sum(axis=-1)
    return np.asarray((heights * np.exp(-squared / (2 * widths**2))).sum(axis=-1))


def _drawn(affine_ras: np.ndarray, shape: tuple[int, int, int], fixed_from_moving: np.ndarray) -> Volume:
    points = np.moveaxis(np.indices(shape), 0, -1) @ affine_ras[:3, :3].T + affine_ras[:3, 3]
    there = points @ fixed_from_moving[:3, :3].T + fixed_from_moving[:3, 3]
    return Volume(_blobs(there).astype(np.float32), affine_ras)


def _fixed() -> tuple[FitLevel, ...]:
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -60.0
    fixed = _drawn(affine, (41, 41, 41), np.eye(4))
    return fit_levels(fixed, fixed.array > 0.02, ((3.0, 2), (1.0, 1)))


def _true_affine() -> np.ndarray:
    """Turned by 12 degrees, stretched by 0.9 to 1.15, sheared by 0.04, shifted by 7 mm."""
    stretch = np.array([[1.15, 0.04, 0.0], [0.0, 0.9, -0.03], [0.02, 0.0, 1.05]])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_of(np.radians([8.0, -6.0, 7.0])) @ stretch
    matrix[:3, 3] = [4.0, -5.0, 3.0]
    return matrix


def _grid(spacing_mm: tuple[float, float, float], degrees: tuple[float, float, float]) -> tuple[np.ndarray, tuple]:
    """A grid of 150 mm about the origin, of any spacing and obliqueness."""
    shape = tuple(int(150 / mm) for mm in spacing_mm)
    affine = np.eye(4)
    affine[:3, :3] = turned_head(np.array([degrees]))[0] * spacing_mm
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine, shape


def _distance_mm(found: np.ndarray, true: np.ndarray) -> float:
    corners = np.array(np.meshgrid(*[[-EDGE_MM, EDGE_MM]] * 3)).reshape(3, -1)
    difference = (found - true)[:3]
    return float(np.linalg.norm(difference[:, :3] @ corners + difference[:, 3:], axis=0).max())


@pytest.mark.parametrize(
    ("spacing_mm", "degrees", "within_mm"),
    [
        ((2.0, 2.0, 2.0), (0.0, 0.0, 0.0), 0.15),
        ((1.5, 1.5, 4.0), (0.0, 0.0, 0.0), 0.25),
        ((1.5, 1.5, 4.0), (25.0, -10.0, 40.0), 0.25),
        ((4.0, 1.5, 2.0), (-120.0, 30.0, 5.0), 0.2),
        ((1.0, 1.0, 6.0), (0.0, 35.0, 0.0), 0.6),
    ],
)
def test_a_known_affine_is_found_on_any_grid(
    spacing_mm: tuple[float, float, float], degrees: tuple[float, float, float], within_mm: float
) -> None:
    true = _true_affine()
    affine, shape = _grid(spacing_mm, degrees)
    found = fitted_affine(_drawn(affine, shape, np.linalg.inv(true)), _fixed(), np.eye(4))
    assert _distance_mm(np.eye(4), true) > 15  # where the search begins
    assert _distance_mm(found, true) < within_mm


def test_gain_and_offset_do_not_matter() -> None:
    moving = _drawn(*_grid((2.0, 2.0, 2.0), (0.0, 0.0, 0.0)), np.linalg.inv(_true_affine()))
    found, other = (fitted_affine(image, _fixed(), np.eye(4)) for image in (moving, moving.like(40 * moving.array + 9)))
    assert _distance_mm(found, other) < 1e-3


def test_an_image_of_nothing_leaves_the_start_as_it_was() -> None:
    affine, shape = _grid((3.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    start = np.eye(4)
    start[:3, 3] = [5.0, 0.0, 0.0]
    np.testing.assert_array_equal(fitted_affine(Volume(np.zeros(shape, np.float32), affine), _fixed(), start), start)


def test_an_image_that_is_nowhere_near_leaves_the_start_as_it_was() -> None:
    affine, shape = _grid((3.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    far = affine.copy()
    far[:3, 3] += 1000.0
    moving = Volume(_drawn(affine, shape, np.eye(4)).array, far)
    np.testing.assert_array_equal(fitted_affine(moving, _fixed(), np.eye(4)), np.eye(4))
