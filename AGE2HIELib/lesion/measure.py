"""How much is lesion, where and on which side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects

from AGE2HIELib.lesion.mask import MEANING, METHOD, clusters, lesion_mask
from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.result.record import Lesion, LesionCluster
from AGE2HIELib.volume import Volume

LISTED = 20  # clusters in a record; all count in the volume
ONE_SIDED = 0.8  # of the volume on one side: less is "both"
_MOVED = 0.3  # standard deviations that the limit of z is moved by, for the interval


@dataclass(frozen=True)
class Placed:
    """What is known of every voxel of a scan, on its grid: maps, and the side and label of the atlas.

    Attributes:
        side: 1 in the patient's left half, -1 in the right, 0 on the midline.
        labels: of the nearest region that is tissue.
    """

    adc: Volume
    z: Volume
    brain: Volume
    side: Volume
    labels: Volume
    atlas: Atlas


def placed_maps(adc: Volume, z: Volume, brain: Volume, atlas: Atlas, placement: Placement) -> Placed:
    """What ``measured_lesion`` asks of the scan's voxels."""
    side, labels = (placement.to_native(image, interpolation="nearest") for image in _halves_and_tissue(atlas))
    return Placed(adc, z, brain, side, labels, atlas)


def measured_lesion(lesion: Volume, maps: Placed) -> Lesion:
    """Volume, side and clusters of a lesion on the scan's grid.

    The interval is the share with the limit of z moved by 0.3 standard deviations.
    """
    brain_ml = float(maps.brain.array.sum() * maps.brain.grid.voxel_ml)
    volume_ml = _ml(lesion.array, lesion)
    moved = (lesion_mask(maps.z, maps.adc, maps.brain, limit=-2.0 + by) for by in (-_MOVED, _MOVED))
    low, high = (_ml(other.array, other) / max(brain_ml, 1e-9) for other in moved)
    share = volume_ml / max(brain_ml, 1e-9)
    return Lesion(
        method=METHOD,
        meaning=MEANING,
        volume_ml=round(volume_ml, 3),
        brain_ml=round(brain_ml, 3),
        share=round(share, 6),
        interval=(round(min(low, share), 6), round(max(high, share), 6)),
        side=side_of(lesion.array, maps) if lesion.array.any() else "none",
        clusters=_clusters(lesion, maps),
    )


def side_of(part: np.ndarray, maps: Placed) -> str:
    """left, right or both: the side that holds at least ``ONE_SIDED`` of it."""
    sides = maps.side.array[part]
    left, right = float((sides > 0).sum()), float((sides < 0).sum())
    both = left + right
    if both and left >= ONE_SIDED * both:
        return "left"
    return "right" if both and right >= ONE_SIDED * both else "both"


def _clusters(lesion: Volume, maps: Placed) -> tuple[LesionCluster, ...]:
    """The largest first."""
    numbers, _ = clusters(lesion.array)
    sizes = np.bincount(numbers.ravel())[1:]
    boxes = find_objects(numbers)
    order = np.argsort(-sizes, kind="stable")[:LISTED]
    return tuple(_cluster(numbers == index + 1, maps) for index in order if boxes[index] is not None)


def _cluster(part: np.ndarray, maps: Placed) -> LesionCluster:
    values = np.bincount(maps.labels.array[part].astype(np.int64))
    names = {region.value: region.name for region in maps.atlas.regions}
    known = maps.adc.array[part][np.isfinite(maps.adc.array[part])]
    centre = maps.brain.affine_ras[:3] @ [*np.argwhere(part).mean(axis=0), 1.0]
    x, y, z = (round(float(value), 2) for value in centre)
    return LesionCluster(
        volume_ml=round(_ml(part, maps.brain), 4),
        hemisphere=side_of(part, maps),
        region=names.get(int(values.argmax()), ""),
        mean_adc_1e6_mm2_s=round(float(known.mean(dtype=np.float64)), 2) if known.size else 0.0,
        mean_z=round(float(maps.z.array[part].mean(dtype=np.float64)), 4),
        centre_ras_mm=(x, y, z),
    )


def _ml(part: np.ndarray, on: Volume) -> float:
    return float(part.sum() * on.grid.voxel_ml)


@once_per_atlas
def _halves_and_tissue(atlas: Atlas) -> tuple[Volume, Volume]:
    """On the atlas's grid: 1 nearer to the left half's regions, else -1; the nearest tissue's label."""
    spacing = tuple(float(mm) for mm in atlas.grid.spacing_mm)
    apart = []
    for hemisphere in ("left", "right"):
        values = [region.value for region in atlas.regions if region.hemisphere == hemisphere]
        apart.append(distance_transform_edt(~np.isin(atlas.labels.array, values), sampling=spacing))
    side = np.sign(apart[1] - apart[0]).astype(np.int8)
    fluid = [region.value for region in atlas.regions if "ventricle" in region.name or "fluid" in region.name]
    tissue = (atlas.labels.array > 0) & ~np.isin(atlas.labels.array, fluid)
    nearest = distance_transform_edt(~tissue, return_distances=False, return_indices=True)
    return atlas.labels.like(side), atlas.labels.like(atlas.labels.array[tuple(nearest)])
