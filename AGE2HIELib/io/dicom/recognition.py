"""Whether a file is DICOM: asked of every input, so without pydicom, which only DICOM itself needs."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_PREAMBLE_BYTES = 128
# Without the preamble a file begins with group 2 or 8, little endian (GE and old archives).
_BARE_STARTS = (b"\x02\x00", b"\x08\x00")


def is_dicom(path: Path) -> bool:
    """By content, never by name."""
    with path.open("rb") as file:
        return begins_as_dicom(file)


def begins_as_dicom(file: BinaryIO) -> bool:
    """Reads the first bytes of an open file."""
    start = file.read(_PREAMBLE_BYTES + 4)
    return start[_PREAMBLE_BYTES:] == b"DICM" or (start[:2] in _BARE_STARTS and start[4:6].isalpha())
