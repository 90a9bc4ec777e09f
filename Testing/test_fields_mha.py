"""MetaImage header fields with odd values: what SimpleITK (Slicer's reader) makes of them, and what we say.

The numbers are how far a corner lies from where the scan's lies, in mm (NaN: not read), measured with SimpleITK 2.5.7.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from header_fields import SCAN, by_itk, by_us, metaimage, raw_samples

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source
from AGE2HIELib.volume import Grid

NO = float("nan")
SAMPLES = raw_samples()
HEADER = dict(line.split(" = ", 1) for line in metaimage(b"").decode().splitlines())
MATRIX, OFFSET, SPACING = HEADER["TransformMatrix"], HEADER["Offset"], HEADER["ElementSpacing"]
EYE = "1 0 0 0 1 0 0 0 1"


def corner(affine: np.ndarray) -> float:
    return Grid(SCAN.grid.shape, affine).farthest_corner_mm(SCAN.grid)


def scaled(factor: float) -> str:
    return " ".join(repr(factor * float(word)) for word in MATRIX.split())


def larger(factor: float) -> float:
    affine = SCAN.affine_ras.copy()
    affine[:3, :3] *= factor
    return corner(affine)


def without_origin() -> float:
    affine = SCAN.affine_ras.copy()
    affine[:3, 3] = 0
    return corner(affine)


# fields, ITK, we, words of our warning or error ("" for none); None: a place that means little, but ours is ITK's
PLACES = {
    "sound": ({}, 0, 0, ""),
    "matrix as Orientation": ({"TransformMatrix": None, "Orientation": MATRIX}, 0, 0, ""),
    "matrix as Rotation": ({"TransformMatrix": None, "Rotation": MATRIX}, 0, 0, ""),
    "matrix twice": ({"Orientation": MATRIX}, 0, 0, ""),
    "two matrices": ({"Orientation": EYE}, 0, NO, "Orientation differs"),
    "no matrix": ({"TransformMatrix": None}, None, None, ""),
    "matrix of length 2": ({"TransformMatrix": scaled(2.0)}, larger(2.0), larger(2.0), "lengths of 2, 2, 2"),
    "matrix of 4 digits": ({"TransformMatrix": scaled(1.0005)}, larger(1.0005), larger(1.0005), ""),
    "matrix sheared": ({"TransformMatrix": "1 0 0 0.3 1 0 0 0 1"}, None, NO, "right angles"),
    "matrix 0": ({"TransformMatrix": " ".join("0" * 9)}, NO, NO, "singular"),
    "matrix NaN": ({"TransformMatrix": "nan 0 0 0 1 0 0 0 1"}, NO, NO, "singular"),
    "matrix of a plane": ({"TransformMatrix": "1 0 0 1"}, NO, NO, "holds 4 numbers"),
    "origin as Position": ({"Offset": None, "Position": OFFSET}, 0, 0, ""),
    "origin as Origin": ({"Offset": None, "Origin": OFFSET}, 0, 0, ""),
    "Offset and Position": ({"Position": "1 2 3"}, 0, NO, "Position differs"),
    "Offset and Origin": ({"Origin": "1 2 3"}, None, NO, "Origin differs"),
    "no origin": ({"Offset": None}, without_origin(), without_origin(), ""),
    "ElementSize alone": ({"ElementSpacing": None, "ElementSize": SPACING}, 0, 0, ""),
    "slices apart": ({"ElementSize": "1.473 1.562 3"}, 0, 0, ""),
    "no voxel size": ({"ElementSpacing": None}, None, None, "1 mm is taken"),
    "spacing 0": ({"ElementSpacing": "0 1.562 4"}, NO, NO, "singular"),
    "spacing NaN": ({"ElementSpacing": "nan 1.562 4"}, NO, NO, "singular"),
    "spacing negative": ({"ElementSpacing": "-1.473 1.562 4"}, None, None, ""),
    "spacing of a plane": ({"ElementSpacing": "1.473 1.562"}, NO, NO, "holds 2 numbers"),
    "spacing with commas": ({"ElementSpacing": "1,1,1"}, NO, NO, "cannot be understood"),
    "centre of rotation": ({"CenterOfRotation": "10 20 30"}, 0, 0, ""),
    "orientation by where axes come from": ({"AnatomicalOrientation": "LPI"}, 0, 0, ""),
    "orientation by where axes go to": ({"AnatomicalOrientation": "RAS"}, 0, 0, ""),
    "orientation unknown": ({"AnatomicalOrientation": "???"}, 0, 0, ""),
    "orientation of another image": ({"AnatomicalOrientation": "ASL"}, 0, 0, "names its orientation ASL"),
    "orientation mirrored": ({"AnatomicalOrientation": "RPI"}, 0, 0, "names its orientation RPI"),
    "units mm": ({"DistanceUnits": "mm"}, 0, 0, ""),
    "units unknown": ({"DistanceUnits": "?"}, 0, 0, ""),
    "units cm": ({"DistanceUnits": "cm"}, 0, NO, "unit of length is 'cm'"),
    "units um": ({"DistanceUnits": "um"}, 0, NO, "unit of length is 'um'"),
    "modality": ({"Modality": "MET_MOD_MR"}, 0, 0, ""),
    "slope": ({"ElementToIntensityFunctionSlope": "2"}, 0, 0, "slope of 2 and an offset of 0"),
    "offset of values": ({"ElementToIntensityFunctionOffset": "7"}, 0, 0, "slope of 1 and an offset of 7"),
    "range of values": ({"ElementMin": "0", "ElementMax": "5"}, 0, 0, ""),
    "one channel": ({"ElementNumberOfChannels": "1"}, 0, 0, ""),
    "no channel": ({"ElementNumberOfChannels": "0"}, NO, NO, "0 values a voxel"),
    "two channels": ({"ElementNumberOfChannels": "2"}, NO, NO, "2 values a voxel"),
    "no BinaryData": ({"BinaryData": None}, 0, 0, ""),
    "byte orders alike": ({"ElementByteOrderMSB": "False"}, 0, 0, ""),
    "byte orders that differ": ({"ElementByteOrderMSB": "True"}, 0, NO, "differ"),
    "a byte order of yes": ({"BinaryDataByteOrderMSB": "yes"}, 0, NO, "is 'yes'"),
    "type of lower case": ({"ElementType": "met_float"}, NO, NO, "type is 'met_float'"),
    "4 sizes": ({"DimSize": "9 10 8 1"}, 0, NO, "4 sizes for 3 axes"),
    "object of another kind": ({"ObjectType": "Tube"}, 0, 0, ""),
    "unknown keys": ({"Comment": "a = b", "Other": "1"}, 0, 0, ""),
    "HeaderSize 0": ({"HeaderSize": "0"}, 0, 0, ""),
    "HeaderSize -1": ({"HeaderSize": "-1"}, 0, 0, ""),
    "HeaderSize 5 in one file": ({"HeaderSize": "5"}, None, NO, "HeaderSize is 5"),
    "HeaderSize -2": ({"HeaderSize": "-2"}, 0, NO, "HeaderSize is -2"),
}


@pytest.mark.parametrize("name", PLACES)
def test_places(tmp_path: Path, name: str) -> None:
    fields, by_the_other, ours, words = PLACES[name]
    (tmp_path / "x.mha").write_bytes(metaimage(**fields))
    found, itk = by_us(tmp_path / "x.mha"), by_itk(tmp_path / "x.mha")
    assert re.search(words, found.words) if words else found.words == ""
    if by_the_other is not None:
        np.testing.assert_allclose(itk.corner_mm, by_the_other, atol=1e-4)
    if ours is None:
        np.testing.assert_allclose(found.affine_ras, itk.affine_ras, atol=1e-6)
    else:
        np.testing.assert_allclose(found.corner_mm, ours, atol=1e-4)
    assert np.isnan(found.corner_mm) or found.values == 0
    assert np.isnan(itk.corner_mm) or itk.values == 0 or by_the_other is None


def test_the_samples_of_the_file_itself_are_local_in_any_case(tmp_path: Path) -> None:
    for word in ("LOCAL", "Local", "local"):
        (tmp_path / "x.mhd").write_bytes(metaimage(data_file=word))
        assert by_us(tmp_path / "x.mhd").values == by_itk(tmp_path / "x.mhd").values == 0


def test_packed_samples_may_be_zlib_or_gzip_with_their_size_or_without(tmp_path: Path) -> None:
    for pack in (zlib.compress, gzip.compress):
        packed = pack(SAMPLES)
        (tmp_path / "x.mha").write_bytes(metaimage(packed, CompressedData="True", CompressedDataSize=str(len(packed))))
        assert by_us(tmp_path / "x.mha").values == by_itk(tmp_path / "x.mha").values == 0
        (tmp_path / "x.mha").write_bytes(metaimage(packed, CompressedData="True"))
        assert by_us(tmp_path / "x.mha").values == 0  # ITK gives noise here
    (tmp_path / "x.mha").write_bytes(metaimage(packed, CompressedData="True", HeaderSize="-1"))
    assert "HeaderSize is -1" in by_us(tmp_path / "x.mha").words


@pytest.mark.parametrize("data_file", ["LIST", "LIST 2D", "x%03d.raw", "x%d.raw 0 7 1"])
def test_samples_in_several_files_are_told(tmp_path: Path, data_file: str) -> None:
    (tmp_path / "x.mhd").write_bytes(metaimage(b"a.raw\nb.raw\n", data_file=data_file))
    assert "spread over several files" in by_us(tmp_path / "x.mhd").words


def test_bytes_before_the_samples_of_a_file_of_their_own_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "x.raw").write_bytes(b"x" * 77 + SAMPLES)
    for skipped in ("77", "-1"):
        (tmp_path / "x.mhd").write_bytes(metaimage(b"", data_file="x.raw", HeaderSize=skipped))
        assert by_us(tmp_path / "x.mhd").values == by_itk(tmp_path / "x.mhd").values == 0


def test_a_key_that_is_stated_twice_in_two_ways_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mha").write_bytes(b"NDims = 3\nDimSize = 8 10 9\n" + metaimage())
    assert "states DimSize twice" in by_us(tmp_path / "x.mha").words


def test_4_axes_of_one_volume(tmp_path: Path) -> None:
    rows = np.eye(4)
    rows[:3, :3] = np.reshape([float(word) for word in MATRIX.split()], (3, 3))
    matrix = " ".join(repr(float(value)) for value in rows.ravel())
    fields = {"NDims": "4", "TransformMatrix": matrix, "Offset": f"{OFFSET} 5", "ElementSpacing": f"{SPACING} 2"}
    (tmp_path / "x.mha").write_bytes(metaimage(DimSize="9 10 8 1", **fields))
    for reading in (by_us(tmp_path / "x.mha"), by_itk(tmp_path / "x.mha")):
        assert (reading.values, reading.corner_mm < 1e-6) == (0, True)
    (tmp_path / "x.mha").write_bytes(metaimage(SAMPLES * 2, DimSize="9 10 8 2", **fields))
    assert "has 4 axes" in by_us(tmp_path / "x.mha").words


def test_a_volume_with_diffusion_keys_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "x.mha").write_bytes(metaimage(**{"DWMRI_b-value": "1000", "DWMRI_gradient_0000": "0 0 0"}))
    with pytest.raises(InputError, match=r"'x\.mha' is a single diffusion volume"):
        read_source(tmp_path / "x.mha")
