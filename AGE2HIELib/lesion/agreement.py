"""How well two masks of lesions agree: overlap, volumes and distances of their surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from AGE2HIELib.errors import InputError

_PERCENTILE = 95.0  # of the distances, for the one that a few stray voxels do not decide


@dataclass(frozen=True)
class MaskAgreement:
    """A mask against a reference; None where it needs a voxel in both, or a map that was not given.

    Attributes:
        dice: twice the common volume over the sum of both, 0..1 (Dice 1945, doi:10.2307/1932409).
        volume_ml, reference_ml: of the mask and of the reference.
        surface_mm: mean distance of the voxels of either surface from the other surface.
        hausdorff95_mm: the 95th percentile of the same distances.
        hausdorff_mm: the largest distance of a voxel of either mask from the other mask.
        evidence_share: part of the map's positive evidence in the brain that lies in the reference, 0..1.
        chance_share: part of the brain that is reference: what a map that knows nothing has there.
    """

    dice: float | None
    volume_ml: float
    reference_ml: float
    surface_mm: float | None
    hausdorff95_mm: float | None
    hausdorff_mm: float | None
    evidence_share: float | None = None
    chance_share: float | None = None


def mask_agreement(
    mask: np.ndarray,
    reference: np.ndarray,
    spacing_mm: tuple[float, float, float],
    *,
    saliency: np.ndarray | None = None,
    brain: np.ndarray | None = None,
) -> MaskAgreement:
    """Compare two masks on one grid, whose axes are at right angles.

    Args:
        mask, reference: bool, ``(N, M, K)``.
        spacing_mm: of the three axes in their order.
        saliency: of the same shape; only what is above 0 counts as evidence.
        brain: bool; what lies outside it is no evidence.

    Raises:
        InputError: shapes differ, or both masks are empty.
    """
    if mask.shape != reference.shape:
        raise InputError(f"The reference has {_shape(reference)} voxels and the lesion {_shape(mask)}. Resample it.")
    if not (mask.any() or reference.any()):
        raise InputError("Both masks are empty. Choose a reference that holds a lesion.")
    voxel_ml = float(np.prod(spacing_mm)) / 1000
    sizes = int(mask.sum()), int(reference.sum())
    surface = hausdorff95 = hausdorff = None
    if all(sizes):
        between = surface_distances(mask, reference, spacing_mm)
        surface, hausdorff95 = float(between.mean()), float(np.percentile(between, _PERCENTILE))
        hausdorff = max(_farthest(mask, reference, spacing_mm), _farthest(reference, mask, spacing_mm))
    return MaskAgreement(
        dice=2.0 * int((mask & reference).sum()) / sum(sizes),
        volume_ml=sizes[0] * voxel_ml,
        reference_ml=sizes[1] * voxel_ml,
        surface_mm=surface,
        hausdorff95_mm=hausdorff95,
        hausdorff_mm=hausdorff,
        evidence_share=_evidence(saliency, reference, brain),
        chance_share=float((reference & brain).sum() / brain.sum()) if brain is not None and brain.any() else None,
    )


def surface_distances(one: np.ndarray, other: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Distances in mm of the surface voxels of each mask from the surface of the other, all in one array.

    A surface voxel has a face that it does not share with its mask; the grid's edge counts as outside.
    """
    surfaces = [mask & ~binary_erosion(mask) for mask in (one, other)]
    from_surface = [distance_transform_edt(~surface, sampling=spacing_mm) for surface in surfaces]
    return np.concatenate([from_surface[1][surfaces[0]], from_surface[0][surfaces[1]]])


def _farthest(one: np.ndarray, other: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    return float(distance_transform_edt(~other, sampling=spacing_mm)[one].max())


def _evidence(saliency: np.ndarray | None, reference: np.ndarray, brain: np.ndarray | None) -> float | None:
    if saliency is None:
        return None
    positive = np.maximum(np.nan_to_num(saliency.astype(np.float64)), 0)
    if brain is not None:
        positive = np.where(brain, positive, 0)
    total = float(positive.sum())
    return float(positive[reference].sum()) / total if total > 0 else None


def _shape(mask: np.ndarray) -> str:
    return " x ".join(map(str, mask.shape))
