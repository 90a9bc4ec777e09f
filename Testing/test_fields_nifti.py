"""NIfTI header fields with odd values: what nibabel and SimpleITK (Slicer) read, and what we say.

The numbers are how far a corner lies from where the scan's lies, in mm (0: where it lies, NaN: not read). The rows were
measured with nibabel 5.4.2 and SimpleITK 2.5.7; a row fails where one of them changes its mind, on purpose.
"""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from header_fields import SCAN, Reading, away_of_slicer, by_itk, by_nibabel, by_us, nifti, nifti_with, sform
from scipy.spatial.transform import Rotation

from AGE2HIELib.volume import Grid

NO = float("nan")
AFFINE = SCAN.affine_ras
MIRRORED = np.diag([-1.0, 1, 1, 1]) @ AFFINE
TURNED = np.eye(4)
TURNED[:3, :3] = Rotation.from_euler("z", 20, degrees=True).as_matrix()
TURNED = TURNED @ AFFINE
SHEARED = AFFINE.copy()
SHEARED[:3, 2] += 0.3 * SHEARED[:3, 0]
LARGER = AFFINE.copy()
LARGER[:3, :3] *= 1.1
QUATERNION = np.array([0.1068456843, -0.0580232106, 0.0481217131])  # of SCAN
HALF_TURN = QUATERNION / np.linalg.norm(QUATERNION)


def corner(affine: np.ndarray) -> float:
    return Grid(SCAN.grid.shape, affine).farthest_corner_mm(SCAN.grid)


def quaternion(length: float) -> dict[str, object]:
    b, c, d = HALF_TURN * length
    return {"quatern_b": b, "quatern_c": c, "quatern_d": d, "qform_code": 1, "sform_code": 0}


def half_turn() -> float:
    affine = AFFINE.copy()
    axis = Rotation.from_rotvec(np.pi * HALF_TURN).as_matrix()
    affine[:3, :3] = axis * SCAN.grid.spacing_mm
    return corner(affine)


def reversed_axis(axis: int) -> float:
    affine = AFFINE.copy()
    affine[:3, axis] *= -1
    return corner(affine)


