"""Small seeded images for the tests of reading and writing."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from scipy.spatial.transform import Rotation

from AGE2HIELib.volume import DwiSeries, Volume

SPACING_MM = np.array([1.473, 1.562, 4.0])  # case 028 of BONBID-HIE


def orientations() -> list[np.ndarray]:
    """The 48 ways to lay three perpendicular axes along R, A, S."""
    return [
        np.eye(3)[:, list(order)] * np.array(signs)
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1.0, -1.0), repeat=3)
    ]


def affine(axes: np.ndarray, *, tilt_degrees: float = 0.0) -> np.ndarray:
    """4x4 RAS+ affine with unequal spacing and an odd origin."""
    tilt = Rotation.from_euler("xyz", [tilt_degrees, -0.6 * tilt_degrees, 0.4 * tilt_degrees], degrees=True).as_matrix()
    result = np.eye(4)
    result[:3, :3] = tilt @ axes * SPACING_MM
    result[:3, 3] = [-31.7, 12.25, -7.625]
    return result


def adc_volume(seed: int = 0, *, shape: tuple[int, int, int] = (24, 26, 14), axes: np.ndarray | None = None) -> Volume:
    """A stripped newborn-like map in 1e-6 mm2/s: tissue about 1250, a CSF core about 2500, 0 outside."""
    rng = np.random.default_rng(seed)
    centred = [(np.arange(n) - (n - 1) / 2) / (n / 2) for n in shape]
    radius = np.sqrt(sum(c**2 for c in np.meshgrid(*centred, indexing="ij")))
    array = 1250 + 60 * rng.standard_normal(shape)
    core = radius < 0.35
    array[core] = 2500 + 60 * rng.standard_normal(int(core.sum()))
    array[radius > 0.85] = 0
    return Volume(array.astype(np.float32), affine(np.eye(3) if axes is None else axes, tilt_degrees=12))


def dwi_series(seed: int = 0, *, axes: np.ndarray | None = None) -> DwiSeries:
    """One b0, six directions at 1000 and two at 500 s/mm2; whole numbers."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((9, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions[0] = 0
    b_values = np.array([0.0, *[1000.0] * 6, 500.0, 500.0])
    array = rng.integers(1, 900, size=(9, 6, 7, 5)).astype(np.float32)
    return DwiSeries(array, affine(np.eye(3) if axes is None else axes, tilt_degrees=12), b_values, directions)


AXIAL_LPS = np.array([[2.0, 0, 0, -20], [0, 2.0, 0, -18], [0, 0, 3.0, 0], [0, 0, 0, 1]])


def write_dicom(
    folder: Path,
    array: np.ndarray,
    *,
    uid: str,
    number: int = 5,
    affine_lps: np.ndarray = AXIAL_LPS,
    **elements: object,
) -> None:
    """A classic series, one file a slice; ``affine_lps`` is 4x4 in mm, ``elements`` are DICOM keywords."""
    folder.mkdir(parents=True, exist_ok=True)
    spacing_mm = np.linalg.norm(affine_lps[:3, :3], axis=0)
    cosines = affine_lps[:3, :2] / spacing_mm[:2]
    first = array.shape[2] if elements.get("DiffusionBValue") else 0
    for k in range(array.shape[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID, file.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        file.Modality, file.Manufacturer, file.PatientName, file.PatientID = "MR", "Test", "Secret^Name", "SECRET1"
        file.StudyInstanceUID, file.SeriesInstanceUID, file.FrameOfReferenceUID = "1.2.3.1", uid, "1.2.3.2"
        file.StudyDate, file.StudyTime, file.AcquisitionTime = "20200101", "120000", "120000"
        file.SeriesNumber, file.AcquisitionNumber, file.InstanceNumber = number, 1, k + 1 + first
        file.SeriesDescription, file.ImageType = "sample", ["ORIGINAL", "PRIMARY", "M"]
        file.ImageOrientationPatient = [f"{cosine:.12f}" for cosine in cosines.T.ravel()]
        place = affine_lps @ [0, 0, k, 1]
        file.ImagePositionPatient, file.SliceThickness = [f"{mm:.9f}" for mm in place[:3]], f"{spacing_mm[2]:.9f}"
        file.PixelSpacing = [f"{spacing_mm[1]:.9f}", f"{spacing_mm[0]:.9f}"]
        file.EchoTime, file.RepetitionTime = 80, 3000
        file.Columns, file.Rows = array.shape[:2]
        file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
        file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
        for keyword, value in elements.items():
            setattr(file, keyword, value)
        file.PixelData = array[:, :, k].T.astype("<u2").tobytes()
        pydicom.dcmwrite(folder / f"{uid}-{elements.get('DiffusionBValue', 0)}-{k}", file, enforce_file_format=True)
