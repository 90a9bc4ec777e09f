"""What a diffusion series must have: its b-values and directions (also in FSL's frame), and no volume stored twice."""

from __future__ import annotations

import zlib
from collections import defaultdict

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.volume import DwiSeries

# Scanners store nominal zeros of up to 50 s/mm2 beside true shells of 50 and more; an ADC from b-values closer than
# this would be noise.
SMALLEST_B_RANGE_S_MM2 = 50.0
LARGEST_B_S_MM2 = 50_000.0  # beyond the strongest scanners of humans (some 30,000); 1000 s/mm2 is 1e9 in s/m2
_SHORTEST_DIRECTION = 1e-3  # below it a row means "no direction"; files round components to 1e-4 or finer
_ONE_B_RELATIVE, _ONE_B_S_MM2 = 0.05, 50.0  # what shells allow (preprocess/shells.py): nominally one b-value
_MOST_IN_WORDS = 8


def make_series(
    array: np.ndarray,
    affine_ras: np.ndarray,
    b_values: np.ndarray,
    directions_ras: np.ndarray | None,
    *,
    name: str,
) -> DwiSeries:
    """A DwiSeries with unit directions; raises InputError where its b-values allow no ADC."""
    check_b_values(b_values, name)
    for number, volume in enumerate(array):
        first = volume.flat[0]
        if np.all(volume == first):
            raise InputError(f"Volume {number} of '{name}' is {first:g} everywhere. Convert the series again.")
        if not np.any(volume > 0):
            raise InputError(f"Volume {number} of '{name}' has no signal above 0. Give the magnitude images.")
    if directions_ras is not None:
        directions_ras = unit_rows(directions_ras)
        directions_ras[b_values == 0] = 0.0
    return DwiSeries(array, affine_ras, b_values, directions_ras)


def check_b_values(b_values: np.ndarray, name: str) -> None:
    if not np.all(np.isfinite(b_values)) or np.any(b_values < 0):
        worst = b_values[~(np.isfinite(b_values) & (b_values >= 0))][0]
        raise InputError(f"The b-values of '{name}' hold {worst:g}. Convert the series again.")
    if b_values.max() > LARGEST_B_S_MM2:
        raise InputError(
            f"The b-values of '{name}' reach {b_values.max():g}, and no scanner's exceed {LARGEST_B_S_MM2:g} s/mm^2. "
            "They may be stated in another unit: give them in s/mm^2."
        )
    if np.ptp(b_values) < SMALLEST_B_RANGE_S_MM2:
        low, high = b_values.min(), b_values.max()
        are = f"are {high:g}" if low == high else f"lie between {low:g} and {high:g}"
        raise InputError(
            f"All b-values of '{name}' {are} s/mm^2, so ADC cannot be fitted. "
            "Give the whole series (b0 and diffusion-weighted volumes), or a 3D ADC map."
        )


def unit_rows(directions: np.ndarray) -> np.ndarray:
    """``(N, 3)`` rows scaled to length 1; rows without a direction become zero."""
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    present = lengths > _SHORTEST_DIRECTION
    return np.where(present, directions / np.where(present, lengths, 1.0), 0.0)


def ras_from_fsl(bvecs: np.ndarray, affine_ras: np.ndarray) -> np.ndarray:
    """FSL's directions ``(N, 3)`` in RAS+.

    FSL gives them along the voxel axes, the first one reversed where the affine's determinant is positive
    (https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/dtifit?id=what-conventions-do-the-bvecs-use).
    """
    rotation, first_axis = _fsl_axes(affine_ras)
    return np.asarray((bvecs * [first_axis, 1.0, 1.0]) @ rotation.T)


def fsl_from_ras(directions_ras: np.ndarray, affine_ras: np.ndarray) -> np.ndarray:
    """The inverse of ``ras_from_fsl``."""
    rotation, first_axis = _fsl_axes(affine_ras)
    return np.asarray((directions_ras @ rotation) * [first_axis, 1.0, 1.0])


def _fsl_axes(affine_ras: np.ndarray) -> tuple[np.ndarray, float]:
    linear = affine_ras[:3, :3]
    rotation = linear / np.linalg.norm(linear, axis=0)
    return rotation, -1.0 if np.linalg.det(linear) > 0 else 1.0


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
