"""Whose study it is: what the scan's headers say of patient and study, as far as it is valid DICOM.

Scanners, archives and de-identifiers write dates with hyphens, sexes in words, character sets that no standard knows.
A result must not be lost for that: such a value is written empty where the standard wants the element (type 2), or
left out, and a warning names the element, never its value. UIDs stay as they are, since the study is found by them.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from highdicom import PatientSexValues, SpecificCharacterSetValues
from pydicom import DataElement, Dataset
from pydicom.charset import python_encoding
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.tag import BaseTag
from pydicom.valuerep import DA, TM, PersonName

from AGE2HIELib.errors import InputError
from AGE2HIELib.report.hospital.planes import GEOMETRY, SourceImage, read_source_images

# Type 2 of the patient and study modules (DICOM PS3.3): they may be empty, and a de-identified study may lack them.
MAY_BE_EMPTY = (
    "AccessionNumber",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyTime",
)
_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_LONGEST_UID = 64
_META, _PATIENT, _TRIAL, _PIXELS = 0x0002, 0x0010, 0x0012, 0x7FE0  # groups
_LINES = ("LT", "ST", "UT")  # texts that may have several lines
_GB2312 = "\x1b$)A"  # pydicom decodes what this escape begins, and leaves it standing
_UTF8 = "ISO_IR 192"
_ASCII = ("", "ISO_IR 6", "ISO 2022 IR 6")
_SPELT = ((r"^ISO[^_]IR", "ISO_IR"), (r"^ISO.2022.IR.", "ISO 2022 IR "))
_EXTENSION = "ISO 2022 "  # begins the names of sets that others may follow
_NO_FIRST = ("ISO 2022 IR 87", "ISO 2022 IR 159", "ISO 2022 IR 58")  # of several bytes: not the first of several


@dataclass(frozen=True)
class Identity:
    """Attributes:
    headers: one a file, with its UIDs; the first of each series with all that is valid in it, patient and study
        included, in a character set that holds it.
    images: of the same files, each or each of its frames, with its place.
    warnings: what had to be left empty or out, by name.
    """

    headers: tuple[Dataset, ...]
    images: tuple[SourceImage, ...]
    warnings: tuple[str, ...]


def read_identity(files: Sequence[Path]) -> Identity:
    """Files without preamble are read too, as the scan was. What they are called, and in which order they are given,
    changes nothing: headers are in the order of series, image numbers and UIDs.

    Raises:
        InputError: no file says which study and series it belongs to, or they are of several studies or patients.
    """
    headers: list[Dataset] = []
    told: list[str] = []
    series: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom: they quote values
        found = sorted(_files(files), key=lambda one: (one[1][0].series, one[1][0].number, one[1][0].sop_instance))
        for path, _, uids in found:
            if uids.SeriesInstanceUID not in series:
                series.add(uids.SeriesInstanceUID)
                uids, notes = valid_header(pydicom.dcmread(path, stop_before_pixels=True, force=True), uids)
                told += notes if not headers else ()
            headers.append(uids)
    if not headers:
        raise InputError("The scan's files do not say which study they belong to. Leave --dicom out.")
    _refuse_strangers(headers)
    return Identity(tuple(headers), tuple(image for _, images, _ in found for image in images), tuple(told))


def _files(files: Sequence[Path]) -> Iterator[tuple[Path, list[SourceImage], Dataset]]:
    """Those that say which study and series they belong to, their images, and their UIDs."""
    for path in files:
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=[*_UIDS, *GEOMETRY])
        uids = _uids(header)
        if uids is not None:
            yield path, read_source_images(header), uids


def _refuse_strangers(headers: Sequence[Dataset]) -> None:
    """The objects are one patient's, in one study."""
    for keyword, what in (("StudyInstanceUID", "studies"), ("PatientID", "patients")):
        if len({str(header.get(keyword)) for header in headers if header.get(keyword)}) > 1:
            raise InputError(
                f"The scan's files are of several {what} ({keyword} differs), and DICOM objects belong to one. Put "
                "each study into a folder of its own, or leave --dicom out."
            )


def valid_header(header: Dataset, uids: Dataset) -> tuple[Dataset, list[str]]:
    """``header`` without what is not valid in it, and warnings that name what of patient and study that is.

    Args:
        uids: what ``_UIDS`` names of the same file, which is taken as it is.
    """
    beyond = [name for name in _stated(header) if name not in _ASCII]
    known = bool(beyond) and all(map(_is_known, beyond))
    found, empty, left = Dataset(), [], []
    for tag in sorted(header.keys()):
        keyword = keyword_for_tag(tag)
        if not keyword or tag.group in (_META, _PIXELS):  # private elements have none
            continue
        kept = _valid(header, tag, known)
        if kept is not None and kept.VR == "SQ" and not kept.value:
            continue  # says nothing, and is not valid where it is optional
        if kept is not None:
            found.add(kept)
        elif keyword in MAY_BE_EMPTY:
            empty.append(keyword)
        elif tag.group in (_PATIENT, _TRIAL) or keyword == "StudyDescription":
            left.append(keyword)
    found.update(uids)
    for keyword in MAY_BE_EMPTY:
        if keyword not in found:
            setattr(found, keyword, None)
    _set_letters(found, header)
    return found, [*_named("are written empty", empty), *_named("are left out", left)]


