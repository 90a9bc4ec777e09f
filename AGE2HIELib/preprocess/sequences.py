"""T1 and T2 brought to the diffusion scan of the same infant: a rigid motion found by mutual information (SimpleITK).

Diffusion images are distorted where tissue meets air, which no rigid motion takes away: at the base of the brain the
two may lie some mm apart. ``agreement`` says how well the two fit in the end; another infant's image fits less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import binary_erosion, gaussian_filter

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_sitk
from AGE2HIELib.preprocess.placement import resample, working_grid
from AGE2HIELib.preprocess.smoothing import bounding_box, crop
from AGE2HIELib.system.parallel import one_sitk_thread
from AGE2HIELib.volume import Volume

_WORKING_MM = 2.0
_MARGIN_MM = 6.0  # of what lies around the brain: the outline counts
_RIM_VOXELS, _LEAST_CONTRAST = 3, 1e-3  # of the image's range: within the rim a brain's tissues differ by far more
_BINS = 32
_TURNS_DEGREES = (-12.0, 0.0, 12.0)  # about the left-right axis, from which the search starts


@dataclass(frozen=True)
class Registered:
    """``image``: on the scan's grid, canonical voxel order; ``moved``: from points of the scan to the image as it was
    stored (LPS+ mm, as SimpleITK has it); ``agreement``: normalised mutual information in the brain, 0 to 1;
    ``displacement_mm``: mean over the brain of what the motion does.
    """

    image: Volume
    moved: sitk.Transform
    agreement: float
    displacement_mm: float


def register_sequence(moving: Volume, adc: Volume, brain: Volume) -> Registered:
    """Bring an image of the same head to the scan; the same to the last digit on any number of threads.

    Args:
        moving: T1 or T2 in any units, with or without skull, canonical voxel order.
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: bool, same grid as ``adc``, not empty.

    Raises:
        InputError: the image is even, as a whole or over the brain, or has a side of one voxel.
    """
    finite = moving.like(np.nan_to_num(moving.array.astype(np.float32), posinf=0.0, neginf=0.0))
    coarse = _coarse(finite) if min(finite.array.shape) > 1 else finite
    if min(finite.array.shape) < 2 or np.ptp(coarse.array) == 0:
        size = " x ".join(map(str, finite.array.shape))
        alike = ", nearly all of them alike" if np.ptp(finite.array) else ""
        raise InputError(
            f"The image has {size} voxels and values from {finite.array.min():g} to {finite.array.max():g}{alike}: "
            "there is nothing to register. Give a whole T1 or T2."
        )
    box = bounding_box(brain.array)
    part, inside = (crop(one, box, margin_mm=2 * _MARGIN_MM) for one in (adc, brain))
    grid = working_grid(part.grid, _WORKING_MM)
    plain = part.like(np.nan_to_num(np.where(inside.array, np.clip(part.array, 0, 3000), 0)).astype(np.float32))
    fixed = resample(plain, grid, sitk.Transform(), "linear", 0.0)
    within = resample(inside.like(inside.array.astype(np.float32)), grid, sitk.Transform(), "linear", 0.0)
    mask = within.array > 0.5
    transform = _search(fixed, coarse, within.like(mask))
    found = resample(coarse, grid, transform, "linear", 0.0).array
    within_rim = found[binary_erosion(mask, iterations=_RIM_VOXELS)]  # at the rim smoothing mixes in what is around
    if within_rim.size and np.ptp(np.percentile(within_rim, (10, 90))) <= _LEAST_CONTRAST * np.ptp(found):
        raise InputError("The image is even over the infant's brain, once it lies there. Give a whole T1 or T2.")
    points = np.argwhere(brain.array)[:: max(1, int(brain.array.sum()) // 500)]
    lps = (points @ adc.affine_ras[:3, :3].T + adc.affine_ras[:3, 3]) * [-1, -1, 1]
    displacement = np.array([transform.TransformPoint(point) for point in lps.tolist()]) - lps
    return Registered(
        image=resample(finite, adc.grid, transform, "linear", 0.0),
        moved=transform,
        agreement=normalised_information(fixed.array[mask], found[mask]),
        displacement_mm=float(np.linalg.norm(displacement, axis=1).mean()),
    )


def _coarse(image: Volume) -> Volume:
    """At the working resolution along each axis where it is finer; extremes cut."""
    sigma = np.sqrt(np.maximum(_WORKING_MM**2 - image.grid.spacing_mm**2, 0)) / 2.355 / image.grid.spacing_mm
    low, high = np.percentile(image.array, (0.1, 99.8))
    smooth = image.like(gaussian_filter(np.clip(image.array, low, high), sigma).astype(np.float32))
    return resample(smooth, working_grid(image.grid, _WORKING_MM), sitk.Transform(), "linear", 0.0)


def _search(fixed: Volume, moving: Volume, brain: Volume) -> sitk.Transform:
    """The best of the starts, and from there downhill."""
    target, source, where = to_sitk(fixed), to_sitk(moving), to_sitk(brain)
    around = sitk.BinaryDilate(where, [round(_MARGIN_MM / _WORKING_MM)] * 3)
    with one_sitk_thread():
        starts = _starts(fixed, moving, brain)
        best = min(starts, key=lambda start: float(_method(around, start).MetricEvaluate(target, source)))
        method = _method(around, best)
        method.Execute(target, source)
    return best


def _starts(fixed: Volume, moving: Volume, brain: Volume) -> list[sitk.Euler3DTransform]:
    """Where the scanner says that the head was, and centre upon centre; each with some nods."""
    centre = _centre(brain)
    shifts = [np.zeros(3), _centre(moving.like(moving.array > moving.array.mean())) - centre]
    starts = []
    for shift in shifts:
        for degrees in _TURNS_DEGREES:
            start = sitk.Euler3DTransform()
            start.SetCenter(centre.tolist())
            start.SetRotation(np.radians(degrees), 0.0, 0.0)
            start.SetTranslation(shift.tolist())
            starts.append(start)
    return starts


def _centre(mask: Volume) -> np.ndarray:
    """Of mass, LPS+ mm."""
    middle = np.argwhere(mask.array).mean(axis=0)
    return np.asarray((mask.affine_ras[:3, :3] @ middle + mask.affine_ras[:3, 3]) * [-1, -1, 1])


def _method(around: sitk.Image, transform: sitk.Transform) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.NONE)  # no voxel is left to chance
    method.SetMetricFixedMask(around)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([3.0, 0.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=0.02, numberOfIterations=100, gradientMagnitudeTolerance=1e-7
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, inPlace=True)
    return method


def normalised_information(one: np.ndarray, other: np.ndarray) -> float:
    """``(H(a) + H(b) - H(a, b)) / min(H(a), H(b))`` over pairs of values, each in 32 classes of equal size."""
    shares = np.linspace(0, 1, _BINS + 1)[1:-1]
    ranks = [np.digitize(values, np.unique(np.quantile(values, shares))) for values in (one, other)]
    joint = np.bincount(ranks[0] * _BINS + ranks[1], minlength=_BINS**2).reshape(_BINS, _BINS) / len(one)
    entropy = [-(p[p > 0] * np.log(p[p > 0])).sum() for p in (joint.sum(1), joint.sum(0), joint)]
    least = min(entropy[0], entropy[1])
    return float((entropy[0] + entropy[1] - entropy[2]) / least) if least > 0 else 0.0
