"""The b-values that a DICOM header states, and whether those of the converter agree with them.

The standard's elements are read first, then the vendors', as dcm2niix reads them
(https://github.com/rordenlab/dcm2niix, the notes of each vendor's folder); each is read of its own vendor's files only,
because private numbers mean something else elsewhere.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.tag import Tag

from AGE2HIELib.io.dicom.elements import text

# A converter adds the imaging gradients or scales by a direction's length, where headers state the nominal value:
# Siemens 995 or 1005 beside 1000.
SAME_B_RELATIVE = 0.05
SAME_B_S_MM2 = 20.0
B0_LIMIT_S_MM2 = 50.0  # what a volume that the headers are silent about may have
_MOST_IN_WORDS = 8
_Reader = Callable[[pydicom.Dataset], float | None]
# Read from every header beside what the reader of series needs.
B_VALUE_KEYWORDS = (
    "DiffusionBValue",
    "DiffusionDirectionality",
    "MRDiffusionSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "SequenceName",
    "PulseSequenceName",
    "ImageComments",
)
_SIEMENS, _PHILIPS, _GE, _UIH = (0x0019, 0x100C), (0x2001, 0x1003), (0x0043, 0x1039), (0x0065, 0x1009)
_GE_DIRECTION = ((0x0019, 0x10BB), (0x0019, 0x10BC), (0x0019, 0x10BD))
_GE_DIRECTIONS_PLANNED, _GE_IMAGE = (0x0019, 0x10E0), (0x0043, 0x1030)
_GE_UNWEIGHTED, _GE_TENSOR = 14, 16  # of (0043,1030); others are single axes and combined images (dcm2niix)
B_VALUE_TAGS = (_SIEMENS, _PHILIPS, _GE, _UIH, *_GE_DIRECTION, _GE_DIRECTIONS_PLANNED, _GE_IMAGE)
_DIRECTION_TAGS = (
    (0x0018, 0x9089),
    (0x0019, 0x100E),  # Siemens
    *((0x2005, element) for element in (0x10B0, 0x10B1, 0x10B2)),  # Philips
    *_GE_DIRECTION,
    (0x0065, 0x1037),  # UIH
    (0x0020, 0x4000),  # Canon writes b and direction into the comment
)
_BINARY = {
    _PHILIPS: "<f",
    _UIH: "<d",
    _GE_IMAGE: "<h",
}  # bytes of these where the file does not state the representation
_GE_OFFSET = 1_000_000_000  # GE adds it to b-values (dcm2niix, GE/README.md)
_GE_SCALED = (0.03, 0.97)  # lengths of GE's direction by whose square b is scaled (dcm2niix, geCorrectBvecs)
# ep_b0, ep_b1000#1, *ep_b1000t; the map ep_b0_1000 was made of two
_SEQUENCE_NAME = re.compile(r"_b(\d+)(?![\d_])")
_CANON_COMMENT = re.compile(r"\bb=(\d+(?:\.\d+)?)", re.IGNORECASE)
# These leave (0018,9087) out of images without weighting (dcm2niix, GE/README.md and Canon/README.md).
_SILENT_AT_B0 = ("GE", "CANON", "TOSHIBA")


def same_b(one: float, other: float) -> bool:
    """Whether two statements about one volume mean one b-value: a nominal 0 and what it is in truth do."""
    high = max(one, other)
    return high <= B0_LIMIT_S_MM2 or abs(one - other) <= max(SAME_B_S_MM2, SAME_B_RELATIVE * high)


def unmatched_b_values(
    converted: np.ndarray, stated: Mapping[float | None, int]
) -> tuple[list[float], list[float | None]]:
    """What remains when every converted volume has taken a stated one.

    Args:
        converted: ``(N,)`` b-values of volumes, s/mm^2.
        stated: volumes by the b-value that the headers state; None counts those they are silent about.

    Returns:
        Converted volumes that no statement fits, and stated ones that were not converted. A silent volume fits a
        converted b0 where the headers state no other b0.
    """
    left = sorted(b for b, count in stated.items() if b is not None for _ in range(count))
    silent = stated.get(None, 0)
    fits_silence = not left or left[0] > B0_LIMIT_S_MM2
    without: list[float] = []
    for b in sorted(float(value) for value in converted):
        near = max(SAME_B_S_MM2, SAME_B_RELATIVE * b)
        partner = next((other for other in left if abs(other - b) <= near), None)
        if partner is not None:
            left.remove(partner)
        elif silent and fits_silence and b <= B0_LIMIT_S_MM2:
            silent -= 1
        else:
            without.append(b)
    return without, [*left, *[None] * silent]


def b_values_in_words(counts: Mapping[float | None, int]) -> str:
    """``0 (1 volume), 1000 (12 volumes), none (2 volumes)``."""
    ordered = sorted(counts.items(), key=lambda item: (item[0] is None, item[0] or 0.0))
    words = [
        f"{'none' if b is None else f'{b:g}'} ({count} volume{'' if count == 1 else 's'})"
        for b, count in ordered[:_MOST_IN_WORDS]
    ]
    more = len(ordered) - _MOST_IN_WORDS
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def b_statements(header: pydicom.Dataset) -> tuple[tuple[float | None, ...], str]:
    """What a header states about b, in s/mm^2, and two of its statements that cannot both be true.

    Returns:
        One b-value of each frame where frames differ, else one of the file; None where none is stated.
        ``500 in (0018,9087) and 1000 in SequenceName``, or "" where nothing is contradicted.
    """
    shared = next((b for b in _of_groups(header, "SharedFunctionalGroupsSequence") if b is not None), None)
    frames = _of_groups(header, "PerFrameFunctionalGroupsSequence")
    if any(b is not None for b in frames):
        stated = tuple(frames) if len(set(frames)) > 1 else (frames[0],)
    else:
        stated = (_of_file(header) if shared is None else shared,)
    return stated, _contradiction(header, shared, frames)


def silence_means_b0(header: pydicom.Dataset) -> bool:
    """Of a file that states no b-value: its vendor leaves 0 out, and it states no direction either."""
    return maker(header).startswith(_SILENT_AT_B0) and not np.any(_ge_direction(header))


def maker(header: pydicom.Dataset) -> str:
    """The manufacturer in capitals, "" where the header has none."""
    return text(header, "Manufacturer").upper()


def echo_and_direction(path: Path) -> tuple[str, tuple[str, ...]]:
    """Echo time and a key that files of one diffusion direction share, of the whole file or its first frame.

    What the key's numbers mean is left to the converter.
    """
    tags = [Tag("EchoTime"), *map(Tag, _DIRECTION_TAGS)]
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=tags)
    key = tuple(str(header[tag].value) if tag in header else "" for tag in _DIRECTION_TAGS)
    return str(header.get("EchoTime")), key


def echo_time_ms(path: Path) -> float | None:
    """Of a classic file; None where it states none."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=["EchoTime"])
    try:
        return float(header["EchoTime"].value)
    except (KeyError, TypeError, ValueError):
        return None


