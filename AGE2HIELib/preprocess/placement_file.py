"""A placement as a file that other programs open: labels of theirs can then be brought to the scan.

The HDF5 file that ITK defines (SimpleITK, Slicer and ANTs read it) holds ``atlas_from_native``: it maps points of the
scan to points of the atlas (LPS+ mm), which is what a program asks for that resamples an image of the atlas on the
scan's grid. It is the inverse of the affine and after it the inverse of the displacement, on its own grid of 2 mm; of
an affine placement it is the inverse of the affine alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.integrity import existing_file, unreadable_error
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.deform import invert_displacement, with_displacement
from AGE2HIELib.preprocess.placement import Placement, describe_placement
from AGE2HIELib.volume import Volume

_SUFFIX = ".h5"
_LARGEST_BYTES = 500_000_000  # a displacement field of 20 million voxels, as the largest atlas has them
# Of three phantoms, against the direction that is not in the file: 0.19 mm at most; 0.45 with the ten iterations that
# suffice where both directions are there.
_ITERATIONS, _ACCURACY_MM = 50, 0.005
_REMEDY = "Name the placement.h5 of a result."


def write_transform(transform: sitk.Transform, path: Path) -> None:
    """Write a 3D transform, of points in LPS+ mm; InputError for a name that does not end in ``.h5``."""
    _check_name(path)
    try:
        sitk.WriteTransform(transform, str(path))
    except RuntimeError as error:
        raise InputError(f"'{path.name}' cannot be written. Check the folder and its free space.") from error


def read_transform(path: Path) -> sitk.Transform:
    """The transform of a file, of the class that it was written from: a composite, an affine and so on.

    Raises:
        InputError: the file is not there, or holds no 3D transform. Numbers that were changed in it are not noticed:
            the format has no checksum.
    """
    _check_name(path)
    existing_file(path)
    if path.stat().st_size > _LARGEST_BYTES:
        raise InputError(f"'{path.name}' is too large for a transform. Name the placement.h5 of a result.")
    try:
        transform: sitk.Transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise unreadable_error(path, error) from error
    if transform.GetDimension() != 3:
        raise InputError(f"'{path.name}' holds a transform of {transform.GetDimension()}D. Give one of 3D.")
    return transform


def _check_name(path: Path) -> None:
    if path.suffix.lower() != _SUFFIX:
        raise InputError(f"'{path.name}' names no transform file. Let the name end in {_SUFFIX}.")


def write_placement(placement: Placement, path: Path) -> None:
    """Write the transform that brings images of the atlas to the scan; ``path`` ends in ``.h5``."""
    write_transform(placement.atlas_from_native, path)


def placement_from_file(path: Path, adc: Volume, brain: Volume, atlas: Atlas) -> Placement:
    """A placement again, from the file that ``predict`` or ``write_placement`` has made.

    The file holds one direction. The other one is its numerical inverse: points of the brain end within 0.2 mm of where
    the original placement has them (median 0.02). Similarity, overlap, scale, coverage and folding are measured again;
    ``filled`` is not in the file and is NaN.

    Args:
        path: such as ``placement.h5`` of a result.
        adc: 1e-6 mm^2/s, of the scan that was placed.
        brain: bool, same grid: ``brain_mask.nii.gz`` of the result.
        atlas: in which the scan was placed.

    Raises:
        InputError: the file is none of these, or of another atlas.
    """
    inverse, affine = _steps(read_transform(path), path.name)
    placement = describe_placement(adc, brain, atlas, sitk.AffineTransform(affine.GetInverse()))
    if inverse is not None:
        field = invert_displacement(inverse, iterations=_ITERATIONS, accuracy_mm=_ACCURACY_MM)
        placement = with_displacement(placement, field, inverse, atlas)
    return replace(placement, filled=float("nan"))


def read_affine(path: Path) -> sitk.AffineTransform:
    """The affine step of the placement in a file, from points of the atlas to points of the scan (LPS+ mm)."""
    _, inverse = _steps(read_transform(path), path.name)
    return sitk.AffineTransform(inverse.GetInverse())


def _steps(transform: sitk.Transform, name: str) -> tuple[sitk.Image | None, sitk.AffineTransform]:
    """(The inverse displacement in mm, or None; the inverse affine) of a file, in the order in which it lists them."""
    steps = [transform]
    if isinstance(transform, sitk.CompositeTransform):
        steps = [transform.GetNthTransform(number) for number in range(transform.GetNumberOfTransforms())]
    *before, affine = steps
    displacement = None
    if len(before) == 1 and isinstance(before[0], sitk.DisplacementFieldTransform):
        displacement = before[0].GetDisplacementField()
    if len(before) != (displacement is not None) or not isinstance(affine, sitk.AffineTransform):
        raise InputError(f"'{name}' holds no placement, which is an affine and at most one displacement. {_REMEDY}")
    numbers = [*affine.GetMatrix(), *affine.GetTranslation(), *affine.GetCenter()]
    if displacement is not None:
        numbers = [*numbers, np.ptp(sitk.GetArrayViewFromImage(displacement))]
    if not np.isfinite(numbers).all() or np.linalg.det(np.reshape(affine.GetMatrix(), (3, 3))) <= 0:
        raise InputError(f"'{name}' is damaged: it mirrors space or holds no finite numbers. {_REMEDY}")
    return displacement, affine
