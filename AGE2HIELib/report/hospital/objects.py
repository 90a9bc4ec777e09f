"""A result as DICOM objects in the patient's own study: a structured report, and pictures as secondary captures.

The patient's name and identifiers are copied from the scan's files into these objects, and into nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.result.record import Result

FOLDER = "dicom"
REPORT = "report.dcm"


def check_possible(kind: str) -> None:
    """Raises InputError, before any work, for a scan that is no DICOM and where highdicom is missing or broken.

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
    try:
        import_module("highdicom.sr")
    except (ImportError, AttributeError, TypeError, ValueError, OSError) as error:  # other versions beneath it
        raise InputError(
            f"The package highdicom, which --dicom needs, is there and does not load ({type(error).__name__}). Install "
            "it again with what belongs to it: pip install --force-reinstall highdicom. Or leave --dicom out."
        ) from error


def write_objects(record: Result, maps: Maps, files: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """``report.dcm`` and, where a number was given, ``saliency-NNN.dcm``, into the new ``folder``.

    Args:
        maps: canonical voxel order.
        files: of the series that was read; their headers say whose study it is.

    Returns:
        Warnings: what of these headers is not valid DICOM, and was left empty or out.

    Raises:
        InputError: the headers do not say which study it is.
    """
    from AGE2HIELib.report.hospital.capture import captures
    from AGE2HIELib.report.hospital.identity import read_identity
    from AGE2HIELib.report.hospital.structured import structured_report

    identity = read_identity(files)
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of highdicom: they quote values
        structured_report(record, identity.headers).save_as(folder / REPORT)
        if maps.saliency is not None:
            for number, image in enumerate(captures(record, maps, identity.headers[0]), 1):
                image.save_as(folder / f"saliency-{number:03d}.dcm")
    return identity.warnings
