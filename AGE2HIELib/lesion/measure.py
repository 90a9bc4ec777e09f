"""How much is lesion, where and on which side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects

from AGE2HIELib.lesion.mask import (
    METHOD,
    OWN,
    RELEASED,
    LesionRule,
    depth_mm,
    found_clusters,
    given_score,
    lesion_mask,
    number_clusters,
    own_score,
)
from AGE2HIELib.lesion.norm import nearest_tissue, sides_of_midline
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.result.findings import Lesion, LesionCluster
from AGE2HIELib.volume import Volume

LISTED = 20  # clusters in a record; all count in the volume
ONE_SIDED = 0.8  # of the volume on one side, which is four times the other's: less is "both"
MOVED = 0.75  # of the score's limits, to either side, for the interval: see docs/lesions.md for what it covers


@dataclass(frozen=True)
class PlacedScan:
    """A scan's maps and what the atlas says of each of its voxels, on the scan's grid in canonical voxel order.

    Attributes:
        adc: 1e-6 mm^2/s.
        z: standard deviations.
        brain: bool.
        score: what the rule is asked of.
        rule: for that score.
        halves: 1 in the patient's left half, -1 in the right, 0 on the midline.
        labels: of the nearest region that is tissue.
        names: of the regions, by label.
    """

    adc: Volume
    z: Volume
    brain: Volume
    score: Volume
    rule: LesionRule
    halves: Volume
    labels: Volume
    names: dict[int, str]


def placed_scan(
    adc: Volume, z: Volume, brain: Volume, atlas: Atlas, placement: Placement, *, released: bool
) -> PlacedScan:
    """``released``: whether the z-map was given; a rule of its own reads it. Ours is read with the fluid left out."""
    score = given_score(z, adc, brain) if released else own_score(adc, brain, atlas, placement)
    side, labels = (
        placement.to_native(image, interpolation="nearest", within=brain.array)
        for image in (sides_of_midline(atlas), nearest_tissue(atlas))
    )
    names = {region.value: region.name for region in atlas.regions}
    return PlacedScan(adc, z, brain, score, RELEASED if released else OWN, side, labels, names)


def found_lesion(scan: PlacedScan) -> tuple[Volume, Lesion]:
    """The mask (bool) and what is said of it."""
    mask = lesion_mask(scan.score, scan.brain, scan.rule)
    return mask, measured_lesion(mask, scan)


def measured_lesion(mask: Volume, scan: PlacedScan) -> Lesion:
    """Volume, side and clusters of a lesion on the scan's grid, which may have been corrected by hand.

    The interval holds the volumes with both limits of the score moved by ``MOVED``; the upper end asks for no
    convincing cluster.
    """
    brain_ml = _ml(scan.brain.array, scan)
    volume_ml = _ml(mask.array, scan)
    share = volume_ml / brain_ml if brain_ml else 0.0
    low, high = _interval(scan, brain_ml)
    return Lesion(
        method=METHOD,
        meaning=scan.rule.meaning,
        volume_ml=round(volume_ml, 3),
        brain_ml=round(brain_ml, 3),
        share=round(share, 6),
        interval=(round(min(low, share), 6), round(max(high, share), 6)),
        side=side_of(mask.array, scan) if mask.array.any() else "none",
        clusters=_clusters(mask, scan),
    )


def side_of(part: np.ndarray, scan: PlacedScan) -> str:
    """left, right or both: the half that holds at least ``ONE_SIDED`` of it."""
    sides = scan.halves.array[part]
    left, right = int((sides > 0).sum()), int((sides < 0).sum())
    if left + right == 0 or max(left, right) < ONE_SIDED * (left + right):
        return "both"
    return "left" if left > right else "right"


def _interval(scan: PlacedScan, brain_ml: float) -> tuple[float, float]:
    """Shares with stricter and looser limits, 0..1."""
    if not brain_ml:
        return 0.0, 0.0
    depth, outline = depth_mm(scan.brain), scan.rule.outline
    convinced = found_clusters(scan.score, scan.brain, depth, scan.rule.convincing, moved=-MOVED).any()
    low, high = (found_clusters(scan.score, scan.brain, depth, outline, moved=by) for by in (-MOVED, MOVED))
    return (_ml(low, scan) / brain_ml if convinced else 0.0), _ml(high, scan) / brain_ml


def _clusters(mask: Volume, scan: PlacedScan) -> tuple[LesionCluster, ...]:
    """The largest first."""
    numbers, _ = number_clusters(mask.array)
    sizes = np.bincount(numbers.ravel())[1:]
    boxes = find_objects(numbers)
    order = np.argsort(-sizes, kind="stable")[:LISTED]
    return tuple(_cluster(numbers, int(index) + 1, boxes[index], scan) for index in order)


def _cluster(numbers: np.ndarray, number: int, box: tuple[slice, ...], scan: PlacedScan) -> LesionCluster:
    part = np.zeros(numbers.shape, dtype=bool)
    part[box] = numbers[box] == number
    labels = np.bincount(scan.labels.array[part].astype(np.int64))
    adc = scan.adc.array[part]
    known = adc[np.isfinite(adc)]
    x, y, z = scan.brain.affine_ras[:3] @ [*np.argwhere(part).mean(axis=0), 1.0]
    return LesionCluster(
        volume_ml=round(_ml(part, scan), 4),
        hemisphere=side_of(part, scan),
        region=scan.names.get(int(labels.argmax()), ""),
        mean_adc_1e6_mm2_s=round(float(known.mean(dtype=np.float64)), 2) if known.size else 0.0,
        mean_z=round(float(scan.z.array[part].mean(dtype=np.float64)), 4),
        centre_ras_mm=(round(float(x), 2), round(float(y), 2), round(float(z), 2)),
    )


def _ml(part: np.ndarray, scan: PlacedScan) -> float:
    return float(part.sum() * scan.brain.grid.voxel_ml)
