"""What a lesion amounts to that a reader has corrected: kept beside a result, which stays as it was made.

The standard library is enough to read this file, so that Slicer's panel can do so at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from AGE2HIELib.result.findings import InjuryScore, Lesion

METHOD = "corrected by a reader"
MEANING = "what a reader has drawn, within the brain"


@dataclass(frozen=True)
class CorrectedRegion:
    """``label``: the region's value in regions.nii.gz; ``lesion_share``: the part of it that is lesion, 0..1."""

    label: int
    lesion_ml: float | None
    lesion_share: float | None


@dataclass(frozen=True)
class Correction:
    """Attributes:
    lesion: its interval is its share alone, since no rule has drawn it.
    scores: that follow from it.
    regions: how much of each region it is.
    """

    lesion: Lesion
    scores: tuple[InjuryScore, ...]
    regions: tuple[CorrectedRegion, ...]
