"""What DICOM headers say about a folder: its series, and which of them are maps that a scanner derived."""

from __future__ import annotations

import re
import struct
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom_b_values import B_VALUE_KEYWORDS, B_VALUE_TAGS, private_number, stated_b_values

_PREAMBLE_BYTES = 128
# Without the preamble a file begins with group 2 or 8, little endian (GE and old archives).
_BARE_STARTS = (b"\x02\x00", b"\x08\x00")
_TAGS = [
    "InstanceNumber", "SOPInstanceUID", "SeriesInstanceUID",
    "StudyInstanceUID", "SeriesNumber", "SeriesDescription", "ImageType",
    "Modality", "Manufacturer", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "SamplesPerPixel",
    "ImageOrientationPatient", "ImagePositionPatient",
    "PixelSpacing",
    *B_VALUE_KEYWORDS,
]  # fmt: skip
_SLICE_COUNT_TAGS = {"PHILIPS": (0x2001, 0x1018), "GE": (0x0021, 0x104F)}  # of a volume, as dcm2niix reads them
_ADC_TEXT = re.compile(r"(?<![a-z])(adc|apparent diffusion)", re.IGNORECASE)
_TRACE_TEXT = re.compile(r"(?<![a-z])(trace|isotropic)", re.IGNORECASE)
_MAP_WORDS = {
    "FA",
    "COLFA",
    "TENSOR",
    "TENSOR_B0",
    "EADC",
    "EXP",
    "EXPONENTIAL",
    "VR",
    "RA",
    "AD",
    "RD",
    "PROJECTION IMAGE",
}
# A truncated or foreign file fails in pydicom in these ways.
_BROKEN = (InvalidDicomError, OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, struct.error)


@dataclass(frozen=True)
class DicomFile:
    """One file's header.

    Attributes:
        b_values: the distinct ones it states, in s/mm^2.
        plane: the six direction cosines of rows and columns, and their spacing in mm; empty where none are stated.
        slice_mm: where the slice lies along the normal of its plane; None where that is not stated.
        number: of the image in its series; None where it has none.
        slices_stated: how many slices the scanner says that a volume has; None where it does not say.
    """

    path: Path
    instance: str
    group: tuple[str, str]
    b_values: tuple[float, ...]
    frames: int
    mosaic: bool
    plane: tuple[float, ...] = ()
    slice_mm: float | None = None
    number: int | None = None
    slices_stated: int | None = None


@dataclass(frozen=True)
class DicomSeries:
    """Files of one series that share a kind: "scan" (acquired), "adc", "trace", "map" or "derived" (not known).

    ``mixed``: files of another kind are numbered with them.
    """

    number: str
    description: str
    study: str
    kind: str
    files: tuple[DicomFile, ...]
    mixed: bool = False

    @property
    def label(self) -> str:
        return f"series {self.number}"

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(file.path for file in self.files)


def is_dicom(path: Path) -> bool:
    """By content, never by name."""
    with path.open("rb") as file:
        start = file.read(_PREAMBLE_BYTES + 4)
    return start[_PREAMBLE_BYTES:] == b"DICM" or (start[:2] in _BARE_STARTS and start[4:6].isalpha())


def find_series(path: Path) -> tuple[DicomSeries, ...]:
    """The MR image series of a folder and its subfolders, or of one file, by series number."""
    paths = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    if not paths:
        raise InputError(f"The folder '{path.name}' is empty. Give the folder that holds the DICOM files.")
    files: dict[tuple[str, str], dict[str, DicomFile]] = {}
    series: dict[tuple[str, str], DicomSeries] = {}
    others = 0
    for candidate in paths:
        read = _header(candidate)
        if read is None:
            others += 1
            continue
        try:
            file, its_series = _understood(candidate, *read)
        except _BROKEN as error:
            raise InputError(
                f"The header of a DICOM file cannot be understood ({type(error).__name__}): image "
                f"{_said(read[0], 'InstanceNumber')} of series {_said(read[0], 'SeriesNumber')}. "
                "Copy or export the series again."  # its name may be the patient's
            ) from error
        files.setdefault(file.group, {}).setdefault(file.instance, file)
        series.setdefault(file.group, its_series)
    if not series:
        raise InputError(
            f"'{path.name}' holds no MR images in DICOM ({others} other files). "
            "Give the folder of a diffusion series, or name an image file itself."
        )
    kinds = Counter(uid for uid, _kind in series)
    found = [replace(series[group], files=tuple(files[group].values()), mixed=kinds[group[0]] > 1) for group in series]
    return tuple(
        sorted(found, key=lambda s: (not s.number.isdigit(), int(s.number) if s.number.isdigit() else 0, s.kind))
    )


