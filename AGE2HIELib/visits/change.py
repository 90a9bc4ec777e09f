"""What has changed between two scans: lesion on one fine grid, medians of regions, injury scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from AGE2HIELib.explanation.region_norms import round_value
from AGE2HIELib.explanation.region_tissue import parts_of_voxels
from AGE2HIELib.explanation.regions import LOW_Z
from AGE2HIELib.preprocess.rigid import Rigid, points_of
from AGE2HIELib.preprocess.smoothing import bounding_box
from AGE2HIELib.result.findings import InjuryScore
from AGE2HIELib.result.visits import LesionChange, RegionChange, ScoreChange
from AGE2HIELib.visits.reading import VisitMaps
from AGE2HIELib.visits.registration import on_first
from AGE2HIELib.volume import Grid, Volume

_ML_DIGITS = 4


@dataclass(frozen=True)
class LesionOverlap:
    """Lesion of both scans in parts of about 1 mm of the first scan's voxels; bool, but for labels.

    Attributes:
        first, second: lesion where both scans look.
        z: of the second scan.
        labels: the atlas's, as they lie in the first scan.
        voxel_ml: of a part.
        second_ml: of the second scan's lesion in its own voxels, which its parts here give to about 2 %.
        unseen_ml: lesion of either scan beyond the other's field of view.
    """

    first: np.ndarray
    second: np.ndarray
    z: np.ndarray
    labels: np.ndarray
    voxel_ml: float
    second_ml: float
    unseen_ml: float

    @property
    def common(self) -> np.ndarray:
        return np.asarray(self.first & self.second)

    @property
    def new(self) -> np.ndarray:
        return np.asarray(self.second & ~self.first)

    @property
    def gone(self) -> np.ndarray:
        return np.asarray(self.first & ~self.second)

    @property
    def gone_normal(self) -> np.ndarray:
        return np.asarray(self.gone & (np.abs(self.z) <= -LOW_Z))

    @property
    def gone_high(self) -> np.ndarray:
        return np.asarray(self.gone & (self.z > -LOW_Z))

    def ml(self, part: np.ndarray) -> float:
        return round(float(part.sum()) * self.voxel_ml, _ML_DIGITS)


def overlap_of_lesions(first: VisitMaps, second: VisitMaps, rigid: Rigid) -> LesionOverlap:
    """Both lesions on one grid: the first scan's voxels stay whole, the second's are looked up in each part."""
    grid = first.brain.grid
    there = on_first(second.brain, rigid, grid, interpolation="nearest").array > 0
    lesion_there = on_first(second.lesion, rigid, grid, interpolation="nearest").array > 0
    box = bounding_box(first.brain.array | there | lesion_there)
    fine, parts = parts_of_voxels(grid, box)

    def own(volume: Volume) -> np.ndarray:
        array = volume.array[box]
        for axis, count in enumerate(parts):
            array = np.repeat(array, count, axis=axis)
        return array

    def others(volume: Volume) -> np.ndarray:
        return on_first(volume, rigid, fine, interpolation="nearest").array

    seen = others(second.brain.like(np.ones(second.brain.array.shape, dtype=bool))) > 0
    lesion = own(first.lesion)
    beyond = float((lesion & ~seen).sum()) * fine.voxel_ml
    back = rigid.inverse()(points_of(second.lesion.array, second.lesion.affine_ras))
    held, voxel_ml = inside(grid, back), second.lesion.grid.voxel_ml
    return LesionOverlap(
        first=lesion & seen,
        second=others(second.lesion) > 0,
        z=others(second.z),
        labels=own(first.labels),
        voxel_ml=fine.voxel_ml,
        second_ml=float(held.sum()) * voxel_ml,
        unseen_ml=beyond + float((~held).sum()) * voxel_ml,
    )


def inside(grid: Grid, points: np.ndarray) -> np.ndarray:
    """``(M,)`` bool: which of ``(M, 3)`` points (RAS+ mm) lie in a voxel of the grid."""
    from_ras = np.linalg.inv(grid.affine_ras)
    indices = points @ from_ras[:3, :3].T + from_ras[:3, 3]
    return np.asarray(((indices >= -0.5) & (indices <= np.array(grid.shape) - 0.5)).all(axis=1))


def lesion_change(found: LesionOverlap) -> LesionChange:
    """Each scan's own volume counts; what is new or gone is the rest of it without what is common."""
    first, second, common = found.ml(found.first), round(found.second_ml, _ML_DIGITS), found.ml(found.common)
    new, gone = (round(max(one - common, 0.0), _ML_DIGITS) for one in (second, first))
    both = first + second
    return LesionChange(
        first_ml=first,
        second_ml=second,
        change_ml=round(second - first, _ML_DIGITS),
        common_ml=common,
        new_ml=new,
        gone_ml=gone,
        unseen_ml=round(found.unseen_ml, _ML_DIGITS),
        dice=round(min(2 * common / both, 1.0), 4) if both > 0 else None,
        gone_normal_ml=found.ml(found.gone_normal),
        gone_high_ml=found.ml(found.gone_high),
    )


def region_changes(first: VisitMaps, second: VisitMaps, found: LesionOverlap) -> tuple[RegionChange, ...]:
    """A row for each region of the atlas: medians of each scan in its own regions, lesion in the first's."""
    parts = {"common_ml": found.common, "new_ml": found.new, "gone_ml": found.gone, "gone_normal_ml": found.gone_normal}
    most = int(max(first.medians, default=0)) + 1
    inside_atlas = np.clip(found.labels, 0, most)
    ml = {
        name: np.bincount(inside_atlas[part].ravel(), minlength=most + 1) * found.voxel_ml
        for name, part in parts.items()
    }
    rows = []
    for label, one in first.medians.items():
        other = second.medians.get(label)
        after_adc, after_z = (other.adc, other.z) if other else (None, None)
        change_adc = _difference(one.adc, after_adc)
        rows.append(
            RegionChange(
                region=one.region,
                hemisphere=one.hemisphere,
                label=label,
                measured=change_adc is not None,
                first_adc=one.adc,
                second_adc=after_adc,
                change_adc=change_adc,
                first_z=one.z,
                second_z=after_z,
                change_z=_difference(one.z, after_z),
                **{name: round(float(each[label]), _ML_DIGITS) for name, each in ml.items()},
            )
        )
    return tuple(rows)


def _difference(before: float | None, after: float | None) -> float | None:
    return round_value(after - before) if before is not None and after is not None else None


def score_changes(first: tuple[InjuryScore, ...], second: tuple[InjuryScore, ...]) -> tuple[ScoreChange, ...]:
    """Of those scores that both results have."""
    later = {score.name: score for score in second}
    return tuple(_score(score, later[score.name]) for score in first if score.name in later)


def _score(one: InjuryScore, other: InjuryScore) -> ScoreChange:
    change = _difference(_number(one.value), _number(other.value))
    return ScoreChange(one.name, one.title, one.range, one.value, other.value, change)


def _number(value: str) -> float | None:
    """Also of "3 of 10"; None for a score that is no number: NICHD has 1A and 2B."""
    try:
        return float(value.partition(" of ")[0])
    except ValueError:
        return None
