"""Where the brain of an infant's first scan lies in the second: a rigid motion, found from the brains alone.

It starts from where both scans were placed in the atlas, so that no turn of the head is too large, and is refined by
``rigid.align`` on an image in which a lesion weighs little: the brain's outline and its fluid, as in the placement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import binary_dilation

from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.preprocess.placement import outline_image, resample
from AGE2HIELib.preprocess.rigid import Rigid, align, coarse_image, points_of
from AGE2HIELib.preprocess.smoothing import bounding_box, crop, smooth_inside
from AGE2HIELib.volume import Grid, Volume

_MARGIN_MM = 20.0  # of background around the brain
_COMPARED_MM = 6.0  # around the first brain: the outline of both is seen, and nothing beyond
_ROUNDS = 3  # each begins where the one before has ended
_FLUID_ADC = 2600.0  # 1e-6 mm^2/s, as in the placement
_TISSUE_SD_MM = 2.0


@dataclass(frozen=True)
class BrainScan:
    """ADC (1e-6 mm^2/s) and brain (bool) of a scan on one grid, and the affine step of its placement: from points of
    the atlas to the scan's, LPS+ mm.
    """

    adc: Volume
    brain: Volume
    affine: sitk.AffineTransform


@dataclass(frozen=True)
class BrainMatch:
    """Where the second scan's brain lies, and how well it fits.

    Attributes:
        second_from_first: from points of the first scan to the same anatomy in the second, RAS+ mm.
        overlap: Dice of the two brains, brought to one size, where both scans look.
        similarity: correlation of the two smoothed ADC maps where both are brain.
    """

    second_from_first: Rigid
    overlap: float
    similarity: float


def match_brains(first: BrainScan, second: BrainScan) -> BrainMatch:
    """Find the rigid motion between two scans of one infant."""
    rigid = refined(first, second, start_of(first, second))
    return BrainMatch(rigid, *agreement(first, second, rigid))


def start_of(first: BrainScan, second: BrainScan) -> Rigid:
    """The rigid motion nearest to the two placements one after the other, in the first brain's points."""
    points = points_of(first.brain.array, first.brain.affine_ras)
    flip = LPS_FROM_RAS[:3, :3]
    to_atlas, to_second = (_matrix(step) for step in (sitk.AffineTransform(first.affine.GetInverse()), second.affine))
    matrix = to_second[0] @ to_atlas[0]
    offset = to_second[0] @ to_atlas[1] + to_second[1]
    there = points @ (flip @ matrix @ flip).T + flip @ offset
    return nearest_rigid(points, there)


def nearest_rigid(points: np.ndarray, there: np.ndarray) -> Rigid:
    """Least squares over ``(M, 3)`` pairs (Kabsch 1976, doi:10.1107/S0567739476001873); never a mirror."""
    centre, goal = points.mean(axis=0), there.mean(axis=0)
    u, _, vt = np.linalg.svd((there - goal).T @ (points - centre))
    turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return Rigid(turn, goal - turn @ centre)


def refined(first: BrainScan, second: BrainScan, start: Rigid) -> Rigid:
    """Gauss-Newton from ``start`` on the images of outline and fluid."""
    fixed, moving = (coarse_image(_image(scan)) for scan in (first, second))
    compared = head_around(first, fixed)
    rigid = start
    for _ in range(_ROUNDS):
        moved = Volume(moving.array, as_affine(rigid.inverse()) @ moving.affine_ras)
        rigid = rigid.after(align(fixed, moved, compared))
    return rigid


def agreement(first: BrainScan, second: BrainScan, rigid: Rigid) -> tuple[float, float]:
    """(Dice of the brains, correlation of ADC in both) on the first scan's grid, where both look.

    The second brain is brought to the size of the first: a newborn's brain grows by about 1 % a day (Holland 2014,
    doi:10.1001/jamaneurol.2014.1638), and it is the shape that is asked.
    """
    grid, same_size = first.brain.grid, _to_same_size(first, second, rigid)

    def there(image: Volume) -> np.ndarray:
        return resample(image, grid, same_size, "linear", 0.0).array

    brain = there(_as_float(second.brain)) > 0.5
    here = first.brain.array & (there(second.brain.like(np.ones(second.brain.array.shape, np.float32))) > 0.5)
    both = here & brain
    overlap = 2 * both.sum() / max(here.sum() + brain.sum(), 1)
    pair = [np.clip(image[both], 0, _FLUID_ADC) for image in (_smoothed(first).array, there(_smoothed(second)))]
    varied = both.sum() > 2 and min(values.std() for values in pair) > 0
    return float(overlap), float(np.corrcoef(*pair)[0, 1]) if varied else 0.0


def brain_ml(scan: BrainScan) -> float:
    return float(scan.brain.array.sum()) * scan.brain.grid.voxel_ml


def _to_same_size(first: BrainScan, second: BrainScan, rigid: Rigid) -> sitk.AffineTransform:
    """``rigid`` and after it a change of size about the middle of the second brain."""
    middle = points_of(second.brain.array, second.brain.affine_ras).mean(axis=0)
    factor = float(np.cbrt(brain_ml(second) / brain_ml(first)))
    return as_transform(Rigid(factor * rigid.rotation, factor * (rigid.offset - middle) + middle))


def _as_float(mask: Volume) -> Volume:
    return mask.like(mask.array.astype(np.float32))


def on_first(second: Volume, rigid: Rigid, grid: Grid, *, interpolation: str = "linear") -> Volume:
    """A volume of the second scan on a grid of the first, interpolated once; 0 beyond what the second scan holds."""
    return resample(second, grid, as_transform(rigid), interpolation, 0.0)


def as_affine(rigid: Rigid) -> np.ndarray:
    """``(4, 4)``, RAS+ mm."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = rigid.rotation, rigid.offset
    return affine


def as_transform(rigid: Rigid) -> sitk.AffineTransform:
    """For SimpleITK, which has LPS+."""
    flip = LPS_FROM_RAS[:3, :3]
    transform = sitk.AffineTransform(3)
    transform.SetMatrix((flip @ rigid.rotation @ flip).ravel().tolist())
    transform.SetTranslation((flip @ rigid.offset).tolist())
    return transform


def _matrix(affine: sitk.AffineTransform) -> tuple[np.ndarray, np.ndarray]:
    """(matrix, offset) of an affine transform about any centre."""
    matrix = np.array(affine.GetMatrix()).reshape(3, 3)
    centre, shift = np.array(affine.GetCenter()), np.array(affine.GetTranslation())
    return matrix, centre + shift - matrix @ centre


def _image(scan: BrainScan) -> Volume:
    box = bounding_box(scan.brain.array)
    return outline_image(*(crop(volume, box, margin_mm=_MARGIN_MM) for volume in (scan.adc, scan.brain)))


def _smoothed(scan: BrainScan) -> Volume:
    return smooth_inside(scan.adc, scan.brain, _TISSUE_SD_MM)


def head_around(first: BrainScan, fixed: Volume) -> np.ndarray:
    """Bool on the coarse grid: the first brain and what lies close around it."""
    inside = resample(_as_float(first.brain), fixed.grid, sitk.Transform(), "linear", 0.0)
    steps = np.maximum(1, np.round(_COMPARED_MM / fixed.grid.spacing_mm)).astype(int)
    near = inside.array > 0.5
    for axis, reach in enumerate(steps):
        size = [1, 1, 1]
        size[axis] = 2 * int(reach) + 1
        near = binary_dilation(near, np.ones(size, dtype=bool))
    return np.asarray(near)
