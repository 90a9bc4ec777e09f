"""Whether the atlas fits the brain."""

from __future__ import annotations

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.quality.check import Check, at_least, at_most

FIELD_OF_VIEW_SHARE = 0.90
OVERLAP = 0.80
STRETCH = 1.5
FOLDING = 0.001
SIMILARITY = 0.04


def placement_checks(placement: Placement, atlas: Atlas) -> list[Check]:
    remedy = f"Look at the brain mask over the scan; placement in {atlas.name} failed or the brain is not whole."
    low, _, high = placement.scale
    return [
        at_least(
            "field of view",
            placement.coverage,
            FIELD_OF_VIEW_SHARE,
            remedy="The scan does not hold the whole brain.",
            basis="Share of the atlas brain that the image holds: 0.99-1.00 in 28 real newborns.",
        ),
        at_least(
            "overlap with the atlas brain",
            placement.overlap,
            OVERLAP,
            remedy=remedy,
            basis="Dice after placement: 0.90-0.94 in 28 real newborns, 0.55-0.91 in what is no whole brain.",
        ),
        at_most(
            "stretch of the placement",
            high / low,
            STRETCH,
            remedy=remedy,
            basis="Largest over smallest factor: 1.03-1.24 in 28 real newborns (0.04 % of such infants lie beyond), "
            "1.13-3.6 for half a brain.",
        ),
        at_least(
            "similarity to the atlas",
            placement.similarity,
            SIMILARITY,
            remedy=remedy,
            # after the affine step, because a deformation makes anything look similar
            basis="Correlation with the atlas mean before the deformation: 0.23-0.60 in 27 real newborns and 0.046 in "
            "one, whose white matter is no brighter than its grey (0.2 % of such infants lie below); -0.11 to -0.02 in "
            "four T1 scans of newborn size, -0.09 to 0.03 in twelve of noise.",
        ),
        at_most(
            "folding of the placement",
            placement.folding,
            FOLDING,
            remedy=remedy,
            basis="Of the atlas brain, where the placement turns space inside out: 0 in 28 real newborns and "
            "4,000 phantoms.",
        ),
    ]
