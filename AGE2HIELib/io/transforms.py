"""Spatial transforms in and out, as the HDF5 files that ITK defines: SimpleITK, Slicer and ANTs read them, too."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.integrity import existing_file, unreadable

_SUFFIX = ".h5"
_LARGEST_BYTES = 500_000_000  # a displacement field of 20 million voxels, as the largest atlas has them


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
        raise unreadable(path, error) from error
    if transform.GetDimension() != 3:
        raise InputError(f"'{path.name}' holds a transform of {transform.GetDimension()}D. Give one of 3D.")
    return transform


def _check_name(path: Path) -> None:
    if path.suffix.lower() != _SUFFIX:
        raise InputError(f"'{path.name}' names no transform file. Let the name end in {_SUFFIX}.")
