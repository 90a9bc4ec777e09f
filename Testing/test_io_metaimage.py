"""MetaImage files: read as ITK reads them, and refused where they cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from calling import assert_refused_in_one_line, run
from io_samples import adc_volume

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import from_sitk
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.source import read_source


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]
)
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
def test_metaimages_are_read_as_itk_reads_them(tmp_path: Path, dtype: str, packed: bool, name: str) -> None:
    array = np.random.default_rng(2).integers(0, 120, (5, 7, 6)).astype(dtype)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.25, 1.5, 4.0))
    image.SetOrigin((-31.7, 12.25, -7.6))
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.3, -0.2, 0.4)  # radians
    image.SetDirection(turn.GetMatrix())
    sitk.WriteImage(image, str(tmp_path / name), useCompression=packed)
    expected = from_sitk(image)
    found = read_volume(tmp_path / name)
    np.testing.assert_array_equal(found.array, expected.array)
    np.testing.assert_allclose(found.affine_ras, expected.affine_ras, atol=1e-6)


def test_metaimages_may_be_big_endian_have_a_preface_or_hold_text(tmp_path: Path) -> None:
    values = np.arange(60, dtype=">i2").reshape((3, 4, 5), order="F")
    head = b"ObjectType = Image\nNDims = 3\nDimSize = 3 4 5\nElementType = MET_SHORT\nElementSpacing = 2 2 3\n"
    (tmp_path / "big.mha").write_bytes(
        head + b"BinaryDataByteOrderMSB = True\nElementDataFile = LOCAL\n" + values.tobytes(order="F")
    )
    (tmp_path / "preface.raw").write_bytes(b"x" * 77 + values.astype("<i2").tobytes(order="F"))
    (tmp_path / "preface.mhd").write_bytes(head + b"HeaderSize = -1\nElementDataFile = preface.raw\n")
    text = " ".join(str(value) for value in values.ravel(order="F")).encode()
    (tmp_path / "text.mha").write_bytes(head + b"BinaryData = False\nElementDataFile = LOCAL\n" + text)
    for name in ("big.mha", "preface.mhd", "text.mha"):
        found = read_volume(tmp_path / name)
        np.testing.assert_array_equal(found.array, values, err_msg=name)
        np.testing.assert_array_equal(found.grid.spacing_mm, [2, 2, 3])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"DimSize", b"Dimensions", "states no DimSize"),
        (b"MET_FLOAT", b"MET_COMPLEX", "its type is 'MET_COMPLEX'"),
        (b"NDims = 3", b"NDims = 4", "3 sizes for 4 axes"),
        (b"CompressedData = True", b"CompressedData = maybe", "CompressedData is another word"),
        (b"ElementDataFile = LOCAL", b"ElementDataFile = LIST", "spread over several files"),
        (b"Offset = ", b"Offset = 1 ", "Offset holds 4 numbers where 3"),
    ],
)
def test_a_metaimage_header_that_cannot_be(tmp_path: Path, old: bytes, new: bytes, words: str) -> None:
    write_volume(adc_volume(), tmp_path / "a.mha")
    content = (tmp_path / "a.mha").read_bytes()
    assert old in content
    (tmp_path / "b.mha").write_bytes(content.replace(old, new, 1))
    with pytest.raises(InputError, match=words):
        read_source(tmp_path / "b.mha")


def test_a_metaimage_without_a_header_prints_one_line_only(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mha").write_bytes(b"ObjectType = Image\n")
    assert_refused_in_one_line(*run(capfd, "check", tmp_path / "a.mha"))
