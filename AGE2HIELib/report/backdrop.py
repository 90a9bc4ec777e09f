"""What maps are drawn over: ADC, or a T1-weighted scan, in grey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from AGE2HIELib.report.colours import ADC_WINDOW, Scale, grey_scale
from AGE2HIELib.volume import Volume

_T1_BRIGHT = 99.5  # percentile of the brain that is drawn white
_T1_STEPS = 1000.0  # in which T1, which has no unit, is kept


@dataclass(frozen=True)
class Backdrop:
    """Attributes:
    name: for people, short.
    title: the same with its unit.
    volume: canonical voxel order.
    window: values that are drawn black and white.
    """

    name: str
    title: str
    volume: Volume
    window: tuple[float, float]

    @property
    def scale(self) -> Scale:
        return grey_scale(self.window)


def adc_backdrop(adc: Volume) -> Backdrop:
    """The same window for every infant, so that pictures compare."""
    return Backdrop("ADC", "ADC (1e-6 mm2/s)", adc, ADC_WINDOW)


def t1_backdrop(t1: Volume, brain: Volume) -> Backdrop:
    """As stored, but for its gain: from 0 to the brightest of the brain."""
    finite = np.nan_to_num(t1.array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    bright = max(float(np.percentile(finite[brain.array], _T1_BRIGHT)), float(np.finfo(np.float32).tiny))
    scaled = np.clip(finite / bright * _T1_STEPS, 0, 10 * _T1_STEPS)
    return Backdrop("T1", "T1 (no unit)", t1.like(scaled.astype(np.float32)), (0.0, _T1_STEPS))
