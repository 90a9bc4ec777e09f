"""Every injury score of a scan, from its lesion: read ``injury_scores`` first."""

from __future__ import annotations

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.result.findings import InjuryScore
from AGE2HIELib.scores.barkovich import barkovich_bgt, barkovich_watershed
from AGE2HIELib.scores.burden import Burden, measure_burden
from AGE2HIELib.scores.diffusion_items import trivedi_items, weeke_items
from AGE2HIELib.scores.nichd import nichd, nichd_parted
from AGE2HIELib.volume import Volume


def injury_scores(lesion: Volume, brain: Volume, placement: Placement, atlas: Atlas) -> tuple[InjuryScore, ...]:
    """The scores, computed from diffusion alone and not read by a radiologist.

    A score that asks for zones has no value in an atlas without them, and says so.

    Args:
        lesion, brain: bool, on the scan's grid in canonical voxel order.
        placement: of the scan in the atlas.
    """
    return scores_of(measure_burden(lesion, brain, placement, atlas))


def scores_of(burden: Burden) -> tuple[InjuryScore, ...]:
    """The scores of a lesion that has been measured in each place; a larger lesion never has a lower one."""
    return tuple(
        score(burden) for score in (barkovich_bgt, barkovich_watershed, nichd, nichd_parted, weeke_items, trivedi_items)
    )
