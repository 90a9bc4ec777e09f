"""Whether the infant moved or the signal failed: in slices of the ADC map, and in single volumes of the raw series.

Neighbouring slices of a brain look alike. In raw volumes a slice is held against the other volumes of its shell, since
the mean over directions hides one that lost its signal.
"""

from __future__ import annotations

import numpy as np

from AGE2HIELib.preprocess.shells import fitted_shells
from AGE2HIELib.quality.check import DROPOUT, LEVEL, STEP, STRIPES, Check, at_most, finite_or_none
from AGE2HIELib.volume import DwiSeries, Volume

STRIPED, GROSSLY_STRIPED = 0.08, 0.2
STEPPED = 0.4
LOST = 0.5
_AREA = 0.15  # of the largest slice: nearer to the ends of the brain the anatomy itself steps
_LOST_AREA = 0.1  # of the largest slice
_FEWEST_VOXELS, _FEWEST_SLICES = 50, 3
_MIDLINE_MM = 6.0  # half the width of the zone in which a sagittal slice may hold the fissure between the hemispheres
LOST_SIGNAL = 0.45
OTHER_LEVEL = 0.5
_FEWEST_VOLUMES = 3  # of a shell: of two that differ, none can be said to be the wrong one
_FEWEST_RAW_VOXELS = 50
_RAW_AREA = 0.15  # of the largest slice: as for the steps of ADC


def slice_checks(adc: Volume, brain: Volume) -> list[Check]:
    """Striping and single slices; nothing where the brain is too small to tell.

    For each slice the median over its voxels of the logarithm of ADC, less the mean of that of the two voxels above
    and below. Slices along all three axes are looked at, because a file need not say along which it was acquired;
    sagittal ones near the midline are left out of the single steps, for there the fluid between the hemispheres steps
    as a dark slice does (0.31 in a sound newborn).

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, same grid.
    """
    lines = [slice_steps(adc, brain, axis) for axis in range(3)]
    measured = [line for line in lines if np.isfinite(line).sum() >= _FEWEST_SLICES]
    if not measured:
        return []
    stripes = max(abs(float(np.nanmedian(line * (-1.0) ** np.arange(len(line))))) for line in measured)
    sideways = int(np.argmax(np.abs(adc.affine_ras[0, :3]) / adc.grid.spacing_mm))  # the axis from left to right
    lines[sideways][_near_midline(brain, sideways)] = np.nan
    step = max(_largest_step(line) for line in lines)
    remedy = "The infant moved, or the signal failed in some slices. Look at the raw volumes; use another series."
    return [
        Check(
            STRIPES,
            finite_or_none(stripes),
            f"at most {STRIPED:g}; refused over {GROSSLY_STRIPED:g}",
            stripes <= STRIPED,
            remedy,
            "Every other slice beside its neighbours, as a share of ADC: at most 0.040 in 28 real newborns (under "
            "0.01 % of such infants lie beyond) and 0.043 in 4,000 phantoms; 0.09-0.12 where every other slice is 5 % "
            "too bright and the others too dark.",
            "refuse" if stripes > GROSSLY_STRIPED else "warn",
        ),
        Check(
            STEP,
            finite_or_none(step),
            f"at most {STEPPED:g}",
            step <= STEPPED,
            remedy,
            "The slice that differs most from its neighbours, as a share of ADC: at most 0.177 in 28 real newborns "
            "(logarithm normal: 0.1 % of such infants lie beyond) and, sagittal slices at the midline included, 0.292 "
            "in 4,000 phantoms; 0.45-0.58 where one slice has lost 40 %.",
            "warn",
        ),
    ]


def lost_slices(adc: Volume) -> Check:
    """Slices without signal between others that have it; a brain mask leaves them out, so that it cannot tell.

    A voxel is expected where the image has a value on both sides of it along an axis.
    """
    has_signal = np.isfinite(adc.array) & (adc.array != 0)
    worst = max(_missing_share(np.moveaxis(has_signal, axis, 0)) for axis in range(3))
    return at_most(
        "voxels missing in a slice",
        worst,
        LOST,
        remedy="A slice has lost its signal, or the file is not whole. Use another series.",
        basis="Share of the slice that lies between voxels with a value and has none: at most 0.154 in 28 real "
        "newborns and 0.129 in 4,000 phantoms, 1 where a slice is lost.",
    )


def _missing_share(found: np.ndarray) -> float:
    """Of the worst slice along the first axis."""
    expected = np.maximum.accumulate(found) & np.maximum.accumulate(found[::-1])[::-1]
    area = expected.sum(axis=(1, 2))
    asked = area >= max(_FEWEST_VOXELS, _LOST_AREA * float(area.max(initial=0)))
    return float((1 - found.sum(axis=(1, 2))[asked] / area[asked]).max(initial=0.0))


