"""Scans of a few voxels in any orientation: the headers of their DICOM files, and maps that objects are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from hospital import atlas_of
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage
from report_samples import small_record

from AGE2HIELib.io.coordinates import LPS_FROM_RAS, to_canonical
from AGE2HIELib.preprocess.atlas import Region
from AGE2HIELib.report.hospital.objects import write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.findings import Lesion
from AGE2HIELib.result.record import Result
from AGE2HIELib.volume import Volume

SHAPE = (10, 8, 6)  # columns, rows, slices
SPACING_MM = (1.25, 1.5, 4.0)
REGIONS = (Region(9, "thalamus", "left"), Region(41, "thalamus", "right"), Region(64, "brainstem", "midline"))
LESION = Lesion("rule", "clusters of low ADC", 1.0, 400.0, 0.0025, (0.001, 0.005), "left", ())
_TURN = np.array([[0.98, 0.14, 0.141], [-0.17, 0.96, 0.223], [-0.104, -0.243, 0.964]])


def _orthonormal(matrix: np.ndarray) -> np.ndarray:
    u, _, vt = np.linalg.svd(matrix)
    return np.asarray(u @ vt)


# LPS+ directions of columns' index, rows' index and slices, as a scanner might have them
ORIENTATIONS = {
    "axial": np.eye(3),
    "axial, slices from above": np.diag([1.0, 1.0, -1.0]),
    "oblique": _orthonormal(_TURN),
    "oblique, slices from above": _orthonormal(_TURN) @ np.diag([1.0, 1.0, -1.0]),
    "feet first": np.diag([-1.0, 1.0, 1.0]),
    "coronal": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "sagittal": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
}


@dataclass(frozen=True)
class PlacedScan:
    """``affine_lps``: from (column, row, slice) to mm; ``files``: one a slice and volume."""

    affine_lps: np.ndarray
    maps: Maps
    files: tuple[Path, ...]
    record: Result

    def write(self, folder: Path, **changes: Any) -> dict[str, Dataset]:
        """The objects by the names of their files; ``changes`` of the record."""
        write_objects(replace(self.record, **changes), self.maps, atlas_of(*REGIONS), self.files, folder)
        return {path.stem: pydicom.dcmread(path) for path in sorted(folder.iterdir())}


def placed_scan(folder: Path, orientation: str = "oblique", *, slices: int = SHAPE[2], volumes: int = 1) -> PlacedScan:
    """Its voxels differ from one another; lesion and left thalamus lie on the patient's left."""
    affine = np.eye(4)
    affine[:3, :3] = ORIENTATIONS[orientation] * SPACING_MM
    shape = (*SHAPE[:2], slices)
    affine[:3, 3] = [3.25, -12.5, 40.125] - affine[:3, :3] @ (np.array(shape) - 1) / 2
    folder.mkdir(parents=True, exist_ok=True)
    files = [_slice_file(folder, affine, level, volume, slices) for volume in range(volumes) for level in range(slices)]
    record = replace(decode(Result, small_record()), lesion=LESION)
    return PlacedScan(affine, maps_on(affine, shape), tuple(files), record)


def maps_on(affine_lps: np.ndarray, shape: tuple[int, int, int]) -> Maps:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    places = affine_lps @ np.vstack([np.indices(shape).reshape(3, -1), np.ones(values.size)])
    left = places[0].reshape(shape) > 3.25  # LPS+: x grows to the patient's left
    lesion = left & (values % 3 == 0)
    labels = np.where(left, 9, 41)
    labels[..., 0] = 64
    brain = np.zeros(shape, bool)
    brain[..., shape[2] // 2] = True  # each slice of it is a capture, which takes longer than all else

    def canonical(array: np.ndarray) -> Volume:
        return to_canonical(Volume(array, LPS_FROM_RAS @ affine_lps))

    return Maps(
        canonical(values + np.float32(0.25)),
        canonical(brain),
        canonical(values / 100 - 2),
        canonical(values / 1000),
        canonical(labels),
        canonical(lesion),
    )


def _slice_file(folder: Path, affine: np.ndarray, level: int, volume: int, slices: int) -> Path:
    header = scan_header(volume * slices + level + 1)
    header.ImagePositionPatient = [f"{mm:.6f}" for mm in affine[:3] @ [0, 0, level, 1]]
    header.ImageOrientationPatient = [
        f"{cosine:.9f}" for axis in (0, 1) for cosine in affine[:3, axis] / SPACING_MM[axis]
    ]
    return written(header, folder / f"{volume}-{level:02d}.dcm")


def scan_header(number: int, sop_class: str = MRImageStorage) -> Dataset:
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = sop_class, f"1.2.3.4.{number}"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = "1.2.3", "1.2.3.5", "1.2.3.6"
    header.Modality, header.InstanceNumber, header.SeriesNumber = "MR", number, 5
    header.PatientName, header.PatientID, header.PatientBirthDate = "Quellenthal^Zenobia", "MRN-7731905", "20200101"
    header.StudyDate, header.StudyTime, header.SeriesDate, header.SeriesTime = "20200104", "1200", "20200104", "1210"
    header.Columns, header.Rows = SHAPE[:2]
    header.PixelSpacing, header.SliceThickness = [SPACING_MM[1], SPACING_MM[0]], SPACING_MM[2]
    return header


def written(header: Dataset, path: Path) -> Path:
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(path, header, enforce_file_format=True)
    return path


def enhanced_file(scan: PlacedScan, path: Path) -> Path:
    """The slices of a scan as the frames of one file, the last slice first."""
    header = scan_header(1, EnhancedMRImageStorage)
    del header.PixelSpacing, header.SliceThickness
    frames = []
    for file in reversed(scan.files):
        one, frame, position = pydicom.dcmread(file), Dataset(), Dataset()
        position.ImagePositionPatient = one.ImagePositionPatient
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    shared, orientation = Dataset(), Dataset()
    orientation.ImageOrientationPatient = one.ImageOrientationPatient
    shared.PlaneOrientationSequence = [orientation]
    header.NumberOfFrames, header.SharedFunctionalGroupsSequence = len(frames), [shared]
    header.PerFrameFunctionalGroupsSequence = frames
    return written(header, path)
