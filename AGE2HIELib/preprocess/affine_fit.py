"""The affine that brings one image onto another at the highest correlation, by Gauss-Newton (Levenberg, Marquardt).

Where gain and offset are free, the least-squares distance of two images is one minus the square of their correlation:
each step solves for gain, offset and movement at once. It needs some 5 steps a level, where gradient descent on the
same correlation took 20 to 80. The sums are taken in float64; one, two and four threads give the same result to the
last digit (measured on five scans).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from AGE2HIELib.preprocess.rotations import rotation_of
from AGE2HIELib.volume import Volume

_STEPS = 20  # a level; 3 to 9 are used
_CONVERGED_MM = 0.01  # largest change at the edge of the brain
_EDGE_MM = 50.0  # of the brain from its centre; the unit of length of the parameters, which makes them alike
_DAMPING, _MORE, _LESS, _MOST = 1e-3, 10.0, 0.1, 1e3  # of the normal equations' diagonal
_LEAST_GAIN = 1e-3  # of one image to the other; below it nothing in them is alike
_FEWEST_POINTS = 100


@dataclass(frozen=True)
class FitLevel:
    """Attributes:
    sigma_mm: of the Gaussian that smooths both images.
    points: ``(M, 3)`` mm, where they are compared.
    values: ``(M,)`` the smoothed fixed image there.
    """

    sigma_mm: float
    points: np.ndarray
    values: np.ndarray


def fit_levels(fixed: Volume, around: np.ndarray, levels: Sequence[tuple[float, int]]) -> tuple[FitLevel, ...]:
    """What a fit asks of the fixed image, from coarse to fine.

    Args:
        fixed: the image that stays.
        around: bool, same grid: where it is compared.
        levels: smoothing (sigma, mm), and the distance of the compared points in voxels.
    """
    made = []
    for sigma_mm, step in levels:
        smoothed = gaussian_filter(fixed.array.astype(np.float32), sigma_mm / fixed.grid.spacing_mm, truncate=3)
        chosen = np.zeros(around.shape, dtype=bool)
        chosen[::step, ::step, ::step] = around[::step, ::step, ::step]
        points = np.argwhere(chosen) @ fixed.affine_ras[:3, :3].T + fixed.affine_ras[:3, 3]
        made.append(FitLevel(sigma_mm, points, smoothed[chosen].astype(np.float64)))
    return tuple(made)


def fitted_affine(moving: Volume, levels: Sequence[FitLevel], start: np.ndarray) -> np.ndarray:
    """The affine from the fixed image's points to the moving one's, found from a start near it.

    Points that leave the moving image do not count. At the coarsest level a similarity transform is found first.

    Args:
        moving: the image that is brought onto the fixed one.
        levels: of ``fit_levels``, from coarse to fine.
        start: ``(4, 4)`` a similarity transform, mm, same frame on both sides (RAS+ here).

    Returns:
        ``(4, 4)``, in the frame of ``start``.
    """
    matrix = start
    for number, level in enumerate(levels):
        image = _Moving.smoothed(moving, level.sigma_mm)
        if number == 0:
            matrix = _maximised(image, level, matrix, _similarity_step)
        matrix = _maximised(image, level, matrix, _affine_step)
    return matrix


@dataclass(frozen=True)
class _Moving:
    """The moving image and its three slopes (by index), as layers of one array."""

    layers: tuple[np.ndarray, ...]
    to_index: np.ndarray

    @classmethod
    def smoothed(cls, image: Volume, sigma_mm: float) -> _Moving:
        array = gaussian_filter(image.array.astype(np.float32), sigma_mm / image.grid.spacing_mm, truncate=3)
        return cls((array, *np.gradient(array)), np.linalg.inv(image.affine_ras))


@dataclass(frozen=True)
class _Comparison:
    """At one affine: correlation; ``normal`` and ``right`` of the step's equations, in the unit of ``_EDGE_MM``."""

    correlation: float
    normal: np.ndarray
    right: np.ndarray


