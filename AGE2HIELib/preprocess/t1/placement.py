"""Where a brain of any age lies in the T1 template, found on an outline that looks alike at all ages.

From birth to adulthood white matter turns from darker than cortex to brighter, so tissue of all kinds counts alike: the
image that is matched is 0 outside the brain, 0.3 in tissue and 1 in fluid. Both images then hold
the same values, and Gauss-Newton on their difference finds the affine in a tenth of the time that SimpleITK's
correlation with gradient descent takes (0.2 s against 1.6 s for a scan of 2 mm), which a cohort of thousands needs.

The bundled template is a file under ``Resources/``, made by ``phantom.templates`` and read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.io.coordinates import lps_transform, ras_matrix, to_canonical
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.preprocess.atlas import LARGEST_VOXELS
from AGE2HIELib.preprocess.placement import Placement, describe_placement
from AGE2HIELib.preprocess.smoothing import bounding_box, crop, smooth_inside
from AGE2HIELib.preprocess.tilt import start_transform
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Grid, Volume

Kind = Literal["affine", "rigid"]
KINDS: tuple[str, ...] = get_args(Kind)
# Of the outline; fluid adds the rest. 0.2 to 1 compared on ten phantoms from 0 to 90 years: regions lie 2.2 mm off at
# 0.2 to 0.4 and 2.5 mm at 1; the best affine that could be would leave 1.3 mm.
_TISSUE_WEIGHT = 0.3
# Share of the brain's median signal below which a voxel counts as fluid: cortex has 0.73 of it or more at any age of
# the phantom, fluid 0.45 or less.
_TISSUE_SHARE, _FLUID_SHARE = 0.70, 0.40
_OUTLINE_SIGMA_MM = 1.0  # noise must not look like fluid
_UPRIGHT_NOD_DEGREES = tuple(range(-45, 46, 15))  # heads of T1 scans; others are searched where these do not fit
_LEAST_OVERLAP = 0.75  # Dice of the start that needs no wider search: see test_t1.py; 0.5 where the head lies otherwise
_MARGIN_MM = 20.0  # of background around the scan's brain, scaled by its size
_POINT_MM = 4.0  # distance of the template's points where the images are compared
_SMOOTHING_MM = (5.0, 1.5)  # from coarse to fine, in the template frame
_STEPS = 12  # 4 to 9 are used a level
_CONVERGED_MM = 0.02  # largest change at the edge of the brain
_EDGE_MM = 50.0  # of the template's brain from its centre
_DAMPING = 1e-3  # of the normal equations' diagonal


@dataclass(frozen=True)
class T1Template:
    """Attributes:
    image: mean outline of the template's subjects: 0 outside, 0.3 in tissue, towards 1 in fluid.
    brain: bool, same grid, in the atlas's frame (RAS+ mm, origin in the middle of the brain).
    """

    image: Volume
    brain: Volume

    @property
    def grid(self) -> Grid:
        return self.image.grid

    @property
    def mean(self) -> Volume:
        """What a placement is compared with."""
        return self.image


def place_t1(t1: Volume, brain: Volume, template: T1Template, *, kind: Kind) -> Placement:
    """Find where a T1 scan lies in the template.

    Args:
        t1: any unit, bias-corrected, canonical voxel order.
        brain: bool, same grid, not empty.
        template: the target.
        kind: "affine" brings every brain to the template's size and proportions; "rigid" keeps those of the scan: the
            rotation and the centre of the affine, nothing else.

    Raises:
        InputError: the brain is empty, or the kind is unknown.
    """
    if kind not in KINDS:
        raise InputError(f"Unknown placement '{kind}'. Choose 'affine' or 'rigid'.")
    if not brain.array.any():
        raise InputError("No brain was found in the T1 scan, so it cannot be placed. Give a brain mask.")
    size = float(np.cbrt(_volume_ml(brain) / _volume_ml(template.brain)))
    box = bounding_box(brain.array)
    inside = crop(brain, box, margin_mm=_MARGIN_MM * size)
    scan = outline_image(crop(t1, box, margin_mm=_MARGIN_MM * size), inside)
    matrix = _fitted(scan, _start(template, inside), template, size)
    if kind == "rigid":
        matrix = _rigid_part(matrix, _centre(template.brain))
    return describe_placement(outline_image(t1, brain), brain, template, lps_transform(matrix))


def outline_image(t1: Volume, brain: Volume) -> Volume:
    """0 outside, 0.3 in tissue of any kind, 1 in fluid."""
    smoothed = smooth_inside(t1, brain, _OUTLINE_SIGMA_MM).array
    share = smoothed / max(float(np.median(smoothed[brain.array])), float(np.finfo(np.float32).tiny))
    fluid = np.clip((_TISSUE_SHARE - share) / (_TISSUE_SHARE - _FLUID_SHARE), 0, 1)
    return t1.like((brain.array * (_TISSUE_WEIGHT + (1 - _TISSUE_WEIGHT) * fluid)).astype(np.float32))


def _start(template: T1Template, brain: Volume) -> np.ndarray:
    """(4, 4) similarity from template points to the scan's, RAS+ mm: upright heads first, then any tilt."""
    upright = ras_matrix(start_transform(template.brain, brain, nod_degrees=_UPRIGHT_NOD_DEGREES))
    if _overlap(upright, template.brain, brain) >= _LEAST_OVERLAP:
        return upright
    tilted = ras_matrix(start_transform(template.brain, brain))
    return max((upright, tilted), key=lambda matrix: _overlap(matrix, template.brain, brain))


