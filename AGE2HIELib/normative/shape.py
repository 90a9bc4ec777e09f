"""The mean shape of a group: what an atlas must be warped by so that its infants differ from it in no direction.

An infant's placement is an affine step and a displacement. The stretch of the affine (its rotation, position and size
aside: they say how the head lay, and that brains have sizes) and the displacement are averaged over infants and their
mirror images. Averaging the displacements of placements in the current template and warping by the mean is the shape
update of Guimond et al. 2000 (doi:10.1006/cviu.1999.0815).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.linalg import polar

from AGE2HIELib.io.frames import LPS_FROM_RAS, reference_image
from AGE2HIELib.preprocess.placement import Placement, resample, working_grid
from AGE2HIELib.volume import Grid, Volume

_WORKING_MM = 2.0
_MIRROR = np.array([-1.0, 1.0, 1.0])  # left and right change places: x, in RAS and in LPS


@dataclass(frozen=True)
class ShapeDifference:
    """How an infant's shape differs from the template's.

    Attributes:
        log_stretch: (3, 3) logarithm of the affine's symmetric part (LPS+), without its change of volume.
        displacement_mm: (I, J, K, 3) float32, LPS+, on the template's field of view at 2 mm.
    """

    log_stretch: np.ndarray
    displacement_mm: np.ndarray


def shape_difference(placement: Placement) -> ShapeDifference:
    """What is left of a placement when position, rotation and size are taken out."""
    matrix = np.array(placement.affine.GetMatrix()).reshape(3, 3)
    _, stretch = polar(matrix, side="right")
    values, vectors = np.linalg.eigh(stretch)
    log_stretch = (vectors * (np.log(values) - np.log(values).mean())) @ vectors.T
    grid = working_grid(placement.atlas, _WORKING_MM)
    if placement.displacement is None:
        return ShapeDifference(log_stretch, np.zeros((*grid.shape, 3), np.float32))
    sampled = sitk.Resample(placement.displacement, reference_image(grid))
    components = sitk.GetArrayFromImage(sampled).transpose(2, 1, 0, 3)
    return ShapeDifference(log_stretch, np.ascontiguousarray(components, dtype=np.float32))


def mean_difference(differences: Sequence[ShapeDifference]) -> ShapeDifference:
    """The mean over infants and their mirror images, on a template that is its own mirror image."""
    flip = np.diag(_MIRROR)
    stretches = [(one.log_stretch + flip @ one.log_stretch @ flip) / 2 for one in differences]
    total = np.zeros_like(differences[0].displacement_mm, dtype=np.float64)
    for one in differences:
        total += (one.displacement_mm + one.displacement_mm[::-1] * _MIRROR) / 2
    mean = (total / len(differences)).astype(np.float32)
    return ShapeDifference(np.mean(stretches, axis=0), mean)


def to_mean_shape(images: Sequence[Volume], brain: Volume, mean: ShapeDifference) -> tuple[list[Volume], float]:
    """The template's images in the group's mean shape, on their own grid, and how far its brain moved (mm, mean).

    A point x of the template lies, on the average over infants, at ``S (x + u(x))``: the new template has there what
    the old one had at x.
    """
    grid = brain.grid
    forward = _displacement(mean.displacement_mm, grid)
    back = sitk.InvertDisplacementField(forward, 40, 0.01, 0.001, True)
    values, vectors = np.linalg.eigh(mean.log_stretch)
    stretch = sitk.AffineTransform(3)
    stretch.SetCenter(_centre_lps(brain))
    stretch.SetMatrix(((vectors * np.exp(-values)) @ vectors.T).ravel().tolist())
    joined = sitk.CompositeTransform(3)  # new points -> old points: the stretch undone, then the displacement
    joined.AddTransform(sitk.DisplacementFieldTransform(back))
    joined.AddTransform(stretch)
    moved = [resample(image, grid, joined, "linear", 0.0) for image in images]
    inside = resample(
        brain.like(brain.array.astype(np.float32)), working_grid(grid, _WORKING_MM), sitk.Transform(), "linear", 0
    )
    steps = np.linalg.norm(mean.displacement_mm, axis=-1)[inside.array > 0.5]
    return moved, float(steps.mean())


def _displacement(field_mm: np.ndarray, grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(
        np.ascontiguousarray(field_mm.transpose(2, 1, 0, 3), dtype=np.float64), isVector=True
    )
    image.CopyInformation(reference_image(working_grid(grid, _WORKING_MM)))
    return image


def _centre_lps(brain: Volume) -> list[float]:
    centre = brain.affine_ras @ np.append(np.argwhere(brain.array).mean(axis=0), 1.0)
    return [float(coordinate) for coordinate in (LPS_FROM_RAS @ centre)[:3]]
