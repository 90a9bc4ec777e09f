"""From a T1-weighted scan to what a network is fed: mask, bias correction, placement, robust scaling.

T1 has no unit: any gain, any stored order of the voxels gives the same image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.preprocess.fluid_contrast import BRIGHT_FLUID, tail_asymmetry
from AGE2HIELib.preprocess.network_input import InputSpec, network_input
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import bounding_box, crop, smooth_inside
from AGE2HIELib.preprocess.t1.deform import deform_t1
from AGE2HIELib.preprocess.t1.mask import PLAUSIBLE_ML, bias_field, t1_mask
from AGE2HIELib.preprocess.t1.placement import Kind, T1Template, place_t1
from AGE2HIELib.volume import Volume

_SAMPLING_SIGMA = 0.42  # of the sampling distance: the Gaussian that passes half of its highest frequency
_MARGIN_MM = 8.0  # around the brain, for the filters
_LEAST_OVERLAP = 0.85  # Dice with the template after placement: 0.93 or more on phantoms


@dataclass(frozen=True)
class PreparedT1:
    """Attributes:
    image: float32 ``(C, D, H, W)`` along right, anterior, superior of the template; 0 outside the brain.
    brain: bool, on the scan's grid in canonical voxel order.
    brain_ml: its volume.
    placement: of the scan in the template.
    warnings: what a reader should know; empty where all is well.
    """

    image: np.ndarray
    brain: Volume
    brain_ml: float
    placement: Placement
    warnings: tuple[str, ...]


def prepare_t1(
    t1: Volume, template: T1Template, spec: InputSpec, *, mask: Volume | None = None, placement: Kind = "affine"
) -> PreparedT1:
    """Prepare one scan for a network that reads T1.

    Args:
        t1: any unit and stored order.
        template: where it is placed.
        spec: of the network: its channel is ``t1``, scaled robustly. Where ``log_jacobian`` is another, the placement
            is deformed, for both.
        mask: above 0 in the brain, same grid; taken from a zero background or found when None.
        placement: "affine", or "rigid" to keep the brain's size.

    Raises:
        InputError: there is no plausible brain, the mask does not belong to the scan, or no deformation is found for
            a network that reads it.
    """
    if mask is not None and not mask.grid.same_as(t1.grid):
        raise InputError(f"The brain mask has the grid {mask.grid.shape}, the T1 scan {t1.grid.shape}. Give its own.")
    scan = finite_t1(t1)
    brain = t1_mask(scan, template) if mask is None else to_canonical(mask.like(mask.array > 0))
    brain_ml = plausible_brain_ml(brain)
    whole, box = brain, bounding_box(brain.array)
    scan, brain = (crop(volume, box, margin_mm=_MARGIN_MM) for volume in (scan, brain))
    scan = correct_bias(scan, brain)
    placed = place_t1(scan, brain, template, kind=placement)
    if spec.has_morphometry:
        placed = deform_t1(scan, brain, template, placed)
    image = network_input({"t1": _for_sampling(scan, brain, placed, spec)}, brain, placed, spec)[0]
    return PreparedT1(image, whole, brain_ml, replace(placed, native=whole.grid), _warnings(placed, image))


def finite_t1(t1: Volume) -> Volume:
    """In canonical voxel order, 0 where the file holds no number."""
    scan = to_canonical(t1)
    return scan.like(np.nan_to_num(scan.array.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0))


def plausible_brain_ml(brain: Volume) -> float:
    """The volume of a brain mask; InputError where no brain has it."""
    brain_ml = float(brain.array.sum()) * brain.grid.voxel_ml
    if brain_ml < PLAUSIBLE_ML[0] or brain_ml > PLAUSIBLE_ML[1]:
        raise InputError(
            f"The brain mask of the T1 scan holds {brain_ml:.0f} ml; brains have {PLAUSIBLE_ML[0]:.0f} to "
            f"{PLAUSIBLE_ML[1]:.0f}. Give a brain mask of this scan."
        )
    return brain_ml


def correct_bias(t1: Volume, brain: Volume) -> Volume:
    """Divided by the coil's sensitivity, as N4 finds it in the brain; in units of the brain's median, 0 outside."""
    flat = np.where(brain.array, np.maximum(t1.array, 0) / bias_field(t1, brain), 0)
    level = max(float(np.median(flat[brain.array])), float(np.finfo(np.float32).tiny))
    return t1.like((flat / level).astype(np.float32))


def _for_sampling(t1: Volume, brain: Volume, placed: Placement, spec: InputSpec) -> Volume:
    """Smoothed to the distance at which the network's grid samples the scan: otherwise most voxels go unread."""
    sampled_mm = float(spec.grid.spacing_mm.mean() * np.cbrt(np.prod(placed.scale)))
    native_mm = float(np.cbrt(np.prod(t1.grid.spacing_mm)))
    sigma_mm = _SAMPLING_SIGMA * np.sqrt(max(sampled_mm**2 - native_mm**2, 0.0))
    return smooth_inside(t1, brain, sigma_mm) if sigma_mm > 0 else t1


def _warnings(placed: Placement, image: np.ndarray) -> tuple[str, ...]:
    found = []
    if placed.overlap < _LEAST_OVERLAP:
        found.append(
            f"The placed brain overlaps the template by {placed.overlap:.2f} (Dice); below {_LEAST_OVERLAP} its mask "
            "or its placement may be wrong: look at them, or give a brain mask."
        )
    if tail_asymmetry(image[image != 0]) > BRIGHT_FLUID:
        found.append(
            "Fluid is bright in this scan, as in a T2 or an ADC map, and dark in a T1: an age read from it means "
            "nothing. Give a T1-weighted scan."
        )
    return tuple(found)
