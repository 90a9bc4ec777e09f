"""NRRD header fields with odd values: what SimpleITK (Slicer's reader) makes of them, and what we say.

The numbers are how far a corner lies from where the scan's lies, in mm (NaN: not read), measured with SimpleITK 2.5.7.
"""

from __future__ import annotations

import bz2
import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from header_fields import SCAN, by_itk, by_us, nrrd, raw_samples
from io_samples import dwi_series

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.volume import Grid

NO = float("nan")
SAMPLES = raw_samples()
TEXT = " ".join(repr(float(value)) for value in SCAN.array.ravel(order="F")).encode()
BARE = {"space": None, "space_directions": None, "space_origin": None}
SPACED = {**BARE, "spacings": "1.473 1.562 4"}
UNPLACED = "states no orientation"


def turned(*signs: float) -> float:
    """Of the scan's frame with axes reversed."""
    return Grid(SCAN.grid.shape, np.diag([*signs, 1.0]) @ SCAN.affine_ras).farthest_corner_mm(SCAN.grid)


def at_origin() -> float:
    affine = SCAN.affine_ras.copy()
    affine[:3, 3] = 0
    return Grid(SCAN.grid.shape, affine).farthest_corner_mm(SCAN.grid)


def along_the_space() -> float:
    affine = np.diag([-1.473, -1.562, 4.0, 1.0])
    affine[:3, 3] = SCAN.affine_ras[:3, 3]
    return Grid(SCAN.grid.shape, affine).farthest_corner_mm(SCAN.grid)