# (gradient in the fixed frame (M, 3), points (M, 3) in _EDGE_MM) -> columns (M, P); (step (P,)) -> (4, 4) in _EDGE_MM
_Step = tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]


def _affine_columns(gradient: np.ndarray, points: np.ndarray) -> np.ndarray:
    products = (gradient[:, :, None] * points[:, None, :]).reshape(len(points), 9)
    return np.concatenate([products, gradient], axis=1)


def _affine_change(step: np.ndarray) -> np.ndarray:
    change = np.eye(4)
    change[:3, :3] += step[:9].reshape(3, 3)
    change[:3, 3] = step[9:]
    return change


def _similarity_columns(gradient: np.ndarray, points: np.ndarray) -> np.ndarray:
    larger = np.einsum("ni,ni->n", points, gradient)[:, None]
    return np.concatenate([np.cross(points, gradient), larger, gradient], axis=1)


def _similarity_change(step: np.ndarray) -> np.ndarray:
    change = np.eye(4)
    change[:3, :3] = np.exp(step[3]) * rotation_of(step[:3])
    change[:3, 3] = step[4:]
    return change


_affine_step: _Step = (_affine_columns, _affine_change)
_similarity_step: _Step = (_similarity_columns, _similarity_change)


def _maximised(image: _Moving, level: FitLevel, matrix: np.ndarray, step: _Step) -> np.ndarray:
    """The affine changed in small movements of the fixed points, each kept only if it raises the correlation."""
    centre = level.points.mean(axis=0)
    to_centre = np.eye(4)
    to_centre[:3, :3] *= _EDGE_MM
    to_centre[:3, 3] = centre  # from the unit of the parameters to mm
    from_centre = np.linalg.inv(to_centre)
    points = (level.points - centre) / _EDGE_MM
    here = _compared(image, level, points, matrix, step)
    damping = _DAMPING
    for _ in range(_STEPS):
        movement = _movement(here, damping)
        if movement is None:
            break
        change = step[1](movement)
        tried = matrix @ to_centre @ change @ from_centre
        there = _compared(image, level, points, tried, step)
        size_mm = _EDGE_MM * float(np.abs(change - np.eye(4))[:3].sum(axis=1).max())
        if there.correlation > here.correlation:
            matrix, here, damping = tried, there, damping * _LESS
        else:
            damping *= _MORE
        if size_mm < _CONVERGED_MM or damping > _MOST:
            break
    return matrix


def _movement(here: _Comparison, damping: float) -> np.ndarray | None:
    """The parameters of the next step; None where the images have nothing in common."""
    normal = here.normal.copy()
    diagonal = np.arange(2, len(normal))  # offset and gain are not damped
    normal[diagonal, diagonal] *= 1 + damping
    try:
        solved = np.linalg.solve(normal, here.right)
    except np.linalg.LinAlgError:
        return None
    gain = float(solved[1])
    return solved[2:] / gain if gain > _LEAST_GAIN else None


def _compared(image: _Moving, level: FitLevel, points: np.ndarray, matrix: np.ndarray, step: _Step) -> _Comparison:
    to_index = image.to_index @ matrix
    indices = to_index[:3, :3] @ level.points.T + to_index[:3, 3:]
    limits = np.array(image.layers[0].shape)[:, None] - 0.5
    seen = np.all((indices >= -0.5) & (indices <= limits), axis=0)
    if seen.sum() < _FEWEST_POINTS:
        return _Comparison(-1.0, np.zeros((2, 2)), np.zeros(2))
    indices, target, points = indices[:, seen], level.values[seen], points[seen]
    value, *slopes = (
        map_coordinates(layer, indices, order=1, mode="nearest", output=np.float64) for layer in image.layers
    )
    gradient = np.stack(slopes, axis=1) @ to_index[:3, :3] * _EDGE_MM
    columns = np.concatenate([np.ones((len(value), 1)), value[:, None], step[0](gradient, points)], axis=1)
    spread = float(value.std() * target.std())
    correlation = float(((value - value.mean()) * (target - target.mean())).mean() / spread) if spread > 0 else -1.0
    return _Comparison(correlation, columns.T @ columns, columns.T @ target)
