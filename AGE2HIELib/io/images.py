"""3D images in and out, by the format that the file's name says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import in_order_of, to_sitk
from AGE2HIELib.io.integrity import StoredImage, existing_file, sha256_of_files
from AGE2HIELib.io.mha import MHA_SUFFIXES, load_mha, mha_files
from AGE2HIELib.io.nifti import NIFTI_SUFFIXES, load_nifti, save_nifti
from AGE2HIELib.io.nrrd import NRRD_SUFFIXES, load_nrrd
from AGE2HIELib.volume import Grid, Volume

SUFFIXES = (*NIFTI_SUFFIXES, *MHA_SUFFIXES, *NRRD_SUFFIXES)
# What a file format can hold, for the types that arise inside.
_STORABLE = {"bool": np.uint8, "int64": np.int32, "uint64": np.uint32, "float16": np.float32}


def read_volume(path: Path) -> Volume:
    """Any 3D NIfTI, MHA or NRRD as float32, values as stored, in the file's voxel order."""
    stored = load_image(path)
    if len(stored.array) != 1:
        raise InputError(f"'{path.name}' holds {len(stored.array)} volumes, where one 3D image was expected.")
    return Volume(stored.array[0], stored.affine_ras)


def load_image(path: Path) -> StoredImage:
    """Every volume of an image file."""
    name = path.name.lower()
    if name.endswith(NIFTI_SUFFIXES):
        return load_nifti(path)
    if name.endswith(NRRD_SUFFIXES):
        return load_nrrd(path).stored
    if name.endswith(MHA_SUFFIXES):
        return load_mha(path)
    existing_file(path)
    raise InputError(f"'{path.name}' is no image this program reads. Use DICOM or {', '.join(SUFFIXES)}.")


def sha256_of_image(path: Path) -> str:
    """SHA-256 of the file, as ``sha256sum`` says it; where the voxels lie apart from the header, of both."""
    name = path.name.lower()
    if name.endswith(NRRD_SUFFIXES):
        return sha256_of_files(load_nrrd(path).files)
    return sha256_of_files(mha_files(path) if name.endswith(MHA_SUFFIXES) else [path])


def read_on_grid(path: Path, grid: Grid, *, what: str) -> Volume:
    """A map that belongs to a scan, in the scan's voxel order; ``what`` names it in the error.

    Its corners may be off by 0.1 of the scan's voxel along each axis: it is then taken to lie on the scan's own grid.
    Axes that are permuted or flipped in the file are put right exactly; nothing is interpolated.
    """
    stored = read_volume(path)
    ordered = in_order_of(stored, grid)
    if not ordered.grid.lies_on(grid):
        raise InputError(
            f"The {what} '{path.name}' ({_in_words(stored.grid)}) does not lie on the scan's grid "
            f"({_in_words(grid)}){_how_far(ordered.grid, grid)}. Give the {what} that was made from this scan, or "
            "resample it."
        )
    return Volume(ordered.array, grid.affine_ras)


def _how_far(given: Grid, scan: Grid) -> str:
    return f"; a corner lies {given.farthest_corner_mm(scan):.3g} mm off" if given.shape == scan.shape else ""


def write_volume(volume: Volume, path: Path) -> None:
    """Write NIfTI, MHA or NRRD as the name says; bool becomes uint8."""
    array = volume.array.astype(_STORABLE.get(volume.array.dtype.name, volume.array.dtype), copy=False)
    storable = volume.like(array)
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise InputError(f"'{path.name}' names no image format. Let the name end in one of {', '.join(SUFFIXES)}.")
    try:
        if name.endswith(NIFTI_SUFFIXES):
            save_nifti(storable, path)
        else:
            sitk.WriteImage(to_sitk(storable), str(path), useCompression=True)
    except (OSError, RuntimeError) as error:
        raise InputError(f"'{path.name}' cannot be written. Check the folder and its free space.") from error


def _in_words(grid: Grid) -> str:
    size = "x".join(str(n) for n in grid.shape)
    spacing = "x".join(f"{s:.3g}" for s in grid.spacing_mm)
    return f"{size} voxels of {spacing} mm"