def _named(how: str, keywords: Sequence[str]) -> Iterator[str]:
    if keywords:
        yield f"DICOM objects: what the scan's headers hold is not valid, so these {how}: {', '.join(keywords)}."


def _uids(header: Dataset) -> Dataset | None:
    """The four, None where one is missing or no UID can look like it."""
    found = Dataset()
    for keyword in _UIDS:
        value = str(header.get(keyword) or "")
        if not value or len(value) > _LONGEST_UID or not set(value) <= set("0123456789."):
            return None
        setattr(found, keyword, value)
    return found


def _valid(header: Dataset, tag: BaseTag, known: bool) -> DataElement | None:
    """The element again by the dictionary's rules, None where it breaks one or cannot be read; ``known``: whether
    letters beyond ASCII can be told.
    """
    try:
        element, kind = header[tag], dictionary_VR(tag)
        if " or " in kind:
            kind = element.VR
        if kind == "SQ":
            return _valid_sequence(element, known)
        value = _plain(element.value)
        values = value if isinstance(value, list) else [value]
        if len(values) > 1 and dictionary_VM(tag) == "1":
            return None
        if not all(_right(one, kind, known) for one in values):
            return None
        if element.keyword == "PatientSex" and value:
            PatientSexValues(value)
        return DataElement(tag, kind, value, validation_mode=RAISE)
    except Exception:  # pydicom and its validators raise what the damage happens to lead to
        return None


def _valid_sequence(element: DataElement, known: bool) -> DataElement | None:
    items = []
    for item in element.value:
        kept = Dataset()
        for tag in sorted(item.keys()):
            made = _valid(item, tag, known)
            if made is None:
                return None
            kept.add(made)
        items.append(kept)
    return DataElement(element.tag, "SQ", items)


def _plain(value: Any) -> Any:
    if isinstance(value, pydicom.multival.MultiValue):
        return [_plain(one) for one in value]
    return str(value).replace(_GB2312, "") if isinstance(value, PersonName | str) else value


def _right(value: Any, kind: str, known: bool) -> bool:
    """What pydicom's own validators do not ask."""
    if not isinstance(value, str):
        return value is None or not isinstance(value, bytes) or kind.startswith("O")
    if value and kind in ("DA", "TM"):
        {"DA": DA, "TM": TM}[kind](value)  # raises for the 13th month
    allowed = "\r\n\t\f" if kind in _LINES else ""
    if any(unicodedata.category(sign) == "Cc" and sign not in allowed for sign in value):
        return False
    return value.isascii() or (known and "\N{REPLACEMENT CHARACTER}" not in value)


def _stated(header: Dataset) -> list[str]:
    """The names of the header's character sets, as they are spelt."""
    try:
        value = _plain(header.get("SpecificCharacterSet"))
    except Exception:  # as in _elements
        return ["unreadable"]
    return [str(one or "") for one in (value if isinstance(value, list) else [value])]


def _is_known(name: str) -> bool:
    """Whether letters beyond ASCII are those that pydicom reads: it knows ISO-IR 100, latin1 and UTF8 for what they
    mean, but takes anything that it cannot make out, or nothing at all, for Latin.
    """
    for wrong, right in _SPELT:
        name = re.sub(wrong, right, name)
    if name in python_encoding:
        return True
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _set_letters(found: Dataset, header: Dataset) -> None:
    """The scan's own character set where it is one, highdicom takes it and it holds all that is written; else none for
    ASCII alone, and UTF-8.
    """
    stated = _stated(header)
    if len(stated) > 1:
        stated = [stated[0] or "ISO 2022 IR 6", *stated[1:]]
    if _taken(stated):
        found.SpecificCharacterSet = stated if len(stated) > 1 else stated[0]
        if _comes_back(found):
            return
    found.SpecificCharacterSet = _UTF8
    if all(text.isascii() for text in _texts(found)):
        del found.SpecificCharacterSet


def _taken(stated: Sequence[str]) -> bool:
    names = {one.value for one in SpecificCharacterSetValues}
    if len(stated) == 1:
        return stated[0] in names and not stated[0].startswith(_EXTENSION)
    return stated[0] not in _NO_FIRST and all(one in names and one.startswith(_EXTENSION) for one in stated)


def _comes_back(header: Dataset) -> bool:
    """Whether what is written in the header's character set is read as it was."""
    file = BytesIO()
    try:  # a copy, since names keep the bytes that they were once written as
        pydicom.dcmwrite(file, deepcopy(header), implicit_vr=False, little_endian=True)
        file.seek(0)
        again = pydicom.dcmread(file, force=True)
        return list(_texts(again)) == list(_texts(header))
    except (LookupError, UnicodeError, ValueError):
        return False


def _texts(header: Dataset) -> Iterator[str]:
    for element in header.iterall():
        value = _plain(element.value)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one:
                yield one
