"""NIfTI in and out: 3D images, and 4D diffusion series with .bval and .bvec beside them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.diffusion import SMALLEST_B_RANGE_S_MM2, fsl_from_ras, make_series, ras_from_fsl
from AGE2HIELib.io.integrity import StoredImage, check_image, existing_file, unreadable_error
from AGE2HIELib.io.nifti_geometry import nifti_affine
from AGE2HIELib.io.nifti_header import read_header, read_nifti, scaled_values
from AGE2HIELib.volume import DwiSeries, Grid, Volume

NIFTI_SUFFIXES = (".nii.gz", ".nii")
_LONGEST_TABLE_BYTES = 1 << 20  # 300 volumes take 10 kB
_BROKEN = (
    OSError,
    ValueError,
    EOFError,
    zlib.error,
    nib.spatialimages.HeaderDataError,
    nib.spatialimages.HeaderTypeError,
)


@dataclass(frozen=True)
class GradientFiles:
    """The text files that belong to a 4D NIfTI; ``bvec`` is None where there is none."""

    bval: Path
    bvec: Path | None


def load_nifti(path: Path) -> StoredImage:
    """Values with the file's slope and intercept applied; on the grid of its sform, or else of its qform."""
    existing_file(path)
    try:
        file = read_nifti(path)
    except _BROKEN as error:
        raise unreadable_error(path, error) from error
    try:
        affine, placed = nifti_affine(file.header, file.shape)
    except ValueError as error:
        raise InputError(
            f"'{path.name}' does not say where its voxels lie ({error}). Convert the scan again from DICOM."
        ) from error
    raw, scaled = scaled_values(file, path.name)
    while raw.ndim > 3 and raw.shape[-1] == 1:  # a 4D or 5D image of one volume is a 3D image
        raw = raw[..., 0]
    if raw.ndim == 5 and raw.shape[3] == 1:  # NIfTI keeps vectors on the fifth axis
        raw = raw[:, :, :, 0]
    if raw.ndim > 4:
        raise InputError(f"'{path.name}' has {raw.ndim} axes {raw.shape}. Give a 3D image or a 4D series.")
    volumes = np.moveaxis(raw, 3, 0) if raw.ndim == 4 else raw[np.newaxis]
    return StoredImage(check_image(volumes, affine, path.name), affine, (*file.warnings, *scaled, *placed))


def nifti_grid(path: Path) -> Grid:
    """Where the voxels of a file lie, by its header alone; InputError for what is no NIfTI."""
    existing_file(path)
    try:
        header, shape = read_header(path)
        affine, _ = nifti_affine(header, shape)
    except _BROKEN as error:
        raise unreadable_error(path, error) from error
    i, j, k = (*shape, 1, 1, 1)[:3]
    return Grid((i, j, k), affine)


def gradient_files(path: Path) -> GradientFiles | None:
    """``.bval`` (or ``.bvals``) and ``.bvec`` with the image's name, in any case; None where there is no ``.bval``."""
    stem = without_suffix(path)
    bval = _first_existing(path, stem, ("bval", "bvals"))
    return GradientFiles(bval, _first_existing(path, stem, ("bvec", "bvecs"))) if bval else None


def without_suffix(path: Path) -> str:
    for suffix in NIFTI_SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def _first_existing(path: Path, stem: str, endings: tuple[str, ...]) -> Path | None:
    """The file of the image's name with one of the endings; one written in capitals where no other is there."""
    names = [f"{stem}.{ending}" for ending in endings]
    for name in names:
        if path.with_name(name).is_file():
            return path.with_name(name)
    beside = sorted(other for other in path.parent.iterdir() if other.name.startswith(f"{stem}."))
    lowered = {f"{stem}{other.name[len(stem) :].lower()}": other for other in reversed(beside) if other.is_file()}
    return next((lowered[name] for name in names if name in lowered), None)


def series_from_nifti(stored: StoredImage, path: Path) -> DwiSeries:
    """The diffusion series of a 4D NIfTI with its ``.bval`` and, where there is one, ``.bvec``."""
    files = gradient_files(path)
    count = len(stored.array)
    if files is None:
        raise InputError(
            f"'{path.name}' holds {count} volumes, but '{without_suffix(path)}.bval' is not beside it. "
            "Put the .bval file (and .bvec, if there is one) into the same folder."
        )
    b_values = numbers(files.bval).ravel()
    if b_values.size != count:
        raise InputError(
            f"'{files.bval.name}' holds {b_values.size} b-values for the {count} volumes of '{path.name}'. "
            "Use the .bval that was made with this image."
        )
    directions = None
    if files.bvec is not None:
        directions = ras_from_fsl(bvecs(files.bvec, b_values), stored.affine_ras)
    return make_series(stored.array, stored.affine_ras, b_values, directions, name=path.name)


