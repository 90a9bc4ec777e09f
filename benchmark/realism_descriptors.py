"""What tells one newborn's ADC, z-map and lesion from another's, in some twenty numbers."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from AGE2HIELib.volume import Volume

LOW_Z = -2.0
FLUID_ADC = 2000.0  # 1e-6 mm^2/s
_CLUSTER_ML = 0.1
_EDGE = 2  # voxels from the outside that are no rim
PERCENTILES = (1, 5, 50, 95, 99)


def descriptors(adc: Volume, z: Volume, lesion: Volume) -> dict[str, float]:
    """Of one infant; all three on one grid in canonical voxel order, ADC in 1e-6 mm^2/s and 0 outside the brain.

    NaN stands where there is nothing to measure, as the ADC of lesions in a brain without one.
    """
    brain = adc.array != 0
    inside = (lesion.array > 0) & brain
    sound = brain & ~inside
    scores = np.percentile(z.array[sound], PERCENTILES)
    low, middle, high = np.percentile(adc.array[sound], (5, 50, 95))
    sizes = _cluster_ml(inside, adc.grid.voxel_ml)
    found = {
        "load %": 100 * inside.sum() / brain.sum(),
        "z < -2, % of the brain": 100 * (z.array[brain] < LOW_Z).mean(),
        "z < -2, % outside lesions": 100 * (z.array[sound] < LOW_Z).mean(),
        **{f"z percentile {p}": value for p, value in zip(PERCENTILES, scores, strict=True)},
        "z of neighbours in the plane": _likeness(z.array, sound, (0, 1)),
        "z of neighbours across slices": _likeness(z.array, sound, (2,)),
        "ADC percentile 5": low,
        "ADC percentile 50": middle,
        "ADC percentile 95": high,
        "ADC of neighbours in the plane": _likeness(adc.array, sound, (0, 1)),
        "ADC of neighbours across slices": _likeness(adc.array, sound, (2,)),
        "fluid, % of the brain": 100 * (adc.array[brain] > FLUID_ADC).mean(),
        "fine detail of ADC": _fine_detail(adc, sound),
        "ADC of the rim": float(np.median(adc.array[brain & ~ndimage.binary_erosion(brain, iterations=_EDGE)])),
        "brain ml": brain.sum() * adc.grid.voxel_ml,
        "slices mm": float(adc.grid.spacing_mm[2]),
        "pixels mm": float(adc.grid.spacing_mm[0]),
        "z in lesions": float(z.array[inside].mean()) if inside.any() else np.nan,
        "ADC in lesions": float(adc.array[inside].mean()) if inside.any() else np.nan,
        "lesion clusters of 0.1 ml": float((sizes > _CLUSTER_ML).sum()),
        "largest cluster, % of the lesion": 100 * sizes.max() / sizes.sum() if len(sizes) else np.nan,
    }
    return {name: float(value) for name, value in found.items()}


def _likeness(values: np.ndarray, inside: np.ndarray, axes: tuple[int, ...]) -> float:
    """Correlation of neighbours along these axes."""
    pairs = []
    for axis in axes:
        first, second = [slice(None)] * 3, [slice(None)] * 3
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        both = inside[tuple(first)] & inside[tuple(second)]
        pairs.append((values[tuple(first)][both], values[tuple(second)][both]))
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))


def _fine_detail(adc: Volume, inside: np.ndarray) -> float:
    """Robust spread (1e-6 mm^2/s) of a voxel's difference from the mean of its neighbours left and right, in tissue."""
    values = adc.array
    tissue = inside & (values > 0) & (values < FLUID_ADC)
    three = tissue[:-2] & tissue[1:-1] & tissue[2:]
    rest = (values[1:-1] - (values[:-2] + values[2:]) / 2)[three]
    return float(1.4826 * np.median(np.abs(rest - np.median(rest)))) if len(rest) else np.nan


def _cluster_ml(lesion: np.ndarray, voxel_ml: float) -> np.ndarray:
    labelled, count = ndimage.label(lesion, np.ones((3, 3, 3)))
    return np.asarray(ndimage.sum(lesion, labelled, np.arange(1, count + 1)) * voxel_ml)
