"""What comparison.json is: two scans of one infant, and what has changed from the first to the second.

Every change is second minus first. No age of the infant is kept, as in result.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from AGE2HIELib.result.record import AtlasUsed, Input, Model

Likely = Literal["no fall", "cannot tell", "no", "possible", "expected"]


@dataclass(frozen=True)
class Visit:
    """One of the two scans, as its result has it.

    Attributes:
        probability_adverse: None where the gate withheld the number.
        withheld: whether a warning of the gate kept the number back; its maps are compared all the same.
        brain_ml, lesion_ml: volumes on the scan's own grid.
    """

    input: Input
    probability_adverse: float | None
    withheld: bool
    brain_ml: float
    lesion_ml: float


@dataclass(frozen=True)
class Registration:
    """How the second scan was brought to the first.

    Attributes:
        method: in words.
        second_from_first: 4x4 by rows: from points of the first scan to the same anatomy in the second, RAS+ mm.
        turn_degrees: by which the head lies turned.
        shift_mm: by which the middle of the brain lies shifted.
        overlap: Dice of the two brains, brought to one size, where both scans look.
        similarity: correlation of the two smoothed ADC maps where both are brain.
        volume_ratio: second brain over first.
        one_infant: whether overlap and volumes are those of scans of one infant.
        limit: of overlap and volumes, in words, with its basis.
    """

    method: str
    second_from_first: tuple[tuple[float, float, float, float], ...]
    turn_degrees: float
    shift_mm: float
    overlap: float
    similarity: float
    volume_ratio: float
    one_infant: bool
    limit: str


@dataclass(frozen=True)
class LesionChange:
    """Lesion of both scans, compared in parts of about 1 mm of the first scan's voxels, where both scans look.

    Attributes:
        first_ml, second_ml: all of it, in each scan's own voxels.
        change_ml: second minus first.
        common_ml: lesion in both scans.
        new_ml: in the second alone.
        gone_ml: in the first alone.
        unseen_ml: of either scan's lesion, what lies beyond the other's field of view: it is in none of the three.
        dice: 2 common / (first + second); None where neither scan has lesion.
        gone_normal_ml: of ``gone_ml`` what has a z from -2 to 2 in the second scan: it looks normal again.
        gone_high_ml: of ``gone_ml`` what has a z above 2: more water than normal.
    """

    first_ml: float
    second_ml: float
    change_ml: float
    common_ml: float
    new_ml: float
    gone_ml: float
    unseen_ml: float
    dice: float | None
    gone_normal_ml: float
    gone_high_ml: float


@dataclass(frozen=True)
class RegionChange:
    """One region of one hemisphere (the patient's side); a row of changes.csv. None where nothing can be said.

    Attributes:
        label: the region's value in the atlas and in regions.nii.gz.
        measured: whether its medians can be given in both scans.
        first_adc, second_adc, change_adc: median ADC, 1e-6 mm^2/s.
        first_z, second_z, change_z: median z, standard deviations.
        common_ml, new_ml, gone_ml: lesion, by the region as it lies in the first scan; their sums over all regions may
            differ by 2 % from those of the whole lesion.
        gone_normal_ml: of ``gone_ml`` what looks normal again.
    """

    region: str
    hemisphere: str
    label: int
    measured: bool
    first_adc: float | None
    second_adc: float | None
    change_adc: float | None
    first_z: float | None
    second_z: float | None
    change_z: float | None
    common_ml: float
    new_ml: float
    gone_ml: float
    gone_normal_ml: float


@dataclass(frozen=True)
class ScoreChange:
    """An injury score of both scans; ``change`` where both are numbers."""

    name: str
    title: str
    range: str
    first: str
    second: str
    change: float | None


@dataclass(frozen=True)
class Pseudonormalisation:
    """Whether low ADC that returns to normal by itself may explain a fall of the lesion's volume.

    Attributes:
        explains: "no fall" where the volume did not fall; "cannot tell" without both ages.
        meaning: in words; it names no age of the infant.
        rule: and its source.
    """

    explains: Likely
    meaning: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class TwoScans:
    """Attributes:
    demonstration: the model behind either result saw synthetic data only.
    ages_given: whether both ages were given. They are kept nowhere.
    cooled: as it was given, or as both results have it.
    scores: computed from diffusion alone, not read by a radiologist.
    software: versions: of age2hie as ``version``, of Python.
    """

    demonstration: bool
    first: Visit
    second: Visit
    ages_given: bool
    cooled: bool | None
    registration: Registration
    lesion: LesionChange
    regions: tuple[RegionChange, ...]
    scores: tuple[ScoreChange, ...]
    pseudonormalisation: Pseudonormalisation
    model: Model
    atlas: AtlasUsed
    software: Mapping[str, str]
    timing_s: Mapping[str, float]
    warnings: tuple[str, ...]
