"""The real scans that tests read: a fixed part in every run, whatever else lies in the folder in ``make test-long``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from marks import long

# Newborns by case number: lesion loads of 0 to 74 % of the brain, and slices of 2, 3, 4 and 6 mm.
NEWBORNS = {
    "010": "22 %, 4 mm, holds negative ADC",
    "028": "6 %, 4 mm, oblique, pixels of 1.473 x 1.562 mm, holds negative ADC",
    "231": "no lesion, 2 mm",
    "275": "0.06 %, 2 mm, pixels of 1.65 mm",
    "305": "74 %, 2 mm",
    "306": "57 %, 2 mm",
    "331": "0.03 %, 2 mm, its z-map's spacing differs by 5e-6 mm",
    "350": "13 %, 3 mm",
    "358": "0.3 %, 2 mm, the largest step between slices",
    "373": "1.2 %, 6 mm, 17 slices",
    "453": "0.03 %, 6 mm, a z-map that is much like its mirror images",
    "458": "no lesion, 6 mm, likewise",
}
# A stripped infant of one month, who is likest to a newborn, an adult in voxels of 2 mm and one of 78 years.
T1_SUBJECTS = ("sub-bmex0008", "sub-ixi013", "sub-nichart07")
_ADC, _Z = "MGHNICU_{}-VISIT_01-ADC_ss.mha", "Zmap_MGHNICU_{}-VISIT_01-ADC_smooth2mm_clipped10.mha"


def adc_file(real_data: Path, case: str) -> Path:
    """The skull-stripped ADC map of a newborn."""
    return real_data / "bonbid-hie" / "1ADC_ss" / _ADC.format(case)


def z_file(real_data: Path, case: str) -> Path:
    """The z-map that was released with it."""
    return real_data / "bonbid-hie" / "2Z_ADC" / _Z.format(case)


def t1_file(real_data: Path, subject: str) -> Path:
    return real_data / "t1-ages" / subject / "anat" / f"{subject}_T1w.nii.gz"


def every_newborn() -> list[str]:
    """Case numbers: the fixed part, and what else lies in the folder."""
    return sorted({*NEWBORNS, *(path.name[8:11] for path in _folder("bonbid-hie", "1ADC_ss").glob("*.mha"))})


def newborns(*, short: tuple[str, ...] = tuple(NEWBORNS)) -> list[Any]:
    """Parameters: the cases of ``short`` in every run, all others in the long one."""
    return [case if case in short else long(case) for case in every_newborn()]


def t1_subjects() -> list[Any]:
    """Parameters: the fixed part in every run, all others in the long one."""
    found = {path.name for path in _folder("t1-ages").glob("sub-*")}
    return [subject if subject in T1_SUBJECTS else long(subject) for subject in sorted({*T1_SUBJECTS, *found})]


def _folder(*names: str) -> Path:
    """Parameters are made before there is a fixture; without a folder of real scans there is nothing in it."""
    return Path(os.environ.get("AGE2HIE_TEST_DATA", "nowhere"), *names)
