"""How far each voxel's ADC lies from healthy newborns', in standard deviations, on the scan's own grid."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import Z_MAP_SIGMA_MM, smooth_inside
from AGE2HIELib.volume import Volume

Z_LIMIT = 10.0  # the released maps are clipped here
ADC_RANGE = (0.0, 4095.0)  # negative and unbounded values are noise; released maps come from scanners clamped here
_SD_FLOOR = 30.0  # 1e-6 mm^2/s: below the smallest regional sd measured (42), it only guards the border of the atlas
_TISSUE_ADC = (500.0, 1700.0)  # 1e-6 mm^2/s; at the borders of fluid neighbours differ for another reason than noise
_NEIGHBOURS = 1.25  # variance of a voxel less the mean of its four neighbours in the plane, over that of a voxel
_SD_OF_MAD = 1.4826


def z_map(adc: Volume, brain: Volume, atlas: Atlas, placement: Placement) -> Volume:
    """(ADC smoothed within the brain by 2 mm - mean) / spread, clipped to +-10, 0 outside the brain.

    The spread is sqrt(sd^2 + noise^2): a noisy scan must not look injured.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order; not-finite voxels take the mean of their neighbours.
        brain: bool, same grid.
        atlas: normative mean and sd, brought to the scan's grid.
        placement: of this scan in that atlas.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> gated = hie.check(hie.Request(Path("newborn/adc.mha")))  # it brings ADC, brain and placement
    >>> z = hie.z_map(gated.adc, gated.brain, hie.load_atlas(), gated.placement)
    >>> z.grid.same_as(gated.adc.grid), float(z.array.min()) < -3  # the phantom has an injury
    (True, True)
    """
    mean, sd = (placement.to_native(field, within=brain.array).array for field in _filled_norm(atlas))
    return z_scores(adc, brain, mean, sd)


def z_scores(adc: Volume, brain: Volume, mean: np.ndarray, sd: np.ndarray) -> Volume:
    """``z_map`` from mean and sd (1e-6 mm^2/s) that lie on the scan's grid already; 0 where the mean is 0."""
    smoothed = smooth_inside(adc.like(np.clip(adc.array, *ADC_RANGE)), brain).array
    score = (smoothed - mean) / np.hypot(np.maximum(sd, _SD_FLOOR), smoothed_noise(adc, brain))
    covered = brain.array & (mean > 0)
    return adc.like(np.where(covered, np.clip(score, -Z_LIMIT, Z_LIMIT), 0).astype(np.float32))


def smoothed_noise(adc: Volume, brain: Volume) -> float:
    """Standard deviation of the noise in ADC once it is smoothed for a z-map, 1e-6 mm^2/s; 0 where none can be told.

    Measured as the robust spread of a voxel's difference from its neighbours in the plane, in tissue two voxels from
    the outside; fine structure counts as noise too. How much of white noise the smoothing leaves follows from its
    kernel.
    """
    across = 2 - int(np.argmax(np.round(adc.grid.spacing_mm[::-1], 3)))  # the axis of the thickest voxels
    values, inside = (np.moveaxis(array, across, 2) for array in (np.nan_to_num(adc.array), brain.array))
    low, high = _TISSUE_ADC
    tissue = inside & (values > low) & (values < high)
    core = tissue & binary_erosion(inside, iterations=2)
    beside = (values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]) / 4
    known = core[1:-1, 1:-1] & tissue[:-2, 1:-1] & tissue[2:, 1:-1] & tissue[1:-1, :-2] & tissue[1:-1, 2:]
    rest = (values[1:-1, 1:-1] - beside)[known]
    if not len(rest):
        return 0.0
    noise = _SD_OF_MAD * float(np.median(np.abs(rest - np.median(rest)))) / np.sqrt(_NEIGHBOURS)
    return float(noise * np.sqrt(np.prod([_energy(Z_MAP_SIGMA_MM / mm) for mm in adc.grid.spacing_mm])))


def _energy(sigma: float) -> float:
    """Sum of squares of a normalised Gaussian kernel on voxels."""
    offsets = np.arange(-np.ceil(4 * sigma), np.ceil(4 * sigma) + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    return float((weights**2).sum() / weights.sum() ** 2)


@once_per_atlas
def _filled_norm(atlas: Atlas) -> tuple[Volume, Volume]:
    nearest = _nearest_voxel(atlas.brain)
    return _taken_from(nearest, atlas.mean), _taken_from(nearest, atlas.sd)


def fill_beyond_brain(image: Volume, brain: Volume) -> Volume:
    """The image with every voxel outside the brain set to the nearest brain voxel's value.

    Interpolation near the border would otherwise mix in zeros, and a scan's mask may reach beyond the atlas's.
    """
    return _taken_from(_nearest_voxel(brain), image)


def _nearest_voxel(brain: Volume) -> tuple[np.ndarray, ...]:
    """Indices of the nearest brain voxel of every voxel, for each axis."""
    return tuple(distance_transform_edt(~brain.array, return_distances=False, return_indices=True))


def _taken_from(nearest: tuple[np.ndarray, ...], image: Volume) -> Volume:
    return image.like(image.array[nearest].astype(np.float32))