Q, S = {"qform_code": 1, "sform_code": 0}, {"qform_code": 0, "sform_code": 1}
# fields, nibabel, ITK, we (mm), words of our warning or error ("" for none)
PLACES = {
    "sound": ({}, 0, 0, 0, ""),
    "sform mirrored, code 1": (
        sform(MIRRORED), corner(MIRRORED), corner(MIRRORED), corner(MIRRORED), "as a mirror image"),
    "sform mirrored, code 2": (
        sform(MIRRORED) | {"sform_code": 2}, corner(MIRRORED), 0, corner(MIRRORED), "its sform is used.*mirror image"),
    "sform turned by 20 degrees, code 1": (sform(TURNED), corner(TURNED), corner(TURNED), corner(TURNED), "mm apart"),
    "sform turned, code 4": (
        sform(TURNED) | {"sform_code": 4}, corner(TURNED), 0, corner(TURNED), "Slicer shows a corner"),
    "sform turned, no qform": (sform(TURNED) | S, corner(TURNED), corner(TURNED), corner(TURNED), ""),
    "sform of other voxel sizes": (sform(LARGER) | S, corner(LARGER), 0, corner(LARGER), "beside a grid of"),
    "sform sheared beside a qform": (sform(SHEARED), corner(SHEARED), 0, 0, "no grid .*its qform is used"),
    "sform sheared alone": (sform(SHEARED) | S, corner(SHEARED), NO, NO, "right angles"),
    "sform zero beside a qform": (sform(np.zeros((4, 4))), corner(np.zeros((4, 4))), 0, 0, "its qform is used"),
    "sform zero alone": (sform(np.zeros((4, 4))) | S, corner(np.zeros((4, 4))), NO, NO, "singular"),
    "qform alone": (Q, 0, 0, 0, ""),
    "qform code 7": ({"qform_code": 7, "sform_code": 0}, None, 0, 0, "has the code 7, which does not exist"),
    "sform code 7": ({"qform_code": 0, "sform_code": 7}, None, 0, 0, "has the code 7, which does not exist"),
    "codes 7 and 7": ({"qform_code": 7, "sform_code": 7}, None, 0, 0, "has the code 7, which does not exist"),
    "codes 1 and 7": ({"qform_code": 1, "sform_code": 7}, 0, 0, 0, ""),
    "codes 7 and 1": ({"qform_code": 7, "sform_code": 1}, 0, 0, 0, ""),
    "code -1 of the qform": ({"qform_code": -1}, 0, 0, 0, ""),
    "code -3 of the sform": ({"sform_code": -3}, 0, 0, 0, ""),
    "codes 5 and 5": ({"qform_code": 5, "sform_code": 5}, 0, 0, 0, ""),
    "quaternion of length 1.0000005": (quaternion(1.0000005), NO, half_turn(), half_turn(), ""),
    "quaternion of length 1.0001": (quaternion(1.0001), NO, half_turn(), half_turn(), ""),
    "quaternion of length 1.1": (quaternion(1.1), NO, half_turn(), NO, "length 1.1, over 1"),
    "quaternion NaN": (Q | {"quatern_b": np.nan}, NO, None, NO, "qform is not finite"),
    "quaternion NaN beside an sform": ({"quatern_b": np.nan}, 0, 0, 0, ""),
    "offset NaN": (Q | {"qoffset_x": np.nan}, NO, None, NO, "qform is not finite"),
    "qfac 0": (Q | {"pixdim": {0: 0}}, 0, 0, 0, ""),
    "qfac 2": (Q | {"pixdim": {0: 2}}, 0, 0, 0, ""),
    "qfac NaN": (Q | {"pixdim": {0: np.nan}}, 0, 0, 0, ""),
    "qfac -1": (Q | {"pixdim": {0: -1}}, reversed_axis(2), reversed_axis(2), reversed_axis(2), ""),
    "qfac -0.3": (Q | {"pixdim": {0: -0.3}}, 0, reversed_axis(2), reversed_axis(2), "qfac of -0.3"),
    "qfac -1 beside an sform": ({"pixdim": {0: -1}}, 0, 0, 0, "mm apart, as a mirror image"),
    "voxel size 0": (Q | {"pixdim": {3: 0}}, None, None, NO, "voxel sizes are .* x 0"),
    "voxel size 0 beside an sform": ({"pixdim": {3: 0}}, 0, None, 0, "voxel sizes of .* x 0 beside"),
    "voxel size NaN": (Q | {"pixdim": {1: np.nan}}, NO, None, NO, "voxel sizes are nan"),
    "voxel size NaN beside an sform": ({"pixdim": {1: np.nan}}, 0, None, 0, "voxel sizes of nan"),
    "voxel size negative": (Q | {"pixdim": {1: -1.473}}, 0, reversed_axis(0), 0, "Slicer shows .* mirror image"),
    "voxel size negative beside an sform": (
        {"pixdim": {1: -1.473}}, 0, reversed_axis(0), 0, "Slicer shows .* mirror image"),
    **{f"unit {code}": ({"xyzt_units": code}, 0, 0, 0, "") for code in (0, 2, 8, 10, 66)},
    **{f"unit {code}": ({"xyzt_units": code}, 0, 0, 0, "unit .* does not exist") for code in (4, 5, 7, 255)},
    "unit metre, sizes of mm": ({"xyzt_units": 1}, 0, None, NO, "voxels of 1.47e"),
    "no orientation": ({"qform_code": 0, "sform_code": 0}, None, None, None, "states no orientation"),
    "no orientation, voxel size 0": (
        {"qform_code": 0, "sform_code": 0, "pixdim": {1: 0}}, None, None, NO, "voxel sizes are 0"),
}  # fmt: skip


def agrees(reading: Reading, expected: float | None) -> bool:
    """None stands for a place that means nothing."""
    if expected is None:
        return True
    if np.isnan(expected):
        return bool(np.isnan(reading.corner_mm))
    return abs(reading.corner_mm - expected) <= 1e-4 + 1e-3 * expected and reading.values == 0


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", PLACES)
def test_places(tmp_path: Path, name: str, version: int) -> None:
    fields, by_the_one, by_the_other, ours, words = PLACES[name]
    path = tmp_path / "x.nii"
    path.write_bytes(nifti_with(nifti(version), **fields))
    found = by_us(path)
    assert agrees(found, ours), found
    if words:
        assert re.search(words, found.words), found.words
    else:
        assert found.words == ""
    assert agrees(by_nibabel(path), by_the_one), by_nibabel(path)
    if version == 2:  # SimpleITK reads NIfTI-1 only
        return
    itk = by_itk(path)
    assert agrees(itk, by_the_other), itk
    if found.affine_ras is not None and itk.affine_ras is not None and "no orientation" not in name:
        away = Grid(SCAN.grid.shape, found.affine_ras).farthest_corner_mm(Grid(SCAN.grid.shape, itk.affine_ras))
        told = away_of_slicer(found.words)
        assert told == pytest.approx(away, rel=0.01) if told else away < 0.1 * SCAN.grid.spacing_mm.min()


