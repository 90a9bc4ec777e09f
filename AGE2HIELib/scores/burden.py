"""How much of each place is lesion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.explanation.region_norms import labelled_box
from AGE2HIELib.explanation.regions import BRAIN_SHARE
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import part_of
from AGE2HIELib.result.findings import RegionPart
from AGE2HIELib.scores.places import ScorePlace, places_of
from AGE2HIELib.volume import Volume


@dataclass(frozen=True)
class Burden:
    """The lesion in every place.

    Attributes:
        parts: by name and hemisphere; places outside the field of view are not there.
        volumes_ml: of the places, likewise.
        zones: whether the atlas has them.
    """

    parts: Mapping[tuple[str, str], RegionPart]
    volumes_ml: Mapping[tuple[str, str], float]
    zones: bool

    def of(self, *names: str) -> tuple[RegionPart, ...]:
        """Parts of these places, by name and then left, right, midline."""
        sides = ("left", "right", "midline")
        return tuple(self.parts[name, side] for name in names for side in sides if (name, side) in self.parts)

    def total_ml(self, name: str) -> float:
        """Lesion in a place of both hemispheres."""
        return sum(part.lesion_ml for part in self.of(name))

    def total_share(self, name: str) -> float:
        """Part of a place of both hemispheres that is lesion, 0..1."""
        volume = sum(self.volumes_ml[part.region, part.hemisphere] for part in self.of(name))
        return self.total_ml(name) / volume if volume > 0 else 0.0


def burden_of(places: Iterable[ScorePlace], lesion: np.ndarray, voxel_ml: np.ndarray, *, zones: bool) -> Burden:
    """The lesion in each place.

    Args:
        lesion: part of each voxel that is lesion, 0..1.
        voxel_ml: brain in each voxel; 0 outside the field of view.
    """
    inside_ml, lesion_ml = voxel_ml.ravel(), (lesion * voxel_ml).ravel()
    parts: dict[tuple[str, str], RegionPart] = {}
    volumes: dict[tuple[str, str], float] = {}
    for place in places:
        volume = float(inside_ml[place.voxels].sum(dtype=np.float64))
        if volume > 0:
            injured = float(lesion_ml[place.voxels].sum(dtype=np.float64))
            key = (place.name, place.hemisphere)
            parts[key] = RegionPart(*key, round(injured, 4), round(min(injured / volume, 1.0), 5))
            volumes[key] = volume
    return Burden(parts, volumes, zones)


def measure_burden(lesion: Volume, brain: Volume, placement: Placement, atlas: Atlas) -> Burden:
    """The lesion of a scan in each place of the atlas, measured on the atlas's finer grid.

    A larger lesion never holds less of a place: the brain and the placement are the same.

    Args:
        lesion, brain: bool, on the scan's grid in canonical voxel order.
        placement: of the scan.
    """
    box = labelled_box(atlas)
    weight, injured = (
        placement.share_in_atlas(mask, part_of(atlas.grid, box)).astype(np.float64)
        for mask in (brain, brain.like(lesion.array & brain.array))
    )
    usable = weight >= BRAIN_SHARE
    sizes, share = np.zeros(atlas.grid.shape), np.zeros(atlas.grid.shape)
    sizes[box] = np.where(usable, placement.volume_change(box).array * atlas.grid.voxel_ml, 0.0)
    share[box] = np.where(usable, np.clip(injured / np.maximum(weight, BRAIN_SHARE), 0, 1), 0.0)
    return burden_of(places_of(atlas), share, sizes, zones=atlas.zones is not None)
