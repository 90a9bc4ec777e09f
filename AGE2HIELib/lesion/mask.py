"""Which voxels of a scan are lesion: tissue far below normal newborns' ADC, in clusters that begin deep in the brain.

``docs/lesions.md`` has the figures that chose the constants, and what else was tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from AGE2HIELib.explanation.region_tissue import FLUID_ADC
from AGE2HIELib.lesion.norm import tissue_norm
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import bounding_box, smooth_inside
from AGE2HIELib.preprocess.zmap import ADC_RANGE, smoothed_noise
from AGE2HIELib.volume import Volume

METHOD = "rule"
_ABOVE = 10.0  # what is no tissue, in the score


@dataclass(frozen=True)
class ClusterRule:
    """What makes a cluster.

    Attributes:
        seed, grow: scores below which it begins, and to which it reaches.
        seed_depth_mm, grow_depth_mm: from the brain's surface, where masks are a voxel off and sulci are mixed in.
        seed_ml, smallest_ml: volume of its seeds and of the whole, at least.
    """

    seed: float
    grow: float
    seed_depth_mm: float
    grow_depth_mm: float
    seed_ml: float
    smallest_ml: float


@dataclass(frozen=True)
class LesionRule:
    """Attributes:
    meaning: in words, for a record.
    outline: of every lesion.
    convincing: of one, without which there is none: normal brains hold small clusters as low as an injured brain's.
    """

    meaning: str
    outline: ClusterRule
    convincing: ClusterRule


OWN = LesionRule(
    "clusters of tissue whose ADC, averaged over 3.5 mm, lies 1.75 standard deviations below normal newborns' tissue, "
    "and somewhere 2.25; at least one of them reaches 3",
    outline=ClusterRule(-2.25, -1.75, seed_depth_mm=8.0, grow_depth_mm=4.0, seed_ml=0.05, smallest_ml=0.1),
    convincing=ClusterRule(-3.0, -2.0, seed_depth_mm=8.0, grow_depth_mm=4.0, seed_ml=0.15, smallest_ml=0.15),
)
RELEASED = LesionRule(
    "clusters of tissue below -2 in the given z-map, and somewhere below -2.25; at least one of them reaches -3",
    outline=ClusterRule(-2.25, -2.0, seed_depth_mm=6.0, grow_depth_mm=0.0, seed_ml=0.05, smallest_ml=0.1),
    convincing=ClusterRule(-3.0, -2.0, seed_depth_mm=6.0, grow_depth_mm=0.0, seed_ml=0.05, smallest_ml=0.1),
)
SMOOTHING_SD_MM = 1.5  # of our own score: 3.5 mm full width at half maximum


def own_score(adc: Volume, brain: Volume, atlas: Atlas, placement: Placement) -> Volume:
    """(ADC smoothed within tissue - mean) / sqrt(sd^2 + noise^2), of tissue alone; 10 in fluid and outside the brain.

    Beside fluid our z-map is divided by what fluid adds to the spread between newborns, so that a lesion of cortex
    hardly shows in it. Here fluid is left out of the scan and of the norm. The noise is the z-map's, whose smoothing is
    narrower: two to three times what is left here. With what is left, fewer noisy healthy phantoms had no lesion (12 of
    15 at 2 mm, 15 with the z-map's) and the 28 newborns' Dice was the same.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order; not-finite voxels take the mean of their neighbours.
        brain: bool, same grid.
    """
    mean, sd = (placement.to_native(field, within=brain.array).array for field in tissue_norm(atlas))
    return tissue_score(adc, brain, mean, sd)


def tissue_score(adc: Volume, brain: Volume, mean: np.ndarray, sd: np.ndarray) -> Volume:
    """``own_score`` from mean and sd (1e-6 mm^2/s) that lie on the scan's grid already; 10 where the sd is 0."""
    tissue = brain.like(brain.array & ~(adc.array > FLUID_ADC))
    smoothed = smooth_inside(adc.like(np.clip(adc.array, *ADC_RANGE)), tissue, SMOOTHING_SD_MM).array
    spread = np.where(sd > 0, np.hypot(sd, smoothed_noise(adc, brain)), np.inf)
    known = tissue.array & (sd > 0)
    return adc.like(np.where(known, (smoothed - mean) / spread, _ABOVE).astype(np.float32))


def given_score(z: Volume, adc: Volume, brain: Volume) -> Volume:
    """A given z-map where there is tissue, 10 elsewhere."""
    tissue = brain.array & ~(adc.array > FLUID_ADC) & np.isfinite(z.array)
    return adc.like(np.where(tissue, z.array, _ABOVE).astype(np.float32))


def lesion_mask(score: Volume, brain: Volume, rule: LesionRule) -> Volume:
    """True in lesion, on the scan's grid; nowhere where no cluster is convincing.

    Args:
        score: from ``own_score`` for ``OWN``, ``given_score`` for ``RELEASED``.
        brain: bool.
    """
    depth = depth_mm(brain)
    if not found_clusters(score, brain, depth, rule.convincing).any():
        return brain.like(np.zeros(brain.array.shape, dtype=bool))
    return brain.like(found_clusters(score, brain, depth, rule.outline))


def found_clusters(
    score: Volume, brain: Volume, depth: np.ndarray, rule: ClusterRule, *, moved: float = 0.0
) -> np.ndarray:
    """The clusters that meet a rule, as a mask; ``depth`` from ``depth_mm``, ``moved`` is added to both its scores."""
    low = brain.array & (score.array < rule.grow + moved) & (depth > rule.grow_depth_mm)
    seed = low & (score.array < rule.seed + moved) & (depth > rule.seed_depth_mm)
    numbers, count = number_clusters(low)
    ml = brain.grid.voxel_ml
    whole, begun = (np.bincount(numbers[part], minlength=count + 1) * ml for part in (low, seed))
    kept = (whole >= rule.smallest_ml) & (begun >= rule.seed_ml)
    kept[0] = False
    return np.asarray(kept[numbers])


def number_clusters(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """(number of the cluster of every voxel, 0 outside; how many there are).

    Voxels belong together that share a face, an edge or a corner (26 neighbours): in slices of 4 to 6 mm a lesion that
    moves by a voxel from one slice to the next would fall apart by faces alone.
    """
    numbers, count = ndimage.label(mask, structure=np.ones((3, 3, 3), bool))
    return numbers, int(count)


def depth_mm(brain: Volume) -> np.ndarray:
    """Distance of every voxel's centre to the nearest one outside the brain; the end of the image counts as outside."""
    spacing = tuple(float(mm) for mm in brain.grid.spacing_mm)
    depth = np.zeros(brain.array.shape)
    if brain.array.any():
        box = bounding_box(brain.array)  # whatever lies around it is outside
        inside = np.pad(brain.array[box], 1)
        depth[box] = ndimage.distance_transform_edt(inside, sampling=spacing)[1:-1, 1:-1, 1:-1]
    return depth
