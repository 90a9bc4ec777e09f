"""MetaImage files (.mha, .mhd): a text header, and the samples behind it or in a file beside it.

Read here and not by ITK, which takes a damaged packed stream for an image and prints what it finds wrong with a header.

The header (https://itk.org/Wiki/ITK/MetaIO/Documentation) may state one fact under several keys. Two that disagree are
refused: there is no rule for them (ITK 5.4 takes Origin before Offset, and Offset before Position).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.io.header_words import quote_known
from AGE2HIELib.io.integrity import StoredImage, check_image
from AGE2HIELib.io.samples import read_numbers, read_samples
from AGE2HIELib.io.text_header import TextHeader, check_one_data_file, files_of, read_array, read_header, understood

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
_YES, _NO = ("true", "1", "t"), ("false", "0", "f")  # MetaIO takes every other word for no
_ORIGINS = ("Offset", "Position", "Origin")
_DIRECTIONS = ("TransformMatrix", "Orientation", "Rotation")
_BYTE_ORDERS = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_KEYS = (
    *_ORIGINS, *_DIRECTIONS, *_BYTE_ORDERS, _LAST_KEY, "NDims", "DimSize", "ElementType", "ElementSpacing",
    "ElementSize", "ElementNumberOfChannels", "CompressedData", "BinaryData", "HeaderSize", "DistanceUnits",
    "AnatomicalOrientation",
)  # fmt: skip
_MILLIMETRES = ("", "?", "mm", "millimeter", "millimeters", "millimetre", "millimetres")
# The end that an axis comes from, as MetaIO names it, and its direction in L, P, S.
_FROM = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "I": (0, 0, 1), "S": (0, 0, -1)}
_ALONG = 0.4  # cosine that an axis has at least with the one it is named after; 0.58 where it lies between all three
_UNIT_LENGTH = 1e-3  # that a direction may be off
MHA_SUFFIXES = (".mha", ".mhd")


@dataclass(frozen=True, kw_only=True)
class MhaHeader(TextHeader):
    """Attributes:
    samples_at: where they begin in the file that holds them; -1: at as many bytes from its end.
    of_diffusion: it holds the DWMRI keys of a diffusion series.
    """

    channels: int
    packed: bool
    binary: bool
    samples_at: int
    of_diffusion: bool


def parse_mha_header(start: bytes, name: str) -> MhaHeader:
    """Read the header at the start of a file; raises InputError where it cannot be understood."""
    with understood(name):
        fields, end = _fields(start)
        return _interpret(fields, end)


def _fields(start: bytes) -> tuple[dict[str, str], int]:
    """(values by key, where the header ends)."""
    fields: dict[str, str] = {}
    at = 0
    while _LAST_KEY not in fields and (end := start.find(b"\n", at)) >= 0:
        key, _, value = start[at:end].decode("latin-1").partition("=")
        if fields.setdefault(key.strip(), value.strip()) != value.strip():
            raise ValueError(f"it states {key.strip() if key.strip() in _KEYS else 'a key'} twice, in two ways")
        at = end + 1
    return fields, at


def _interpret(fields: dict[str, str], end: int) -> MhaHeader:
    data_file = fields[_LAST_KEY]
    check_one_data_file(data_file)
    local = data_file.lower() == "local"
    sizes = tuple(int(word) for word in fields["DimSize"].split())
    if not 0 < len(sizes) == int(fields["NDims"]):
        raise ValueError(f"{len(sizes)} sizes for {int(fields['NDims'])} axes")
    kind = fields["ElementType"]
    if kind not in _TYPES:
        raise ValueError(f"its type is {quote_known(kind)}")
    big, packed = _flag(fields, _BYTE_ORDERS), _flag(fields, ("CompressedData",))
    affine, warnings = _affine_ras(fields, len(sizes))
    return MhaHeader(
        sizes=sizes,
        channels=int(fields.get("ElementNumberOfChannels", 1)),
        dtype=np.dtype((">" if big else "<") + _TYPES[kind]),
        affine_ras=affine,
        packed=packed,
        binary=_flag(fields, ("BinaryData",), otherwise=True),
        data_file=None if local else data_file,
        samples_at=_samples_at(int(fields.get("HeaderSize", 0)), end if local else 0, packed=packed),
        of_diffusion=any(key.startswith(("DWMRI_b-value", "DWMRI_gradient")) for key in fields),
        warnings=(*warnings, *_unscaled(fields)),
    )


def _samples_at(skipped: int, end: int, *, packed: bool) -> int:
    """``end``: of the header, 0 where the samples lie apart; bytes are skipped in a file of their own alone."""
    if skipped == -1 and not packed:
        return -1
    if skipped < 0 or (skipped and end):
        raise ValueError(f"its HeaderSize is {skipped}")
    return end + skipped


def _affine_ras(fields: dict[str, str], axes: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Each row of the file's matrix is the direction of an axis, in left-posterior-superior mm."""
    unit = fields.get("DistanceUnits", "mm")
    if unit.lower() not in _MILLIMETRES:
        raise ValueError(f"its unit of length is {quote_known(unit)}, not mm")
    spacing = _numbers(fields, ("ElementSpacing",), axes)
    warnings: tuple[str, ...] = ()
    if spacing is None:  # the size of a voxel, which is no spacing where slices lie apart
        spacing = _numbers(fields, ("ElementSize",), axes)
    if spacing is None:
        spacing, warnings = np.ones(axes), ("The MetaImage file states no voxel size: 1 mm is taken, as in Slicer.",)
    origin = _numbers(fields, _ORIGINS, axes)
    directions = _numbers(fields, _DIRECTIONS, axes**2)
    columns = np.eye(axes) if directions is None else directions.reshape(axes, axes).T
    space = min(axes, 3)
    affine = np.eye(4)
    affine[:space, :space] = (columns * spacing)[:space, :space]
    if origin is not None:
        affine[:space, 3] = origin[:space]
    warnings += _odd_directions(columns, fields.get("AnatomicalOrientation", ""))
    return LPS_FROM_RAS.diagonal()[:, np.newaxis] * affine, warnings