# fields, ITK, we, words of our warning or error ("" for none); None: a place that means little, but ours is ITK's
PLACES = {
    "sound": ({}, 0, 0, ""),
    "LPS": ({"space": "LPS"}, 0, 0, ""),
    "lps": ({"space": "lps"}, 0, 0, ""),
    "Left-Posterior-Superior": ({"space": "Left-Posterior-Superior"}, 0, 0, ""),
    "RAS": ({"space": "RAS"}, turned(-1, -1, 1), turned(-1, -1, 1), ""),
    "right-anterior-superior": ({"space": "right-anterior-superior"}, turned(-1, -1, 1), turned(-1, -1, 1), ""),
    "LAS": ({"space": "LAS"}, turned(1, -1, 1), turned(1, -1, 1), ""),
    "left-anterior-superior": ({"space": "left-anterior-superior"}, turned(1, -1, 1), turned(1, -1, 1), ""),
    "scanner-xyz": ({"space": "scanner-xyz"}, 0, NO, "space is 'scanner-xyz'"),
    "3D-right-handed": ({"space": "3D-right-handed"}, 0, NO, "space is '3D-right-handed'"),
    "3D-left-handed": ({"space": "3D-left-handed"}, 0, NO, "space is '3D-left-handed'"),
    "LPST": ({"space": "LPST"}, NO, NO, "space is 'LPST'"),
    "RPI": ({"space": "RPI"}, NO, NO, "space is 'RPI'"),
    "no space": ({"space": None}, NO, 0, UNPLACED),
    "space dimension 2": ({"space": None, "space_dimension": "2"}, NO, NO, "has 2 dimensions"),
    "space dimension 4": ({"space": None, "space_dimension": "4"}, NO, NO, "has 4 dimensions"),
    "no origin": ({"space_origin": None}, at_origin(), at_origin(), ""),
    "origin NaN": ({"space_origin": "(nan,nan,nan)"}, at_origin(), NO, "singular"),
    "origin of two numbers": ({"space_origin": "(0,0)"}, NO, NO, "origin has 2 numbers"),
    "directions of two axes": ({"space_directions": "(1,0,0) (0,1,0)"}, NO, NO, "2 space directions for 3 axes"),
    "an axis without a direction": ({"space_directions": "(1,0,0) (0,1,0) none"}, None, NO, "axis 3 of its 3 axes"),
    "a direction NaN": ({"space_directions": "(1,0,0) (0,1,0) (nan,nan,nan)"}, None, NO, "axis 3 of its 3 axes"),
    "a direction of two numbers": ({"space_directions": "(1,0,0) (0,1,0) (0,0)"}, NO, NO, "has 2 numbers"),
    "spacings": (SPACED, None, None, UNPLACED),
    "spacings of a space": (
        {"space_directions": None, "spacings": "1.473 1.562 4"},
        NO,
        along_the_space(),
        "without directions",
    ),
    "spacings negative": ({**BARE, "spacings": "-1.473 1.562 4"}, None, None, UNPLACED),
    "spacings 0": ({**BARE, "spacings": "0 1.562 4"}, NO, NO, "singular"),
    "spacings NaN": ({**BARE, "spacings": "1.473 nan 4"}, None, NO, "singular"),
    "spacings of two axes": ({**BARE, "spacings": "1.473 4"}, NO, NO, "2 spacings for 3 axes"),
    "spacings beside others": ({"spacings": "1 2 3"}, NO, NO, "contradict"),
    "no voxel size": (BARE, None, None, "1 mm is taken"),
    "axis mins": ({**SPACED, "axis_mins": "-10 5 7"}, None, None, UNPLACED),
    "axis mins of nodes": ({**SPACED, "axis_mins": "-10 5 7", "centers": "node node node"}, None, None, UNPLACED),
    "axis mins of cells": ({**SPACED, "axis_mins": "-10 5 7", "centers": "cell cell cell"}, None, None, UNPLACED),
    "axis mins and maxs": ({**BARE, "axis_mins": "0 0 0", "axis_maxs": "9 9 9"}, None, NO, "mins and maxs alone"),
    "nodes": ({"centers": "node node node"}, 0, 0, ""),
    "cells": ({"centerings": "cell cell cell"}, 0, 0, ""),
    "thicknesses": ({"thicknesses": "nan nan 2.5"}, 0, 0, ""),
    "units mm": ({"space_units": '"mm" "mm" "mm"'}, 0, 0, ""),
    "units millimeter": ({"space_units": '"millimeter" "MM" "Millimetres"'}, 0, 0, ""),
    "units empty": ({"space_units": '"" "" "???"'}, 0, 0, ""),
    "units um": ({"space_units": '"um" "um" "um"'}, 0, NO, "space unit is .*um"),
    "one unit cm": ({"space_units": '"mm" "mm" "cm"'}, 0, NO, "space unit is .*cm"),
    "units without quotes": ({"space_units": "um um um"}, NO, NO, "space unit is .*um"),
    "units of axes": ({**SPACED, "units": '"um" "um" "um"'}, None, NO, "space unit is .*um"),
    "kinds space": ({"kinds": "space space space"}, 0, 0, ""),
    "kinds unknown": ({"kinds": "??? ??? none"}, 0, 0, ""),
    "no kinds": ({"kinds": None}, 0, 0, ""),
    "kinds list": ({"kinds": "list domain domain"}, NO, NO, "axis 1 of its 3 axes"),
    "kinds time": ({"kinds": "domain domain time"}, 0, NO, "axis 3 of its 3 axes"),
    "two kinds": ({"kinds": "domain domain"}, NO, NO, "2 kinds for 3 axes"),
    "min and max": ({"min": "0", "max": "5"}, 0, 0, ""),
    "old min of floats": ({"old_min": "-5", "old_max": "70000"}, 0, 0, ""),
    "content": ({"content": "hello: there := (1,2,3)"}, 0, 0, ""),
    "labels": ({"labels": '"x" "y" "z"'}, 0, 0, ""),
    "sample units": ({"sample_units": '"mm2/s"'}, 0, 0, ""),
    "measurement frame": ({"measurement_frame": "(1,0,0) (0,1,0) (0,0,1)"}, 0, 0, ""),
    "type float32": ({"type": "float32"}, NO, NO, "type is 'float32'"),
    "type block": ({"type": "block"}, NO, NO, "type is 'block'"),
    "no endian": ({"endian": None}, NO, NO, "states no endian"),
    "endian LITTLE": ({"endian": "LITTLE"}, 0, 0, ""),
    "hexadecimal": ({"encoding": "hex"}, NO, NO, "encoding is 'hex'"),
    "dimension 4": ({"dimension": "4"}, NO, NO, "3 sizes for 4 axes"),
}


@pytest.mark.parametrize("name", PLACES)
def test_places(tmp_path: Path, name: str) -> None:
    fields, by_the_other, ours, words = PLACES[name]
    (tmp_path / "x.nrrd").write_bytes(nrrd(**fields))
    found, itk = by_us(tmp_path / "x.nrrd"), by_itk(tmp_path / "x.nrrd")
    assert re.search(words, found.words) if words else found.words == ""
    if by_the_other is not None:
        np.testing.assert_allclose(itk.corner_mm, by_the_other, atol=1e-4)
    if ours is None:
        np.testing.assert_allclose(found.affine_ras, itk.affine_ras, atol=1e-6)
    else:
        np.testing.assert_allclose(found.corner_mm, ours, atol=1e-4)
    assert np.isnan(found.corner_mm) or found.values == 0


