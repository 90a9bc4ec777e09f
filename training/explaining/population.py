"""What the maps of single subjects have in common: their mean in the template, how it scatters, and how far a map
depends on the numbers that were drawn for it.

Bintsi et al. (2021, arXiv:2108.05388) read the importance of regions off such a mean over subjects, not off one map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from AGE2HIELib.explanation.robustness import likeness
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume
from training.files import write_whole

FEWEST = 2  # subjects of a mean
_SEEN_BY = 0.5  # share of the subjects whose brain must reach a voxel
MEAN, SPREAD = "age_maps_mean.nii.gz", "age_maps_sd.nii.gz"


@dataclass(frozen=True)
class PopulationMap:
    """On the network's grid in the template's frame; 0 where fewer than half of the brains reach.

    Attributes:
        mean: of the maps, in their unit.
        sd: of the subjects' values around it (n - 1).
        t1: mean of the images, as the network is fed.
        subjects: how many.
    """

    mean: Volume
    sd: Volume
    t1: Volume
    subjects: int


def population_map(maps: Sequence[Volume], images: Sequence[Volume]) -> PopulationMap:
    """Voxel by voxel over the subjects whose brain holds it.

    Args:
        maps: of ``FEWEST`` subjects or more, on one grid in the template's frame.
        images: of the same subjects, 0 outside the brain.
    """
    values, seen = np.stack([one.array for one in maps]).astype(float), np.stack([one.array for one in images])
    inside = seen != 0
    count = inside.sum(axis=0)
    kept = (count >= FEWEST) & (count >= _SEEN_BY * len(maps))
    mean = np.where(kept, (values * inside).sum(axis=0) / np.maximum(count, 1), 0)
    squares = (((values - mean) * inside) ** 2).sum(axis=0)
    sd = np.where(kept, np.sqrt(squares / np.maximum(count - 1, 1)), 0)
    t1 = np.where(kept, (seen * inside).sum(axis=0, dtype=float) / np.maximum(count, 1), 0)
    mean_map, sd_map, t1_map = (maps[0].like(one.astype(np.float32)) for one in (mean, sd, t1))
    return PopulationMap(mean_map, sd_map, t1_map, len(maps))


def write_population(found: PopulationMap, folder: Path) -> None:
    for name, volume in ((MEAN, found.mean), (SPREAD, found.sd)):
        write_whole(folder / name, partial(write_volume, volume))


def seed_agreement(maps: Sequence[Volume], image: Volume) -> float:
    """Rank correlation over the brain of two maps of one subject that differ in what was drawn at random, -1..1."""
    first, second = maps
    return likeness(first.array, second.array, image.array != 0)
