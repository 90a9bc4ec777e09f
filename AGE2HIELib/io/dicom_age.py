"""The infant's age at the scan, from the dates in DICOM headers. It is used, and stored nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pydicom

_DATES = (("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"))
_TAGS = ["PatientBirthDate", "PatientBirthTime", *(name for pair in _DATES for name in pair)]
_OLDEST_DAYS = 365.0  # an older patient, or a date that was shifted or blanked to hide the patient, tells nothing


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
    scanned = next((found for date, time in _DATES if (found := _moment(header, date, time))), None)
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
        found = datetime.strptime(day, "%Y%m%d")
    except ValueError:
        return None
    try:
        of_day = datetime.strptime(clock[:6], "%H%M%S")
    except ValueError:
        return found, False
    return found.replace(hour=of_day.hour, minute=of_day.minute, second=of_day.second), True