@pytest.mark.parametrize("unit", [(1, 1e-3), (3, 1e3)])
@pytest.mark.parametrize("codes", [Q, S, {}])
def test_metres_and_micrometres_are_converted_as_itk_does(
    tmp_path: Path, unit: tuple[int, float], codes: dict[str, object]
) -> None:
    code, factor = unit
    scaled = AFFINE.copy()
    scaled[:3] *= factor
    offsets = {f"qoffset_{axis}": scaled[n, 3] for n, axis in enumerate("xyz")}
    sizes = {1 + n: size * factor for n, size in enumerate(SCAN.grid.spacing_mm)}
    fields = {"xyzt_units": code, "pixdim": sizes, **offsets, **sform(scaled), **codes}
    (tmp_path / "x.nii").write_bytes(nifti_with(nifti(), **fields))
    for reading in (by_us(tmp_path / "x.nii"), by_itk(tmp_path / "x.nii")):
        assert reading.corner_mm < 1e-4
        assert reading.words == ""


# fields, nibabel, ITK, we: the largest difference of a value; words
VALUES = {
    "slope 0": ({"scl_slope": 0}, 0, 0, 0, ""),
    "slope NaN, intercept NaN": ({"scl_slope": np.nan, "scl_inter": np.nan}, 0, 0, 0, ""),
    "slope infinite": ({"scl_slope": np.inf}, 0, 0, 0, ""),
    "slope 0, intercept 5": ({"scl_slope": 0, "scl_inter": 5}, 0, 5, 0, "intercept of 5 beside no slope"),
    "slope NaN, intercept 5": ({"scl_slope": np.nan, "scl_inter": 5}, 0, 5, 0, "intercept of 5 beside no slope"),
    "slope 1, intercept 5": ({"scl_slope": 1, "scl_inter": 5}, 5, 5, 5, ""),
    "slope 1, intercept NaN": ({"scl_slope": 1, "scl_inter": np.nan}, NO, 0, NO, "intercept of nan"),
    "slope 1, intercept infinite": ({"scl_slope": 1, "scl_inter": np.inf}, NO, 0, NO, "intercept of inf"),
    "cal_max 100": ({"cal_max": 100, "cal_min": -5}, 0, 0, 0, ""),
    "cal_max NaN": ({"cal_max": np.nan}, 0, 0, 0, ""),
    "bitpix 16": ({"bitpix": 16}, 0, 0, 0, ""),
    "bitpix 0": ({"bitpix": 0}, 0, 0, 0, ""),
    "data type 0": ({"datatype": 0}, NO, NO, NO, "data type is 0"),
    "data type 255": ({"datatype": 255}, NO, NO, NO, "data type is 255"),
    "data type of twice the bytes": ({"datatype": 64}, NO, None, NO, "bytes of samples where"),
    "data type of half the bytes": ({"datatype": 4}, None, None, NO, "cannot be read"),
    "sizeof_hdr 0": ({"sizeof_hdr": 0}, 0, 0, 0, ""),
    "magic of a pair": ({"magic": b"ni1\0"}, 0, 0, 0, ""),
    "magic of nobody": ({"magic": b"N+1\0"}, NO, None, NO, "does not begin with a NIfTI header"),
    "intent of a statistic": ({"intent_code": 5}, 0, 0, 0, ""),
    "intent of a vector": ({"intent_code": 1007}, 0, 0, 0, "said to hold a vector"),
    "intent of a displacement": ({"intent_code": 1006}, 0, None, 0, "said to hold a displacement"),
    "intent of a symmetric matrix": ({"intent_code": 1005}, 0, NO, 0, "said to hold a symmetric matrix"),
    "slice timing": ({"slice_code": 9, "slice_end": 99, "slice_duration": -1, "toffset": np.nan}, 0, 0, 0, ""),
    "free text": ({"descrip": b"x" * 80, "aux_file": b"x" * 24}, 0, 0, 0, ""),
    "4 axes, one volume": ({"dim": {0: 4}}, 0, 0, 0, ""),
    "7 axes of 1": ({"dim": {0: 7}}, 0, 0, 0, ""),
    "4 axes, none": ({"dim": {0: 4, 4: 0}}, NO, 0, 0, "axis of size 0"),
    "5 axes, none": ({"dim": {0: 5, 4: 0, 5: 0}}, NO, 0, 0, "axis of size 0"),
    "sizes behind the last axis": ({"dim": {4: 5, 5: 7, 6: -1}}, 0, 0, 0, ""),
    "no axes": ({"dim": {0: 0}}, NO, NO, NO, "it has 0 axes"),
    "8 axes": ({"dim": {0: 8}}, NO, NO, NO, "cannot be read"),
    "2 axes": ({"dim": {0: 2}}, NO, NO, NO, "cannot be read|not a 3D image"),
    "size -9": ({"dim": {1: -9}}, NO, NO, NO, "states -9x10x8 voxels"),
    "samples from byte 0": ({"vox_offset": 0}, None, None, NO, "begin at byte 0"),
    "samples inside the header": ({"vox_offset": 200}, NO, None, NO, "begin at byte 200"),
    "samples over the flag of extensions": ({"vox_offset": 351}, NO, None, NO, "begin at byte 351"),
    "samples negative": ({"vox_offset": -352}, NO, None, NO, "begin at byte -352"),
    "samples NaN": ({"vox_offset": np.nan}, NO, None, NO, "begin at byte nan"),
    "samples infinite": ({"vox_offset": np.inf}, None, None, NO, "begin at byte inf"),
    "samples beyond the end": ({"vox_offset": 3520}, NO, None, NO, "bytes of samples where"),
    "samples between bytes": ({"vox_offset": 352.7}, 0, 0, 0, ""),
}  # fmt: skip


