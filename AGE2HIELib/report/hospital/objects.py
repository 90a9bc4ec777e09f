"""A result as DICOM objects in the patient's own study: a structured report, and pictures as secondary captures.

The patient's name and identifiers are copied from the scan's files into these objects, and into nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pydicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.report.overlay import Maps

FOLDER = "dicom"
REPORT = "report.dcm"
# Type 2 of the patient and study modules (DICOM PS3.3): they may be empty, and a de-identified study may lack them.
_MAY_BE_EMPTY = (
    "AccessionNumber",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyTime",
)


def check_possible(kind: str) -> None:
    """Raises InputError, before any work, for a scan that is no DICOM and where highdicom is missing.

    Args:
        kind: of the source.
    """
    if not kind.endswith("-dicom"):
        raise InputError(
            f"--dicom adds to the patient's study, and this scan ({kind}) is no DICOM. Give the DICOM folder, or leave "
            "--dicom out."
        )
    if find_spec("highdicom") is None:
        raise InputError("--dicom needs the package highdicom (0.27 or newer). Install it: pip install highdicom")


def write_objects(record: Mapping[str, Any], maps: Maps, files: Sequence[Path], folder: Path) -> None:
    """``report.dcm`` and, where a number was given, ``saliency-NNN.dcm``, into the new ``folder``.

    Args:
        record: content of result.json.
        maps: canonical voxel order.
        files: of the series that was read; their headers say whose study it is.
    """
    from AGE2HIELib.report.hospital.capture import captures
    from AGE2HIELib.report.hospital.structured import structured_report

    folder.mkdir()
    headers = [_header(path) for path in files]
    structured_report(record, headers).save_as(folder / REPORT)
    if maps.saliency is None:
        return
    for number, image in enumerate(captures(record, maps, headers[0]), 1):
        image.save_as(folder / f"saliency-{number:03d}.dcm")


def _header(path: Path) -> pydicom.Dataset:
    """Files without preamble are read too, as the scan was."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, None)
    return header