def private_number(header: pydicom.Dataset, group: int, element: int) -> float | None:
    """The first number of a vendor's element; unknown representations arrive as bytes."""
    if (group, element) not in header:
        return None
    value = header[group, element].value
    if isinstance(value, bytes):
        binary = _BINARY.get((group, element))
        if binary and len(value) == struct.calcsize(binary):
            return float(struct.unpack(binary, value)[0])
        value = value.decode("ascii", errors="ignore").strip("\x00 ")
    elif not isinstance(value, str | int | float):
        value = next(iter(value or ()), "")
    number = re.match(r"\s*([0-9.]+(?:e[+-]?\d+)?)", str(value), re.IGNORECASE)
    return float(number[1]) if number else None


def _contradiction(header: pydicom.Dataset, shared: float | None, frames: Sequence[float | None]) -> str:
    """Of GE a b0 may state the weighted images' b in one of two places (see ``_of_ge``)."""
    vendor = maker(header)
    stated = [("(0018,9087)", _finite(header)), ("its shared groups", shared)]
    if not frames:
        stated += [(name, read(header)) for name, read in _sources(vendor) if vendor or not name.startswith("(")]
    elif shared is not None or len(set(frames)) == 1:
        stated += [("its frames", b) for b in frames]
    known = [(b, name) for name, b in stated if b is not None]
    if len(known) < 2:
        return ""
    (low, where), (high, elsewhere) = min(known), max(known)
    if same_b(low, high) or (vendor.startswith("GE") and low <= B0_LIMIT_S_MM2 and where == "(0018,9087)"):
        return ""
    return f"{low:g} in {where} and {high:g} in {elsewhere}"