def same_values(reading: Reading, expected: float | None) -> bool:
    if expected is None:
        return True
    if np.isnan(expected):
        return bool(np.isnan(reading.values))
    return reading.values == pytest.approx(expected, abs=1e-3) and reading.corner_mm < 1e-4


@pytest.mark.parametrize("name", VALUES)
def test_values(tmp_path: Path, name: str) -> None:
    fields, by_the_one, by_the_other, ours, words = VALUES[name]
    path = tmp_path / "x.nii"
    path.write_bytes(nifti_with(nifti(), **fields))
    found = by_us(path)
    assert same_values(found, ours), found
    assert re.search(words, found.words) if words else found.words == ""
    assert same_values(by_nibabel(path), by_the_one), by_nibabel(path)
    assert same_values(by_itk(path), by_the_other), by_itk(path)


@pytest.mark.parametrize("shift", [1, 2, 3, 4, 16, 32])
def test_samples_that_begin_at_odd_places_are_found(tmp_path: Path, shift: int) -> None:
    content = nifti_with(nifti(), vox_offset=352 + shift)
    (tmp_path / "x.nii").write_bytes(content[:352] + bytes(shift) + content[352:])
    for reading in (by_us, by_nibabel, by_itk):
        assert reading(tmp_path / "x.nii").values == 0


def extended(esize: int, offset: int, flag: int = 1) -> bytes:
    content = nifti_with(nifti(), vox_offset=offset)
    extension = struct.pack("<ii", esize, 6) + b"a comment".ljust(24, b"\0")
    return content[:348] + bytes([flag, 0, 0, 0]) + extension + content[352:]


def test_extensions_are_passed_over_and_an_offset_that_forgets_them_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.nii"
    for flag in (1, 0):
        path.write_bytes(extended(32, 384, flag))
        assert (by_us(path).values, by_us(path).words) == (0, "")
    path.write_bytes(extended(32, 352))
    assert min(by_nibabel(path).values, by_itk(path).values) > 1e10  # both take it for voxels
    assert "byte 352, where an extension of its header lies" in by_us(path).words
    for esize in (33, 3200, 0, -16):
        path.write_bytes(extended(esize, 384))
        assert (by_us(path).values, by_itk(path).values) == (0, 0)
        assert "extension of the NIfTI header is damaged" in by_us(path).words
    content = nifti()
    path.write_bytes(content[:348] + b"\1\0\0\0" + content[352:])  # the flag, and no extension
    assert (by_us(path).values, by_us(path).words) == (0, "")


def test_byte_order_and_packing_are_told_by_the_bytes(tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">f4")
    image = nib.Nifti1Image(SCAN.array.astype(">f4"), AFFINE, header)
    image.set_qform(AFFINE, 1)
    (tmp_path / "big.nii").write_bytes(image.to_bytes())
    (tmp_path / "plain.nii.gz").write_bytes(nifti())  # unpacked on its way, as browsers do
    (tmp_path / "packed.nii").write_bytes(gzip.compress(nifti()))
    for name in ("big.nii", "plain.nii.gz", "packed.nii"):
        found = by_us(tmp_path / name)
        assert (found.values, found.words) == (0, "")
        assert found.corner_mm < 1e-4