def _overlap(matrix: np.ndarray, template_brain: Volume, brain: Volume) -> float:
    """Dice on every third voxel of the template's grid."""
    indices = np.stack(np.meshgrid(*[np.arange(0, n, 3) for n in template_brain.array.shape], indexing="ij"))
    target = template_brain.array[tuple(indices)].ravel()
    placed = _sampled(brain.array.astype(np.float32), brain, matrix, _points(template_brain, indices)) > 0.5
    return float(2 * (placed & target).sum() / max(placed.sum() + target.sum(), 1))


def _fitted(scan: Volume, start: np.ndarray, template: T1Template, size: float) -> np.ndarray:
    """Gauss-Newton on the 12 numbers of an affine, from coarse to fine."""
    step = max(1, round(_POINT_MM / float(template.grid.spacing_mm[0])))
    indices = np.stack(np.meshgrid(*[np.arange(0, n, step) for n in template.grid.shape], indexing="ij"))
    indices = indices.reshape(3, -1)
    matrix = start
    for sigma_mm in _SMOOTHING_MM:
        target = gaussian_filter(template.image.array, sigma_mm / template.grid.spacing_mm)
        near = target[tuple(indices)] > 0.01
        moving = scan.like(gaussian_filter(scan.array, sigma_mm * size / scan.grid.spacing_mm, truncate=3))
        points = _points(template.image, indices[:, near])
        matrix = _gauss_newton(moving, target[tuple(indices[:, near])], points, matrix)
    return matrix


def _gauss_newton(moving: Volume, target: np.ndarray, points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    layers = [moving.array, *np.gradient(moving.array)]
    to_index = np.linalg.inv(moving.affine_ras)
    terms = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    for _ in range(_STEPS):
        value, *slopes = (_sampled(layer, moving, matrix, points) for layer in layers)
        gradient = np.stack(slopes, axis=1) @ to_index[:3, :3]
        jacobian = (gradient[:, :, None] * terms[:, None, :]).reshape(len(points), 12)
        normal = jacobian.T @ jacobian
        normal[np.diag_indices(12)] *= 1 + _DAMPING
        change = np.linalg.solve(normal, jacobian.T @ (target - value)).reshape(3, 4)
        matrix = matrix.copy()
        matrix[:3] += change
        if np.abs(change[:, :3]).sum(axis=1).max() * _EDGE_MM + np.abs(change[:, 3]).max() < _CONVERGED_MM:
            break
    return matrix


def _sampled(array: np.ndarray, grid_of: Volume, matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values of the scan at template points (M, 3); 0 outside."""
    to_index = np.linalg.inv(grid_of.affine_ras) @ matrix
    return np.asarray(map_coordinates(array, to_index[:3, :3] @ points.T + to_index[:3, 3:], order=1))


def _points(volume: Volume, indices: np.ndarray) -> np.ndarray:
    """(M, 3) RAS+ mm of voxels (3, ...)."""
    return np.asarray(indices.reshape(3, -1).T @ volume.affine_ras[:3, :3].T + volume.affine_ras[:3, 3])


def _rigid_part(matrix: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The rotation nearest to the affine (polar decomposition), which takes the centre to the same place."""
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    rigid = np.eye(4)
    rigid[:3, :3] = u @ vt  # no mirroring: the fit starts from a rotation and stays near it
    rigid[:3, 3] = matrix[:3, :3] @ centre + matrix[:3, 3] - rigid[:3, :3] @ centre
    return rigid


def _centre(brain: Volume) -> np.ndarray:
    return np.asarray(_points(brain, np.argwhere(brain.array).T).mean(axis=0))


def _volume_ml(brain: Volume) -> float:
    return float(brain.array.sum()) * brain.grid.voxel_ml


@cache
def bundled_t1_template() -> T1Template:
    """The template of this installation, read once."""
    return read_t1_template(resource_path("t1_template", "outline.nii.gz"))


def read_t1_template(path: Path) -> T1Template:
    """A mean outline as ``write_t1_template`` stores it, in the voxel order closest to RAS+.

    Raises:
        ModelError: the file is missing, damaged, or holds values that no outline has.
    """
    try:
        outline = to_canonical(read_volume(path))
    except InputError as problem:
        raise ModelError(f"The T1 template cannot be read: {problem} Install AGE2HIE again.") from problem
    # contiguous: the order in which numpy adds numbers, and with it the last digit of an age, depends on the layout
    values = np.ascontiguousarray(outline.array)
    if values.size > LARGEST_VOXELS:
        raise ModelError(f"The T1 template has {values.size:,} voxels, more than {LARGEST_VOXELS:,}. Install it again.")
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1 or not values.any():
        raise ModelError(
            f"The T1 template holds values from {values.min():g} to {values.max():g}; an outline has 0 to 1, and is "
            "not empty. Install AGE2HIE again."
        )
    return T1Template(outline.like(values), outline.like(values > 0))


def write_t1_template(template: T1Template, path: Path) -> None:
    """Store the mean outline as float32, nothing rounded; the brain is where it is above 0."""
    if not np.array_equal(template.image.array > 0, template.brain.array):
        raise ValueError("the outline must be above 0 in the brain and nowhere else")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(template.image, path)
