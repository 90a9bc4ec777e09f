"""Single values of a DICOM header, taken from their bytes.

pydicom makes an object of each value that is asked for, which takes longer than reading a whole header; of thousands
of files only a few plain texts and numbers are wanted.
"""

from __future__ import annotations

import struct
import zlib

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag

# A truncated or foreign file fails in pydicom in these ways.
BROKEN = (
    InvalidDicomError, OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, NotImplementedError,
    OverflowError, struct.error, zlib.error,
)  # fmt: skip
KEYWORDS = (
    "SOPClassUID", "InstanceNumber", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SeriesNumber",
    "SeriesDescription", "ImageType", "Modality", "Manufacturer", "NumberOfFrames", "Rows", "Columns", "BitsAllocated",
    "SamplesPerPixel", "ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing",
    "EchoTime",
)  # fmt: skip
TAGS = {keyword: BaseTag(tag_for_keyword(keyword) or 0) for keyword in KEYWORDS}


def texts(header: pydicom.Dataset, keyword: str) -> list[str]:
    """The values of an element of ASCII text (also of numbers written as text); empty where there is none."""
    element = header.get_item(TAGS[keyword])
    value = None if element is None else element.value
    if isinstance(value, bytes):
        return [part.strip(" \0") for part in value.decode("latin-1").split("\\")] if value.strip(b" \0") else []
    if value is None or value == "":
        return []
    found = [str(part).strip(" \0") for part in ([value] if isinstance(value, str | int | float) else value)]
    return [] if found == [""] else found


def text(header: pydicom.Dataset, keyword: str) -> str:
    """The first value; empty where there is none."""
    return (texts(header, keyword) or [""])[0]


def whole(header: pydicom.Dataset, keyword: str) -> int | None:
    """A whole number written as text; None where there is none.

    Raises:
        ValueError: it is no number.
    """
    value = text(header, keyword)
    return int(float(value)) if value else None


def unsigned(header: pydicom.Dataset, keyword: str) -> int | None:
    """A number of 16 bits; None where there is none."""
    element = header.get_item(TAGS[keyword])
    if element is not None and isinstance(element.value, bytes) and len(element.value) == 2:
        return int.from_bytes(element.value, "little" if header.original_encoding[1] else "big")
    value = header.get(keyword)
    return None if value is None else int(value)


def image_of(header: pydicom.Dataset) -> str:
    """Which image it is, by its numbers: the name of its file may be the patient's."""
    return f"image {said(header, 'InstanceNumber') or '?'} of series {said(header, 'SeriesNumber') or '?'}"


def said(header: pydicom.Dataset, keyword: str) -> str:
    """A whole number as text; empty where there is none, or another text, which nobody may be told."""
    try:
        number = whole(header, keyword)
    except BROKEN:
        return ""
    return "" if number is None else str(number)
