"""What every image must satisfy before anything is computed from it, whatever its format."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import sitk_geometry
from AGE2HIELib.io.header_words import reason
from AGE2HIELib.volume import Grid

# Microscopes see less, and no scanner's slices are thicker; the quality gate is stricter.
SPACING_MM = (0.02, 50.0)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class StoredImage:
    """An image as its file holds it.

    Attributes:
        array: ``(N, I, J, K)`` values, scaled as the file says, in the file's voxel order.
        affine_ras: 4x4, mm.
        warnings: what the file leaves open, in words for the reader of the result.
    """

    array: np.ndarray
    affine_ras: np.ndarray
    warnings: tuple[str, ...] = ()


def existing_file(path: Path, *, named_by: str = "") -> Path:
    """The path itself, if a non-empty file is there; ``named_by`` is the file that names it for its samples."""
    if not path.exists():
        if named_by:  # what stands in a header may be the patient's name, and nobody has typed it
            raise InputError(f"The file that '{named_by}' names for its samples is not there. Put it beside it.")
        raise InputError(f"'{path.name}' does not exist. Check the name of the input.")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "a device or a pipe"
        raise InputError(f"'{path.name}' is {what}, where an image file was expected. Name the file itself.")
    if not os.access(path, os.R_OK):
        raise InputError(f"'{path.name}' may not be read: its owner has not allowed it. Ask for the right, or copy it.")
    if path.stat().st_size == 0:
        raise InputError(f"'{path.name}' is empty (0 bytes). Copy or export it again.")
    return path


def check_values(dtype: np.dtype, name: str) -> None:
    """Raise InputError for what is no integer and no float."""
    if dtype.kind not in "buif":
        kind = "complex" if dtype.kind == "c" else f"'{dtype}'"
        raise InputError(f"'{name}' holds {kind} values. Export the magnitude image as integers or floats.")


def check_image(array: np.ndarray, affine_ras: np.ndarray, name: str) -> np.ndarray:
    """``(N, I, J, K)`` as float32; raises InputError for what is not a 3D image with values in it."""
    check_values(array.dtype, name)
    shape = array.shape[1:]
    if len(shape) != 3 or min(shape) < 2:
        size = "x".join(str(n) for n in shape)
        raise InputError(f"'{name}' is not a 3D image: its size is {size} voxels. Give the whole volume.")
    check_geometry(Grid((shape[0], shape[1], shape[2]), affine_ras), name)
    with np.errstate(over="ignore"):  # beyond 3e38 there is infinity, which counts as no value
        values: np.ndarray = np.ascontiguousarray(array, dtype=np.float32)
    for number, volume in enumerate(values):
        where = f"'{name}'" if len(values) == 1 else f"Volume {number} of '{name}'"
        if not np.isfinite(volume).any():
            raise InputError(f"{where} holds no finite value (NaN everywhere). Convert the scan again.")
    return values


def check_geometry(grid: Grid, name: str) -> None:
    """Raise InputError where the axes are not three perpendicular directions with lengths that a scan can have."""
    try:
        sitk_geometry(grid)
    except InputError as error:
        raise InputError(f"'{name}': {error}") from error
    low, high = SPACING_MM
    if grid.spacing_mm.min() < low or grid.spacing_mm.max() > high:
        words = " x ".join(f"{mm:.3g}" for mm in grid.spacing_mm)
        raise InputError(
            f"'{name}' has voxels of {words} mm, where {low:g} to {high:g} mm were expected. Check its header."
        )


def unreadable_error(path: Path, error: Exception) -> InputError:
    """One clear sentence for the many ways in which a file can be broken."""
    detail = reason(error).replace(str(path), path.name).replace(str(path.parent), "")[:160]
    return InputError(
        f"'{path.name}' cannot be read; it may be truncated or of another format "
        f"({path.stat().st_size} bytes; {detail}). Copy or export it again."
    )


def sha256_of_files(paths: Iterable[Path]) -> str:
    """SHA-256 of the files' bytes, one after the other: for one file what ``sha256sum`` says."""
    digest = hashlib.sha256()
    for path in paths:
        _feed(digest, path)
    return digest.hexdigest()


def sha256_of_set(paths: Iterable[Path]) -> str:
    """SHA-256 over the sorted digests of the files: their names, order and repetitions do not matter."""
    digests = set()
    for path in paths:
        digest = hashlib.sha256()
        _feed(digest, path)
        digests.add(digest.digest())
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def _feed(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
