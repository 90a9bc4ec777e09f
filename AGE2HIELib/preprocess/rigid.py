"""Rigid motion between two images of one head, of the same contrast or of another.

Mattes mutual information (SimpleITK) was tried first: on still phantoms it saw 0.25-0.42 voxel of motion between b0 and
b = 1000, and from 5 mm away its descent ended 0.3-1.3 voxel off. The correlation ratio sees 0.21-0.25 and ends within
0.37. It draws nothing at random and runs on one thread, so the answer never changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from AGE2HIELib.preprocess.mask import otsu_threshold
from AGE2HIELib.volume import Volume

COARSE_MM = 4.0  # volumes are averaged to voxels of at most this size where they are finer: 8 times faster
SMOOTHING_MM = 3.0  # single noisy volumes must not look displaced: 3 to 5 mm compared, no better beyond 3
# Of the largest signal, in logarithms. Apparent motion of the still XA30 volunteer from b0 to b = 2500: 1.0 voxel at
# 0.1, 0.69 at 0.05, 0.34 at 0.003 and 0.001; phantoms do not mind.
SIGNAL_FLOOR = 1e-3
_MOST_POINTS = 15000  # evenly drawn from the mask: every voxel instead changes the result by 0.06 voxel at most
_HEAD_RADIUS_MM = 60.0  # turns radians into mm at the edge of a newborn's head
_CONVERGED_MM = 0.01
_GAUSS_NEWTON_STEPS = 25  # 4 to 10 are used
_INTENSITY_BINS = 32
_ROBUST_SD = 3.0  # residuals beyond it count linearly (Huber)


@dataclass(frozen=True)
class Rigid:
    """x -> rotation x + offset, RAS+ mm: from points of the fixed image to the same anatomy in the moving one."""

    rotation: np.ndarray
    offset: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(points @ self.rotation.T + self.offset)

    def after(self, first: Rigid) -> Rigid:
        return Rigid(self.rotation @ first.rotation, self.rotation @ first.offset + self.offset)

    def inverse(self) -> Rigid:
        return Rigid(self.rotation.T, -self.rotation.T @ self.offset)

    def displacement_mm(self, points: np.ndarray) -> float:
        """Mean over points."""
        return float(np.linalg.norm(self(points) - points, axis=1).mean())


STILL = Rigid(np.eye(3), np.zeros(3))


def rigid_about(parameters: np.ndarray, centre: np.ndarray) -> Rigid:
    """From a rotation vector (rad) and a shift (mm) about a centre."""
    rotation = Rotation.from_rotvec(parameters[:3]).as_matrix()
    return Rigid(rotation, centre - rotation @ centre + parameters[3:])


def parameters_about(rigid: Rigid, centre: np.ndarray) -> np.ndarray:
    """The inverse of ``rigid_about``."""
    return np.concatenate([Rotation.from_matrix(rigid.rotation).as_rotvec(), rigid(centre) - centre])


def coarse_image(volume: Volume) -> Volume:
    """Averaged to about ``COARSE_MM`` and smoothed."""
    most = np.maximum(1, np.array(volume.array.shape) // 2)  # a slope needs two voxels
    factors = np.clip((COARSE_MM // volume.grid.spacing_mm).astype(int), 1, most)
    affine = volume.affine_ras.copy()
    affine[:3, 3] += affine[:3, :3] @ ((factors - 1) / 2)
    affine[:3, :3] = affine[:3, :3] * factors
    i, j, k = (n // f for n, f in zip(volume.array.shape, factors, strict=True))
    a, b, c = factors
    whole = volume.array[: i * a, : j * b, : k * c].astype(np.float32)
    array = np.nan_to_num(whole.reshape(i, a, j, b, k, c).mean(axis=(1, 3, 5)))
    small = Volume(array, affine)
    return small.like(gaussian_filter(array, SMOOTHING_MM / small.grid.spacing_mm, truncate=3))


def head_voxels(image: Volume) -> np.ndarray:
    """Bool: the head in a coarse image, and a margin around it."""
    log_signal = logarithm(image).array
    return np.asarray(binary_dilation(log_signal > otsu_threshold(log_signal), iterations=2))


def points_of(mask: np.ndarray, affine_ras: np.ndarray) -> np.ndarray:
    """``(M, 3)`` centres of the voxels in a mask, RAS+ mm."""
    return np.asarray(np.argwhere(mask) @ affine_ras[:3, :3].T + affine_ras[:3, 3])


def align(fixed: Volume, moving: Volume, mask: np.ndarray) -> Rigid:
    """Gauss-Newton on the part of the moving image that the fixed one's intensity does not explain.

    The moving image is compared with its own mean in each of 32 intensity classes of the fixed one (the correlation
    ratio, Roche et al. 1998, doi:10.1007/BFb0056301), so gain and contrast do not matter. Both images are coarse ones
    of one grid; ``mask`` is where to compare.
    """
    stride = max(1, round(mask.sum() / _MOST_POINTS))
    values = fixed.array[mask][::stride]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _INTENSITY_BINS + 1)[1:-1]))
    classes = np.digitize(values, edges)
    points = points_of(mask, fixed.affine_ras)[::stride]
    centre = points.mean(axis=0)
    from_ras = np.linalg.inv(moving.affine_ras)
    layers = [moving.array, *np.gradient(moving.array)]
    rigid = STILL
    for _ in range(_GAUSS_NEWTON_STEPS):
        moved = rigid(points)
        indices = (moved @ from_ras[:3, :3].T + from_ras[:3, 3]).T
        signal, *slopes = (map_coordinates(layer, indices, order=1, mode="nearest") for layer in layers)
        gradient = np.stack(slopes, axis=1) @ from_ras[:3, :3]
        jacobian = np.concatenate([np.cross(moved - centre, gradient), gradient], axis=1)
        step = _robust_step(_unexplained(signal[:, None], classes)[:, 0], _unexplained(jacobian, classes))
        rigid = rigid_about(step, centre).after(rigid)
        if np.linalg.norm(step[:3]) * _HEAD_RADIUS_MM + np.linalg.norm(step[3:]) < _CONVERGED_MM:
            break
    return rigid


def resample_rigid(moving: Volume, rigid: Rigid) -> Volume:
    """A coarse image put onto the fixed one's head; the border goes on outside."""
    indices = np.indices(moving.array.shape).reshape(3, -1).T
    there = rigid(indices @ moving.affine_ras[:3, :3].T + moving.affine_ras[:3, 3])
    from_ras = np.linalg.inv(moving.affine_ras)
    values = map_coordinates(moving.array, (there @ from_ras[:3, :3].T + from_ras[:3, 3]).T, order=1, mode="nearest")
    return moving.like(values.reshape(moving.array.shape))


def logarithm(image: Volume) -> Volume:
    """ln S, which makes the contrasts of different b more alike."""
    lowest = SIGNAL_FLOOR * max(float(image.array.max()), float(np.finfo(np.float32).tiny))
    return image.like(np.log(np.maximum(image.array, lowest)))


def _unexplained(columns: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """What is left of each column without its mean in each class."""
    count = np.maximum(np.bincount(classes), 1)
    means = [np.bincount(classes, column) / count for column in columns.T]
    return np.asarray(columns - np.stack([mean[classes] for mean in means], axis=1))


def _robust_step(residual: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """Huber-weighted least-squares step (rotation vector, shift)."""
    limit = _ROBUST_SD * 1.4826 * np.median(np.abs(residual)) + np.finfo(float).tiny
    weighted = jacobian * np.minimum(1, limit / np.maximum(np.abs(residual), limit * 1e-9))[:, None]
    return np.asarray(-np.linalg.lstsq(weighted.T @ jacobian, weighted.T @ residual, rcond=None)[0])
