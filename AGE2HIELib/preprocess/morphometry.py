"""Morphometry as a channel of the network's input: how large each place is beside the template.

Deformation-based morphometry: the logarithm of the Jacobian determinant of the smooth displacement that carries points
of the template to the subject, after the affine step, which has taken away size, proportions and shear of the whole.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import grid_of
from AGE2HIELib.preprocess.placement import Placement, jacobian_determinant, resample
from AGE2HIELib.volume import Grid, Volume

LOG_JACOBIAN: Final = "log_jacobian"  # the name of the channel
_MOST_FOLDING = 0.001  # of the template's brain, as the gate for diffusion scans has it
_LEAST_CHANGE = 1e-3  # of volume: within what may fold, where the determinant has no logarithm


def log_jacobian(placement: Placement, grid: Grid) -> np.ndarray:
    """Natural logarithm of the change of volume by the displacement of a placement, float32 on a grid of its frame.

    Above 0 the subject is larger there than the template, below 0 smaller, both as measured by the subject's whole
    brain: 0.1 is 10.5 % more volume. 0 everywhere for a placement without displacement, such as that of a brain of
    which over 40 % look injured, and further out than the template's brain with its margin.

    Raises:
        InputError: the displacement turns part of the brain inside out, or is not finite.
    """
    if placement.displacement is None:
        return np.zeros(grid.shape, dtype=np.float32)
    if placement.folding > _MOST_FOLDING:
        raise InputError(
            f"The deformation to the template folds {100 * placement.folding:.1f} % of the brain (at most "
            f"{100 * _MOST_FOLDING:g} %), so no morphometry can be read from it. Look at the brain mask, or give one."
        )
    field = placement.displacement
    change = np.log(np.maximum(jacobian_determinant(field), _LEAST_CHANGE))
    if not np.isfinite(change).all():
        raise InputError("The deformation to the template was not found. Look at the brain mask, or give one.")
    found = Volume(change.astype(np.float32), grid_of(field).affine_ras)
    return resample(found, grid, sitk.Transform(), "linear", 0.0).array
