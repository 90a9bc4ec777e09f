"""A DICOM series as its headers describe it, and whether all of its files are there: places, counts, numbers.

dcm2niix makes volumes of what is there, with slices in the wrong places or fewer of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError

SAME_PLANE = 1e-2  # direction cosines and mm, which headers round differently from slice to slice
_NO_DIRECTIONS = 0.05  # products of the cosines, that rows and columns are off
_SAME_PLACE_MM = 0.1  # slices of one place in several volumes; the thinnest slices lie 0.5 mm apart
_UNEVEN_STEPS = 1.2  # largest over smallest: four vendors' sample series have 1.00
_SHEARED = 0.02  # of the stack's length aside: 1 degree; two vendors' sample series have 3e-4
_ROUNDED_MM = 0.5
_AGAIN = "Export the series again with all of its images."


@dataclass(frozen=True)
class DicomFile:
    """One file's header.

    Attributes:
        b_values: in s/mm^2, one of each frame where frames differ, else one of the file; None where none is stated.
        mosaic: the file holds a whole volume in one frame (Siemens' mosaic, UIH's VFRAME).
        plane: the six direction cosines of rows and columns, and their spacing in mm; empty where none are stated.
        slice_mm: where the slice lies along the normal of its plane; None where that is not stated.
        corner_mm: the first voxel's centre in the patient's frame (LPS); empty where it is not stated.
        number: of the image in its series; None where it has none.
        slices_stated: how many slices the scanner says that a volume has; None where it does not say.
        maker: the manufacturer in capitals; "" where it is not stated.
        silent_b0: where no b-value is stated, this is how the vendor says 0 beside images that state one.
        syntax: the transfer syntax's UID; "" where it is not stated.
        contradiction: of its statements about b, in words; "" where there is none.
        form: image type, rows, columns and echo time, as texts, which files of one series share.
    """

    path: Path
    instance: str
    group: tuple[str, str]
    b_values: tuple[float | None, ...]
    frames: int
    mosaic: bool
    plane: tuple[float, ...] = ()
    slice_mm: float | None = None
    number: int | None = None
    slices_stated: int | None = None
    maker: str = ""
    silent_b0: bool = False
    syntax: str = ""
    corner_mm: tuple[float, ...] = ()
    contradiction: str = ""
    form: tuple[str, ...] = ()

    @property
    def one_slice(self) -> bool:
        """False for enhanced files and Siemens mosaics, which hold whole volumes."""
        return self.frames == 1 and not self.mosaic


@dataclass(frozen=True)
class DicomSeries:
    """Files of one series that share a kind: "scan" (acquired), "adc", "trace", "map", "picture" (of a screen, or in
    colours) or "derived" (not known).

    What its description says is kept nowhere: it is free text, and may be a name.

    Attributes:
        number: as its headers state it; empty where they do not. Two series of a folder may have one.
        key: short and the same wherever the series lies, drawn from its UID, which it does not tell.
        shared: another series has its number.
        mixed: files of another kind are numbered with them.
        damage: what is wrong with one of its files; empty where all are whole.
        torn: the same for series that may be parts of one, which their headers do not tell; empty for others.
    """

    number: str
    key: str
    study: str
    kind: str
    files: tuple[DicomFile, ...]
    shared: bool = False
    mixed: bool = False
    damage: str = ""
    torn: str = ""

    @property
    def name(self) -> str:
        """What ``--series`` takes: its number, followed by its key where the number alone would not do."""
        return f"{self.number}:{self.key}" if self.shared or not self.number else self.number

    @property
    def label(self) -> str:
        return f"series {self.name}"

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(file.path for file in self.files)

    def is_named(self, name: str) -> bool:
        """Whether a user's word means it: a number, or a number, a colon and the beginning of a key."""
        number, _, key = name.partition(":")
        return number == self.number and self.key.startswith(key.lower())


def one_slice_a_file(series: DicomSeries) -> bool:
    """False for enhanced files and Siemens mosaics, which hold whole volumes."""
    return all(file.one_slice for file in series.files)


def check_complete(series: DicomSeries) -> None:
    """Even steps, every place as often as the others, as many places as the scanner says, and numbers without holes.

    Raises InputError that says what is missing. What cannot be told: a slice at an end of the only volume of a vendor
    that does not say how many there were, and volumes (see ``lost_volumes``).
    """
    if not one_slice_a_file(series):
        return
    _check_planes(series)
    _check_sheared(series)
    places = by_place(series)
    _check_steps(series, places)
    _check_counts(series, places)
    _check_stated(series, len(places))
    _check_numbers(series)


def lost_volumes(series: DicomSeries) -> tuple[str, ...]:
    """A warning where image numbers lack whole volumes; ADC can be fitted without them, if less well.

    A series that somebody has thinned out looks the same, so this is no error.
    """
    numbers = _numbers_of_volumes(series)
    if numbers is None:
        return ()
    gaps = _gaps(numbers)
    places = numbers.shape[1]
    lost = int(gaps.sum()) // places
    if not lost or np.any(gaps % places) or np.any(np.ptp(numbers, axis=1) + 1 != places):
        return ()
    first = int(np.argmax(gaps > 0))
    where = f"the first after image {numbers[first].max()}"
    words = f"DICOM {series.label} may have lost volumes: {lost} times {places} image numbers are missing, {where}."
    return (words,)


