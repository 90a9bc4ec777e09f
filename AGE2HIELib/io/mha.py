"""MetaImage files (.mha, .mhd): the samples behind the text header or in a file beside it.

Read here and not by ITK, which takes a damaged packed stream for an image and prints what it finds wrong with a header.
"""

from __future__ import annotations

import zlib
from math import prod
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.integrity import Stored, checked, existing_file, unreadable
from AGE2HIELib.io.mha_header import LONGEST_HEADER_BYTES, MhaHeader, parse_header
from AGE2HIELib.io.samples import beside, check_size, read_numbers, read_samples

MHA_SUFFIXES = (".mha", ".mhd")


def load_mha(path: Path) -> Stored:
    """A 3D image of one value a voxel."""
    header = _header(path)
    sizes = header.sizes[:3] if header.sizes[3:] == (1,) else header.sizes
    if len(sizes) != 3 or header.channels != 1:
        raise InputError(
            f"'{path.name}' has {len(sizes)} axes and {header.channels} values a voxel, where one 3D image was "
            "expected. Diffusion series are read from DICOM, NIfTI or NRRD."
        )
    check_size(sizes, path.name, header.dtype.itemsize)
    data_path = _data_path(path, header)
    try:
        values = _values(data_path, header, prod(sizes))
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise unreadable(data_path, error) from error
    array = values.reshape(sizes, order="F")
    return Stored(checked(array[np.newaxis], header.affine_ras, path.name), header.affine_ras, header.warnings)


def mha_files(path: Path) -> tuple[Path, ...]:
    """The header, and where they lie apart the samples."""
    data_path = _data_path(path, _header(path))
    return (path,) if data_path == path else (path, data_path)


def refuse_single_volume(path: Path) -> None:
    """One volume with diffusion keys cannot give an ADC, and is no map whatever its values look like."""
    if _header(path).of_diffusion:
        raise InputError(
            f"'{path.name}' is a single diffusion volume: it has DWMRI keys. Give the whole series; or save the ADC "
            "map without these keys."
        )


def _header(path: Path) -> MhaHeader:
    with existing_file(path).open("rb") as file:
        return parse_header(file.read(LONGEST_HEADER_BYTES), path.name)


def _data_path(path: Path, header: MhaHeader) -> Path:
    if header.data_file is None:
        return path
    return existing_file(beside(path, header.data_file), named_by=path.name)


def _values(path: Path, header: MhaHeader, count: int) -> np.ndarray:
    needed = count * header.dtype.itemsize
    with path.open("rb") as file:
        file.seek(header.samples_at if header.samples_at >= 0 else max(0, path.stat().st_size - needed))
        if not header.binary:
            return np.array(read_numbers(file, count), dtype=float)
        return np.frombuffer(read_samples(file, needed, "zlib" if header.packed else "raw"), dtype=header.dtype)
