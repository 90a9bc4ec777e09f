"""What surrounds the phantom's brain in a raw scan: fluid, skull, scalp, eyes, neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from AGE2HIELib.phantom.fields import ellipsoid
from AGE2HIELib.phantom.infant import FINE_MM, Infant, grid_points
from AGE2HIELib.phantom.injury import Injury
from AGE2HIELib.volume import Grid, Volume

_PAD_MM = 20.0
# (outer distance from the brain in mm, b0 signal, ADC in 1e-6 mm^2/s): fluid, skull, scalp
_LAYERS = ((2.5, 300.0, 2700.0), (5.0, 14.0, 500.0), (10.0, 75.0, 1300.0))
_EYE = (300.0, 2700.0)
_NECK = (80.0, 1400.0)


@dataclass(frozen=True)
class Head:
    """The fine grid around an infant's whole head, and the signal and ADC of what is not brain."""

    grid: Grid
    signal: np.ndarray
    adc: np.ndarray
    offset: tuple[int, int, int]

    def on_grid(self, image: Volume) -> Volume:
        """An image of the brain's fine grid placed into the head's, zero elsewhere."""
        padded = np.zeros(self.grid.shape, dtype=np.float32)
        padded[tuple(slice(o, o + n) for o, n in zip(self.offset, image.array.shape, strict=True))] = image.array
        return Volume(padded, self.grid.affine_ras)

    def tissue(self, infant: Infant, injury: Injury) -> tuple[Volume, Volume]:
        """(b0 signal, ADC) of the whole head."""
        brain = self.on_grid(infant.brain).array > 0
        signal = np.where(brain, self.on_grid(infant.b0_signal).array, self.signal)
        adc = np.where(brain, self.on_grid(injury.adc).array, self.adc)
        affine = self.grid.affine_ras
        return Volume(signal.astype(np.float32), affine), Volume(adc.astype(np.float32), affine)


def make_head(infant: Infant) -> Head:
    """Wrap skull and scalp around an infant's brain; eyes in front below, neck under the hindbrain."""
    pad = int(np.ceil(_PAD_MM / FINE_MM))
    shape = tuple(n + 2 * pad for n in infant.labels.array.shape)
    affine = infant.labels.affine_ras.copy()
    affine[:3, 3] -= pad * FINE_MM
    grid = Grid((shape[0], shape[1], shape[2]), affine)
    brain = np.pad(infant.labels.array > 0, pad)
    distance = distance_transform_edt(~brain, sampling=FINE_MM)
    distance = gaussian_filter(distance, 3.0)  # bone bridges the sulci
    signal = np.zeros(grid.shape, dtype=np.float32)
    adc = np.full(grid.shape, 1000.0, dtype=np.float32)
    x, y, z = grid_points(grid)
    extent = np.abs(affine[:3, 3]) - _PAD_MM
    neck = ellipsoid((x, y, z), (0, -0.1 * extent[1], -1.25 * extent[2]), (28, 32, 38)) < 0
    signal[neck], adc[neck] = _NECK
    for outer_mm, layer_signal, layer_adc in reversed(_LAYERS):
        layer = distance < outer_mm
        signal[layer], adc[layer] = layer_signal, layer_adc
    for side in (-1, 1):
        eye = ellipsoid((x, y, z), (side * 17, 0.86 * extent[1], -0.55 * extent[2]), (8.5, 8.5, 8.5)) < 0
        eye &= ~brain & (distance > _LAYERS[1][0] - 1)
        signal[eye], adc[eye] = _EYE
    return Head(grid, signal, adc, (pad, pad, pad))
