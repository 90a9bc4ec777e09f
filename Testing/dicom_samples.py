"""Small classic DICOM diffusion series of one ADC, with the statements about b that a test wants to be there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from io_samples import AXIAL_LPS, write_dicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.volume import DwiSeries

ADC = 841.0  # 1e-6 mm2/s
SLICES = 6
SHAPE = (10, 12, SLICES)
S0 = np.random.default_rng(5).integers(20_000, 30_000, SHAPE)  # rounded signals keep the ADC to 1e-4
DIRECTIONS = np.vstack([np.zeros(3), np.eye(3)])
Change = Callable[[pydicom.Dataset, int, int], None]


def signal(b: float) -> np.ndarray:
    return np.asarray(np.rint(S0 * np.exp(-b * ADC * 1e-6)).astype(int))


def write_series(
    folder: Path,
    b_values: Sequence[float],
    change: Change,
    *,
    uid: str = "1.2.3.50",
    affine_lps: np.ndarray = AXIAL_LPS,
    **elements: Any,
) -> Path:
    """One file a slice, numbered volume by volume; ``change(header, volume, slice)`` states what is to be stated."""
    for volume, b in enumerate(b_values):
        part = folder / f"{uid}-{volume:02d}"
        write_dicom(part, signal(b), uid=uid, affine_lps=affine_lps, AcquisitionNumber=volume + 1, **elements)
        for path in part.iterdir():
            header = pydicom.dcmread(path)
            k = int(path.name.rsplit("-", 1)[1])
            header.InstanceNumber = volume * SLICES + k + 1
            change(header, volume, k)
            header.save_as(path)
    return folder


def sequence_name(b_values: Sequence[float], *, ending: str = "#") -> Change:
    """As Siemens names its sequence: ep_b0, ep_b1000#1."""

    def change(header: pydicom.Dataset, volume: int, _k: int) -> None:
        b = b_values[volume]
        header.SequenceName = f"ep_b{b:.0f}" + (f"{ending}{volume}" if b else "")

    return change


def private(header: pydicom.Dataset, group: int, creator: str, element: int, vr: str, value: object) -> None:
    header.private_block(group, creator, create=True).add_new(element, vr, value)


def adc_of(dwi: DwiSeries | None) -> np.ndarray:
    assert dwi is not None
    return adc_map(dwi).adc.array


def lps_order(image: np.ndarray, affine_ras: np.ndarray) -> np.ndarray:
    """The voxels of an axial image, columns to the left and rows to the back, as ``S0`` has them."""
    flips = tuple(axis for axis, sign in enumerate((-1, -1, 1)) if np.sign(affine_ras[axis, axis]) != sign)
    assert image.shape == S0.shape
    return np.flip(image, flips)


def frames_signal(b: float, volume: int) -> np.ndarray:
    """As ``signal``; volumes of one b-value differ."""
    return signal(b) + volume


def write_enhanced(
    folder: Path, b_values: Sequence[float], *, maker: str = "Philips", isotropic: bool = True, dimensions: bool = True
) -> Path:
    """One enhanced file, frames volume by volume, each with its own b-value and one of three axes as direction."""
    part = write_series(folder / "classic", [0.0], lambda header, volume, k: None, Manufacturer=maker)
    header = pydicom.dcmread(next(path for path in sorted(part.rglob("1.2*")) if path.is_file()))
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.4.1")
    places = [(volume, b, k) for volume, b in enumerate(b_values) for k in range(SLICES)]
    header.PerFrameFunctionalGroupsSequence = [_frame(b, volume, k, isotropic) for volume, b, k in places]
    if dimensions:
        header.DimensionIndexSequence = [Dataset(), Dataset()]
        for dimension, pointer in zip(header.DimensionIndexSequence, (0x00209128, 0x00209057), strict=True):
            dimension.DimensionIndexPointer, dimension.FunctionalGroupPointer = pointer, 0x00209111
    orientation, measures, shared = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = header.ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = header.PixelSpacing, header.SliceThickness
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    header.SharedFunctionalGroupsSequence = [shared]
    pixels = [frames_signal(b, volume)[:, :, k].T.astype("<u2").tobytes() for volume, b, k in places]
    header.NumberOfFrames, header.PixelData = len(places), b"".join(pixels)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(header, keyword)
    (folder / "enhanced").mkdir()
    header.save_as(folder / "enhanced" / "e.dcm")
    return folder / "enhanced"


def _frame(b: float, volume: int, k: int, isotropic: bool) -> Dataset:
    place, diffusion, content, frame = Dataset(), Dataset(), Dataset(), Dataset()
    place.ImagePositionPatient = [-20, -18, 3 * k]
    weighted = "ISOTROPIC" if isotropic else "DIRECTIONAL"
    diffusion.DiffusionBValue, diffusion.DiffusionDirectionality = b, weighted if b else "NONE"
    if b and not isotropic:
        gradient = Dataset()
        gradient.DiffusionGradientOrientation = np.eye(3)[volume % 3].tolist()
        diffusion.DiffusionGradientDirectionSequence = [gradient]
    content.DimensionIndexValues, content.InStackPositionNumber, content.StackID = [volume + 1, k + 1], k + 1, "1"
    content.TemporalPositionIndex = volume + 1
    frame.PlanePositionSequence, frame.MRDiffusionSequence, frame.FrameContentSequence = [place], [diffusion], [content]
    return frame
