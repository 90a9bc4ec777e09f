"""What DICOM headers say about a folder: its series, and which of them are maps that a scanner derived."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom_b_values import maker, private_number, silence_means_b0, stated_b_values
from AGE2HIELib.io.dicom_elements import BROKEN, said, text, texts, unsigned, whole
from AGE2HIELib.io.dicom_file import SLICE_COUNT_TAGS, NoImage, not_understood, read_file

_INDEX = "DICOMDIR"  # of a hospital's disc: it lists the files and holds no image
_TRIED = 32  # files by which the drive is judged
_READERS = 4  # threads that wait together for the files of a network drive or a disc
_KEY_SIGNS = 6
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and what begins so: pictures of a screen
_PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"  # real numbers in place of pixels
_ADC_TEXT = re.compile(r"(?<![a-z])(adc|apparent diffusion)", re.IGNORECASE)
_EXPONENTIAL_TEXT = re.compile(r"(?<![a-z])(eadc|(?<!mono.)(?<!bi.)exp(onential)?[\W_]+(adc|apparent))", re.IGNORECASE)
_TRACE_TEXT = re.compile(r"(?<![a-z])(trace|isotropic)", re.IGNORECASE)
_VOLUME_WORDS = frozenset(("MOSAIC", "VFRAME"))
_MAP_WORDS = {
    "FA", "COLFA", "TENSOR", "TENSOR_B0", "EADC", "EXP", "EXPONENTIAL", "VR", "RA", "AD", "RD", "PROJECTION IMAGE"
}  # fmt: skip


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
    """

    number: str
    key: str
    study: str
    kind: str
    files: tuple[DicomFile, ...]
    shared: bool = False
    mixed: bool = False
    damage: str = ""

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


@dataclass(frozen=True)
class DicomFolder:
    """``warnings`` tell of files that could not be read, and may be of any series."""

    series: tuple[DicomSeries, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Member:
    """A file of a series; ``file`` is None for a damaged one."""

    group: tuple[str, str]
    number: str
    study: str
    instance: str
    file: DicomFile | None
    damage: str


def find_series(path: Path) -> tuple[DicomSeries, ...]:
    """The MR image series of a folder and its subfolders, or of one file, by series number."""
    return read_folder(path).series


def read_folder(path: Path) -> DicomFolder:
    """The headers of a folder's files, each read once; files that are no MR images do not matter.

    Raises:
        InputError: there is no MR image among them.
    """
    paths = _files(path) if path.is_dir() else [path]
    if not paths:
        raise InputError(f"The folder '{path.name}' is empty. Give the folder that holds the DICOM files.")
    read = _read_all(paths)
    members = [found for found in read if isinstance(found, _Member)]
    others = [found for found in read if isinstance(found, NoImage)]
    if not members:
        raise InputError(_without_images(path.name, others))
    return DicomFolder(_series(members), _unreadable(others))


def kind_of(image_type: list[str], description: str) -> str:
    """ImageType decides; the description only helps where a derived image does not say what it is."""
    words = {word.upper() for word in image_type}
    if words & _MAP_WORDS or ("DERIVED" in words and _EXPONENTIAL_TEXT.search(description)):
        return "map"
    if any(word == "ADC" or word.startswith("ADC_") for word in words):
        return "adc"
    if any(word.startswith("TRACE") or word == "ISOTROPIC" for word in words):
        return "trace"
    if "DERIVED" not in words:
        return "scan"
    if _ADC_TEXT.search(description):
        return "adc"
    return "trace" if _TRACE_TEXT.search(description) else "derived"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.name != _INDEX and path.is_file())


def _read_all(paths: Sequence[Path]) -> list[_Member | NoImage]:
    """Several at a time where the drive is waited for; elsewhere Python's threads only stand in each other's way."""
    began, worked = time.perf_counter(), time.thread_time()
    first = [_understood(path) for path in paths[:_TRIED]]
    worked = time.thread_time() - worked
    waited = time.perf_counter() - began - worked
    with ThreadPoolExecutor(_READERS if waited > worked else 1) as readers:
        return first + list(readers.map(_understood, paths[_TRIED:]))


def _understood(path: Path) -> _Member | NoImage:
    image = read_file(path)
    if isinstance(image, NoImage):
        return image
    header, file, damage = image.header, None, image.damage
    kind = _kind(header)
    if not damage:
        try:
            file = _file(path, header, kind)
        except BROKEN as error:
            damage = not_understood(header, error)
    group = (text(header, "SeriesInstanceUID"), kind)
    instance = text(header, "SOPInstanceUID") or str(path)
    return _Member(group, said(header, "SeriesNumber"), text(header, "StudyInstanceUID"), instance, file, damage)


