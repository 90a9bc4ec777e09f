"""Sound scans of synthetic newborns in every accepted format, small and quick to predict."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from io_samples import write_dicom

from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant, scanner_adc
from AGE2HIELib.volume import DwiSeries, Volume

INFANTS = ((5, "bgt", "6mm"), (11, "watershed", "4mm"))  # seed, injury, acquisition: thick slices, few voxels
FORMATS = (
    "dwi.nii",
    "dwi.nii.gz",
    "dwi.nrrd",
    "dwi.nhdr",
    "dwi.dicom",
    "adc.nii",
    "adc.nii.gz",
    "adc.mha",
    "adc.nrrd",
    "adc.dicom",
)
DWI_FORMS = tuple(form for form in FORMATS if form.startswith("dwi"))
ADC_FORMS = tuple(form for form in FORMATS if form.startswith("adc"))
FILE_FORMS = tuple(form for form in FORMATS if not form.endswith("dicom"))
NIFTI_FORMS = ("dwi.nii", "dwi.nii.gz", "adc.nii", "adc.nii.gz")
NRRD_FORMS = ("dwi.nrrd", "dwi.nhdr", "adc.nrrd")
DICOM_FORMS = ("dwi.dicom", "adc.dicom")
PACKED_FORMS = ("dwi.nii.gz", "adc.nii.gz", "dwi.nrrd", "adc.nrrd", "adc.mha")
RAW_FORMS = ("dwi.nii", "adc.nii", "dwi.nhdr")
ADC_IMAGE_TYPE = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]


@dataclass(frozen=True)
class Sound:
    """One infant: the raw series and the scanner's stripped map, which differ in their noise."""

    dwi: DwiSeries
    adc: Volume

    def content(self, form: str) -> Volume | DwiSeries:
        """A copy of what a format holds."""
        return deepcopy(self.dwi if form.startswith("dwi") else self.adc)


def make_sound(number: int) -> Sound:
    seed, injury, acquisition = INFANTS[number]
    infant = make_infant(seed)
    planted = injure(infant, injury, seed=seed)
    protocol = PROTOCOLS[acquisition]
    raw = scan_infant(infant, planted, make_head(infant), protocol, seed=seed).dwi
    return Sound(raw, scanner_adc(infant, planted, protocol, seed=seed))


def write_scan(form: str, folder: Path, content: Volume | DwiSeries) -> Path:
    """Write a scan in one of ``FORMATS`` and return what to give to ``age2hie predict``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / form
    _writer(form)(content, path)
    return path


def _writer(form: str) -> Callable[..., object]:
    if form == "dwi.nhdr":
        return write_detached
    if form == "dwi.dicom":
        return write_dwi_dicom
    if form == "adc.dicom":
        return write_adc_dicom
    if form.startswith("adc"):
        return write_volume
    return write_dwi_nrrd if form == "dwi.nrrd" else write_dwi_nifti


def write_detached(series: DwiSeries, path: Path) -> None:
    """A NRRD header with its samples, not compressed, in ``dwi.raw`` beside it."""
    whole = path.with_suffix(".nrrd")
    write_dwi_nrrd(series, whole)
    header, _, _ = whole.read_bytes().partition(b"\n\n")
    whole.unlink()
    header = header.replace(b"encoding: gzip", b"encoding: raw\ndata file: dwi.raw")
    path.write_bytes(header + b"\n\n")
    samples = np.moveaxis(series.array, 0, 3)
    path.with_suffix(".raw").write_bytes(samples.astype(samples.dtype.newbyteorder("<")).tobytes(order="F"))


def write_adc_dicom(adc: Volume, folder: Path, **elements: Any) -> None:
    """The scanner's map as one series of slices, rounded to whole 1e-6 mm2/s; below 0 becomes 0."""
    pixels = np.clip(np.nan_to_num(np.rint(adc.array)), 0, 65535)
    write_dicom(
        folder,
        pixels,
        **{"uid": "1.2.3.7", "number": 7, "ImageType": ADC_IMAGE_TYPE, **placed(adc.affine_ras), **elements},
    )


def write_dwi_dicom(series: DwiSeries, folder: Path, **elements: Any) -> None:
    """b0 and the direction-averaged image of the highest b, which is what most scanners send."""
    b0 = series.array[series.b_values == 0].mean(axis=0)
    weighted = series.array[series.b_values == series.b_values.max()].astype(float)
    trace = np.exp(np.log(np.maximum(weighted, 1)).mean(axis=0))
    for b, image in ((0.0, b0), (float(series.b_values.max()), trace)):
        pixels = np.clip(np.rint(image), 0, 65535)
        write_dicom(folder, pixels, **{"uid": "1.2.3.5", "DiffusionBValue": b, **placed(series.affine_ras), **elements})


def placed(affine_ras: np.ndarray) -> dict[str, Any]:
    """Where slices lie, as ``write_dicom`` wants it."""
    return {"affine_lps": LPS_FROM_RAS @ affine_ras}
