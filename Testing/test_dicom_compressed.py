"""Compressed DICOM: the same voxels as without compression, or one line that says what decodes it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_samples import SLICES, write_enhanced, write_series
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom import dcm2niix as dicom_copies
from AGE2HIELib.io.dicom.series import DicomFile
from AGE2HIELib.io.source import read_source

TWO = [0.0, 1000.0]
SYNTAXES = [RLELossless, JPEGLSLossless, JPEG2000Lossless, DeflatedExplicitVRLittleEndian]


def compress(path: Path, syntax: UID) -> None:
    if syntax == JPEGLSLossless:
        pytest.importorskip("jpeg_ls")
    header = pydicom.dcmread(path)
    if syntax in (RLELossless, JPEGLSLossless):
        header.compress(syntax)
    elif syntax == JPEG2000Lossless:
        pixels = header.pixel_array
        header.PixelData = encapsulate([_jpeg2000(frame) for frame in pixels.reshape(-1, *pixels.shape[-2:])])
        header["PixelData"].is_undefined_length = True
    header.file_meta.TransferSyntaxUID = syntax
    header.save_as(path)


def _jpeg2000(frame: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(frame.astype(np.uint16)).save(stream, format="JPEG2000", no_jp2=True, irreversible=False)
    return stream.getvalue()


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.keyword)
def test_compressed_slices_are_the_same(tmp_path: Path, syntax: UID) -> None:
    folder = write_series(
        tmp_path, TWO, lambda header, volume, k: setattr(header, "DiffusionBValue", TWO[volume]), Manufacturer="SIEMENS"
    )
    plain = read_source(folder).dwi
    for path in filter(Path.is_file, folder.rglob("1.2*")):
        compress(path, syntax)
    found = read_source(folder).dwi
    np.testing.assert_array_equal(found.array, plain.array)
    np.testing.assert_array_equal(found.b_values, TWO)


@pytest.fixture(scope="module")
def plain_enhanced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_enhanced(tmp_path_factory.mktemp("enhanced"), TWO)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.keyword)
def test_compressed_frames_are_the_same(plain_enhanced: Path, tmp_path: Path, syntax: UID) -> None:
    """dcm2niix reads none of them."""
    (tmp_path / "e.dcm").write_bytes((plain_enhanced / "e.dcm").read_bytes())
    compress(tmp_path / "e.dcm", syntax)
    np.testing.assert_array_equal(read_source(tmp_path).dwi.array, read_source(plain_enhanced).dwi.array)


@pytest.mark.parametrize("syntax", [JPEGLSLossless, HTJ2KLossless], ids=lambda syntax: syntax.keyword)
def test_what_nothing_decodes_says_what_would(
    plain_enhanced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: UID
) -> None:
    monkeypatch.setattr(dicom_copies, "_decoded", lambda file: None)
    header = pydicom.dcmread(plain_enhanced / "e.dcm")
    header.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(60)] * (SLICES * 2))
    header["PixelData"].is_undefined_length = True
    header.file_meta.TransferSyntaxUID = syntax
    header.save_as(tmp_path / "e.dcm")
    with pytest.raises(InputError) as caught:
        read_source(tmp_path)
    message = str(caught.value)
    package = {JPEGLSLossless: "pyjpegls", HTJ2KLossless: "pylibjpeg pylibjpeg-openjpeg"}[syntax]
    assert f"It is compressed as {syntax.name}, which 'pip install {package}' decodes" in message
    assert "dcm2niix made no image of DICOM series 5 (1 files" in message
    assert str(tmp_path) not in message
    assert "\n" not in message


def test_what_dcm2niix_reads_is_left_to_it() -> None:
    def needs(syntax: str, frames: int) -> bool:
        return dicom_copies.needs_decoding(DicomFile(Path(), "", ("", ""), (None,), frames, False, syntax=syntax))

    assert not needs(ExplicitVRLittleEndian, 40)
    assert not needs("1.2.840.10008.1.2.4.70", 40)
    assert not needs(JPEG2000Lossless, 1)
    assert needs(JPEG2000Lossless, 40)
    assert needs(HTJ2KLossless, 1)
    assert needs(DeflatedExplicitVRLittleEndian, 1)
    assert not needs("", 1)
    assert not needs("1.2.3.4", 1)  # a private syntax
