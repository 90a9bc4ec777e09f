"""Whether fluid is the darkest or the brightest of a brain image: what tells T1 from T2 and from ADC, in any unit."""

from __future__ import annotations

import numpy as np

# Of 13 real T1 (1 month to 96 years) and 2 of phantoms -0.39 to 0.07; of 28 real ADC maps, and of ADC and T2 of 2
# phantoms, 0.30 to 0.72; of T1 and T2 of 24 phantoms brought to their scans, without the rim of the brain, -0.35 to
# -0.12 and 0.43 to 0.65. These images set the limit.
BRIGHT_FLUID = 0.15


def tail_asymmetry(values: np.ndarray) -> float:
    """How much farther the brightest lies from the median than the darkest, -1 to 1; 0 where nothing varies.

    Args:
        values: of the brain's voxels; those that are no numbers do not count.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0
    low, middle, high = np.percentile(finite, [1, 50, 99])
    return float((high + low - 2 * middle) / (high - low)) if high > low else 0.0
