"""An atlas folder from a mean and a standard deviation that others have published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.io.units import find_unit
from AGE2HIELib.normative.average import SD_FLOOR
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.deform import carry_labels
from AGE2HIELib.preprocess.mask import largest_piece
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.zmap import fill_beyond_brain
from AGE2HIELib.volume import Volume

_LEAST_OVERLAP = 0.8  # Dice with the bundled atlas's brain, as the gate asks of a scan


def published_atlas(
    mean: Path, sd: Path, brain: Path | None, frame: Atlas, *, name: str, provenance: str, licence: str
) -> Atlas:
    """Mean and sd (any of the units of an ADC file, the same for both) in the frame of ``frame``, with its labels.

    They are turned, moved and stretched by an affine placement and interpolated once: networks are fed on that frame's
    grids. Without ``brain`` the brain is where the mean is above zero.

    Raises:
        InputError: the images do not belong together, have no known unit, or show no newborn's brain.
    """
    stored = read_volume(mean)
    inside = to_canonical(read_on_grid(brain, stored.grid, what="brain mask")) if brain else to_canonical(stored)
    mask = inside.like(largest_piece(np.nan_to_num(inside.array) > 0))
    images = [to_canonical(stored), to_canonical(read_on_grid(sd, stored.grid, what="sd"))]
    unit = find_unit(images[0].array * mask.array, name=mean.name)
    if unit.name is None:
        raise InputError(
            f"The mean '{mean.name}' does not hold a newborn's ADC in a unit that is known. Check the file."
        )
    adc, spread = (image.like((np.nan_to_num(image.array) * unit.factor).astype(np.float32)) for image in images)
    if not (spread.array[mask.array] >= 0).all() or np.median(spread.array[mask.array]) >= np.median(
        adc.array[mask.array]
    ):
        raise InputError(f"The sd '{sd.name}' is negative or as large as the mean. Give the standard deviation.")
    placement = place_in_atlas(adc, mask, frame)
    if placement.overlap < _LEAST_OVERLAP:
        raise InputError(
            f"The brain of '{mean.name}' overlaps the bundled atlas's by {placement.overlap:.2f} (Dice), where "
            f"{_LEAST_OVERLAP} is needed. Give the brain with --mask."
        )
    present = placement.to_atlas(mask.like(mask.array.astype(np.float32)), frame.grid).array >= 0.5
    pair = [placement.to_atlas(fill_beyond_brain(image, mask), frame.grid).array for image in (adc, spread)]
    atlas = replace(
        frame,
        name=name,
        provenance=provenance,
        licence=licence,
        synthetic=False,
        mean=_inside(pair[0], present, frame),
        sd=_inside(np.maximum(pair[1], SD_FLOOR), present, frame),
        brain=frame.brain.like(present),
        made={"labels_from": frame.name},
    )
    return carry_labels(frame, atlas)


def _inside(values: np.ndarray, present: np.ndarray, frame: Atlas) -> Volume:
    return frame.mean.like(np.where(present, values, 0).astype(np.float32))
