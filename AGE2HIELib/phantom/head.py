"""What surrounds the phantom's brain in a raw diffusion or T1-weighted scan: fluid, skull, scalp, eyes, neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from AGE2HIELib.phantom.fields import ellipsoid, smooth_noise
from AGE2HIELib.phantom.infant import FINE_MM, TEMPLATE_ML, Infant, grid_points
from AGE2HIELib.phantom.injury import Injury
from AGE2HIELib.volume import Grid, Volume

_PAD_MM = 20.0
# (outer distance from the brain in mm, b0 signal, ADC in 1e-6 mm^2/s): fluid, skull, scalp
_LAYERS = ((2.5, 300.0, 2700.0), (5.0, 14.0, 500.0), (10.0, 75.0, 1300.0))
_EYE = (300.0, 2700.0)
_NECK = (80.0, 1400.0)
_PAD = (16, 16, 16)  # voxels of the fine grid around the brain's: room for scalp and neck
# (outer distance from the brain in mm for an adult, T1 signal where adult white matter is 100): fluid and dura, inner
# table, marrow (holds fat), outer table, scalp (fat). Chosen to look right.
_T1_LAYERS = ((2.5, 26.0), (4.5, 12.0), (7.0, 62.0), (9.0, 12.0), (15.0, 135.0))
_ADULT_ML = 1300.0
_MUSCLE, _T1_EYE, _NECK_FAT = 55.0, 30.0, 120.0


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


def with_skull_and_scalp(signal: Volume, brain: Volume, rng: np.random.Generator) -> Volume:
    """The signal of a whole head around the brain's; the layers grow with the brain, and vary by the generator."""
    grid = _padded_grid(signal.grid)
    inside = np.pad(brain.array, [(n, n) for n in _PAD])
    fine_mm = float(grid.spacing_mm[0])
    size = float(np.cbrt(brain.array.sum() * brain.grid.voxel_ml / _ADULT_ML))
    distance_mm = gaussian_filter(distance_transform_edt(~inside, sampling=fine_mm).astype(np.float32), 2.0)
    distance_mm += 0.12 * distance_mm * smooth_noise(rng, grid.shape, fine_mm, 14.0)  # bone is not even
    head = np.zeros(grid.shape, dtype=np.float32)
    # the anatomy's template frame, in which the places of neck and eyes are given
    template = np.cbrt(brain.array.sum() * brain.grid.voxel_ml / TEMPLATE_ML)
    x, y, z = (p / template for p in grid_points(grid))
    for radii, value in (((36, 42, 40), _NECK_FAT), ((33, 39, 39), _MUSCLE)):
        head[ellipsoid((x, y, z), (0, -6, -58), radii) < 0] = value
    for outer_mm, value in reversed(_T1_LAYERS):
        head[distance_mm < outer_mm * size * rng.uniform(0.85, 1.15)] = value
    for side in (-1, 1):
        eye = (ellipsoid((x, y, z), (side * 17, 46, -24), (9, 9, 9)) < 0) & (distance_mm > _T1_LAYERS[0][0] * size)
        head[eye] = _T1_EYE
    head *= 1 + 0.08 * smooth_noise(rng, grid.shape, fine_mm, 4.0)
    whole = np.where(inside, np.pad(signal.array, [(n, n) for n in _PAD]), gaussian_filter(head, 0.5))
    return Volume(np.maximum(whole, 0).astype(np.float32), grid.affine_ras)


def _padded_grid(grid: Grid) -> Grid:
    affine = grid.affine_ras.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(_PAD)
    i, j, k = (n + 2 * pad for n, pad in zip(grid.shape, _PAD, strict=True))
    return Grid((i, j, k), affine)
