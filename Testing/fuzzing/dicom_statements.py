"""What the headers of a DICOM series state about volumes: b-values, image numbers, compression, places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless, RLELossless

from fuzzing.cases import Kind, Workshop
from fuzzing.dicom_damaged import edited, files
from fuzzing.sound import DICOM_FORMS


def _sequence_names(at: Workshop) -> Path:
    """A Siemens series whose other statements a de-identifier removed."""

    def change(dataset: pydicom.Dataset) -> None:
        b = dataset.DiffusionBValue
        dataset.Manufacturer, dataset.ImageType = "SIEMENS", ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]
        dataset.SequenceName = f"ep_b{b:.0f}{'t' if b else ''}"
        del dataset.DiffusionBValue

    return edited(at, change)


def _ge_without_b0(at: Workshop) -> Path:
    """GE leaves the b-value out where it is 0."""

    def change(dataset: pydicom.Dataset) -> None:
        dataset.Manufacturer = "GE MEDICAL SYSTEMS"
        if not dataset.DiffusionBValue:
            del dataset.DiffusionBValue

    return edited(at, change)


def _stated_by_some(at: Workshop) -> Path:
    """Some slices of a weighted volume state nothing."""
    weighted = [path for path in files(at) if pydicom.dcmread(path, stop_before_pixels=True).DiffusionBValue]
    chosen = at.rng.choice(len(weighted), int(at.rng.integers(1, len(weighted) + 1)), replace=False)
    return edited(at, lambda dataset: delattr(dataset, "DiffusionBValue"), [weighted[int(n)] for n in chosen])


def _numbered_anew(at: Workshop) -> Path:
    """Image numbers that begin anew in each volume, are all the same, or are missing."""
    way = int(at.rng.integers(3))
    numbers = iter(range(len(files(at))))

    def change(dataset: pydicom.Dataset) -> None:
        number = next(numbers) % at.content.array.shape[-1] + 1
        dataset.InstanceNumber = (number, 1, None)[way]

    return edited(at, change)


def _compressed(at: Workshop) -> Path:
    syntax = (RLELossless, JPEGLSLossless, DeflatedExplicitVRLittleEndian)[int(at.rng.integers(3))]

    def change(dataset: pydicom.Dataset) -> None:
        if syntax == DeflatedExplicitVRLittleEndian:
            dataset.file_meta.TransferSyntaxUID = syntax
        else:
            dataset.compress(syntax)

    return edited(at, change)


def _sheared(at: Workshop) -> Path:
    """A tilted gantry: each slice lies aside of the one below."""
    slope = float(at.rng.uniform(0.05, 0.5))

    def change(dataset: pydicom.Dataset) -> None:
        cosines = np.array(dataset.ImageOrientationPatient, dtype=float)
        place = np.array(dataset.ImagePositionPatient, dtype=float)
        along = float(np.cross(cosines[:3], cosines[3:]) @ place)
        dataset.ImagePositionPatient = [f"{mm:.6f}" for mm in place + slope * along * cosines[3:]]

    return edited(at, change)


KINDS = (
    Kind("DICOM b-values in sequence names only", "sound", ("dwi.dicom",), _sequence_names, most=4),
    Kind("DICOM of GE without the b-value of its b0", "sound", ("dwi.dicom",), _ge_without_b0, most=4),
    Kind("DICOM b-values stated by some files", "refused", ("dwi.dicom",), _stated_by_some, most=8),
    Kind("DICOM numbered anew in each volume", "sound", DICOM_FORMS, _numbered_anew, most=8),
    Kind("DICOM compressed", "sound", DICOM_FORMS, _compressed, most=6),
    Kind("DICOM sheared", "refused", DICOM_FORMS, _sheared, most=6),
)
