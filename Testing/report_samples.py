"""Maps of an ellipsoid brain with one lesion, for pictures and pages."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.volume import Volume

SPACING_MM = (1.5, 1.5, 4.0)


def volume(array: np.ndarray) -> Volume:
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = [-60.0, -70.0, -40.0]
    return Volume(array, affine)


def ellipsoid_brain() -> Volume:
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in (80, 96, 22)], indexing="ij")
    return volume((i / 0.7) ** 2 + (j / 0.8) ** 2 + (k / 0.9) ** 2 < 1)


def lesion_maps() -> Maps:
    """Low ADC in front on the patient's left, which is the low end of the first axis."""
    brain = ellipsoid_brain()
    adc = np.where(brain.array, 1300.0, 0.0).astype(np.float32)
    lesion = np.zeros(adc.shape, dtype=bool)
    lesion[20:30, 60:75, 9:13] = True
    adc[lesion & brain.array] = 700.0
    z = np.where(lesion & brain.array, -5.0, 0.0).astype(np.float32)
    saliency = np.where(lesion & brain.array, 0.4, 0.0).astype(np.float32)
    return Maps(volume(adc), brain, volume(z), volume(saliency))
