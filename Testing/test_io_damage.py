"""Damage that the campaign found unnoticed, or that took the program down: each is told now."""

from __future__ import annotations

import bz2
import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from calling import assert_refused_in_one_line, run
from io_samples import adc_volume, dwi_series

from AGE2HIELib.errors import InputError
from AGE2HIELib.io import samples
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.align import estimate_motion
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.volume import DwiSeries, Volume

BLOCK = bytes(1 << 24)
SIZES = (24, 26, 14)


def packed_stream_at(content: bytes) -> int:
    for mark in (b"ElementDataFile = LOCAL\n", b"\n\n"):
        if mark in content:
            return content.index(mark) + len(mark) + 20
    return 30


@pytest.mark.parametrize("suffix", [".nii.gz", ".mha", ".nrrd"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 1.0])
def test_one_changed_bit_in_a_packed_stream_is_found(tmp_path: Path, suffix: str, part: float) -> None:
    write_volume(adc_volume(), tmp_path / f"a{suffix}")
    content = bytearray((tmp_path / f"a{suffix}").read_bytes())
    begin = packed_stream_at(bytes(content))
    content[begin + int(part * (len(content) - 1 - begin))] ^= 16
    (tmp_path / f"b{suffix}").write_bytes(content)
    with pytest.raises(InputError, match=f"'b{suffix}' cannot be read"):
        read_source(tmp_path / f"b{suffix}")


@pytest.mark.parametrize("missing", [1, 4, 8])
def test_a_gzip_without_its_checksum_is_truncated(tmp_path: Path, missing: int) -> None:
    write_volume(adc_volume(), tmp_path / "a.nii.gz")
    content = (tmp_path / "a.nii.gz").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(content[:-missing])
    with pytest.raises(InputError, match=r"'b\.nii\.gz' cannot be read"):
        read_source(tmp_path / "b.nii.gz")


def nifti_bomb(folder: Path) -> Path:
    write_volume(adc_volume(), folder / "a.nii.gz")
    with (folder / "a.nii.gz").open("ab") as file:
        file.write(gzip.compress(BLOCK) * 64)
    return folder / "a.nii.gz"


def nrrd_bomb(folder: Path, encoding: str) -> Path:
    head = "NRRD0004\ntype: short\nendian: little\ndimension: 3\nsizes: 24 26 14\nspacings: 2 2 2\n"
    head += f"encoding: {encoding}\n\n"
    packed = gzip.compress(BLOCK) if encoding == "gzip" else bz2.compress(BLOCK)
    (folder / "a.nrrd").write_bytes(head.encode() + packed * 64)
    return folder / "a.nrrd"


def mha_bomb(folder: Path) -> Path:
    head = "ObjectType = Image\nNDims = 3\nDimSize = 24 26 14\nElementType = MET_SHORT\nCompressedData = True\n"
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(BLOCK) for _ in range(64)), packer.flush()])
    (folder / "a.mha").write_bytes(head.encode() + b"ElementDataFile = LOCAL\n" + packed)
    return folder / "a.mha"


@pytest.mark.parametrize(
    "make",
    [nifti_bomb, lambda folder: nrrd_bomb(folder, "gzip"), lambda folder: nrrd_bomb(folder, "bzip2"), mha_bomb],
    ids=["nifti", "nrrd gzip", "nrrd bzip2", "mha"],
)
def test_a_bomb_takes_no_more_memory_than_its_header_promises(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)  # a gigabyte of zeros
    tracemalloc.start()
    with pytest.raises(InputError, match="more bytes of samples than"):
        read_source(path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 20_000_000


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mha", ".nrrd"])
def test_a_header_that_promises_terabytes_is_not_believed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_volume(adc_volume(), path)
    content = path.read_bytes()
    if ".nii" in suffix:
        content = gzip.decompress(content) if suffix.endswith("gz") else content
        content = content[:42] + np.array([32000] * 3, "<i2").tobytes() + content[48:]
        content = gzip.compress(content) if suffix.endswith("gz") else content
    else:
        content = content.replace(b"24 26 14", b"32000 32000 32000", 1)
    path.write_bytes(content)
    with pytest.raises(InputError, match="32000x32000x32000 values of 4 bytes, more than the 200,000,000 val"):
        read_source(path)


def test_the_largest_size_is_that_of_values_and_of_the_bytes_they_take_in_the_file(tmp_path: Path) -> None:
    samples.check_size((100, 100, 64, 300), "dhcp.nii.gz", 4)
    with pytest.raises(InputError, match="keep the b0 volumes and one shell"):
        samples.check_size((128, 128, 64, 300), "dhcp.nii.gz", 1)
    with pytest.raises(InputError, match="as 32-bit numbers"):
        samples.check_size((100, 100, 64, 300), "dhcp.nii.gz", 8)
    image = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.complex128), np.eye(4))
    image.header["dim"][1:4] = 584  # 3.2 GB: refused for its kind, before a byte of it is read
    (tmp_path / "c.nii").write_bytes(image.header.binaryblock + bytes(4 + 4096))
    with pytest.raises(InputError, match="holds complex values"):
        read_source(tmp_path / "c.nii")
    with pytest.raises(InputError, match="states 5x0x5 voxels"):
        samples.check_size((5, 0, 5), "a.mha", 4)


