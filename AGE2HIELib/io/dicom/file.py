"""One DICOM file: whether it is one, whether it holds an MR image with all of its pixels, and its header.

Scanners write hundreds of elements, and nested sequences behind them. Reading ends behind the last one in use; all are
gone through only where a file holds several frames, or does not end with its pixels. Whether pixels are missing is
looked at here, because dcm2niix also makes an image of a truncated file.
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
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
)

from AGE2HIELib.io.dicom.b_values import B_VALUE_KEYWORDS, B_VALUE_TAGS
from AGE2HIELib.io.dicom.elements import BROKEN, TAGS, image_of, text, unsigned_number, whole_number
from AGE2HIELib.io.dicom.recognition import begins_as_dicom

_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_ITEM, _END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED_LENGTH = 0xFFFFFFFF
_AGAIN = "Copy or export the series again."
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


def ends_with_pixels(file: BinaryIO, header: pydicom.Dataset) -> bool:
    """True where plain pixels are the last element, as in most files, and all there. Others may be whole as well."""
    if header.file_meta.get("TransferSyntaxUID") not in _PLAIN:
        return False
    implicit = header.original_encoding[0]
    count = _plain_bytes(header)
    start = _size(file) - count - count % 2 - (8 if implicit else 12)
    if count <= 0 or start < 0:
        return False
    file.seek(start)
    return file.read(4) == _PIXEL_DATA


def lost_pixels(file: BinaryIO, header: pydicom.Dataset) -> str:
    """What is missing, with ``file`` in front of its pixels; empty where nothing is, or where that cannot be told."""
    size, pixels_at = _size(file), file.tell()
    if pixels_at >= size:
        return (
            f"A DICOM file is truncated: {image_of(header)} ends in front of its pixels, after {size} bytes. {_AGAIN}"
        )
    implicit, little_endian = header.original_encoding
    head = file.read(8 if implicit else 12)
    if (
        unsigned_number(header, "SamplesPerPixel") or 1
    ) > 1:  # colours may be stored at half their size, and are never read
        return ""
    length = int.from_bytes(head[-4:], "little" if little_endian else "big")
    if length == _UNDEFINED_LENGTH:
        cut = not _fragments_whole(file, size)
        ends = f"{image_of(header)} ends inside its compressed pixels, after {size} bytes"
        return f"A DICOM file is truncated: {ends}. {_AGAIN}" if cut else ""
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is not None and (syntax.is_private or syntax.is_compressed):
        return ""
    needed = pixels_at + len(head) + _plain_bytes(header)
    if size >= needed:
        return ""
    takes = f"has {size} bytes, where its header and pixels take {needed}"
    return f"A DICOM file is truncated: {image_of(header)} {takes}. {_AGAIN}"


def _fragments_whole(file: BinaryIO, size: int) -> bool:
    """``file`` stands before the first item; some writers leave out the mark behind the last one."""
    at = file.tell()
    while at < size:
        file.seek(at)
        item = file.read(8)
        if item[:4] != _ITEM:
            return item[:4] == _END_OF_ITEMS
        at += 8 + int.from_bytes(item[4:], "little")
    return at == size


def _plain_bytes(header: pydicom.Dataset) -> int:
    bits = (unsigned_number(header, "BitsAllocated") or 16) * (unsigned_number(header, "SamplesPerPixel") or 1)
    pixels = (unsigned_number(header, "Rows") or 0) * (unsigned_number(header, "Columns") or 0)
    return pixels * (whole_number(header, "NumberOfFrames") or 1) * bits // 8


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


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


def read_file(path: Path) -> MrImage | NoImage:
    """What a file holds. It counts as an MR image by its modality, and where that is left out by its class of object.

    Objects of MR without pixels (Philips and Siemens write private ones, spectra and raw data have rows and columns)
    are no images; an MR image without pixels is a damaged one.
    """
    try:
        with path.open("rb", buffering=_BUFFER_BYTES) as file:
            return _read(path, file) if begins_as_dicom(file) else NoImage()
    except OSError as error:
        return NoImage(unreadable=error.strerror or type(error).__name__)


def damage_words(header: pydicom.Dataset, error: Exception) -> str:
    """One line about a header whose values are none of their kind."""
    return (
        f"The header of a DICOM file cannot be understood ({type(error).__name__}): {image_of(header)}. "
        "Copy or export the series again."
    )


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
        return MrImage(path, header, damage_words(header, error))


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
    if sop_class not in _MR_IMAGES and not (modality and unsigned_number(header, "Rows")):
        return NoImage(_OBJECT)
    if not text(header, "SeriesInstanceUID"):
        return NoImage(unreadable=_DAMAGED) if ended else NoImage(_OBJECT)
    return None


def _sop_class(header: pydicom.Dataset) -> str:
    return text(header, "SOPClassUID") or str(header.file_meta.get("MediaStorageSOPClassUID", ""))


def _has_frames(header: pydicom.Dataset) -> bool:
    return (whole_number(header, "NumberOfFrames") or 1) > 1 or _sop_class(header) in _ENHANCED


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