def slice_steps(adc: Volume, brain: Volume, axis: int) -> np.ndarray:
    """One number for every slice along ``axis``: NaN where it lacks a neighbour or lies near the brain's end."""
    known = brain.array & np.isfinite(adc.array) & (adc.array > 0)
    logs = np.moveaxis(np.log(np.where(known, adc.array, 1.0)), axis, 0)
    inside = np.moveaxis(known, axis, 0)
    fewest = max(_FEWEST_VOXELS, _AREA * float(inside.sum(axis=(1, 2)).max()))
    steps = np.full(len(logs), np.nan)
    for middle in range(1, len(logs) - 1):
        below, here, above = (middle - 1, middle, middle + 1)
        both = inside[below] & inside[here] & inside[above]
        if both.sum() >= fewest:
            steps[middle] = np.median(logs[here][both] - (logs[below][both] + logs[above][both]) / 2)
    return steps


def _largest_step(line: np.ndarray) -> float:
    """Beside the usual one of its axis; 0 where too few slices are measured to say what is usual."""
    steps = line[np.isfinite(line)]
    return float(np.abs(steps - np.median(steps)).max()) if len(steps) >= _FEWEST_SLICES else 0.0


def _near_midline(brain: Volume, axis: int) -> np.ndarray:
    """Slices that lie, or whose neighbours lie, in the zone about the middle of the brain along ``axis``."""
    area = np.moveaxis(brain.array, axis, 0).sum(axis=(1, 2))
    numbers = np.arange(len(area))
    middle = float(area @ numbers) / max(float(area.sum()), 1.0)
    away_mm = np.maximum(np.abs(numbers - middle) - 1, 0) * float(brain.grid.spacing_mm[axis])
    return np.asarray(away_mm < _MIDLINE_MM)


def raw_checks(series: DwiSeries, brain: Volume) -> list[Check]:
    """Nothing where no shell has three volumes, as with a b0 and its trace image."""
    steps = signal_steps(series, brain)
    if not len(steps):
        return []
    return [
        at_most(
            DROPOUT,
            float(np.abs(steps).max()),
            LOST_SIGNAL,
            remedy="The infant moved while a slice was taken, or its signal failed. Look at the raw volumes, and leave "
            "the damaged one out or use another series.",
            basis="ln of a slice's signal beside its shell's and its neighbours': at most 0.34 in three raw series of "
            "adults and 0.12 in 12 phantoms; 0.56-0.68 where a slice of one volume has lost half of its signal.",
            severity="warn",
        ),
        at_most(
            LEVEL,
            float(np.abs(signal_levels(series, brain)).max()),
            OTHER_LEVEL,
            remedy="One volume is far brighter or darker than the others of its b-value: it may have another b-value "
            "than is stated, or another gain. Look at the raw volumes; leave it out, or correct the b-values.",
            basis="ln of a volume's median signal in the brain beside its shell's: at most 0.04 in four vendors' scans "
            "of adults, 0.15 in phantoms of four acquisitions; 0.69 where a volume has twice the signal, 1.2 for a b0.",
            severity="warn",
        ),
    ]


def signal_levels(series: DwiSeries, brain: Volume) -> np.ndarray:
    """For each volume how far the median of ln S in the brain differs from the median over the volumes of its shell.

    Args:
        series: any.
        brain: bool, same grid.

    Returns:
        ``(N,)`` in no order, of the shells that have three volumes and that the ADC is fitted from.
    """
    found = [np.empty(0)]
    for shell in fitted_shells(series.b_values, series.directions_ras):
        if len(shell.volumes) >= _FEWEST_VOLUMES:
            medians = np.array([np.median(series.array[number][brain.array]) for number in shell.volumes])
            levels = np.log(np.maximum(medians, np.finfo(np.float32).tiny))
            found.append(levels - np.median(levels))
    return np.concatenate(found)


def signal_steps(series: DwiSeries, brain: Volume) -> np.ndarray:
    """For each volume, axis and slice with two neighbours: how far the median of ln S differs from the median over the
    volumes of its shell, less the mean of that in the slices beside it. Only volumes that the ADC is fitted from count.

    Args:
        series: before any alignment, which would spread a slice over its neighbours.
        brain: bool, same grid.

    Returns:
        ``(N,)`` in no order; empty where no shell has three volumes.
    """
    steps = [np.empty(0)]
    for shell in fitted_shells(series.b_values, series.directions_ras)[1:]:  # the first is that of b = 0
        if len(shell.volumes) >= _FEWEST_VOLUMES:
            volumes = [series.array[number] for number in shell.volumes]
            known = brain.array & np.logical_and.reduce([volume > 0 for volume in volumes])
            logs = np.log(np.stack([volume[known] for volume in volumes]))
            steps += [_steps(logs, places) for places in np.nonzero(known)]
    return np.concatenate(steps)


def _steps(logs: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Args:
    logs: ``(volumes, voxels)``.
    places: ``(voxels,)`` number of the slice of each.
    """
    area = np.bincount(places)
    levels = np.full((len(logs), len(area)), np.nan)
    for number in np.flatnonzero(area >= max(_FEWEST_RAW_VOXELS, _RAW_AREA * float(area.max(initial=0)))):
        levels[:, number] = np.median(logs[:, places == number], axis=1)
    apart = levels - np.median(levels, axis=0)
    steps = apart[:, 1:-1] - (apart[:, :-2] + apart[:, 2:]) / 2
    return np.asarray(steps[np.isfinite(steps)])
