"""The gate: whether a scan is an ADC map of a whole newborn brain that the atlas fits, and can be believed.

A scan is refused by the checks together: each of them lets something pass that another one stops. Limits are tolerance
limits: by the distribution over 28 real newborns and thousands of phantoms each lets all but a stated share of sound
infants pass, together all but 1 % (the 28 were looked at while choosing), and adults' ADC maps, T1-weighted scans,
noise and halves of newborns' brains lie beyond one of them. Every check says so (``basis``).
``benchmark/gate.py`` prints the values, the expected shares, and each of the 28 beside limits made without it.
"""

from __future__ import annotations

from AGE2HIELib.infant import InfantFacts
from AGE2HIELib.io.coordinates import series_to_canonical
from AGE2HIELib.io.source import Source
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.quality.check import Quality
from AGE2HIELib.quality.maps import placement_checks
from AGE2HIELib.quality.signal_loss import lost_slices, raw_checks, slice_checks
from AGE2HIELib.quality.values import (
    age_check,
    brain_volume,
    cut_face,
    fluid_check,
    modality,
    value_checks,
    voxel_size,
)
from AGE2HIELib.volume import Volume


def check_quality(
    source: Source,
    adc: Volume,
    brain: Volume,
    placement: Placement | None,
    atlas: Atlas,
    infant: InfantFacts | None = None,
    *,
    mirrored: float | None = None,
) -> Quality:
    """Ask every question that can be asked; ``placement`` is None where no brain was found.

    Args:
        source: what was read, for the unit and the raw volumes.
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: bool, same grid.
        placement: in ``atlas``.
        atlas: for its name in the remedies.
        infant: the infant's age and treatment, as far as they are known.
        mirrored: how much the mirrored scan resembles the atlas, where that was asked.
    """
    checks = [modality(source), voxel_size(adc), brain_volume(brain), cut_face(brain), lost_slices(adc)]
    if brain.array.any():
        checks += [*value_checks(adc.array[brain.array]), *slice_checks(adc, brain)]
        if source.dwi is None:
            checks.append(fluid_check(adc.array[brain.array]))
        else:
            checks += raw_checks(series_to_canonical(source.dwi), brain)
    if placement is not None:
        checks += placement_checks(placement, atlas, mirrored)
    if infant is not None and infant.age_days is not None:
        checks.append(age_check(infant.age_days, infant))
    return Quality(tuple(checks))
