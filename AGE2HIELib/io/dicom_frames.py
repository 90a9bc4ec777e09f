"""Where the frames of an enhanced DICOM file lie, and which direction each was weighted in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

_GROUPS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]


@dataclass(frozen=True)
class FramePlace:
    """``slice_mm``: along the normal of the frame's plane, 0 where not stated; ``direction``: equal for equal ones."""

    slice_mm: float
    direction: tuple[str, ...]


def frame_places(path: Path) -> tuple[FramePlace, ...]:
    """One a frame, in the file's order."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=[*_GROUPS])
    shared = next(iter(header.get(_GROUPS[0]) or ()), pydicom.Dataset())
    return tuple(_place(frame, shared) for frame in header.get(_GROUPS[1]) or ())


def _place(frame: pydicom.Dataset, shared: pydicom.Dataset) -> FramePlace:
    cosines = _item(frame, shared, "PlaneOrientationSequence").get("ImageOrientationPatient") or ()
    position = _item(frame, shared, "PlanePositionSequence").get("ImagePositionPatient") or ()
    slice_mm = 0.0
    if len(cosines) == 6 and len(position) == 3:
        numbers = np.array(cosines, dtype=float)
        slice_mm = float(np.cross(numbers[:3], numbers[3:]) @ np.array(position, dtype=float))
    diffusion = _item(frame, shared, "MRDiffusionSequence")
    gradient = next(iter(diffusion.get("DiffusionGradientDirectionSequence") or ()), pydicom.Dataset())
    direction = (str(diffusion.get("DiffusionDirectionality")), str(gradient.get("DiffusionGradientOrientation")))
    return FramePlace(slice_mm, direction)


def _item(frame: pydicom.Dataset, shared: pydicom.Dataset, keyword: str) -> pydicom.Dataset:
    return next(iter(frame.get(keyword) or shared.get(keyword) or ()), pydicom.Dataset())
