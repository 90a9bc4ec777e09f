"""Whether what was given beside the scan belongs to it: a z-map the right way round, a mask that lies on the brain."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from AGE2HIELib.quality.check import GIVEN_MASK, Check, at_least
from AGE2HIELib.volume import Volume

RIGHT_WAY_ROUND = 0.12
LIKE_FOUND_MASK = 0.9
_ADC_RANGE = (0.0, 4000.0)  # 1e-6 mm^2/s
_Z_RANGE = (-10.0, 10.0)
_MIRRORED = [axes for count in (1, 2, 3) for axes in combinations(range(3), count)]
_COVERED = 0.5  # of the brain that a z-map must hold to be compared


def given_checks(adc: Volume, brain: Volume, found: Volume, *, mask: Volume | None, z: Volume | None) -> list[Check]:
    """Those that can be asked.

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, the one that is used.
        found: bool, what ``brain_mask`` finds in the scan.
        mask, z: what the user gave; all on one grid.
    """
    checks = [] if mask is None else [mask_check(mask, found)]
    return checks if z is None or not brain.array.any() else [*checks, z_map_check(adc, brain, z)]


def z_map_check(adc: Volume, brain: Volume, z: Volume) -> Check:
    """Correlation of z with ADC, less the best that any of the seven mirror images of z has.

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, not empty.
        z: given by the user, 0 where there is none; all on one grid.
    """
    own = _correlation(adc.array, z.array, brain.array)
    mirrored = [_correlation(adc.array, np.flip(z.array, axes), brain.array) for axes in _MIRRORED]
    turned = max((value for value in mirrored if np.isfinite(value)), default=0.0)
    return at_least(
        "z-map beside its mirror images",
        own - turned,
        RIGHT_WAY_ROUND,
        remedy="The z-map is turned round, or of another scan. Give the one of this scan in its own orientation, or "
        "leave --z-adc out: one is made from the atlas.",
        basis="Correlation with ADC less that of the best mirror image: 0.18-0.47 in twelve real newborns with the "
        "z-maps released with them, at most -0.18 where these were mirrored, at most 0.06 with another infant's.",
    )


def mask_check(given: Volume, found: Volume) -> Check:
    """Dice of the mask that the user gave with what ``brain_mask`` finds."""
    total = int(given.array.sum() + found.array.sum())
    return at_least(
        GIVEN_MASK,
        2 * float((given.array & found.array).sum()) / max(total, 1),
        LIKE_FOUND_MASK,
        remedy="Look at the mask over the scan. Override this if it lies on the brain: then the one found is wrong.",
        basis="Dice, of a phantom with a skull: 0.95 for its true brain, 0.88 for one moved by 5 mm, 0.77 for one "
        "upside down (which was predicted as 0.94 beside 0.24). One mirrored left to right cannot be told (0.91).",
        severity="warn",
    )


def _correlation(adc: np.ndarray, z: np.ndarray, brain: np.ndarray) -> float:
    """NaN where z is none in most of the brain, or the same everywhere."""
    both = brain & np.isfinite(adc) & np.isfinite(z) & (z != 0)
    if both.sum() <= _COVERED * brain.sum():
        return float("nan")
    pair = np.clip(adc[both], *_ADC_RANGE), np.clip(z[both], *_Z_RANGE)
    return float(np.corrcoef(*pair)[0, 1]) if min(values.std() for values in pair) > 0 else float("nan")