ENCODED = {
    "raw behind 77 bytes": ({"byte_skip": "77"}, b"x" * 77 + SAMPLES, True),
    "raw, the last bytes": ({"byte_skip": "-1"}, b"x" * 77 + SAMPLES, True),
    "gzip, the last bytes": ({"encoding": "gzip", "byte_skip": "-1"}, gzip.compress(SAMPLES), True),
    "gzip, the last behind others": ({"encoding": "gzip", "byte_skip": "-1"}, gzip.compress(b"x" * 77 + SAMPLES), True),
    "gzip behind 77 bytes": ({"encoding": "gzip", "byte_skip": "77"}, gzip.compress(b"x" * 77 + SAMPLES), True),
    "bzip2, the last bytes": ({"encoding": "bzip2", "byte_skip": "-1"}, bz2.compress(b"x" * 7 + SAMPLES), False),
    "a line before the stream": (
        {"encoding": "gzip", "line_skip": "1"},
        b"a line\n" + gzip.compress(SAMPLES),
        True,
    ),
    "a line and three bytes": ({"line_skip": "1", "byte_skip": "3"}, b"a line\nabc" + SAMPLES, True),
    "text behind three bytes": ({"encoding": "ascii", "byte_skip": "3"}, b"123" + TEXT, True),
    "text": ({"encoding": "txt"}, TEXT, True),
    "big endian": ({"endian": "big"}, SCAN.array.astype(">f4").tobytes(order="F"), True),
}


@pytest.mark.parametrize("name", ENCODED)
def test_where_samples_begin(tmp_path: Path, name: str) -> None:
    """``ITK``: whether SimpleITK reads it, too; it knows no bzip2."""
    fields, samples, itk = ENCODED[name]
    (tmp_path / "x.nrrd").write_bytes(nrrd(samples, **fields))
    found = by_us(tmp_path / "x.nrrd")
    assert (found.values, found.words) == (0, "")
    if itk:
        assert by_itk(tmp_path / "x.nrrd").values == 0


@pytest.mark.parametrize(
    ("fields", "samples", "words"),
    [
        ({"byte_skip": "-2"}, SAMPLES, "-2 lines or bytes are skipped"),
        ({"line_skip": "-1"}, SAMPLES, "-1 lines or bytes are skipped"),
        ({"encoding": "ascii", "byte_skip": "-1"}, TEXT, "-1 lines or bytes are skipped"),
        ({"encoding": "gzip", "byte_skip": "-1"}, gzip.compress(SAMPLES[4:]), "bytes of samples where"),
        ({"encoding": "gzip", "byte_skip": "-1"}, gzip.compress(bytes(1 << 22)), "more bytes of samples"),
    ],
)
def test_samples_that_cannot_be_there(tmp_path: Path, fields: dict[str, str], samples: bytes, words: str) -> None:
    (tmp_path / "x.nrrd").write_bytes(nrrd(samples, **fields))
    assert words in by_us(tmp_path / "x.nrrd").words


@pytest.mark.parametrize("magic", ["NRRD0001", "NRRD00.01", "NRRD0002", "NRRD0003", "NRRD0004", "NRRD0005"])
def test_versions(tmp_path: Path, magic: str) -> None:
    (tmp_path / "x.nrrd").write_bytes(nrrd(magic=magic))
    assert by_us(tmp_path / "x.nrrd").corner_mm == by_itk(tmp_path / "x.nrrd").values == 0


@pytest.mark.parametrize("magic", ["NRRD0006", "NRRD0099", "NRRDxxxx", "NRRD"])
def test_versions_of_nobody(tmp_path: Path, magic: str) -> None:
    (tmp_path / "x.nrrd").write_bytes(nrrd(magic=magic))
    assert "version of NRRD that is not known" in by_us(tmp_path / "x.nrrd").words
    assert np.isnan(by_itk(tmp_path / "x.nrrd").values)


def test_line_ends_comments_and_values_of_keys(tmp_path: Path) -> None:
    more = "# sizes: 1 1 1\n#\nfirst key:=a: b := c\\nd\nsecond:=(1,2,3)\n"
    (tmp_path / "lf.nrrd").write_bytes(nrrd(more=more))
    (tmp_path / "crlf.nrrd").write_bytes(nrrd(b"", more=more).replace(b"\n", b"\r\n") + SAMPLES)
    for name in ("lf.nrrd", "crlf.nrrd"):
        assert by_itk(tmp_path / name).values == by_us(tmp_path / name).values == 0
    (tmp_path / "twice.nrrd").write_bytes(nrrd(more="sizes: 8 10 9\n"))
    assert np.isnan(by_itk(tmp_path / "twice.nrrd").values)
    assert "states its sizes twice, in two ways" in by_us(tmp_path / "twice.nrrd").words


