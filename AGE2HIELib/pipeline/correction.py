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
from AGE2HIELib.pipeline.earlier import read_maps, read_placement
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.result.correction import MEANING, METHOD, CorrectedRegion, Correction
from AGE2HIELib.scores.injury import injury_scores
from AGE2HIELib.volume import Grid, Volume


def measure_corrected_lesion(folder: Path, mask: Path, atlas: Atlas) -> Correction:
    """Volumes and scores of another lesion in the scan of a result. Nothing is written.

    Args:
        folder: made by ``predict``, also of a scan whose number a warning keeps back; of its files adc, brain_mask,
            z_adc, placement.h5 and result.json are read.
        mask: above 0 in lesion, on the grid of the result; what lies outside its brain is left out. Without any voxel
            it says that there is no lesion.
        atlas: the one that the result was made with.

    Raises:
        InputError: the mask lies on another grid, is no mask or lies outside the brain, or the folder is not whole.
    """
    adc, brain, z = read_maps(folder, "brain_mask", "z_adc")
    brain = brain.like(brain.array > 0)
    drawn = _drawn(mask, read_volume(folder / "adc.nii.gz").grid)
    lesion = brain.like(drawn.array & brain.array)
    if drawn.array.any() and not lesion.array.any():
        raise InputError(
            "The corrected lesion holds no voxel of the brain. Draw it over the scan, or go back to the computed one."
        )
    placement = read_placement(folder, atlas)
    # which rule would have drawn it does not matter: a reader has, and its interval is replaced below
    measured = measured_lesion(lesion, placed_scan(adc, z, brain, atlas, placement, released=True))
    no_evidence = adc.like(np.zeros_like(adc.array))  # a scan without a number has none, and nothing here needs it
    rows = measured_regions(atlas, placement, brain, adc=adc, z=z, saliency=no_evidence, lesion=lesion)
    return Correction(
        replace(measured, method=METHOD, meaning=MEANING, interval=(measured.share, measured.share)),
        injury_scores(lesion, brain, placement, atlas),
        tuple(CorrectedRegion(row.label, row.lesion_ml, row.lesion_share) for row in rows),
    )


def _drawn(path: Path, grid: Grid) -> Volume:
    """The mask, bool. Refused are fractions beside more than 0 and one other value: above 0 they are a lesion's
    surroundings, or the whole image.
    """
    drawn = to_canonical(read_on_grid(path, grid, what="corrected lesion"))
    values = np.unique(np.nan_to_num(drawn.array))
    fractions = values[values != np.round(values)]
    if fractions.size and (values.size > 2 or values[0] != 0):
        raise InputError(
            f"The corrected lesion '{path.name}' holds fractions such as {fractions[0]:.3g}: it is a map of "
            "probabilities, or a mask that was resampled. Set what is lesion to 1 and all else to 0, as at 0.5."
        )
    return drawn.like(drawn.array > 0)
