"""A sound DICOM series with something beside it that must not matter."""

from __future__ import annotations

from pathlib import Path

from AGE2HIELib.volume import DwiSeries, Volume
from fuzzing.cases import Call, Kind, Workshop
from fuzzing.dicom_damaged import edited
from fuzzing.sound import DICOM_FORMS, write_adc_dicom, write_dwi_dicom


def _object_beside(at: Workshop) -> Path:
    """A private object, a spectrum, a report, a picture of the screen..."""
    from dicom_objects import OBJECTS

    names = sorted(OBJECTS)
    for number in at.rng.choice(len(names), 4, replace=False):
        OBJECTS[names[int(number)]](at.scan / f"object {number}")
    return at.scan


def _cut_series_beside(at: Workshop) -> Call:
    """Files of another series are cut; the sound one is named, or found."""
    other, named = at.scan / "other", bool(at.rng.integers(2))
    if isinstance(at.content, DwiSeries):
        write_dwi_dicom(at.content, other, uid="1.2.3.55", number=8)
    else:
        assert isinstance(at.content, Volume)
        write_adc_dicom(at.content, other, uid="1.2.3.57", number=9)
    paths = sorted(other.iterdir())
    for number in at.rng.choice(len(paths), 3, replace=False):
        content = paths[int(number)].read_bytes()
        paths[int(number)].write_bytes(content[: int(at.rng.uniform(0.7, 0.99) * len(content))])
    number = {"dwi.dicom": "5", "adc.dicom": "7"}[at.form]
    return Call(at.scan, (f"--series={number}",) if named else ())


def _no_modality(at: Workshop) -> Path:
    """Left out by a de-identifier: the class of object tells."""
    return edited(at, lambda dataset: setattr(dataset, "Modality", ""))


KINDS = (
    Kind("DICOM beside objects without an image", "sound", DICOM_FORMS, _object_beside, most=6),
    Kind("DICOM beside a cut series", "sound", DICOM_FORMS, _cut_series_beside, most=6),
    Kind("DICOM that states no modality", "sound", DICOM_FORMS, _no_modality, most=2),
)
