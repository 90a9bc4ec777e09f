"""Whether the infant moved or the signal failed between slices: neighbouring slices of a brain look alike."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.quality.check import STEP, STRIPES, Check, at_most, finite_or_none
from AGE2HIELib.volume import Volume

STRIPED, GROSSLY_STRIPED = 0.08, 0.2
STEPPED = 0.25
LOST = 0.5
_AREA = 0.15  # of the largest slice: nearer to the ends of the brain the anatomy itself steps
_LOST_AREA = 0.1  # of the largest slice
_FEWEST_VOXELS, _FEWEST_SLICES = 50, 3


def slice_checks(adc: Volume, brain: Volume) -> list[Check]:
    """Striping and single slices; nothing where the brain is too small to tell.

    For each slice the median over its voxels of the logarithm of ADC, less the mean of that of the two voxels above
    and below. Slices along all three axes are looked at, because a file need not say along which it was acquired.
    """
    lines = [line for axis in range(3) if len(line := slice_steps(adc, brain, axis)) >= _FEWEST_SLICES]
    if not lines:
        return []
    stripes = max(abs(float(np.median(line * (-1.0) ** np.arange(len(line))))) for line in lines)
    step = max(float(np.abs(line - np.median(line)).max()) for line in lines)
    remedy = "The infant moved, or the signal failed in some slices. Look at the raw volumes; use another series."
    return [
        Check(
            STRIPES,
            finite_or_none(stripes),
            f"at most {STRIPED:g}; refused over {GROSSLY_STRIPED:g}",
            stripes <= STRIPED,
            remedy,
            "Every other slice beside its neighbours, as a share of ADC: at most 0.040 in twelve real newborns and "
            "0.043 in 4,000 phantoms; 0.09-0.12 where every other slice is 5 % too bright and the others too dark.",
            "refuse" if stripes > GROSSLY_STRIPED else "warn",
        ),
        Check(
            STEP,
            finite_or_none(step),
            f"at most {STEPPED:g}",
            step <= STEPPED,
            remedy,
            "The slice that differs most from its neighbours, as a share of ADC: at most 0.177 in twelve real newborns "
            "and 0.231 in 3,998 of 4,000 phantoms (0.251, 0.292); 0.48-0.58 where one slice has lost 40 %.",
            "warn",
        ),
    ]


def lost_slices(adc: Volume) -> Check:
    """Slices without signal between others that have it; a brain mask leaves them out, so that it cannot tell.

    A voxel is expected where the image has a value on both sides of it along an axis.
    """
    found = np.isfinite(adc.array) & (adc.array != 0)
    worst = max(_missing_share(np.moveaxis(found, axis, 0)) for axis in range(3))
    return at_most(
        "voxels missing in a slice",
        worst,
        LOST,
        remedy="A slice has lost its signal, or the file is not whole. Use another series.",
        basis="Share of the slice that lies between voxels with a value and has none: at most 0.135 in twelve real "
        "newborns and 0.129 in 4,000 phantoms, 1 where a slice is lost.",
    )


def _missing_share(found: np.ndarray) -> float:
    """Of the worst slice along the first axis."""
    expected = np.maximum.accumulate(found) & np.maximum.accumulate(found[::-1])[::-1]
    area = expected.sum(axis=(1, 2))
    asked = area >= max(_FEWEST_VOXELS, _LOST_AREA * float(area.max(initial=0)))
    return float((1 - found.sum(axis=(1, 2))[asked] / area[asked]).max(initial=0.0))


def slice_steps(adc: Volume, brain: Volume, axis: int) -> np.ndarray:
    """One number for every slice along ``axis`` that has two neighbours and is not near the brain's end."""
    known = brain.array & np.isfinite(adc.array) & (adc.array > 0)
    logs = np.moveaxis(np.log(np.where(known, adc.array, 1.0)), axis, 0)
    inside = np.moveaxis(known, axis, 0)
    fewest = max(_FEWEST_VOXELS, _AREA * float(inside.sum(axis=(1, 2)).max()))
    found = []
    for middle in range(1, len(logs) - 1):
        below, here, above = (middle - 1, middle, middle + 1)
        both = inside[below] & inside[here] & inside[above]
        if both.sum() >= fewest:
            found.append(np.median(logs[here][both] - (logs[below][both] + logs[above][both]) / 2))
    return np.array(found)
