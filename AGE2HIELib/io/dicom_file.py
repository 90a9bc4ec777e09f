"""One DICOM file: whether it is one, whether it holds an MR image, and the elements of its header that are in use.

Scanners write hundreds of elements, and nested sequences behind them. Reading ends behind the last one in use; all are
gone through only where a file holds several frames, or does not end with its pixels.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRColorImageStorage,
    EnhancedMRImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
)

from AGE2HIELib.io.dicom_b_values import B_VALUE_KEYWORDS, B_VALUE_TAGS
from AGE2HIELib.io.dicom_elements import BROKEN, TAGS, image_of, text, unsigned, whole
from AGE2HIELib.io.dicom_pixels import ends_with_pixels, lost_pixels

_PREAMBLE_BYTES = 128
# Without the preamble a file begins with group 2 or 8, little endian (GE and old archives).
_BARE_STARTS = (b"\x02\x00", b"\x08\x00")
_BUFFER_BYTES = 1 << 15  # most headers in one read; what lies behind is skipped, not read
SLICE_COUNT_TAGS = {"PHILIPS": (0x2001, 0x1018), "GE": (0x0021, 0x104F)}  # of a volume, as dcm2niix reads them
_TAGS: list[BaseTag | int] = [  # plain numbers are compared faster than pydicom's tags
    *map(int, TAGS.values()),
    *(int(Tag(keyword)) for keyword in B_VALUE_KEYWORDS),
    *(int(Tag(tag)) for tag in (*B_VALUE_TAGS, *SLICE_COUNT_TAGS.values())),
]
_FRAMES_GROUP = 0x52000000  # where enhanced files describe their frames
_LAST = max(tag for tag in _TAGS if tag < _FRAMES_GROUP)
_ENHANCED = frozenset((EnhancedMRImageStorage, EnhancedMRColorImageStorage, LegacyConvertedEnhancedMRImageStorage))
_MR_IMAGES = _ENHANCED | {MRImageStorage}
_OBJECT = "DICOM objects without an image"
_DAMAGED = "damaged"


@dataclass(frozen=True)
class MrImage:
    """``header`` holds the elements in use only; ``damage`` says what is wrong, and is empty for a whole file."""

    path: Path
    header: pydicom.Dataset
    damage: str = ""


@dataclass(frozen=True)
class NoImage:
    """``what`` it is: a modality, in plural words, or empty where it is no DICOM.

    ``unreadable`` says why it could not be read, and is empty where it could: it may be of any series, then.
    """

    what: str = ""
    unreadable: str = ""


def is_dicom(path: Path) -> bool:
    """By content, never by name."""
    with path.open("rb") as file:
        return _begins_as_dicom(file)


def read_file(path: Path) -> MrImage | NoImage:
    """What a file holds. It counts as an MR image by its modality, and where that is left out by its class of object.

    Objects of MR without pixels (Philips and Siemens write private ones, spectra and raw data have rows and columns)
    are no images; an MR image without pixels is a damaged one.
    """
    try:
        with path.open("rb", buffering=_BUFFER_BYTES) as file:
            return _read(path, file) if _begins_as_dicom(file) else NoImage()
    except OSError as error:
        return NoImage(unreadable=error.strerror or type(error).__name__)


def not_understood(header: pydicom.Dataset, error: Exception) -> str:
    """One line about a header whose values are none of their kind."""
    return (
        f"The header of a DICOM file cannot be understood ({type(error).__name__}): {image_of(header)}. "
        "Copy or export the series again."
    )


def _begins_as_dicom(file: BinaryIO) -> bool:
    start = file.read(_PREAMBLE_BYTES + 4)
    return start[_PREAMBLE_BYTES:] == b"DICM" or (start[:2] in _BARE_STARTS and start[4:6].isalpha())


def _read(path: Path, file: BinaryIO) -> MrImage | NoImage:
    try:
        header, ended = _first_elements(file)
        other = _no_image(header, ended)
    except BROKEN:
        return NoImage(unreadable=_DAMAGED)
    if other is not None:
        return other
    try:
        if not ended and not _has_frames(header) and ends_with_pixels(file, header):
            return MrImage(path, header)
        return _walked(path, file)
    except BROKEN as error:
        return MrImage(path, header, not_understood(header, error))


def _first_elements(file: BinaryIO) -> tuple[pydicom.Dataset, bool]:
    """The elements in use, those of frames aside; and whether the file ends among them."""
    ended = True

    def behind(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal ended
        if int(tag) <= _LAST:
            return False
        ended = False
        return True

    file.seek(0)
    header = read_partial(file, behind, force=True, specific_tags=_TAGS)
    return header, ended


def _no_image(header: pydicom.Dataset, ended: bool) -> NoImage | None:
    """``ended``: the file may be cut off, so that what is not stated may have been lost."""
    modality, sop_class = text(header, "Modality"), _sop_class(header)
    if ended and not modality and not sop_class:
        return NoImage(unreadable=_DAMAGED)
    if modality not in ("", "MR"):
        return NoImage(modality if re.fullmatch("[A-Z]{2,8}", modality) else _OBJECT)  # other words may be anything
    if sop_class not in _MR_IMAGES and not (modality and unsigned(header, "Rows")):
        return NoImage(_OBJECT)
    if not text(header, "SeriesInstanceUID"):
        return NoImage(unreadable=_DAMAGED) if ended else NoImage(_OBJECT)
    return None


def _sop_class(header: pydicom.Dataset) -> str:
    return text(header, "SOPClassUID") or str(header.file_meta.get("MediaStorageSOPClassUID", ""))


def _has_frames(header: pydicom.Dataset) -> bool:
    return (whole(header, "NumberOfFrames") or 1) > 1 or _sop_class(header) in _ENHANCED


def _walked(path: Path, file: BinaryIO) -> MrImage | NoImage:
    """All elements in front of the pixels are gone through, those of frames among them."""
    file.seek(0)
    header = pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=_TAGS)
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is not None and not (syntax.is_private or syntax.is_transfer_syntax):
        stated = f"'{syntax}', which is none" if re.fullmatch("[0-9.]{1,64}", syntax) else "in words"
        problem = f"A DICOM file states the transfer syntax {stated}: {image_of(header)}. Export the series again."
        return MrImage(path, header, problem)
    if syntax == DeflatedExplicitVRLittleEndian:  # unpacked as a whole, or not at all
        return MrImage(path, header)
    if file.tell() >= os.fstat(file.fileno()).st_size and _sop_class(header) not in _MR_IMAGES:
        return NoImage(_OBJECT)
    return MrImage(path, header, lost_pixels(file, header))