def _kind(header: pydicom.Dataset) -> str:
    sop_class = text(header, "SOPClassUID")
    if sop_class == _PARAMETRIC_MAP:
        return "map"
    capture = sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}.")
    placed = bool(texts(header, "ImagePositionPatient"))
    if (unsigned(header, "SamplesPerPixel") or 1) > 1 or (capture and not placed):
        return "picture"
    return kind_of(texts(header, "ImageType"), text(header, "SeriesDescription"))


def _file(path: Path, header: pydicom.Dataset, kind: str) -> DicomFile:
    plane, slice_mm = _place(header)
    return DicomFile(
        path=path,
        instance=text(header, "SOPInstanceUID") or str(path),
        group=(text(header, "SeriesInstanceUID"), kind),
        b_values=stated_b_values(header),
        frames=whole(header, "NumberOfFrames") or 1,
        mosaic=not _VOLUME_WORDS.isdisjoint(word.upper() for word in texts(header, "ImageType")),
        plane=plane,
        slice_mm=slice_mm,
        number=whole(header, "InstanceNumber"),
        slices_stated=_slices_stated(header),
        corner_mm=tuple(float(value) for value in header.get("ImagePositionPatient") or ()),
        maker=maker(header),
        silent_b0=silence_means_b0(header),
        syntax=str(header.file_meta.get("TransferSyntaxUID", "")),
    )


def _slices_stated(header: pydicom.Dataset) -> int | None:
    vendor = maker(header)
    tag = next((tag for name, tag in SLICE_COUNT_TAGS.items() if vendor.startswith(name)), None)
    stated = private_number(header, *tag) if tag else None
    return int(stated) if stated else None


def _place(header: pydicom.Dataset) -> tuple[tuple[float, ...], float | None]:
    cosines = [float(value) for value in texts(header, "ImageOrientationPatient")]
    position = [float(value) for value in texts(header, "ImagePositionPatient")]
    spacing_mm = [float(value) for value in texts(header, "PixelSpacing")]
    if len(cosines) != 6 or len(position) != 3 or len(spacing_mm) != 2:
        return (), None
    (a, b, c), (d, e, f) = cosines[:3], cosines[3:]
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    return (*cosines, *spacing_mm), sum(n * p for n, p in zip(normal, position, strict=True))


def _series(members: Sequence[_Member]) -> tuple[DicomSeries, ...]:
    groups: dict[tuple[str, str], list[_Member]] = {}
    for member in members:
        groups.setdefault(member.group, []).append(member)
    kinds = Counter(uid for uid, _ in groups)
    found = [_one_series(group, files, mixed=kinds[group[0]] > 1) for group, files in groups.items()]
    numbers = Counter(series.number for series in found)
    named = [replace(series, shared=numbers[series.number] > 1) for series in found]
    return tuple(sorted(named, key=_order))


def _order(series: DicomSeries) -> tuple[bool, int, str, str]:
    numbered = series.number.isdigit()
    return not numbered, int(series.number) if numbered else 0, series.kind, series.key


def _one_series(group: tuple[str, str], members: Sequence[_Member], *, mixed: bool) -> DicomSeries:
    """A file that is there twice counts once; where one of the two is damaged, the other does.

    Broken de-identifiers give files of different images one UID: those are no copies.
    """
    files: dict[tuple[object, ...], DicomFile] = {}
    for file in (member.file for member in members if member.file is not None):
        files.setdefault((file.instance, file.number, file.slice_mm, file.b_values), file)
    whole = {file.instance for file in files.values()}
    damage = next((member.damage for member in members if member.instance not in whole), "")
    key = hashlib.sha256("|".join(group).encode()).hexdigest()[:_KEY_SIGNS]
    first, kind = members[0], group[1]
    return DicomSeries(first.number, key, first.study, kind, tuple(files.values()), mixed=mixed, damage=damage)


def _unreadable(others: Sequence[NoImage]) -> tuple[str, ...]:
    reasons = Counter(other.unreadable for other in others if other.unreadable)
    if not reasons:
        return ()
    words = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    return (f"Files of the DICOM folder that could not be read were left out ({words}): of which series is not known.",)


def _without_images(name: str, others: Sequence[NoImage]) -> str:
    if unreadable := [other.unreadable for other in others if other.unreadable]:
        return (
            f"'{name}' holds no MR images in DICOM that can be read: {len(unreadable)} of {len(others)} files cannot "
            f"({unreadable[0]}). Ask for the right to read them, or copy the study again."
        )
    kinds = Counter(other.what or "other files" for other in others)
    words = ", ".join(f"{count} {what}" for what, count in sorted(kinds.items()))
    return (
        f"'{name}' holds no MR images in DICOM ({words}). Give the folder of a diffusion series, or name an image file "
        "itself."
    )
