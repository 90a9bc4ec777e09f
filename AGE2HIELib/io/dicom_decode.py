"""Compressed DICOM files that dcm2niix cannot read, decoded with pydicom into a private folder."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.uid import UID, ExplicitVRLittleEndian

from AGE2HIELib.io.dicom_headers import DicomFile

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
    try:
        dataset = pydicom.dcmread(file.path)
        if file.syntax == _DEFLATED:
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian  # pydicom has inflated it
        else:
            dataset.decompress()
        dataset.save_as(target)
    except Exception:  # a damaged stream fails in every way that a decoder knows
        target.unlink(missing_ok=True)
        return False
    return True


def decoder_of(file: DicomFile) -> str:
    """``JPEG-LS Lossless Image Compression, which 'pip install pyjpegls' decodes``, for a message."""
    syntax = UID(file.syntax)
    name = syntax.name if syntax.is_transfer_syntax else "an unknown compression"
    package = _PACKAGES.get(file.syntax.removeprefix(_JPEG))
    return f"{name}, which 'pip install {package}' decodes" if package else name
