"""Values of a DICOM header: texts and numbers taken from their bytes, and the infant's age from its dates.

pydicom makes an object of each value that is asked for, which takes longer than reading a whole header; of thousands
of files only a few plain texts and numbers are wanted.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

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
_DATES = (("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"))
_TAGS = ["PatientBirthDate", "PatientBirthTime", *(name for pair in _DATES for name in pair)]
_OLDEST_DAYS = 365.0  # an older patient, or a date that was shifted or blanked to hide the patient, tells nothing


def texts(header: pydicom.Dataset, keyword: str) -> list[str]:
    """The values of an element of ASCII text (also of numbers written as text); empty where there is none."""
    element = header.get_item(TAGS[keyword])
    value = None if element is None else element.value
    if isinstance(value, bytes):
        return [part.strip(" \0") for part in value.decode("latin-1").split("\\")] if value.strip(b" \0") else []
    if value is None or value == "":
        return []
    values = [str(part).strip(" \0") for part in ([value] if isinstance(value, str | int | float) else value)]
    return [] if values == [""] else values


def text(header: pydicom.Dataset, keyword: str) -> str:
    """The first value; empty where there is none."""
    return (texts(header, keyword) or [""])[0]


def whole_number(header: pydicom.Dataset, keyword: str) -> int | None:
    """A whole number written as text; None where there is none.

    Raises:
        ValueError: it is no number.
    """
    value = text(header, keyword)
    return int(float(value)) if value else None


def unsigned_number(header: pydicom.Dataset, keyword: str) -> int | None:
    """A number of 16 bits; None where there is none."""
    element = header.get_item(TAGS[keyword])
    if element is not None and isinstance(element.value, bytes) and len(element.value) == 2:
        return int.from_bytes(element.value, "little" if header.original_encoding[1] else "big")
    value = header.get(keyword)
    return None if value is None else int(value)


def image_of(header: pydicom.Dataset) -> str:
    """Which image it is, by its numbers: the name of its file may be the patient's."""
    return (
        f"image {number_text(header, 'InstanceNumber') or '?'} of series {number_text(header, 'SeriesNumber') or '?'}"
    )


def number_text(header: pydicom.Dataset, keyword: str) -> str:
    """A whole number as text; empty where there is none, or another text, which nobody may be told."""
    try:
        number = whole_number(header, keyword)
    except BROKEN:
        return ""
    return "" if number is None else str(number)


def postnatal_age_days(files: Sequence[Path]) -> float | None:
    """Days from birth to the scan; None where a date is missing, broken, or says that this is no infant.

    Whole days where no time of birth is given, as it rarely is.
    """
    if not files:
        return None
    try:
        header = pydicom.dcmread(files[0], stop_before_pixels=True, force=True, specific_tags=_TAGS)
    except Exception:  # an age is a help: a header that pydicom cannot read is the reader's matter
        return None
    born = _moment(header, "PatientBirthDate", "PatientBirthTime")
    scanned = next((moment for date, time in _DATES if (moment := _moment(header, date, time))), None)
    if born is None or scanned is None:
        return None
    (birth, birth_timed), (scan, scan_timed) = born, scanned
    if birth_timed and scan_timed:
        days = (scan - birth).total_seconds() / 86_400
    else:
        days = float((scan.date() - birth.date()).days)
    return days if 0 <= days <= _OLDEST_DAYS else None


def _moment(header: pydicom.Dataset, date: str, time: str) -> tuple[datetime, bool] | None:
    """A date with its time of day, and whether that is known."""
    day, clock = (str(header.get(name) or "").strip() for name in (date, time))
    try:
        moment = datetime.strptime(day, "%Y%m%d")
    except ValueError:
        return None
    try:
        of_day = datetime.strptime(clock[:6], "%H%M%S")
    except ValueError:
        return moment, False
    return moment.replace(hour=of_day.hour, minute=of_day.minute, second=of_day.second), True
