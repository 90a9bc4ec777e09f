"""Writes a synthetic newborn the way a hospital would hand it over, with the truth beside it.

In DICOM it is a classic MR series, one file a slice, as scanners without the enhanced format write it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, nearest, scan_infant, scanner_adc
from AGE2HIELib.volume import DwiSeries, Grid, Volume

FORMATS = ("nifti", "nrrd", "mha", "dicom")
STATEMENT = "Synthetic: made by age2hie phantom; no child was scanned. Not for clinical use."


@dataclass(frozen=True)
class PhantomTruth:
    """What was planted: kept beside the scan as ``truth.json``."""

    statement: str
    seed: int
    injury: str
    acquisition: str
    brain_ml: float
    lesion_load: float
    deep_grey_share: float


def write_phantom(output: Path, *, seed: int, file_format: str, injury: str, acquisition: str) -> Path:
    """Make one synthetic newborn and write its scan; the same seed gives the same voxels.

    Args:
        output: an existing empty folder. It receives the scan (``dwi.nii.gz`` with ``.bval`` and ``.bvec``;
            ``dwi.nrrd``; ``adc.mha``, which cannot hold b-values and so is the scanner's stripped ADC map; or
            ``dicom/`` with both, in the study of a synthetic patient of three days), and ``truth/``: the lesion, the
            structures and ``truth.json``.
        seed: of everything random.
        file_format: one of ``FORMATS``.
        injury: one of ``AGE2HIELib.phantom.injury.INJURIES``.
        acquisition: one of ``AGE2HIELib.phantom.scan.PROTOCOLS``.

    Returns:
        The file, or the DICOM folder, to give to ``age2hie predict``.
    """
    if file_format not in FORMATS:
        raise InputError(f"Unknown phantom format '{file_format}'. Choose one of {', '.join(FORMATS)}.")
    if acquisition not in PROTOCOLS:
        raise InputError(f"Unknown acquisition '{acquisition}'. Choose one of {', '.join(PROTOCOLS)}.")
    protocol = PROTOCOLS[acquisition]
    infant = make_infant(seed)
    planted = injure(infant, injury, seed=seed)
    if file_format == "mha":
        adc = scanner_adc(infant, planted, protocol, seed=seed)
        scan_file, grid = output / "adc.mha", adc.grid
        write_volume(adc, scan_file)
    else:
        series = scan_infant(infant, planted, make_head(infant), protocol, seed=seed).dwi
        grid = series.grid
        if file_format == "dicom":
            adc = scanner_adc(infant, planted, protocol, seed=seed)
            scan_file = _write_study(series, adc, output / "dicom", seed, acquisition)
        else:
            scan_file = output / ("dwi.nii.gz" if file_format == "nifti" else "dwi.nrrd")
            (write_dwi_nifti if file_format == "nifti" else write_dwi_nrrd)(series, scan_file)
    truth = PhantomTruth(
        statement=STATEMENT,
        seed=seed,
        injury=injury,
        acquisition=acquisition,
        brain_ml=round(float(infant.brain.array.sum()) * infant.brain.grid.voxel_ml, 1),
        lesion_load=round(planted.load, 5),
        deep_grey_share=round(planted.deep_grey, 5),
    )
    folder = output / "truth"
    folder.mkdir()
    write_volume(nearest(planted.lesion, grid), folder / "lesion.nii.gz")
    write_volume(nearest(infant.labels, grid), folder / "structures.nii.gz")
    (folder / "truth.json").write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")
    return scan_file


def _write_study(series: DwiSeries, adc: Volume, folder: Path, seed: int, acquisition: str) -> Path:
    from AGE2HIELib.phantom.write import Study, write_adc_series, write_dwi_series  # pydicom takes a while

    study = Study(
        identity=f"age2hie phantom {seed} {acquisition}",
        patient_name="Synthetic^Phantom",
        patient_id=f"AGE2HIE-{seed}",
        birth_date="20200101",
        study_date="20200104",
        description="Synthetic newborn: no child was scanned",
    )
    write_dwi_series(series, folder, study, number=5, description="synthetic diffusion")
    write_adc_series(adc, folder, study, number=6, description="synthetic ADC")
    return folder


@dataclass(frozen=True)
class Study:
    """Whose images these are, and when they were taken.

    Attributes:
        identity: everything that UIDs are drawn from: the same words give the same UIDs.
        birth_date, study_date: YYYYMMDD.
    """

    identity: str
    patient_name: str
    patient_id: str
    birth_date: str
    study_date: str
    description: str

    def uid(self, *words: object) -> UID:
        # generate_uid joins its words: without a sign between them (1, 11) and (11, 1) would have one UID
        return generate_uid(entropy_srcs=["|".join([self.identity, *map(str, words)])])


def write_dwi_series(dwi: DwiSeries, folder: Path, study: Study, *, number: int, description: str) -> None:
    """The raw series: standard b-values and directions, in the patient's frame, on every file."""
    directions = np.zeros((len(dwi.b_values), 3)) if dwi.directions_ras is None else dwi.directions_ras
    for index, (volume, b, direction) in enumerate(zip(dwi.array, dwi.b_values, directions, strict=True)):
        elements = {"DiffusionBValue": float(b), "DiffusionDirectionality": _directionality(b, direction)}
        if np.any(direction):
            elements["DiffusionGradientOrientation"] = [float(x) for x in LPS_FROM_RAS[:3, :3] @ direction]
        written = Volume(volume, dwi.affine_ras)
        _write(written, folder, study, Part(number, description, ("ORIGINAL", "PRIMARY", "DIFFUSION"), index), elements)


