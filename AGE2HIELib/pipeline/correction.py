"""A lesion that a reader has corrected, measured as the computed one was: volumes, clusters and injury scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.regions import measured_regions
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.lesion.measure import measured_lesion, placed_scan
from AGE2HIELib.pipeline.earlier import read_placement
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.result.correction import MEANING, METHOD, CorrectedRegion, Correction
from AGE2HIELib.scores.injury import injury_scores
from AGE2HIELib.volume import Volume


def measure_corrected_lesion(folder: Path, mask: Path, atlas: Atlas) -> Correction:
    """Volumes and scores of another lesion in the scan of a result. Nothing is written.

    Args:
        folder: made by ``predict``; of its files adc, brain_mask, z_adc, saliency, placement.h5 and result.json are
            read.
        mask: above 0 in lesion, on the grid of the result; what lies outside its brain is left out.
        atlas: the one that the result was made with.

    Raises:
        InputError: the mask lies on another grid or holds no voxel of the brain, or the folder is not whole.
    """
    adc, brain, z, saliency = (_map(folder, name) for name in ("adc", "brain_mask", "z_adc", "saliency"))
    brain = brain.like(brain.array > 0)
    stored = read_volume(folder / "adc.nii.gz").grid
    drawn = to_canonical(read_on_grid(mask, stored, what="corrected lesion"))
    lesion = brain.like((np.nan_to_num(drawn.array) > 0) & brain.array)
    if not lesion.array.any():
        raise InputError(
            "The corrected lesion holds no voxel of the brain. Draw it over the scan, or go back to the computed one."
        )
    placement = read_placement(folder, atlas)
    # which rule would have drawn it does not matter: a reader has, and its interval is replaced below
    measured = measured_lesion(lesion, placed_scan(adc, z, brain, atlas, placement, released=True))
    rows = measured_regions(atlas, placement, brain, adc=adc, z=z, saliency=saliency, lesion=lesion)
    return Correction(
        replace(measured, method=METHOD, meaning=MEANING, interval=(measured.share, measured.share)),
        injury_scores(lesion, brain, placement, atlas),
        tuple(CorrectedRegion(row.label, row.lesion_ml, row.lesion_share) for row in rows),
    )


def _map(folder: Path, name: str) -> Volume:
    return to_canonical(read_volume(folder / f"{name}.nii.gz"))