def _odd_directions(columns: np.ndarray, orientation: str) -> tuple[str, ...]:
    """What is odd about the directions (columns, in LPS) of a 3D image, or of the name of its orientation."""
    if columns.shape != (3, 3) or not np.all(np.isfinite(columns)) or np.any(np.linalg.norm(columns, axis=0) == 0):
        return ()  # the check that every image goes through tells it
    warnings = []
    lengths = np.linalg.norm(columns, axis=0)
    if np.any(np.abs(lengths - 1) > _UNIT_LENGTH):
        words = ", ".join(f"{length:.4g}" for length in lengths)
        warnings.append(f"The MetaImage file's directions have lengths of {words}: spacings are multiplied, as in ITK.")
    named = [_FROM[letter] for letter in orientation if letter in _FROM]
    if len(named) == len(orientation) == 3:
        cosines = (np.array(named).T * columns / lengths).sum(axis=0)
        if not (np.all(cosines > _ALONG) or np.all(cosines < -_ALONG)):  # some name the end that an axis goes to
            warnings.append(
                f"The MetaImage file names its orientation {orientation}, which its directions are not; these are "
                "used, as in Slicer."
            )
    return tuple(warnings)


def _unscaled(fields: dict[str, str]) -> tuple[str, ...]:
    slope = float(fields.get("ElementToIntensityFunctionSlope", 1))
    offset = float(fields.get("ElementToIntensityFunctionOffset", 0))
    if (slope, offset) == (1.0, 0.0):
        return ()
    return (
        f"The MetaImage file states a slope of {slope:g} and an offset of {offset:g} for its values: they are not "
        "applied, as in Slicer.",
    )


def _numbers(fields: dict[str, str], names: tuple[str, ...], count: int) -> np.ndarray | None:
    """``(count,)`` numbers that one of the keys states; ValueError where two differ."""
    stated = None
    for name in names:
        if name not in fields:
            continue
        numbers = np.array([float(word) for word in fields[name].split()])
        if numbers.size != count:
            raise ValueError(f"{name} holds {numbers.size} numbers where {count} were expected")
        if stated is not None and not np.array_equal(stated, numbers):
            raise ValueError(f"its {name} differs from what another key of the same meaning states")
        stated = numbers
    return stated


def _flag(fields: dict[str, str], names: tuple[str, ...], *, otherwise: bool = False) -> bool:
    flags = set()
    for name in names:
        if name in fields:
            word = fields[name].lower()
            if word not in (*_YES, *_NO):
                raise ValueError(f"{name} is {quote_known(fields[name])}")
            flags.add(word in _YES)
    if len(flags) > 1:
        raise ValueError(f"{' and '.join(names)} differ")
    return flags.pop() if flags else otherwise


def load_mha(path: Path) -> StoredImage:
    """A 3D image of one value a voxel."""
    header = read_header(path, parse_mha_header)
    sizes = header.sizes[:3] if header.sizes[3:] == (1,) else header.sizes
    if len(sizes) != 3 or header.channels != 1:
        raise InputError(
            f"'{path.name}' has {len(sizes)} axes and {header.channels} values a voxel, where one 3D image was "
            "expected. Diffusion series are read from DICOM, NIfTI or NRRD."
        )
    array = read_array(path, header, _values).reshape(sizes, order="F")
    return StoredImage(check_image(array[np.newaxis], header.affine_ras, path.name), header.affine_ras, header.warnings)


def mha_files(path: Path) -> tuple[Path, ...]:
    """The header, and where they lie apart the samples."""
    return files_of(path, read_header(path, parse_mha_header))


def refuse_single_volume(path: Path) -> None:
    """One volume with diffusion keys cannot give an ADC, and is no map whatever its values look like."""
    if read_header(path, parse_mha_header).of_diffusion:
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