def _check_planes(series: DicomSeries) -> None:
    files = series.files
    silent = sum(file.slice_mm is None for file in files)
    if silent:
        raise InputError(
            f"{silent} of the {len(files)} files of DICOM {series.label} do not say where their slice lies. Give the "
            "series as the scanner made it: a de-identifier may have removed the places."
        )
    cosines = np.array(files[0].plane[:6]).reshape(2, 3)
    if np.abs(cosines @ cosines.T - np.eye(2)).max() > _NO_DIRECTIONS:
        words = ", ".join(f"{cosine:g}" for cosine in cosines.ravel())
        raise InputError(
            f"The slices of DICOM {series.label} have no orientation: ImageOrientationPatient is ({words}), where two "
            "perpendicular directions of length 1 are meant. Give the series as the scanner made it."
        )
    if np.ptp([file.plane for file in files], axis=0).max() > SAME_PLANE:
        raise InputError(
            f"The slices of DICOM {series.label} have several orientations or pixel sizes. "
            "Export those of one orientation alone."
        )


def _check_sheared(series: DicomSeries) -> None:
    """A stack that runs off the normal of its slices (a tilted gantry): no affine of an image holds that.

    Judged over the whole stack, so that positions that were rounded to 0.1 mm do not count.
    """
    ordered = sorted(series.files, key=lambda file: file.slice_mm or 0.0)
    first, last = ordered[0], ordered[-1]
    along = float(last.slice_mm or 0.0) - float(first.slice_mm or 0.0)
    apart = np.subtract(last.corner_mm, first.corner_mm)
    aside = float(np.sqrt(max(0.0, float(apart @ apart) - along**2)))
    if aside > max(_ROUNDED_MM, _SHEARED * along):
        degrees = np.degrees(np.arctan2(aside, along))
        raise InputError(
            f"The slices of DICOM {series.label} are sheared: their stack runs {degrees:.0f} degrees off their normal. "
            "Have the scanner's software reformat it to a straight stack."
        )


def by_place(series: DicomSeries) -> list[np.ndarray]:
    """Indices of the files at each place, from below."""
    slices_mm = np.array([file.slice_mm for file in series.files], dtype=float)
    order = np.argsort(slices_mm, kind="stable")
    begins = np.flatnonzero(np.diff(slices_mm[order]) > _SAME_PLACE_MM) + 1
    return np.split(order, begins)


def _check_steps(series: DicomSeries, places: list[np.ndarray]) -> None:
    first_mm = [min(float(series.files[n].slice_mm or 0) for n in place) for place in places]
    steps = np.diff(first_mm)
    if not len(steps) or steps.max() <= _UNEVEN_STEPS * steps.min():
        return
    lost = int(np.rint(steps / np.median(steps) - 1).clip(0).sum())
    count = f"; {lost} of {lost + len(places)} places have no file" if lost else ""
    apart = f"most lie {np.median(steps):.2f} mm apart, some {steps.max():.2f} mm{count}"
    raise InputError(f"DICOM {series.label} lacks slices: {apart}. {_AGAIN}")


def _check_counts(series: DicomSeries, places: list[np.ndarray]) -> None:
    counts = np.array([len(place) for place in places])
    most = int(counts.max())
    short = int((counts < most).sum())
    if short:
        missing = most * len(counts) - int(counts.sum())
        doubled = ", unless one slice was stored twice" if short == len(counts) - 1 > 1 else ""
        raise InputError(
            f"DICOM {series.label} is incomplete: some slices are there {most} times and others {counts.min()} times; "
            f"missing files: {missing}, at {short} of {len(counts)} places{doubled}. {_AGAIN}"
        )


def _check_stated(series: DicomSeries, places: int) -> None:
    """Philips and GE state how many slices a volume has."""
    stated = max((file.slices_stated or 0 for file in series.files), default=0)
    if places < stated:
        missing = (stated - places) * (len(series.files) // places)
        raise InputError(
            f"DICOM {series.label} is incomplete: its files lie at {places} places, and the scanner states {stated}; "
            f"missing files: {missing}. {_AGAIN}"
        )


def _check_numbers(series: DicomSeries) -> None:
    """The same number is missing of every volume: slices were lost at its ends, or every other one."""
    numbers = _numbers_of_volumes(series)
    if numbers is None:
        return
    volumes, places = numbers.shape
    inside, between = np.ptp(numbers, axis=1) + 1 - places, _gaps(numbers)
    lost = int(inside[0] + between.min())
    regular = np.ptp(inside) == 0 and not np.any((between - between.min()) % (places + lost))
    thinned = inside[0] == 0 and between.min() % places == 0  # only whole volumes are missing
    if not regular or thinned or not 0 < lost <= places:
        return
    raise InputError(
        f"DICOM {series.label} is incomplete: by its image numbers each of the {volumes} volumes had {places + lost} "
        f"slices, and {places} are there; missing files: {lost * volumes}. {_AGAIN}"
    )


def _numbers_of_volumes(series: DicomSeries) -> np.ndarray | None:
    """``(volumes, places)`` image numbers; None where they do not run volume by volume, or other images share them."""
    given = [file.number for file in series.files if file.number is not None]
    if series.mixed or not one_slice_a_file(series) or len(set(given)) < len(series.files):
        return None
    places = by_place(series)
    if len({len(place) for place in places}) != 1 or len(places[0]) < 2:
        return None
    numbers = np.sort([[given[n] for n in place] for place in places], axis=1).T
    return numbers if np.all(_gaps(numbers) >= 0) else None


def _gaps(numbers: np.ndarray) -> np.ndarray:
    """How many numbers lie between a volume and the next one; negative where they overlap."""
    gaps: np.ndarray = numbers[1:].min(axis=1) - numbers[:-1].max(axis=1) - 1
    return gaps
