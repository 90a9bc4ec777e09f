"""A z-map as another group's atlas and placement would give it, for a phantom whose true placement is known.

Measured on the sample cases with hardly any lesion: z has a median of -0.5 to 0.3, a first percentile of -1.4 to
-1.9, a 99th of 2.4 to 8.6 (fluid next to tissue) and a spread of about 1.
"""

from __future__ import annotations

import numpy as np

from AGE2HIELib.phantom.fields import sample, smooth_noise
from AGE2HIELib.phantom.infant import FINE_MM, Infant
from AGE2HIELib.phantom.scan import slice_average
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.volume import Volume

_PLACEMENT_ERROR_MM = 1.8  # rms along each axis, of a careful deformable placement
_Z_LIMIT = 10.0


def released_like_z(infant: Infant, adc: Volume, brain: Volume, atlas: Atlas, *, seed: int) -> Volume:
    """z on the scan's grid from mean and sd that were brought there by a nearly right deformable placement."""
    rng = np.random.default_rng([seed, 11])
    shape = infant.labels.array.shape
    x, y, z = (axis + _PLACEMENT_ERROR_MM * smooth_noise(rng, shape, FINE_MM, 8.0) for axis in infant.template_points)
    spread = rng.uniform(0.7, 1.5)  # another atlas has another sd ...
    offset = rng.normal(0.0, 0.35)  # ... and its infants another mean age
    mean = sample(_filled(atlas.mean, atlas.brain), (x, y, z), FINE_MM)
    sd = sample(_filled(atlas.sd, atlas.brain), (x, y, z), FINE_MM) * spread
    native_mean, native_sd = (slice_average(infant.labels.like(field), adc.grid).array for field in (mean, sd))
    smoothed = smooth_inside(adc, brain).array
    score = (smoothed - native_mean) / np.maximum(native_sd, 30.0) + offset
    return adc.like(np.where(brain.array, np.clip(score, -_Z_LIMIT, _Z_LIMIT), 0).astype(np.float32))


def _filled(image: Volume, brain: Volume) -> np.ndarray:
    """The image with the brain's median outside, so that sampling near the border meets no zeros."""
    return np.where(brain.array, image.array, np.median(image.array[brain.array])).astype(np.float32)
