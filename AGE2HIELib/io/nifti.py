"""NIfTI in and out: 3D images, and 4D diffusion series with .bval and .bvec beside them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import nibabel as nib
import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.gradients import fsl_from_ras, make_series, ras_from_fsl
from AGE2HIELib.io.integrity import Stored, check_values, checked, existing_file, unreadable
from AGE2HIELib.io.samples import check_size, read_samples
from AGE2HIELib.volume import DwiSeries, Volume

NIFTI_SUFFIXES = (".nii.gz", ".nii")
_MM_PER_UNIT = {"meter": 1000.0, "micron": 0.001}  # "mm" and "unknown" are read as mm, as every viewer does
_LONGEST_TABLE_BYTES = 1 << 20  # 300 volumes take 10 kB
_FARTHEST_SAMPLES = 1 << 24  # bytes of header and extensions before them
_BROKEN = (
    OSError,
    ValueError,
    EOFError,
    zlib.error,
    nib.filebasedimages.ImageFileError,
    nib.spatialimages.HeaderDataError,
    nib.spatialimages.HeaderTypeError,
)


@dataclass(frozen=True)
class GradientFiles:
    """The text files that belong to a 4D NIfTI; ``bvec`` is None where there is none."""

    bval: Path
    bvec: Path | None


def load_nifti(path: Path) -> Stored:
    """Values with the file's slope and intercept applied; the sform rules, then the qform."""
    existing_file(path)
    try:
        image = _opened(path)
        raw = np.asanyarray(image.dataobj)
    except _BROKEN as error:
        raise unreadable(path, error) from error
    affine, warnings = _affine_ras(image)
    while raw.ndim > 3 and raw.shape[-1] == 1:  # a 4D or 5D image of one volume is a 3D image
        raw = raw[..., 0]
    if raw.ndim == 5 and raw.shape[3] == 1:  # NIfTI keeps vectors on the fifth axis
        raw = raw[:, :, :, 0]
    if raw.ndim > 4:
        raise InputError(f"'{path.name}' has {raw.ndim} axes {raw.shape}. Give a 3D image or a 4D series.")
    volumes = np.moveaxis(raw, 3, 0) if raw.ndim == 4 else raw[np.newaxis]
    return Stored(checked(volumes, affine, path.name), affine, warnings)


def _opened(path: Path) -> nib.Nifti1Image:
    """The image with its bytes in memory, of which there are as many as its header says."""
    with _silent_nibabel():  # what is wrong is told in the error
        image = nib.load(path)  # its header alone
    if not isinstance(image, nib.Nifti1Image):
        raise ValueError(f"it is a file of the kind {type(image).__name__}")
    dtype = image.get_data_dtype()
    check_values(dtype, path.name)
    check_size(image.shape, path.name, dtype.itemsize)
    start = int(image.dataobj.offset)  # type: ignore[attr-defined]  # nibabel's stubs know arrays only
    needed = start + prod(image.shape) * dtype.itemsize
    if not 0 <= start <= _FARTHEST_SAMPLES:
        raise ValueError(f"its samples begin at byte {start}")
    with path.open("rb") as file:
        return type(image).from_bytes(read_samples(file, needed, "gzip" if path.name.lower().endswith("gz") else "raw"))


@contextmanager
def _silent_nibabel() -> Iterator[None]:
    """nibabel's own suppressor takes its logger's handlers away, and Python then prints in their place."""
    logger = nib.imageglobals.logger
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _affine_ras(image: nib.Nifti1Pair) -> tuple[np.ndarray, tuple[str, ...]]:
    header = image.header
    affine = np.array(image.affine, dtype=float)
    affine[:3] *= _MM_PER_UNIT.get(header.get_xyzt_units()[0], 1.0)
    if header["sform_code"] == 0 and header["qform_code"] == 0:
        return affine, ("The NIfTI file states no orientation: left and right may be exchanged.",)
    return affine, ()


def gradient_files(path: Path) -> GradientFiles | None:
    """``.bval`` (or ``.bvals``) and ``.bvec`` with the image's name; None where there is no ``.bval``."""
    stem = without_suffix(path)
    bval = _first_existing(path, stem, ("bval", "bvals"))
    return GradientFiles(bval, _first_existing(path, stem, ("bvec", "bvecs"))) if bval else None


def without_suffix(path: Path) -> str:
    for suffix in NIFTI_SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def _first_existing(path: Path, stem: str, endings: tuple[str, ...]) -> Path | None:
    return next((path.with_name(f"{stem}.{e}") for e in endings if path.with_name(f"{stem}.{e}").is_file()), None)


def series_from_nifti(stored: Stored, path: Path) -> DwiSeries:
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
        directions = ras_from_fsl(_bvecs(files.bvec, count), stored.affine_ras)
    return make_series(stored.array, stored.affine_ras, b_values, directions, name=path.name)


def refuse_single_volume(path: Path) -> None:
    """A 3D image with a ``.bval`` beside it is one volume of a series, whatever its values look like."""
    files = gradient_files(path)
    if files is not None and (b_values := numbers(files.bval).ravel()).size == 1:
        raise InputError(
            f"'{path.name}' is a single diffusion volume: '{files.bval.name}' states b = {b_values[0]:g} s/mm^2 alone. "
            "Give the whole series, or an ADC map."
        )


def _bvecs(path: Path, count: int) -> np.ndarray:
    """``(N, 3)`` from three rows (FSL) or three columns."""
    table = numbers(path)
    if table.shape == (3, count):
        return table.T
    if table.shape == (count, 3):
        return table
    rows, columns = table.shape
    raise InputError(
        f"'{path.name}' holds {rows} x {columns} numbers, where 3 x {count} were expected. "
        "Use the .bvec that was made with this image, or remove it."
    )


def numbers(path: Path) -> np.ndarray:
    """A text table of finite numbers, two-dimensional; InputError for anything else."""
    if path.stat().st_size > _LONGEST_TABLE_BYTES:
        raise InputError(
            f"'{path.name}' has {path.stat().st_size} bytes: no table of b-values or directions. Check it."
        )
    try:
        table = np.loadtxt(path, ndmin=2, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise InputError(f"'{path.name}' is not a table of numbers ({error}). Convert the series again.") from error
    if table.size == 0 or not np.all(np.isfinite(table)):
        raise InputError(f"'{path.name}' is empty or holds a value that is not finite. Convert the series again.")
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
