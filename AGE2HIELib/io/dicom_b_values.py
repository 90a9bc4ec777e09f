"""What a DICOM header states about diffusion weighting: the standard's elements, then the vendors'."""

from __future__ import annotations

import re

import pydicom

# Read from every header beside what the reader of series needs.
B_VALUE_KEYWORDS = (
    "DiffusionBValue",
    "MRDiffusionSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "SequenceName",
)
B_VALUE_TAGS = ((0x0019, 0x100C), (0x2001, 0x1003), (0x0043, 0x1039))  # Siemens, Philips, GE
_GE_OFFSET = 1_000_000_000  # GE adds it to b-values (dcm2niix, GE/README.md)


def stated_b_values(header: pydicom.Dataset) -> tuple[float, ...]:
    """The distinct b-values that a header states, in s/mm^2, ascending."""
    groups = [*header.get("SharedFunctionalGroupsSequence", []), *header.get("PerFrameFunctionalGroupsSequence", [])]
    found = {
        float(item.DiffusionBValue)
        for group in groups
        for item in group.get("MRDiffusionSequence", [])
        if item.get("DiffusionBValue") is not None
    }
    if found:
        return tuple(sorted(found))
    standard = header.get("DiffusionBValue")
    for value in (standard, private_number(header, 0x0019, 0x100C), private_number(header, 0x2001, 0x1003)):
        if value is not None:
            return (float(value),)
    ge = private_number(header, 0x0043, 0x1039)
    if ge is not None:
        return (float(ge) % _GE_OFFSET,)
    siemens = re.search(r"_b(\d+)", str(header.get("SequenceName", "")))
    return (float(siemens[1]),) if siemens else ()


def private_number(header: pydicom.Dataset, group: int, element: int) -> float | None:
    """The first number of a vendor's element; unknown representations arrive as bytes."""
    if (group, element) not in header:
        return None
    value = header[group, element].value
    if isinstance(value, bytes):
        text = value.decode("ascii", errors="ignore").strip("\x00 ")
    else:
        text = str(value if isinstance(value, str | int | float) else next(iter(value), ""))
    number = re.match(r"\s*([0-9.]+)", text)
    return float(number[1]) if number else None
