"""Whether one volume, or a slice of it, has another signal than its shell, which the mean over directions hides."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.preprocess.fitted_shells import fitted_shells
from AGE2HIELib.quality.check import DROPOUT, LEVEL, Check, at_most
from AGE2HIELib.volume import DwiSeries, Volume

LOST_SIGNAL = 0.45
OTHER_LEVEL = 0.5
_FEWEST_VOLUMES = 3  # of a shell: of two that differ, none can be said to be the wrong one
_FEWEST_VOXELS = 50
_AREA = 0.15  # of the largest slice: as for the steps of ADC


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
    found = [np.empty(0)]
    for shell in fitted_shells(series.b_values, series.directions_ras)[1:]:  # the first is that of b = 0
        if len(shell.volumes) >= _FEWEST_VOLUMES:
            volumes = [series.array[number] for number in shell.volumes]
            known = brain.array & np.logical_and.reduce([volume > 0 for volume in volumes])
            logs = np.log(np.stack([volume[known] for volume in volumes]))
            found += [_steps(logs, places) for places in np.nonzero(known)]
    return np.concatenate(found)


def _steps(logs: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Args:
    logs: ``(volumes, voxels)``.
    places: ``(voxels,)`` number of the slice of each.
    """
    area = np.bincount(places)
    levels = np.full((len(logs), len(area)), np.nan)
    for number in np.flatnonzero(area >= max(_FEWEST_VOXELS, _AREA * float(area.max(initial=0)))):
        levels[:, number] = np.median(logs[:, places == number], axis=1)
    apart = levels - np.median(levels, axis=0)
    steps = apart[:, 1:-1] - (apart[:, :-2] + apart[:, 2:]) / 2
    return np.asarray(steps[np.isfinite(steps)])
