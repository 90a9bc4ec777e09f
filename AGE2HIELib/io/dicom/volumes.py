"""Which files of a classic DICOM series, or which frames of an enhanced file, make a volume.

dcm2niix sorts files by image number alone. Where numbers do not run through the volumes place by place, it makes
volumes with slices of several b-values, or in the wrong places, and says nothing about it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.b_values import echo_and_direction
from AGE2HIELib.io.dicom.series import DicomFile, DicomSeries, by_place, one_slice_a_file

_GROUPS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]
_PLACE_BY_PLACE = ("GE", "PHILIPS")  # whose numbers may run through the volumes at each place (dcm2niix swaps these)


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


def in_order(series: DicomSeries) -> bool:
    """Whether headers tell which slices make a volume, in the way that dcm2niix takes them.

    In files with one slice it takes image numbers, in files with frames of several b-values their dimensions.
    """
    if not one_slice_a_file(series):
        return all(len(file.b_values) == 1 or _has_dimensions(file) for file in series.files)
    numbers = [file.number for file in series.files]
    if any(number is None for number in numbers):
        return False
    at = by_place(series)
    volumes = len(at[0])
    if volumes == 1:
        return True
    places = np.empty(len(numbers), dtype=int)
    for index, files in enumerate(at):
        places[files] = index
    order = np.lexsort((places, np.array(numbers, dtype=int)))
    shells = np.array([file.b_values[0] for file in series.files], dtype=float)[order]
    number = np.array(numbers, dtype=int)[order]
    by_volume = number.reshape(volumes, -1)
    if _run_through(places[order].reshape(volumes, -1), shells.reshape(volumes, -1)):
        return bool(np.all(by_volume[1:, 0] > by_volume[:-1, -1]))
    if not series.files[0].maker.startswith(_PLACE_BY_PLACE) or len(set(numbers)) < len(numbers):
        return False
    return _run_through(places[order].reshape(-1, volumes).T, shells.reshape(-1, volumes).T)


def split_volumes(series: DicomSeries) -> list[tuple[DicomFile, ...]]:
    """Volumes of files that each state one b-value, by rising b-value; raises InputError where they make none.

    Files of a volume have one b-value and one direction; volumes of the same are told apart by image numbers, which
    does not matter to their mean. Where directions do not make volumes, those of a b-value are taken together.
    """
    keys = {file: echo_and_direction(file.path) for file in series.files}
    echoes = {echo for echo, _direction in keys.values()}
    if len(echoes) > 1:
        raise InputError(f"DICOM {series.label} has {len(echoes)} echo times. Give one of its images as NIfTI.")
    return _volumes(series, {file: direction for file, (_echo, direction) in keys.items()})


def split_frames(file: DicomFile, series: DicomSeries) -> list[tuple[DicomFile, ...]]:
    """The same of the frames of one file, each as a file of its own whose ``number`` counts frames from 0."""
    keys: dict[DicomFile, tuple[str, ...]] = {}
    stated = file.b_values * (file.frames if len(file.b_values) == 1 else 1)
    places = frame_places(file.path)
    if len(places) != len(stated):
        raise InputError(
            f"A file of DICOM {series.label} states {file.frames} frames and describes {len(places)}. Give the series "
            "as the scanner made it."
        )
    for frame, b in zip(places, stated, strict=True):
        alone = replace(file, b_values=(b,), frames=1, slice_mm=frame.slice_mm, number=len(keys), instance="")
        keys[alone] = frame.direction
    return _volumes(replace(series, files=tuple(keys)), keys)


def _volumes(series: DicomSeries, directions: dict[DicomFile, tuple[str, ...]]) -> list[tuple[DicomFile, ...]]:
    count = len(by_place(series))
    volumes: list[tuple[DicomFile, ...]] = []
    for b in sorted({file.b_values[0] or 0.0 for file in series.files}):
        files = [file for file in series.files if (file.b_values[0] or 0.0) == b]
        groups: dict[tuple[str, ...], list[DicomFile]] = defaultdict(list)
        for file in files:
            groups[directions[file]].append(file)
        complete = [_whole(group, count) for group in groups.values()]
        if any(whole is None for whole in complete):
            complete = [_whole(files, count)]
        for whole in complete:
            if whole is None:
                raise InputError(
                    f"The {len(files)} slices of DICOM {series.label} that state b = {b:g} s/mm^2 do not make volumes "
                    f"of {count}: at some places the headers state other b-values. Give the series as NIfTI with its "
                    ".bval."
                )
            volumes.extend(whole)
    return volumes


def _has_dimensions(file: DicomFile) -> bool:
    header = pydicom.dcmread(file.path, stop_before_pixels=True, force=True, specific_tags=["DimensionIndexSequence"])
    return bool(header.get("DimensionIndexSequence"))


def _run_through(places: np.ndarray, shells: np.ndarray) -> bool:
    """``(volumes, places)``: every row has all places, upwards in each or downwards in each, and one b-value."""
    upwards = np.arange(places.shape[1])
    one_b = np.isclose(shells, shells[:, :1], rtol=0.01, atol=1.0, equal_nan=True)
    return bool((np.all(places == upwards) or np.all(places == upwards[::-1])) and np.all(one_b))


def _whole(files: list[DicomFile], count: int) -> list[tuple[DicomFile, ...]] | None:
    """The volumes that files of one kind make; None where some place lacks one."""
    at = by_place(DicomSeries("", "", "", "scan", tuple(files)))
    if len(at) != count or len({len(place) for place in at}) != 1:
        return None
    ordered = [sorted((files[n] for n in place), key=lambda file: (file.number or 0, file.instance)) for place in at]
    return list(zip(*ordered, strict=True))
