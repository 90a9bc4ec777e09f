"""The start of a placement: centre and size from the brain masks, head tilt from a coarse search over rotations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter, map_coordinates

from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.preprocess.rotations import turned_head
from AGE2HIELib.volume import Volume

_POINT_MM = 7.5  # distance of the points at which masks are compared
_NOD_DEGREES = range(-180, 180, 15)  # about the left-right axis: slices are tilted most about this one
_SIDE_DEGREES = (-40, -20, 0, 20, 40)  # about the other two
_REFINE_DEGREES = (-7.5, 0, 7.5)
# All points decide, but only between the 60 tilts of 600 that agree best on every fifth point: the one that they choose
# was among the first ten there (10 phantoms and 12 real newborns, each as it lay and turned three times at random).
# Of T1 scans, whose heads are started in the same way, this was not measured.
_FEWER_POINTS, _PROMISING = 5, 60
_REACH_MM = 12.0  # a smooth mask tells where the brain is thick, and so which end is which


def start_transform(
    atlas_brain: Volume, brain: Volume, *, nod_degrees: Sequence[int] = _NOD_DEGREES
) -> sitk.Similarity3DTransform:
    """A similarity transform (no mirroring) from atlas points to the scan's, LPS+ mm.

    ``nod_degrees`` are the tilts about the left-right axis to try: fewer are faster, where scans are upright.
    """
    atlas_centre, atlas_ml = _centre_and_volume(atlas_brain)
    centre, volume_ml = _centre_and_volume(brain)
    scale = float(np.cbrt(volume_ml / atlas_ml))
    points, target = _comparison_points(atlas_brain, atlas_centre)
    field = gaussian_filter(brain.array.astype(np.float32), _REACH_MM / 2 / brain.grid.spacing_mm)
    ras_to_index = np.linalg.inv(brain.affine_ras)

    def agreement(rotation: np.ndarray, every: int = 1) -> float:
        mapped = scale * points[::every] @ rotation.T + centre
        index = ras_to_index[:3, :3] @ mapped.T + ras_to_index[:3, 3:]
        sampled = map_coordinates(field, index, order=1)
        return float(sampled @ target[::every] / np.linalg.norm(sampled)) if sampled.any() else 0.0

    candidates = turned_head(_every(nod_degrees, _SIDE_DEGREES, _SIDE_DEGREES))
    promising = sorted(candidates, key=partial(agreement, every=_FEWER_POINTS), reverse=True)[:_PROMISING]
    best = max(promising, key=agreement)
    best = max(best @ turned_head(_every(*[_REFINE_DEGREES] * 3)), key=agreement)
    flip = LPS_FROM_RAS[:3, :3]
    transform = sitk.Similarity3DTransform()
    transform.SetCenter((flip @ atlas_centre).tolist())
    transform.SetMatrix((scale * flip @ best @ flip).ravel().tolist(), 1e-4)
    transform.SetTranslation((flip @ (centre - atlas_centre)).tolist())
    return transform


def _every(*degrees: Sequence[float]) -> np.ndarray:
    """``(N, 3)`` every combination; the last axis changes first."""
    return np.stack(np.meshgrid(*degrees, indexing="ij"), axis=-1).reshape(-1, len(degrees))


def _centre_and_volume(brain: Volume) -> tuple[np.ndarray, float]:
    indices = np.argwhere(brain.array)
    centre = brain.affine_ras[:3, :3] @ indices.mean(axis=0) + brain.affine_ras[:3, 3]
    return centre, len(indices) * brain.grid.voxel_ml


def _comparison_points(atlas_brain: Volume, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the atlas (mm from its centre) and the smoothed, normalised mask there."""
    step = np.maximum(1, np.round(_POINT_MM / atlas_brain.grid.spacing_mm)).astype(int)
    field = gaussian_filter(atlas_brain.array.astype(np.float32), _REACH_MM / 2 / atlas_brain.grid.spacing_mm)
    lattice = np.stack(
        np.meshgrid(*[np.arange(0, n, s) for n, s in zip(field.shape, step, strict=True)], indexing="ij")
    )
    indices = lattice.reshape(3, -1)
    points = (atlas_brain.affine_ras[:3, :3] @ indices).T + atlas_brain.affine_ras[:3, 3] - centre
    target = field[tuple(indices)]
    near = np.linalg.norm(points, axis=1) < 80.0
    return points[near], target[near] / np.linalg.norm(target[near])
