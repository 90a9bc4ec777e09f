"""Files of small images whose headers hold odd fields, and what nibabel, SimpleITK and this library read from them."""

from __future__ import annotations

import re
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from io_samples import adc_volume

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS, from_sitk
from AGE2HIELib.io.images import load_image
from AGE2HIELib.volume import Grid, Volume

SCAN = adc_volume(shape=(9, 10, 8))  # 1.473 x 1.562 x 4 mm, tilted


@dataclass(frozen=True)
class Reading:
    """``corner_mm``: how far a corner lies from the scan's, at most; NaN where nothing is read.

    ``values``: the largest difference of a voxel; ``words``: of the error, or the warnings.
    """

    corner_mm: float
    values: float
    words: str = ""
    affine_ras: np.ndarray | None = None


def by_nibabel(path: Path) -> Reading:
    logger, before = nib.imageglobals.logger, nib.imageglobals.logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Any = nib.load(path)  # of a kind with an affine
            return _reading(np.asarray(image.dataobj), image.affine)
    except Exception as error:
        return Reading(np.nan, np.nan, str(error))
    finally:
        logger.disabled = before


def by_itk(path: Path) -> Reading:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        return Reading(np.nan, np.nan, str(error))
    while image.GetDimension() > 3:
        image = image[..., 0]
    if image.GetDimension() < 3:
        return Reading(np.nan, np.nan, "no 3D image")
    volume = from_sitk(image)
    return _reading(volume.array, volume.affine_ras)


def by_us(path: Path) -> Reading:
    try:
        stored = load_image(path)
    except InputError as error:
        line = str(error)
        unhelpful = "\n" in line or str(path.parent) in line
        return Reading(np.nan, np.nan, "" if unhelpful else line)
    return _reading(stored.array[0], stored.affine_ras, " ".join(stored.warnings))


def _reading(array: np.ndarray, affine_ras: np.ndarray, words: str = "") -> Reading:
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.shape != SCAN.array.shape or not np.all(np.isfinite(affine_ras)):
        return Reading(np.nan, np.nan, words or f"shape {array.shape}, affine {affine_ras.tolist()}")
    away = Grid(SCAN.grid.shape, affine_ras).farthest_corner_mm(SCAN.grid)
    with np.errstate(over="ignore"):
        values = float(np.nanmax(np.abs(array.astype(np.float64) - SCAN.array)))
    return Reading(away, values, words, affine_ras)


def away_of_slicer(words: str) -> float | None:
    """The distance in mm that a warning says Slicer's corner has from ours."""
    found = re.search(r"Slicer shows a corner ([0-9.e+]+) mm away", words)
    return float(found[1]) if found else None


def nifti(version: int = 1) -> bytes:
    kind: Any = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    image = kind(SCAN.array, SCAN.affine_ras)
    image.set_sform(SCAN.affine_ras, 1)
    image.set_qform(SCAN.affine_ras, 1)
    image.header.set_xyzt_units("mm")
    return bytes(image.to_bytes())


def nifti_with(content: bytes, **fields: object) -> bytes:
    """Fields of the header replaced; a dict replaces single elements of an array."""
    kind = nib.nifti2.header_dtype if struct.unpack("<i", content[:4])[0] == 540 else nib.nifti1.header_dtype
    header = np.frombuffer(content[: kind.itemsize], kind).copy()
    for name, value in fields.items():
        if isinstance(value, dict):
            for at, element in value.items():
                header[name][0][at] = element
        else:
            header[name] = value
    return header.tobytes() + content[kind.itemsize :]


def sform(matrix: np.ndarray) -> dict[str, object]:
    return {"srow_x": matrix[0], "srow_y": matrix[1], "srow_z": matrix[2]}


def raw_samples(volume: Volume = SCAN) -> bytes:
    return volume.array.astype("<f4").tobytes(order="F")


def nrrd(samples: bytes | None = None, *, magic: str = "NRRD0005", more: str = "", **fields: str | None) -> bytes:
    """A NRRD in LPS; ``_`` in names are blanks, None drops a field."""
    lps = LPS_FROM_RAS @ SCAN.affine_ras
    stated: dict[str, str | None] = {
        "type": "float",
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": " ".join(str(n) for n in SCAN.array.shape),
        "space directions": " ".join(_vector(lps[:3, axis]) for axis in range(3)),
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "raw",
        "space origin": _vector(lps[:3, 3]),
    }
    stated |= {name.replace("_", " "): value for name, value in fields.items()}
    lines = [magic, *(f"{name}: {value}" for name, value in stated.items() if value is not None)]
    return ("\n".join(lines) + f"\n{more}\n").encode() + (raw_samples() if samples is None else samples)


def metaimage(samples: bytes | None = None, *, data_file: str = "LOCAL", **fields: str | None) -> bytes:
    """A MetaImage; None drops a field."""
    lps = LPS_FROM_RAS @ SCAN.affine_ras
    spacing = SCAN.grid.spacing_mm
    stated: dict[str, str | None] = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": _row((lps[:3, :3] / spacing).T),
        "Offset": _row(lps[:3, 3]),
        "ElementSpacing": _row(spacing),
        "DimSize": " ".join(str(n) for n in SCAN.array.shape),
        "ElementType": "MET_FLOAT",
    }
    stated |= fields
    lines = [*(f"{name} = {value}" for name, value in stated.items() if value is not None)]
    return ("\n".join([*lines, f"ElementDataFile = {data_file}"]) + "\n").encode() + (
        raw_samples() if samples is None else samples
    )


def _row(values: np.ndarray) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))


def _vector(values: np.ndarray) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"
