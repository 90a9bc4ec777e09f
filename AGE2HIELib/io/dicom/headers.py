"""What DICOM headers say about a folder: its files, and which of them are maps that a scanner derived."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pydicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.b_values import b_statements, maker, private_number, silence_means_b0
from AGE2HIELib.io.dicom.elements import BROKEN, number_text, text, texts, unsigned_number, whole_number
from AGE2HIELib.io.dicom.file import SLICE_COUNT_TAGS, NoImage, damage_words, read_file
from AGE2HIELib.io.dicom.groups import Member, series_of
from AGE2HIELib.io.dicom.series import DicomFile, DicomSeries

_INDEX = "DICOMDIR"  # of a hospital's disc: it lists the files and holds no image
_TRIED = 32  # files by which the drive is judged
_READERS = 4  # threads that wait together for the files of a network drive or a disc
_FORM = ("ImageType", "EchoTime", "Rows", "Columns")
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
class DicomFolder:
    """``warnings`` tell of files that could not be read, and may be of any series."""

    series: tuple[DicomSeries, ...]
    warnings: tuple[str, ...]


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
    members = [entry for entry in read if isinstance(entry, Member)]
    others = [entry for entry in read if isinstance(entry, NoImage)]
    if not members:
        raise InputError(_without_images(path.name, others))
    return DicomFolder(series_of(members), _unreadable(others))


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


def _read_all(paths: Sequence[Path]) -> list[Member | NoImage]:
    """Several at a time where the drive is waited for; elsewhere Python's threads only stand in each other's way."""
    began, worked = time.perf_counter(), time.thread_time()
    first = [_understood(path) for path in paths[:_TRIED]]
    worked = time.thread_time() - worked
    waited = time.perf_counter() - began - worked
    with ThreadPoolExecutor(_READERS if waited > worked else 1) as readers:
        return first + list(readers.map(_understood, paths[_TRIED:]))


def _understood(path: Path) -> Member | NoImage:
    image = read_file(path)
    if isinstance(image, NoImage):
        return image
    header, file, damage = image.header, None, image.damage
    kind = _kind(header)
    if not damage:
        try:
            file = _file(path, header, kind)
        except BROKEN as error:
            damage = damage_words(header, error)
    group = (text(header, "SeriesInstanceUID"), kind)
    instance = text(header, "SOPInstanceUID") or str(path)
    return Member(group, number_text(header, "SeriesNumber"), text(header, "StudyInstanceUID"), instance, file, damage)


def _kind(header: pydicom.Dataset) -> str:
    sop_class = text(header, "SOPClassUID")
    if sop_class == _PARAMETRIC_MAP:
        return "map"
    capture = sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}.")
    placed = bool(texts(header, "ImagePositionPatient"))
    if (unsigned_number(header, "SamplesPerPixel") or 1) > 1 or (capture and not placed):
        return "picture"
    return kind_of(texts(header, "ImageType"), text(header, "SeriesDescription"))


def _file(path: Path, header: pydicom.Dataset, kind: str) -> DicomFile:
    plane, slice_mm = _place(header)
    b_values, contradiction = b_statements(header)
    return DicomFile(
        path=path,
        instance=text(header, "SOPInstanceUID") or str(path),
        group=(text(header, "SeriesInstanceUID"), kind),
        b_values=b_values,
        frames=whole_number(header, "NumberOfFrames") or 1,
        mosaic=not _VOLUME_WORDS.isdisjoint(word.upper() for word in texts(header, "ImageType")),
        plane=plane,
        slice_mm=slice_mm,
        number=whole_number(header, "InstanceNumber"),
        slices_stated=_slices_stated(header),
        corner_mm=tuple(float(value) for value in header.get("ImagePositionPatient") or ()),
        maker=maker(header),
        silent_b0=silence_means_b0(header),
        contradiction=contradiction,
        form=tuple("|".join(texts(header, keyword)) for keyword in _FORM),
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
