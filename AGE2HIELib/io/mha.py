"""MetaImage files (.mha, .mhd): the samples behind the text header or in a file beside it.

Read here and not by ITK, which takes a damaged packed stream for an image and prints what it finds wrong with a header.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.integrity import Stored, checked
from AGE2HIELib.io.mha_header import MhaHeader, parse_header
from AGE2HIELib.io.samples import read_numbers, read_samples
from AGE2HIELib.io.text_header import files_of, read_array, read_header

MHA_SUFFIXES = (".mha", ".mhd")


def load_mha(path: Path) -> Stored:
    """A 3D image of one value a voxel."""
    header = read_header(path, parse_header)
    sizes = header.sizes[:3] if header.sizes[3:] == (1,) else header.sizes
    if len(sizes) != 3 or header.channels != 1:
        raise InputError(
            f"'{path.name}' has {len(sizes)} axes and {header.channels} values a voxel, where one 3D image was "
            "expected. Diffusion series are read from DICOM, NIfTI or NRRD."
        )
    array = read_array(path, header, _values).reshape(sizes, order="F")
    return Stored(checked(array[np.newaxis], header.affine_ras, path.name), header.affine_ras, header.warnings)


def mha_files(path: Path) -> tuple[Path, ...]:
    """The header, and where they lie apart the samples."""
    return files_of(path, read_header(path, parse_header))


def refuse_single_volume(path: Path) -> None:
    """One volume with diffusion keys cannot give an ADC, and is no map whatever its values look like."""
    if read_header(path, parse_header).of_diffusion:
        raise InputError(
            f"'{path.name}' is a single diffusion volume: it has DWMRI keys. Give the whole series; or save the ADC "
            "map without these keys."
        )


def _values(path: Path, header: MhaHeader) -> np.ndarray:
    count = prod(header.sizes)
    needed = count * header.dtype.itemsize
    with path.open("rb") as file:
        file.seek(header.samples_at if header.samples_at >= 0 else max(0, path.stat().st_size - needed))
        if not header.binary:
            return np.array(read_numbers(file, count), dtype=float)
        return np.frombuffer(read_samples(file, needed, "zlib" if header.packed else "raw"), dtype=header.dtype)
