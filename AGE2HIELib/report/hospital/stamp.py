"""UIDs and dates of DICOM objects that follow from the scan, the model and the settings alone.

The same scan read again by the same version with the same model, atlas and settings gives the same objects, byte for
byte: an archive that is sent a set twice holds it once. Anything else that is asked of a scan gives other UIDs, so that
no object ever takes the place of an earlier one.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from highdicom import UID
from pydicom import Dataset

from AGE2HIELib.quality.check import AGE
from AGE2HIELib.release import __version__
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.record import Result

_NAMESPACE = uuid.UUID("0b9a3f0e-6f0f-5d0a-9d55-4b2b8c1d7e21")  # of this program's objects
# Where the numbers are computed, what else is written, and how the files were named to us change no object.
_OF_THE_RUN: dict[str, Any] = {"device": "auto", "examine": False, "series": None, "keep_clinical": False}
_DATES = (("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"))
_NO_DATE, _NO_TIME = "19000101", "000000"  # of a scan without a valid date: the standard wants one


@dataclass(frozen=True)
class Stamp:
    """What every object of one result has in common.

    Attributes:
        key: SHA-256 over everything that the objects depend on.
        date, time: of the scan, as DICOM writes them. The time of the computation would make every run's objects new.
    """

    key: str
    date: str
    time: str

    def uid(self, *names: str | int) -> UID:
        """The same for the same names: UUID of version 5 (RFC 9562) below the root 2.25, as PS3.5 B.2 has it."""
        return UID.from_uuid(str(uuid.uuid5(_NAMESPACE, "/".join([self.key, *map(str, names)]))))

    def put_on(self, image: Dataset) -> None:
        """Replace the times of the computation, and the identifier that highdicom draws for the order of frames."""
        image.ContentDate, image.ContentTime = self.date, self.time
        for keyword in ("InstanceCreation", "Series"):
            for part in ("Date", "Time"):
                if keyword + part in image:
                    del image[keyword + part]
        if "DateOfSecondaryCapture" in image:
            image.DateOfSecondaryCapture, image.TimeOfSecondaryCapture = self.date, self.time
        for equipment in image.get("ContributingEquipmentSequence", ()):
            if "ContributionDateTime" in equipment:
                del equipment.ContributionDateTime
        if "DimensionOrganizationSequence" in image:
            order = self.uid(image.SOPInstanceUID, "dimensions")
            for item in [*image.DimensionOrganizationSequence, *image.DimensionIndexSequence]:
                item.DimensionOrganizationUID = order


def stamp_of(record: Result, headers: Sequence[Dataset]) -> Stamp:
    """
    Args:
        headers: of the scan's files, valid DICOM, each with its UIDs.
    """
    settings = replace(record.settings, **_OF_THE_RUN) if record.settings is not None else None
    content = {
        "images": sorted(str(header.SOPInstanceUID) for header in headers),
        "series": sorted({str(header.SeriesInstanceUID) for header in headers}),
        "study": str(headers[0].StudyInstanceUID),
        "scan": record.input.sha256,
        "model": record.model.sha256,
        "atlas": [record.atlas.sha256, record.atlas.zones_sha256],
        "version": __version__,
        "settings": encode(settings),
        "clinical": encode(record.clinical),
        # The age is in no setting, and it decides what the gate says.
        "gate": [
            (check.name, check.passed, check.overridden, check.value if check.name == AGE else None)
            for check in record.quality.checks
        ],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return Stamp(hashlib.sha256(text.encode()).hexdigest(), *_moment(headers[0]))


def _moment(header: Dataset) -> tuple[str, str]:
    for date, time in _DATES:
        if header.get(date):
            return _text(header.get(date)), _text(header.get(time)) or _NO_TIME
    return _NO_DATE, _NO_TIME


def _text(value: Any) -> str:
    """As it is written: pydicom's dates and times print as Python's do."""
    return str(getattr(value, "original_string", value) or "")
