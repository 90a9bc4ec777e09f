"""Small classic DICOM diffusion series of one ADC, with the statements about b that a test wants to be there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from io_samples import AXIAL_LPS, write_dicom

from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.volume import DwiSeries

ADC = 841.0  # 1e-6 mm2/s
SLICES = 6
SHAPE = (10, 12, SLICES)
S0 = np.random.default_rng(5).integers(20_000, 30_000, SHAPE)  # rounded signals keep the ADC to 1e-4
DIRECTIONS = np.vstack([np.zeros(3), np.eye(3)])
Change = Callable[[pydicom.Dataset, int, int], None]


def signal(b: float) -> np.ndarray:
    return np.rint(S0 * np.exp(-b * ADC * 1e-6)).astype(int)


def write_series(
    folder: Path,
    b_values: Sequence[float],
    change: Change,
    *,
    uid: str = "1.2.3.50",
    affine_lps: np.ndarray = AXIAL_LPS,
    **elements: object,
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
