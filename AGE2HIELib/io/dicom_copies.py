"""Copies for dcm2niix: of files whose compression it cannot read, and of the frames of one volume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_partial
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from AGE2HIELib.io.dicom_elements import BROKEN
from AGE2HIELib.io.dicom_series import DicomFile

_SERIES, _ONE_UID = Tag("SeriesInstanceUID"), b"1.2.3"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_JPEG = "1.2.840.10008.1.2.4."
# dcm2niix 1.0.20260724 reads JPEG (baseline and lossless) of every file, and of files with one frame these as well:
_READ_OF_FRAMES = {_JPEG + end for end in ("50", "51", "57", "70")}
_READ_OF_ONE = {*_READ_OF_FRAMES, "1.2.840.10008.1.2.5", *(_JPEG + end for end in ("80", "81", "90", "91"))}
# what pydicom needs for a syntax beside what this program requires anyway (none of them GPL)
_PACKAGES = {
    "80": "pyjpegls",
    "81": "pyjpegls",
    **dict.fromkeys(("90", "91", "201", "202", "203"), "pylibjpeg pylibjpeg-openjpeg"),
}


def needs_decoding(file: DicomFile) -> bool:
    """Whether dcm2niix cannot read the file as it is."""
    syntax = UID(file.syntax)
    if not syntax or syntax.is_private or not syntax.is_transfer_syntax:
        return False
    if syntax == _DEFLATED:
        return True
    return syntax.is_compressed and syntax not in (_READ_OF_FRAMES if file.frames > 1 else _READ_OF_ONE)


def decode(file: DicomFile, target: Path) -> bool:
    """Write the file without compression; False where no installed decoder can."""
    dataset = _decoded(file)
    if dataset is None:
        return False
    dataset.save_as(target)
    return True


def write_frames(file: DicomFile, frames: Sequence[int], target: Path) -> bool:
    """Write these frames, counted from 0, without compression; False where no installed decoder can."""
    dataset = _decoded(file)
    if dataset is None:
        return False
    size = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated) // 8
    groups, pixels = dataset.PerFrameFunctionalGroupsSequence, dataset.PixelData
    dataset.PerFrameFunctionalGroupsSequence = [groups[number] for number in frames]
    dataset.PixelData = b"".join(pixels[number * size : (number + 1) * size] for number in frames)
    dataset.NumberOfFrames = len(frames)
    dataset.save_as(target)
    return True


def write_as_part(source: Path, target: Path) -> bool:
    """Write a file with one SeriesInstanceUID for all, by which dcm2niix sorts; False where that cannot be done.

    Only the bytes of its value change: pydicom takes 25 ms to write a file anew. ``source`` may be ``target``.
    """
    try:
        with source.open("rb") as file:
            header = read_partial(file, lambda tag, _vr, _length: int(tag) > int(_SERIES), force=True)
        element, content = header.get_item(_SERIES), bytearray(source.read_bytes())
    except BROKEN:
        return False
    if not isinstance(element, RawDataElement) or element.value is None or element.length < len(_ONE_UID):
        return False
    place = slice(element.value_tell, element.value_tell + element.length)
    if content[place] != element.value:
        return False
    content[place] = _ONE_UID.ljust(element.length, b"\0")
    target.write_bytes(content)
    return True


def _decoded(file: DicomFile) -> pydicom.Dataset | None:
    try:
        dataset = pydicom.dcmread(file.path)
        if file.syntax == _DEFLATED:
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian  # pydicom has inflated it
        elif UID(file.syntax).is_compressed:
            dataset.decompress()
    except Exception:  # a damaged stream fails in every way that a decoder knows
        return None
    return dataset


def decoder_of(file: DicomFile) -> str:
    """``JPEG-LS Lossless Image Compression, which 'pip install pyjpegls' decodes``, for a message."""
    syntax = UID(file.syntax)
    name = syntax.name if syntax.is_transfer_syntax else "an unknown compression"
    package = _PACKAGES.get(file.syntax.removeprefix(_JPEG))
    return f"{name}, which 'pip install {package}' decodes" if package else name
