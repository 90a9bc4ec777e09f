"""MetaImage files (.mha, .mhd): the text header, and the samples behind it or in a file beside it.

Read here and not by ITK, which takes a damaged packed stream for an image and prints what it finds wrong with a header.
Keys: https://itk.org/Wiki/ITK/MetaIO/Documentation
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.frames import LPS_FROM_RAS
from AGE2HIELib.io.integrity import Stored, checked, existing_file, unreadable
from AGE2HIELib.io.samples import beside, check_size, read_numbers, read_samples

MHA_SUFFIXES = (".mha", ".mhd")
_LONGEST_HEADER_BYTES = 1 << 20
_LAST_KEY = "ElementDataFile"
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_YES, _NO = ("true", "1", "t", "yes"), ("false", "0", "f", "no")


@dataclass(frozen=True)
class MhaHeader:
    """``samples_at``: where they begin in the file that holds them; -1: at as many bytes from its end."""

    sizes: tuple[int, ...]
    channels: int
    dtype: np.dtype
    affine_ras: np.ndarray
    packed: bool
    binary: bool
    data_file: str
    samples_at: int


def load_mha(path: Path) -> Stored:
    """A 3D image of one value a voxel."""
    header = _header(existing_file(path))
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
    return Stored(checked(array[np.newaxis], header.affine_ras, path.name), header.affine_ras)


def mha_files(path: Path) -> tuple[Path, ...]:
    """The header, and where they lie apart the samples."""
    data_path = _data_path(path, _header(existing_file(path)))
    return (path,) if data_path == path else (path, data_path)


def _data_path(path: Path, header: MhaHeader) -> Path:
    return path if header.data_file == "LOCAL" else existing_file(beside(path, header.data_file), named_by=path.name)


def _values(path: Path, header: MhaHeader, count: int) -> np.ndarray:
    needed = count * header.dtype.itemsize
    with path.open("rb") as file:
        file.seek(header.samples_at if header.samples_at >= 0 else max(0, path.stat().st_size - needed))
        if not header.binary:
            return np.array(read_numbers(file, count), dtype=float)
        return np.frombuffer(read_samples(file, needed, "zlib" if header.packed else "raw"), dtype=header.dtype)


def _header(path: Path) -> MhaHeader:
    with path.open("rb") as file:
        start = file.read(_LONGEST_HEADER_BYTES)
    fields: dict[str, str] = {}
    at = 0
    while _LAST_KEY not in fields and (end := start.find(b"\n", at)) >= 0:
        key, _, value = start[at:end].decode("latin-1").partition("=")
        fields[key.strip()] = value.strip()
        at = end + 1
    try:
        return _interpret(fields, at)
    except (KeyError, ValueError, IndexError) as error:
        reason = f"it states no {error.args[0]}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"The header of '{path.name}' cannot be understood ({reason}). Save the image again."
        ) from error


def _interpret(fields: dict[str, str], end: int) -> MhaHeader:
    data_file = fields[_LAST_KEY]
    if data_file == "LIST" or "%" in data_file:
        raise ValueError("its samples are spread over several files")
    sizes = tuple(int(word) for word in fields["DimSize"].split())
    if not 0 < len(sizes) == int(fields["NDims"]):
        raise ValueError(f"{len(sizes)} sizes for {fields['NDims']} axes")
    kind = fields["ElementType"]
    if kind not in _TYPES:
        raise ValueError(f"its type is {kind!r}")
    big = _flag(fields, ("BinaryDataByteOrderMSB", "ElementByteOrderMSB"))
    at = end if data_file == "LOCAL" else 0
    skip = int(fields.get("HeaderSize", 0))
    return MhaHeader(
        sizes=sizes,
        channels=int(fields.get("ElementNumberOfChannels", 1)),
        dtype=np.dtype((">" if big else "<") + _TYPES[kind]),
        affine_ras=_affine_ras(fields, len(sizes)),
        packed=_flag(fields, ("CompressedData",)),
        binary=_flag(fields, ("BinaryData",), otherwise=True),
        data_file=data_file,
        samples_at=-1 if skip == -1 else at + max(0, skip),
    )


def _affine_ras(fields: dict[str, str], axes: int) -> np.ndarray:
    """Each row of the file's matrix is the direction of an axis, in left-posterior-superior mm."""
    spacing = _numbers(fields, ("ElementSpacing", "ElementSize"), [1.0] * axes, axes)
    origin = _numbers(fields, ("Offset", "Position", "Origin"), [0.0] * axes, axes)
    directions = _numbers(
        fields, ("TransformMatrix", "Orientation", "Rotation"), np.eye(axes).ravel().tolist(), axes**2
    )
    affine = np.eye(4)
    space = min(axes, 3)
    affine[:space, :space] = (np.reshape(directions, (axes, axes)).T * spacing)[:space, :space]
    affine[:space, 3] = origin[:space]
    return np.asarray(LPS_FROM_RAS @ affine)


def _numbers(fields: dict[str, str], names: tuple[str, ...], otherwise: list[float], count: int) -> list[float]:
    for name in names:
        if name in fields:
            found = [float(word) for word in fields[name].split()]
            if len(found) != count:
                raise ValueError(f"{name} holds {len(found)} numbers where {count} were expected")
            return found
    return otherwise


def _flag(fields: dict[str, str], names: tuple[str, ...], *, otherwise: bool = False) -> bool:
    for name in names:
        if name in fields:
            word = fields[name].lower()
            if word not in (*_YES, *_NO):
                raise ValueError(f"{name} is {fields[name]!r}")
            return word in _YES
    return otherwise
