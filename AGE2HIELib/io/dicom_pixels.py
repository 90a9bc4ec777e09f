"""Whether all pixels of a DICOM file are there, whatever a converter makes of a truncated one."""

from __future__ import annotations

import os
from typing import BinaryIO

import pydicom
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from AGE2HIELib.io.dicom_elements import image_of, unsigned, whole

_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_ITEM, _END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED_LENGTH = 0xFFFFFFFF
_AGAIN = "Copy or export the series again."


def ends_with_pixels(file: BinaryIO, header: pydicom.Dataset) -> bool:
    """True where plain pixels are the last element, as in most files, and all there. Others may be whole as well."""
    if header.file_meta.get("TransferSyntaxUID") not in _PLAIN:
        return False
    implicit = header.original_encoding[0]
    count = _plain_bytes(header)
    start = _size(file) - count - count % 2 - (8 if implicit else 12)
    if count <= 0 or start < 0:
        return False
    file.seek(start)
    return file.read(4) == _PIXEL_DATA


def lost_pixels(file: BinaryIO, header: pydicom.Dataset) -> str:
    """What is missing, with ``file`` in front of its pixels; empty where nothing is, or where that cannot be told."""
    size, pixels_at = _size(file), file.tell()
    if pixels_at >= size:
        return (
            f"A DICOM file is truncated: {image_of(header)} ends in front of its pixels, after {size} bytes. {_AGAIN}"
        )
    implicit, little_endian = header.original_encoding
    head = file.read(8 if implicit else 12)
    if (unsigned(header, "SamplesPerPixel") or 1) > 1:  # colours may be stored at half their size, and are never read
        return ""
    length = int.from_bytes(head[-4:], "little" if little_endian else "big")
    if length == _UNDEFINED_LENGTH:
        cut = not _fragments_whole(file, size)
        ends = f"{image_of(header)} ends inside its compressed pixels, after {size} bytes"
        return f"A DICOM file is truncated: {ends}. {_AGAIN}" if cut else ""
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is not None and (syntax.is_private or syntax.is_compressed):
        return ""
    needed = pixels_at + len(head) + _plain_bytes(header)
    if size >= needed:
        return ""
    takes = f"has {size} bytes, where its header and pixels take {needed}"
    return f"A DICOM file is truncated: {image_of(header)} {takes}. {_AGAIN}"


def _fragments_whole(file: BinaryIO, size: int) -> bool:
    """``file`` stands before the first item; some writers leave out the mark behind the last one."""
    at = file.tell()
    while at < size:
        file.seek(at)
        item = file.read(8)
        if item[:4] != _ITEM:
            return item[:4] == _END_OF_ITEMS
        at += 8 + int.from_bytes(item[4:], "little")
    return at == size


def _plain_bytes(header: pydicom.Dataset) -> int:
    bits = (unsigned(header, "BitsAllocated") or 16) * (unsigned(header, "SamplesPerPixel") or 1)
    pixels = (unsigned(header, "Rows") or 0) * (unsigned(header, "Columns") or 0)
    return pixels * (whole(header, "NumberOfFrames") or 1) * bits // 8


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