def test_integers_of_another_range_are_told(tmp_path: Path) -> None:
    samples = np.round(SCAN.array).astype("<i2").tobytes(order="F")
    (tmp_path / "x.nrrd").write_bytes(nrrd(samples, type="short", old_min="0", old_max="0.004"))
    assert by_us(tmp_path / "x.nrrd").values == by_itk(tmp_path / "x.nrrd").values < 0.51
    assert "once had another range (0 to 0.004)" in by_us(tmp_path / "x.nrrd").words


def series_file(folder: Path) -> Path:
    write_dwi_nrrd(dwi_series(), folder / "dwi.nrrd")
    return folder / "dwi.nrrd"


def changed(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    return path


@pytest.mark.parametrize("none", [b"(nan,nan,nan)", b"(NaN, NaN, NaN)", b"???"])
def test_the_list_axis_may_have_a_direction_of_nan(tmp_path: Path, none: bytes) -> None:
    path = changed(series_file(tmp_path), b") none\n", b") " + none + b"\n")
    found = read_source(path).dwi
    np.testing.assert_array_equal(found.array, dwi_series().array)
    assert found.grid.same_as(dwi_series().grid)


def test_gradients_of_which_none_has_the_length_1_are_told(tmp_path: Path) -> None:
    """All half as long: b = 250 by the product of both facts, 1000 in Slicer, which divides by the longest."""
    path = series_file(tmp_path)
    assert read_source(path).warnings == ()
    halved = path.read_bytes()
    for found in re.findall(rb"DWMRI_gradient_\d+:=[^\n]*", halved):
        key, numbers = found.split(b":=")
        half = " ".join(f"{float(number) / 2:.10f}" for number in numbers.split())
        halved = halved.replace(found, key + b":=" + half.encode())
    path.write_bytes(halved)
    read = read_source(path)
    assert read.dwi.b_values.max() == 250
    assert "has the length 0.5: its b-value is taken as 250 s/mm^2. Slicer takes 1000" in read.warnings[0]


def brighter_b0(folder: Path) -> Path:
    series = dwi_series()
    series.array[0] += 900  # b0 is the brightest volume of any real series
    write_dwi_nrrd(series, folder / "dwi.nrrd")
    return folder / "dwi.nrrd"


def gradient(path: Path, number: int) -> bytes:
    found = re.search(rb"DWMRI_gradient_%04d:=[^\n]*" % number, path.read_bytes())
    assert found
    return found[0]


def test_a_gradient_of_nan_is_b0_where_the_signal_says_so(tmp_path: Path) -> None:
    path = brighter_b0(tmp_path)
    expected = read_source(path).dwi
    found = read_source(changed(path, gradient(path, 0), b"DWMRI_gradient_0000:=nan nan nan")).dwi
    np.testing.assert_array_equal(found.b_values, expected.b_values)
    np.testing.assert_array_equal(found.directions_ras, expected.directions_ras)


def test_a_gradient_of_nan_beside_a_low_signal_is_no_b0(tmp_path: Path) -> None:
    path = brighter_b0(tmp_path)
    changed(path, gradient(path, 3), b"DWMRI_gradient_0003:=nan nan nan")
    with pytest.raises(InputError, match=r"gradient of volume 3 of .* is not a number, and its signal"):
        read_source(path)


@pytest.mark.parametrize(
    "keys",
    [
        "modality:=DWMRI\nDWMRI_b-value:=1000\nDWMRI_gradient_0000:=0 0 0\n",
        "DWMRI_b-value:=1000\nDWMRI_gradient_0000:=1 0 0\nDWMRI_gradient_0001:=0 1 0\n",
        "modality:=DWMRI\n",
    ],
)
@pytest.mark.parametrize("axes", [3, 4])
def test_one_volume_with_diffusion_keys_is_no_map(tmp_path: Path, keys: str, axes: int) -> None:
    sizes = " ".join(str(n) for n in SCAN.array.shape)
    fourth = {"dimension": "4", "sizes": f"{sizes} 1", "kinds": "space space space list"}
    lps = re.search(r"space directions: ([^\n]*)", nrrd().split(b"\n\n")[0].decode())
    assert lps
    fields = {} if axes == 3 else {**fourth, "space_directions": f"{lps[1]} none"}
    (tmp_path / "x.nrrd").write_bytes(nrrd(more=keys, **fields))
    with pytest.raises(InputError, match=r"'x\.nrrd' is a single diffusion volume: it has DWMRI keys"):
        read_source(tmp_path / "x.nrrd")
    assert by_us(tmp_path / "x.nrrd").values == 0  # a mask that kept the keys is a mask