@pytest.mark.parametrize("name", ["../secret.raw", "/etc/passwd", "..", "", "a/../../secret.raw", "..\\secret.raw"])
def test_samples_are_not_fetched_from_outside_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.raw").write_bytes(bytes(2 * 24 * 26 * 14))
    folder = tmp_path / "scan"
    folder.mkdir()
    (folder / "a.nhdr").write_text(
        "NRRD0004\ntype: short\nendian: little\ndimension: 3\nsizes: 24 26 14\nencoding: raw\nspacings: 2 2 2\n"
        f"data file: {name}\n\n"
    )
    (folder / "a.mhd").write_text(
        f"ObjectType = Image\nNDims = 3\nDimSize = 24 26 14\nElementType = MET_SHORT\nElementDataFile = {name}\n"
    )
    for header in ("a.nhdr", "a.mhd"):
        with pytest.raises(InputError, match="no file of its own folder"):
            read_source(folder / header)


def test_samples_below_the_folder_are_read(tmp_path: Path) -> None:
    values = np.arange(24 * 26 * 14, dtype="<i2").reshape(SIZES, order="F")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.raw").write_bytes(values.tobytes(order="F"))
    (tmp_path / "a.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 24 26 14\nElementType = MET_SHORT\nElementDataFile = data/a.raw\n"
    )
    np.testing.assert_array_equal(read_volume(tmp_path / "a.mhd").array, values)


@pytest.mark.parametrize("value", [0, 7, 450])
def test_a_constant_volume_of_a_series_is_no_signal(tmp_path: Path, value: int) -> None:
    full = dwi_series()
    full.array[3] = value
    write_dwi_nifti(full, tmp_path / "dwi.nii.gz")
    with pytest.raises(InputError, match=rf"Volume 3 of 'dwi\.nii\.gz' is {value} everywhere"):
        read_source(tmp_path / "dwi.nii.gz")


def test_one_volume_with_its_b_value_is_no_map(tmp_path: Path) -> None:
    write_volume(adc_volume(), tmp_path / "b0.nii.gz")
    (tmp_path / "b0.bval").write_text("0\n")
    with pytest.raises(InputError, match=r"'b0\.nii\.gz' is a single diffusion volume: 'b0\.bval' states b = 0"):
        read_source(tmp_path / "b0.nii.gz")


@pytest.mark.parametrize("value", [3e38, -3e38, 30_000])
def test_a_value_that_no_scanner_can_measure_is_no_value(tmp_path: Path, value: float) -> None:
    adc = adc_volume()
    place = tuple(np.argwhere(adc.array > 0)[500])
    adc.array[place] = value
    write_volume(adc, tmp_path / "a.mha")
    found = read_source(tmp_path / "a.mha").adc
    assert np.isnan(found.array[place])
    assert np.isfinite(found.array).sum() == found.array.size - 1


@pytest.mark.parametrize("factor", [1e-20, 1e-6, 0.001, 100.0, 1e6, 1e20])
@pytest.mark.parametrize("suffix", [".nii.gz", ".mha", ".nrrd"])
def test_voxels_of_no_scanner_are_refused(tmp_path: Path, factor: float, suffix: str) -> None:
    adc = adc_volume()
    affine = adc.affine_ras.copy()
    affine[:3] *= factor
    write_volume(Volume(adc.array, affine), tmp_path / f"a{suffix}")
    with pytest.raises(InputError, match=r"where 0\.02 to 50 mm were expected|geometry is singular|cannot be read"):
        read_source(tmp_path / f"a{suffix}")


