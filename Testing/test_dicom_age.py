"""The age from DICOM dates: known where both dates are sound, and otherwise not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from io_samples import write_dicom

from AGE2HIELib.io.dicom.elements import postnatal_age_days

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # headers here break the rules on purpose


def age(folder: Path, **elements: str) -> float | None:
    write_dicom(folder, np.ones((4, 4, 1), dtype=int), uid="1.2.3.9", StudyTime="", AcquisitionTime="", **elements)
    return postnatal_age_days(sorted(folder.iterdir()))


@pytest.mark.parametrize(
    ("elements", "days"),
    [
        ({"PatientBirthDate": "19991229", "StudyDate": "20000101"}, 3),
        ({"PatientBirthDate": "20000228", "StudyDate": "20000301"}, 2),  # a leap year
        ({"PatientBirthDate": "20000101", "StudyDate": "20000109", "AcquisitionDate": "20000104"}, 3),
        ({"PatientBirthDate": "20000101", "StudyDate": "20000101"}, 0),
    ],
)
def test_days_from_birth_to_the_scan(tmp_path: Path, elements: dict[str, str], days: float) -> None:
    assert age(tmp_path, **elements) == days


def test_a_time_of_birth_gives_parts_of_days(tmp_path: Path) -> None:
    write_dicom(
        tmp_path,
        np.ones((4, 4, 1), dtype=int),
        uid="1.2.3.9",
        PatientBirthDate="20200101",
        PatientBirthTime="180000",
        StudyDate="20200103",
        StudyTime="060000",
    )
    assert postnatal_age_days(sorted(tmp_path.iterdir())) == 1.5


@pytest.mark.parametrize(
    "elements",
    [
        {"StudyDate": "20200101"},
        {"PatientBirthDate": "", "StudyDate": "20200101"},
        {"PatientBirthDate": "20200101", "StudyDate": ""},
        {"PatientBirthDate": "20200104", "StudyDate": "20200101"},  # born after the scan
        {"PatientBirthDate": "19000101", "StudyDate": "20200101"},  # blanked to hide the patient
        {"PatientBirthDate": "00010101", "StudyDate": "20200101"},
        {"PatientBirthDate": "ANONYM", "StudyDate": "20200101"},
        {"PatientBirthDate": "20201301", "StudyDate": "20210101"},
    ],
)
def test_missing_wrong_and_hidden_dates_give_no_age(tmp_path: Path, elements: dict[str, str]) -> None:
    assert age(tmp_path, **elements) is None


def test_no_file_and_no_dicom_give_no_age(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("20200101")
    assert postnatal_age_days([]) is None
    assert postnatal_age_days([tmp_path / "notes.txt"]) is None
