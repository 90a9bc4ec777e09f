"""Age at the scan from the dates in DICOM: in days, and none at all where the dates say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from io_samples import write_dicom

from AGE2HIELib.io.dicom_age import postnatal_age_days


def age(folder: Path, **elements: str) -> float | None:
    write_dicom(folder, np.ones((4, 5, 3)), uid="1.2.3.9", **elements)
    return postnatal_age_days(sorted(folder.iterdir()))


@pytest.mark.parametrize(
    ("elements", "days"),
    [
        ({"PatientBirthDate": "20191229"}, 3.0),
        ({"PatientBirthDate": "20191229", "AcquisitionDate": "20200105"}, 7.0),
        ({"PatientBirthDate": "20200101"}, 0.0),
        ({"PatientBirthDate": "20191230", "PatientBirthTime": "180000"}, 1.75),
        ({"PatientBirthDate": "20191230", "PatientBirthTime": "unknown"}, 2.0),
    ],
)
def test_days_from_birth_to_the_scan(tmp_path: Path, elements: dict[str, str], days: float) -> None:
    assert age(tmp_path, **elements) == days


@pytest.mark.parametrize("born", ["", "19000101", "20200105", "2019-12-29", "20191340", "ANON"])
def test_dates_that_tell_nothing_give_no_age(tmp_path: Path, born: str) -> None:
    """Missing, blanked, of an adult, after the scan, or of another form; the scan is of 1 January 2020."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert age(tmp_path, PatientBirthDate=born) is None
    assert postnatal_age_days([]) is None