def _of_groups(header: pydicom.Dataset, keyword: str) -> list[float | None]:
    return [_of_sequence(group) for group in header.get(keyword) or ()]


def _of_sequence(group: pydicom.Dataset) -> float | None:
    items = group.get("MRDiffusionSequence") or ()
    return next((b for b in (_of_standard(item) for item in items) if b is not None), None)


def _of_standard(item: pydicom.Dataset) -> float | None:
    stated = _finite(item)
    if stated is not None:
        return stated
    return 0.0 if item.get("DiffusionDirectionality") == "NONE" else None


def _finite(item: pydicom.Dataset) -> float | None:
    """The standard's b-value; one that is not a number states nothing."""
    value = item.get("DiffusionBValue")
    return float(value) if value is not None and np.isfinite(float(value)) else None


def _of_file(header: pydicom.Dataset) -> float | None:
    vendor = maker(header)
    if vendor.startswith("GE"):
        return _of_ge(header)
    nominal = _finite(header)
    if nominal is not None:
        return nominal
    stated = next((b for b in (read(header) for _name, read in _sources(vendor)) if b is not None), None)
    return _of_standard(header) if stated is None else stated


def _sources(vendor: str) -> list[tuple[str, _Reader]]:
    """Where a vendor states b beside the standard's element; of all but GE where the vendor is not known."""
    meant = [name for name in _SOURCES if (vendor.startswith(name) if vendor else name != "GE")]
    return [source for name in meant for source in _SOURCES[name]]


def _of_ge(header: pydicom.Dataset) -> float | None:
    """GE states the largest b of the series and scales it by the direction's length squared.

    Older software states it of the b0 of a series with directions as well, whose direction is zero.
    """
    standard = _of_standard(header)
    nominal = _of_ge_private(header) if standard is None else standard
    direction = _ge_direction(header)
    if nominal is None or direction is None:
        return nominal
    length = float(np.linalg.norm(direction))
    if length == 0:
        image = private_number(header, *_GE_IMAGE) or _GE_TENSOR
        tensor = image in (_GE_UNWEIGHTED, _GE_TENSOR) and private_number(header, *_GE_DIRECTIONS_PLANNED)
        return 0.0 if tensor else nominal
    return nominal * length**2 if _GE_SCALED[0] < length < _GE_SCALED[1] else nominal


def _ge_direction(header: pydicom.Dataset) -> list[float] | None:
    values = [header[tag].value for tag in _GE_DIRECTION if tag in header]
    return [float(value) for value in values] if len(values) == 3 and all(str(value) for value in values) else None


def _of_name(header: pydicom.Dataset, keyword: str) -> float | None:
    name = _SEQUENCE_NAME.search(str(header.get(keyword) or ""))
    return float(name[1]) if name else None


def _of_ge_private(header: pydicom.Dataset) -> float | None:
    private = private_number(header, *_GE)
    return None if private is None else private % _GE_OFFSET


def _of_canon_comment(header: pydicom.Dataset) -> float | None:
    comment = _CANON_COMMENT.search(str(header.get("ImageComments") or ""))
    return float(comment[1]) if comment else None


_SOURCES: dict[str, tuple[tuple[str, _Reader], ...]] = {
    "SIEMENS": (
        ("(0019,100C)", lambda header: private_number(header, *_SIEMENS)),
        ("SequenceName", lambda header: _of_name(header, "SequenceName")),
        ("PulseSequenceName", lambda header: _of_name(header, "PulseSequenceName")),
    ),
    "PHILIPS": (("(2001,1003)", lambda header: private_number(header, *_PHILIPS)),),
    "UIH": (("(0065,1009)", lambda header: private_number(header, *_UIH)),),
    "GE": (("(0043,1039)", _of_ge_private),),
    "CANON": (("ImageComments", _of_canon_comment),),
    "TOSHIBA": (("ImageComments", _of_canon_comment),),
}