def refuse_single_volume(path: Path) -> None:
    """A 3D image with a ``.bval`` beside it is one volume of a series, whatever its values look like."""
    files = gradient_files(path)
    if files is None:
        return
    b_values = numbers(files.bval).ravel()
    stated = f"b = {b_values[0]:g} s/mm^2 alone" if b_values.size == 1 else f"{b_values.size} b-values"
    raise InputError(
        f"'{path.name}' is a single diffusion volume: '{files.bval.name}' states {stated}. "
        "Give the whole series; or an ADC map, which has no .bval beside it."
    )


def bvecs(path: Path, b_values: np.ndarray) -> np.ndarray:
    """``(N, 3)`` from three rows (FSL) or three columns; 0 where a volume without weighting has NaN (dcm2niix, FSL)."""
    count = b_values.size
    table = _table(path)
    if table.shape != (3, count) and table.shape != (count, 3):
        rows, columns = table.shape
        raise InputError(
            f"'{path.name}' holds {rows} x {columns} numbers, where 3 x {count} were expected. "
            "Use the .bvec that was made with this image, or remove it."
        )
    directions = table.T if table.shape == (3, count) else table
    none = np.isnan(directions).any(axis=1) & (b_values < SMALLEST_B_RANGE_S_MM2)
    directions = np.where(none[:, np.newaxis], 0.0, directions)
    if not np.all(np.isfinite(directions)):
        volume = int(np.argmin(np.isfinite(directions).all(axis=1)))
        raise InputError(
            f"'{path.name}' holds a direction that is not finite, of volume {volume} with b = {b_values[volume]:g} "
            "s/mm^2. Convert the series again."
        )
    return directions


def numbers(path: Path) -> np.ndarray:
    """A text table of finite numbers, two-dimensional; InputError for anything else."""
    table = _table(path)
    if not np.all(np.isfinite(table)):
        raise InputError(f"'{path.name}' holds a value that is not finite. Convert the series again.")
    return table


def _table(path: Path) -> np.ndarray:
    if path.stat().st_size > _LONGEST_TABLE_BYTES:
        raise InputError(
            f"'{path.name}' has {path.stat().st_size} bytes: no table of b-values or directions. Check it."
        )
    try:
        table = np.loadtxt(path, ndmin=2, encoding="utf-8-sig")
    except (ValueError, OSError) as error:  # its words repeat what stands there, which may be a name
        raise InputError(
            f"'{path.name}' is not a table of numbers: they are parted by blanks and have decimal points, with nothing "
            "else beside them. Write it so, or convert the series again."
        ) from error
    if table.size == 0:
        raise InputError(f"'{path.name}' is empty. Convert the series again.")
    return table


def save_nifti(volume: Volume, path: Path) -> None:
    """qform and sform are both set, so that every reader sees the same geometry."""
    _save(volume.array, volume.affine_ras, path)


def write_dwi_nifti(series: DwiSeries, path: Path) -> None:
    """4D NIfTI, ``.bval`` and, where there are directions, ``.bvec`` in FSL's convention."""
    _save(np.moveaxis(series.array, 0, 3), series.affine_ras, path)
    stem = without_suffix(path)
    np.savetxt(path.with_name(f"{stem}.bval"), series.b_values[np.newaxis], fmt="%g")
    if series.directions_ras is not None:
        bvecs = fsl_from_ras(series.directions_ras, series.affine_ras)
        np.savetxt(path.with_name(f"{stem}.bvec"), bvecs.T + 0.0, fmt="%.8f")


def _save(array: np.ndarray, affine_ras: np.ndarray, path: Path) -> None:
    image = nib.Nifti1Image(array, affine_ras)
    image.set_sform(affine_ras, code=1)
    image.set_qform(affine_ras, code=1)
    image.header.set_xyzt_units("mm", "sec" if array.ndim == 4 else "unknown")
    nib.save(image, path)
