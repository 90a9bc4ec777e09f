"""A z-map as another group's atlas and placement would give it, for a phantom whose true placement is known.

Measured on the sample cases with hardly any lesion: z has a median of -0.5 to 0.3, a first percentile of -1.4 to
-1.9, a 99th of 2.4 to 8.6 (fluid next to tissue) and a spread of about 1.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from AGE2HIELib.phantom.fields import sample, smooth_noise
from AGE2HIELib.phantom.infant import FINE_MM, Infant
from AGE2HIELib.phantom.scan import slice_average
from AGE2HIELib.preprocess.atlas import Atlas, once_per_atlas
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.volume import Volume

_PLACEMENT_ERROR_MM = 0.6  # rms along each axis, of a careful deformable placement
# The sd behind the released maps, 1e-6 mm^2/s: regressions of ADC on z over 28 infants, region by region (correlations
# of 0.82 to 0.98; brainstem 0.78).
_RELEASED_SD = {
    "thalamus": 79.0,
    "lentiform nucleus": 82.0,
    "caudate nucleus": 86.0,
    "posterior limb of the internal capsule": 77.0,
    "anterior limb of the internal capsule": 85.0,
    "corpus callosum": 111.0,
    "brainstem": 108.0,
    "cerebellum": 176.0,
    "frontal white matter": 121.0,
    "parietal white matter": 109.0,
    "temporal white matter": 128.0,
    "occipital white matter": 135.0,
    "frontal cortex": 153.0,
    "parietal cortex": 126.0,
    "temporal cortex": 171.0,
    "occipital cortex": 170.0,
    "cerebrospinal fluid": 242.0,
    "lateral ventricle": 288.0,
    "third and fourth ventricle": 341.0,
}
_BORDER_MM = 1.7  # over this much regions pass into each other
# What a slope of the mean adds to the sd at borders: set so that phantoms have as little below -2 outside lesions as
# 28 newborns (0.2 and 0.3 % in the median).
_SLOPE_MM = 1.6
_Z_LIMIT = 10.0


def released_like_z(infant: Infant, adc: Volume, brain: Volume, atlas: Atlas, *, seed: int) -> Volume:
    """z on the scan's grid from mean and sd that were brought there by a nearly right deformable placement."""
    rng = np.random.default_rng([seed, 11])
    shape = infant.labels.array.shape
    x, y, z = (axis + _PLACEMENT_ERROR_MM * smooth_noise(rng, shape, FINE_MM, 8.0) for axis in infant.template_points)
    spread = rng.uniform(0.85, 1.05)  # another atlas has another sd ...
    offset = rng.normal(0.4, 0.2)  # ... and its infants another mean age
    mean = sample(_filled(atlas.mean, atlas.brain), (x, y, z), FINE_MM)
    sd = sample(_released_sd(atlas), (x, y, z), FINE_MM) * spread
    native_mean, native_sd = (slice_average(infant.labels.like(field), adc.grid).array for field in (mean, sd))
    smoothed = smooth_inside(adc, brain).array
    score = (smoothed - native_mean) / np.maximum(native_sd, 30.0) + offset
    return adc.like(np.where(brain.array, np.clip(score, -_Z_LIMIT, _Z_LIMIT), 0).astype(np.float32))


@once_per_atlas
def _released_sd(atlas: Atlas) -> np.ndarray:
    """On the atlas's grid: within regions as measured, and at borders what a place off by some mm adds to it."""
    usual = float(np.median(list(_RELEASED_SD.values())))
    values = np.full(atlas.grid.shape, usual, dtype=np.float32)
    for region in atlas.regions:
        values[atlas.labels.array == region.value] = _RELEASED_SD.get(region.name, usual)
    within = gaussian_filter(values, _BORDER_MM / FINE_MM)
    slope = gaussian_gradient_magnitude(_filled(atlas.mean, atlas.brain), 1.0) / FINE_MM
    return np.asarray(np.hypot(within, _SLOPE_MM * slope))


def _filled(image: Volume, brain: Volume) -> np.ndarray:
    """The image with the brain's median outside, so that sampling near the border meets no zeros."""
    return np.where(brain.array, image.array, np.median(image.array[brain.array])).astype(np.float32)
