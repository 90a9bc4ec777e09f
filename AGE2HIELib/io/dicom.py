"""DICOM in (placeholder until the conversion lands)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.integrity import Stored
from AGE2HIELib.volume import DwiSeries


@dataclass(frozen=True)
class DicomImage:
    label: str
    files: tuple[Path, ...]
    dwi: DwiSeries | None
    adc: Stored | None
    warnings: tuple[str, ...] = ()


def is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_dicom(path: Path, *, series: str | None = None) -> DicomImage:
    raise InputError(f"'{path.name}' is DICOM, which cannot be read yet. Convert it to NIfTI with dcm2niix.")
