"""Volumes of a diffusion series that hold the same samples: one was copied over another, for noise alone forbids it."""

from __future__ import annotations

import zlib
from collections import defaultdict

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.volume import DwiSeries

_ONE_B_RELATIVE, _ONE_B_S_MM2 = 0.05, 50.0  # what shells allow (preprocess/shells.py): nominally one b-value
_MOST_IN_WORDS = 8


def repeated_warnings(dwi: DwiSeries) -> tuple[str, ...]:
    """A warning of volumes that are equal in every voxel, with what that does to the ADC."""
    groups = _copies(dwi.array)
    if not groups:
        return ()
    words = ", ".join("=".join(map(str, numbers)) for numbers in groups[:_MOST_IN_WORDS])
    more = f" and {len(groups) - _MOST_IN_WORDS} more" if len(groups) > _MOST_IN_WORDS else ""
    differ = any(_b_values_differ(dwi, numbers) for numbers in groups)
    effect = "they have different b-values, so the ADC is 0 or far off" if differ else "the ADC rests on fewer volumes"
    return (
        f"Volumes hold the same values in every voxel (counted from 0: {words}{more}): {effect}. "
        "Convert or export the series again, and look at its raw volumes.",
    )


def check_repeated(dwi: DwiSeries, name: str) -> None:
    """Raise InputError where volumes of different b-values are equal in every voxel."""
    if any(_b_values_differ(dwi, numbers) for numbers in _copies(dwi.array)):
        raise InputError(f"'{name}' gives no ADC. {repeated_warnings(dwi)[0]}")


def _copies(array: np.ndarray) -> list[list[int]]:
    """Numbers of volumes that are equal, group by group."""
    by_sum: dict[int, list[int]] = defaultdict(list)
    for number, volume in enumerate(array):
        by_sum[zlib.crc32(np.ascontiguousarray(volume).data)].append(number)
    groups = [[n for n in numbers if np.array_equal(array[n], array[numbers[0]])] for numbers in by_sum.values()]
    return [numbers for numbers in groups if len(numbers) > 1]


def _b_values_differ(dwi: DwiSeries, numbers: list[int]) -> bool:
    b_values = dwi.b_values[numbers]
    return bool(np.ptp(b_values) > max(_ONE_B_S_MM2, _ONE_B_RELATIVE * b_values.max()))