def write_adc_series(adc: Volume, folder: Path, study: Study, *, number: int, description: str) -> None:
    """The scanner's ADC map, 1e-6 mm^2/s."""
    _write(adc, folder, study, Part(number, description, ("DERIVED", "PRIMARY", "DIFFUSION", "ADC"), 0), {})


@dataclass(frozen=True)
class Part:
    """``volume``: its place in the series, from 0."""

    number: int
    description: str
    image_type: tuple[str, ...]
    volume: int


def _directionality(b: float, direction: np.ndarray) -> str:
    if b == 0:
        return "NONE"
    return "DIRECTIONAL" if np.any(direction) else "ISOTROPIC"


def _write(volume: Volume, folder: Path, study: Study, part: Part, elements: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    signed = bool(volume.array.min() < 0)
    values = np.clip(np.rint(volume.array), -32768 if signed else 0, 32767 if signed else 65535)
    for k, place in enumerate(_positions(volume.grid)):
        file = _instance(study, part, k, volume.grid)
        file.ImagePositionPatient = place
        file.PixelRepresentation = int(signed)
        for keyword, value in elements.items():
            setattr(file, keyword, value)
        # rows run along j and columns along i
        file.PixelData = np.ascontiguousarray(values[:, :, k].T).astype("<i2" if signed else "<u2").tobytes()
        name = folder / f"{part.number:03d}-{part.volume:03d}-{k:03d}.dcm"
        pydicom.dcmwrite(name, file, enforce_file_format=True)


def _instance(study: Study, part: Part, k: int, grid: Grid) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = study.uid("instance", part.number, part.volume, k)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    _identify(file, study, part)
    _describe_scan(file, part)
    file.InstanceNumber = part.volume * grid.shape[2] + k + 1
    file.ImageOrientationPatient = _cosines(grid)
    spacing = grid.spacing_mm
    file.PixelSpacing = [_decimal(spacing[1]), _decimal(spacing[0])]  # between rows, between columns
    file.SliceThickness = file.SpacingBetweenSlices = _decimal(spacing[2])
    file.Columns, file.Rows = grid.shape[:2]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    return file


def _identify(file: Dataset, study: Study, part: Part) -> None:
    file.PatientName, file.PatientID = study.patient_name, study.patient_id
    file.PatientBirthDate, file.PatientSex = study.birth_date, "O"
    file.StudyInstanceUID, file.StudyID = study.uid("study"), "1"
    file.StudyDate = file.SeriesDate = file.AcquisitionDate = file.ContentDate = study.study_date
    file.StudyTime = file.SeriesTime = file.AcquisitionTime = file.ContentTime = "120000"
    file.AccessionNumber, file.ReferringPhysicianName, file.StudyDescription = "", "", study.description
    file.SeriesInstanceUID = study.uid("series", part.number)
    file.SeriesNumber, file.SeriesDescription = part.number, part.description
    file.FrameOfReferenceUID, file.PositionReferenceIndicator = study.uid("frame"), ""
    file.Modality, file.BodyPartExamined, file.PatientPosition = "MR", "BRAIN", "HFS"


def _describe_scan(file: Dataset, part: Part) -> None:
    file.Manufacturer, file.ManufacturerModelName = "AGE2HIE", "synthetic newborn"
    file.ImageType = list(part.image_type)
    file.AcquisitionNumber = part.volume + 1
    file.ScanningSequence, file.SequenceVariant, file.ScanOptions = ["SE", "EP"], "NONE", ""
    file.MRAcquisitionType, file.EchoTrainLength = "2D", 1
    file.RepetitionTime, file.EchoTime, file.MagneticFieldStrength = 6000, 80, 3


def _cosines(grid: Grid) -> list[float]:
    lps = (LPS_FROM_RAS @ grid.affine_ras)[:3, :3] / grid.spacing_mm
    return [_decimal(value) for value in (*lps[:, 0], *lps[:, 1])]


def _positions(grid: Grid) -> Iterator[Sequence[float]]:
    lps = LPS_FROM_RAS @ grid.affine_ras
    for k in range(grid.shape[2]):
        yield [_decimal(value) for value in (lps @ [0, 0, k, 1])[:3]]


def _decimal(value: float) -> float:
    """DICOM's decimal strings hold 16 signs."""
    return float(f"{value:.9f}")