def kind_of(image_type: list[str], description: str) -> str:
    """ImageType decides; the description only helps where a derived image does not say what it is."""
    words = {word.upper() for word in image_type}
    if words & _MAP_WORDS:
        return "map"
    if any(word == "ADC" or word.startswith("ADC_") for word in words):
        return "adc"
    if any(word.startswith("TRACE") or word == "ISOTROPIC" for word in words):
        return "trace"
    if "DERIVED" not in words:
        return "scan"
    if _ADC_TEXT.search(description):
        return "adc"
    return "trace" if _TRACE_TEXT.search(description) else "derived"


def _header(path: Path) -> tuple[pydicom.Dataset, int] | None:
    """The header of an MR image and where its pixels begin, or None for every other file."""
    try:
        if not is_dicom(path):
            return None
    except OSError as error:
        raise InputError(
            f"A file of the DICOM folder cannot be read ({error.strerror or type(error).__name__}). "
            "Ask for the right to read it, or copy the study again."
        ) from error
    tags = [*map(Tag, _TAGS), *map(Tag, B_VALUE_TAGS), *map(Tag, _SLICE_COUNT_TAGS.values())]
    try:
        with path.open("rb") as file:
            header = pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=tags)
            pixels_at = file.tell()
        usable = header.get("Modality") == "MR" and "SeriesInstanceUID" in header and "Rows" in header
    except _BROKEN:
        return None
    return (header, pixels_at) if usable else None


def _understood(path: Path, header: pydicom.Dataset, pixels_at: int) -> tuple[DicomFile, DicomSeries]:
    _check_complete(path, header, pixels_at)
    return _file(path, header), _series(header)


def _file(path: Path, header: pydicom.Dataset) -> DicomFile:
    image_type = [str(word) for word in header.get("ImageType", [])]
    kind = kind_of(image_type, str(header.get("SeriesDescription", "")))
    plane, slice_mm = _place(header)
    return DicomFile(
        path=path,
        instance=str(header.get("SOPInstanceUID", path)),
        group=(str(header.SeriesInstanceUID), kind),
        b_values=stated_b_values(header),
        frames=int(header.get("NumberOfFrames") or 1),
        mosaic="MOSAIC" in {word.upper() for word in image_type},
        plane=plane,
        slice_mm=slice_mm,
        number=None if header.get("InstanceNumber") is None else int(header.InstanceNumber),
        slices_stated=_slices_stated(header),
    )


def _slices_stated(header: pydicom.Dataset) -> int | None:
    maker = str(header.get("Manufacturer", "")).upper()
    tag = next((tag for name, tag in _SLICE_COUNT_TAGS.items() if maker.startswith(name)), None)
    stated = private_number(header, *tag) if tag else None
    return int(stated) if stated else None


def _place(header: pydicom.Dataset) -> tuple[tuple[float, ...], float | None]:
    cosines = [float(value) for value in header.get("ImageOrientationPatient") or ()]
    position = [float(value) for value in header.get("ImagePositionPatient") or ()]
    spacing_mm = [float(value) for value in header.get("PixelSpacing") or ()]
    if len(cosines) != 6 or len(position) != 3 or len(spacing_mm) != 2:
        return (), None
    normal = np.cross(cosines[:3], cosines[3:])
    return (*cosines, *spacing_mm), float(normal @ position)


def _series(header: pydicom.Dataset) -> DicomSeries:
    number = header.get("SeriesNumber")
    description = str(header.get("SeriesDescription", "")).strip()
    kind = kind_of([str(word) for word in header.get("ImageType", [])], description)
    study = str(header.get("StudyInstanceUID", ""))
    return DicomSeries("?" if number is None else str(number), description, study, kind, ())


def _check_complete(path: Path, header: pydicom.Dataset, pixels_at: int) -> None:
    """Uncompressed pixels must fit into the file, whatever a converter makes of a truncated one."""
    syntax = header.file_meta.get("TransferSyntaxUID") if hasattr(header, "file_meta") else None
    if syntax is None:
        return
    if not syntax.is_private and not syntax.is_transfer_syntax:
        raise InputError(
            f"A DICOM file states the transfer syntax '{syntax}', which is none: image "
            f"{_said(header, 'InstanceNumber')} of series {_said(header, 'SeriesNumber')}. Export the series again."
        )
    if syntax.is_private or syntax.is_compressed or syntax.is_deflated:
        return
    bits = int(header.get("BitsAllocated") or 16) * int(header.get("SamplesPerPixel") or 1)
    frames = int(header.get("NumberOfFrames") or 1)
    needed = pixels_at + int(header.Rows) * int(header.Columns) * frames * bits // 8
    if path.stat().st_size < needed:
        raise InputError(
            f"A DICOM file is truncated: image {_said(header, 'InstanceNumber')} of series "
            f"{_said(header, 'SeriesNumber')} has {path.stat().st_size} bytes, where its header and pixels take "
            f"{needed}. Copy or export the series again."  # its name may be the patient's
        )


def _said(header: pydicom.Dataset, keyword: str) -> str:
    """A number as the header has it, however odd."""
    try:
        value = header.get(keyword)
    except _BROKEN:
        return "?"
    return "?" if value is None else str(value)