def test_motion_is_measured_in_a_scan_thinner_than_a_coarse_voxel() -> None:
    full = dwi_series()
    thin = DwiSeries(full.array[..., :2], np.diag([0.2, 0.2, 0.3, 1.0]), full.b_values, full.directions_ras)
    assert len(estimate_motion(thin)) == len(full.array)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"DWMRI_b-value:=1000", b"DWMRI_b-value:=many"),
        (b"DWMRI_gradient_0002:=", b"DWMRI_gradient_0002:=one "),
        (b"DWMRI_gradient_0002:=", b"DWMRI_gradient_0002:=nan "),
        (b"DWMRI_gradient_0002:=", b"DWMRI_gradient_99999999999:="),
        (b"DWMRI_gradient_0002:=", b"DWMRI_NEX_0002:=999999999\nDWMRI_gradient_0002:="),
        (b"measurement frame: (1,", b"measurement frame: (nan,"),
        (b"measurement frame: (1,0,0) (0,1,0) (0,0,1)", b"measurement frame: (1,0,0) (0,1,0)"),
    ],
)
def test_diffusion_keys_that_cannot_be(tmp_path: Path, old: bytes, new: bytes) -> None:
    write_dwi_nrrd(dwi_series(), tmp_path / "a.nrrd")
    content = (tmp_path / "a.nrrd").read_bytes()
    assert old in content
    (tmp_path / "b.nrrd").write_bytes(content.replace(old, new, 1))
    with pytest.raises(InputError, match=r"'b\.nrrd' cannot be understood"):
        read_source(tmp_path / "b.nrrd")


def test_a_table_of_b_values_is_short(tmp_path: Path) -> None:
    write_dwi_nifti(dwi_series(), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_bytes(b"0 " * 1_000_000)
    with pytest.raises(InputError, match="no table of b-values"):
        read_source(tmp_path / "dwi.nii.gz")


def test_a_pair_of_analyze_files_is_not_nifti(tmp_path: Path) -> None:
    nibabel.Spm2AnalyzeImage(np.ones((5, 5, 5), np.float32), np.eye(4)).to_filename(tmp_path / "a.img")
    (tmp_path / "a.hdr").rename(tmp_path / "a.nii")
    with pytest.raises(InputError, match=r"'a\.nii' cannot be read"):
        read_source(tmp_path / "a.nii")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes of this kind on Windows")
def test_pipes_and_links_in_a_circle_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.nii.gz")
    (tmp_path / "loop.nii.gz").symlink_to(tmp_path / "loop.nii.gz")
    for name, words in (("pipe.nii.gz", "a device or a pipe"), ("loop.nii.gz", "does not exist")):
        code, out, err = run(capfd, "predict", tmp_path / name, "--output", tmp_path / "out")
        assert_refused_in_one_line(code, out, err)
        assert words in err


@pytest.mark.parametrize("command", ["predict", "check", "adc"])
def test_names_that_are_too_long_are_told(tmp_path: Path, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    output = {"predict": ["--output", tmp_path / "out"], "adc": ["--output", tmp_path / "out.mha"], "check": []}[
        command
    ]
    code, out, err = run(capfd, command, tmp_path / ("x" * 300 + ".nii"), *output)
    assert_refused_in_one_line(code, out, err)
    assert "too long" in err
    assert list(tmp_path.iterdir()) == []


def test_an_output_may_have_the_longest_name_there_is_and_no_longer(tmp_path: Path) -> None:
    longest = tmp_path / ("o" * 255)
    for _ in range(2):
        with output_folder(longest, overwrite=True) as folder:
            (folder / "result.json").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [longest.name]
    with pytest.raises(InputError, match="too long"), output_folder(tmp_path / ("o" * 256), overwrite=False):
        pytest.fail("no work may start")


def test_a_series_is_still_read_as_it_was_written(tmp_path: Path) -> None:
    """The way through our own reading of bytes changes no value, in any type."""
    for dtype in (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64):
        full = dwi_series()
        series = DwiSeries((full.array % 200).astype(dtype), full.affine_ras, full.b_values, full.directions_ras)
        for name in ("a.nii", "a.nii.gz"):
            write_dwi_nifti(series, tmp_path / name)
            np.testing.assert_array_equal(read_source(tmp_path / name).dwi.array, series.array)
