"""The header of a NIfTI-1 or NIfTI-2 file: the kind and number of its samples, where they begin, how they are scaled.

Read as it stands and not by nibabel's image class, which mends some odd fields without a word and cannot be made for
others. Fields: https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h and nifti2.h.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.header_words import format_of
from AGE2HIELib.io.integrity import check_values
from AGE2HIELib.io.nifti_geometry import NiftiHeader
from AGE2HIELib.io.samples import check_size, read_samples

_GZIP = b"\x1f\x8b"
_FLAG_BYTES = 4  # behind the header: whether extensions follow
_EXTENSION_BYTES = 16  # they have a multiple of it, two numbers of 4 bytes (size and code) at their start
_LARGEST_EXTENSION = 1 << 24
_LARGEST_EXTENSION_CODE = 100  # nifti1_io.h knows even ones up to 44
_FARTHEST_SAMPLES = 1 << 24  # bytes of header and extensions before them
_MANY_NUMBERS = {  # intents of images with several numbers a voxel
    1004: "a matrix",
    1005: "a symmetric matrix",
    1006: "a displacement",
    1007: "a vector",
    1008: "a point",
    1009: "a triangle",
    1010: "a quaternion",
    2003: "a colour",
    2004: "a colour",
}


@dataclass(frozen=True)
class NiftiFile:
    """``content``: the bytes of the file up to the last sample, unpacked."""

    header: NiftiHeader
    shape: tuple[int, ...]
    content: bytes
    samples_at: int
    warnings: tuple[str, ...]


def read_nifti(path: Path) -> NiftiFile:
    """The header and the bytes of the samples, of which there are as many as the header says.

    Raises:
        InputError: the kind or the number of the samples cannot be.
        OSError, ValueError, EOFError, zlib.error, HeaderDataError: the file is damaged or no NIfTI.
    """
    with path.open("rb") as file:
        packing = "gzip" if file.read(2) == _GZIP else "raw"  # not by the name: browsers unpack what they load
        file.seek(0)
        start = (gzip.GzipFile(fileobj=file) if packing == "gzip" else file).read(nib.Nifti2Header.sizeof_hdr)
        header = _header(start)
        dtype = _dtype(header)
        check_values(dtype, path.name)
        shape, warnings = _shape(header)
        check_size(shape, path.name, dtype.itemsize)
        samples_at = _samples_at(header)
        file.seek(0)
        content = read_samples(file, samples_at + prod(shape) * dtype.itemsize, packing)
    warnings += _extensions(header, content, samples_at) + _intent(header)
    return NiftiFile(header, shape, content, samples_at, warnings)


def read_header(path: Path) -> tuple[NiftiHeader, tuple[int, ...]]:
    """The header and the shape that it states; the samples are not looked at. Raises what ``read_nifti`` raises."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        header = _header((gzip.GzipFile(fileobj=file) if packed else file).read(nib.Nifti2Header.sizeof_hdr))
    return header, _shape(header)[0]


def scaled_values(file: NiftiFile, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The samples with slope and intercept applied, in the header's shape, and what is odd about them.

    A slope of 0 (or one that is not finite, as nibabel and ITK have it) means that there is no scale at all.
    """
    dtype = _dtype(file.header)
    samples = np.frombuffer(file.content, dtype, count=prod(file.shape), offset=file.samples_at)
    samples = samples.reshape(file.shape, order="F")
    slope, intercept = float(file.header["scl_slope"]), float(file.header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        if not np.isfinite(intercept) or intercept == 0:
            return samples, ()
        return samples, (
            f"The NIfTI file states an intercept of {intercept:g} beside no slope: it is not added. Slicer adds it.",
        )
    if not np.isfinite(intercept):
        raise InputError(
            f"'{name}' states a slope of {slope:g} with an intercept of {intercept:g}, so that its values are unknown. "
            "Convert the scan again."
        )
    if (slope, intercept) == (1.0, 0.0):
        return samples, ()
    return nib.volumeutils.apply_read_scaling(samples, np.float64(slope), np.float64(intercept)), ()


def _header(start: bytes) -> NiftiHeader:
    kind: Any  # nibabel's functions state no types
    for kind in (nib.Nifti1Header, nib.Nifti2Header):
        if len(start) >= kind.sizeof_hdr and kind.may_contain_header(start):
            header: NiftiHeader = kind(start[: kind.sizeof_hdr], check=False)
            return header
    raise ValueError(f"it does not begin with a NIfTI header ({format_of(start)})")


def _dtype(header: NiftiHeader) -> np.dtype:
    code = int(header["datatype"])
    try:
        dtype: np.dtype = header.get_data_dtype()
    except KeyError as error:
        raise ValueError(f"its data type is {code}, which does not exist") from error
    if not dtype.itemsize:
        raise ValueError(f"its data type is {code}, which holds no numbers")
    return dtype


def _shape(header: NiftiHeader) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The sizes of the axes; one of 0 behind the third is 1, as in the reference library and ITK."""
    stated = [int(size) for size in header["dim"]]
    axes = stated[0]
    if not 1 <= axes <= 7:
        raise ValueError(f"it has {axes} axes")
    sizes = stated[1 : 1 + axes]
    shape = tuple(1 if axis > 2 and size == 0 else size for axis, size in enumerate(sizes))
    if list(shape) == sizes:
        return shape, ()
    return shape, ("The NIfTI file states an axis of size 0 behind its third: it is read as 1.",)


def _samples_at(header: NiftiHeader) -> int:
    """Where samples begin; between bytes, they begin at the whole number below it."""
    stated = float(header["vox_offset"])
    least = header.sizeof_hdr + _FLAG_BYTES
    if not np.isfinite(stated) or not least <= stated <= _FARTHEST_SAMPLES:
        raise ValueError(f"its samples are said to begin at byte {stated:g}, where {least} or more can be")
    return int(stated)


def _extensions(header: NiftiHeader, content: bytes, samples_at: int) -> tuple[str, ...]:
    """Follow the extensions to the samples; ValueError where one lies in the place of the samples."""
    at = header.sizeof_hdr + _FLAG_BYTES
    if not content[header.sizeof_hdr]:
        return ()
    while at + 2 * 4 <= len(content):
        size, code = (int(n) for n in np.frombuffer(content, f"{header.endianness}i4", count=2, offset=at))
        sound = 0 < size <= _LARGEST_EXTENSION and size % _EXTENSION_BYTES == 0
        if at >= samples_at:
            if sound and samples_at == header.sizeof_hdr + _FLAG_BYTES and 0 <= code <= _LARGEST_EXTENSION_CODE:
                raise ValueError(f"its samples begin at byte {samples_at}, where an extension of its header lies")
            return ()
        if not sound or at + size > samples_at:
            return (f"An extension of the NIfTI header is damaged; the samples are read from byte {samples_at}.",)
        at += size
    return ()


def _intent(header: NiftiHeader) -> tuple[str, ...]:
    code = int(header["intent_code"])
    if code not in _MANY_NUMBERS:
        return ()
    return (f"The NIfTI file is said to hold {_MANY_NUMBERS[code]} in each voxel; its numbers are read as they are.",)
