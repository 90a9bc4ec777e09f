"""A series that was split over several SeriesInstanceUIDs is read as if it had not been, or refused; never in half."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_samples import ADC, DIRECTIONS, SLICES, adc_of, frames_signal, private, write_enhanced, write_series
from io_samples import adc_volume, write_dicom
from pydicom.dataset import Dataset

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.headers import find_series
from AGE2HIELib.io.source import read_source
from AGE2HIELib.volume import DwiSeries

DTI = [0.0, 1000.0, 1000.0, 1000.0]
SIEMENS = {"Manufacturer": "SIEMENS", "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]}
Parts = Callable[[int, int], int]
HOW: dict[str, Parts] = {
    "each slice": lambda v, k: k,  # Canon
    "each file": lambda v, k: v * SLICES + k,
    "each volume": lambda v, k: v,
    "first and second half": lambda v, k: v // 2,
    "lower and upper half": lambda v, k: k // 3,
    "odd and even slices": lambda v, k: k % 2,
}


def stated(header: Dataset, volume: int) -> None:
    private(header, 0x19, "SIEMENS MR HEADER", 0x0C, "IS", int(DTI[volume]))
    if DTI[volume]:
        private(header, 0x19, "SIEMENS MR HEADER", 0x0E, "FD", DIRECTIONS[volume].tolist())


def split(folder: Path, part: Parts, *, anew: bool = False, siemens: dict = SIEMENS) -> Path:
    """``anew``: image numbers begin anew in each part."""
    counts: dict[int, int] = {}

    def change(header: Dataset, volume: int, k: int) -> None:
        stated(header, volume)
        header.PixelData = frames_signal(DTI[volume], volume)[:, :, k].T.astype("<u2").tobytes()  # volumes differ
        number = part(volume, k)
        header.SeriesInstanceUID = f"1.2.3.70.{number + 1}"
        if anew:
            counts[number] = counts.get(number, 0) + 1
            header.InstanceNumber = counts[number]

    return write_series(folder, DTI, change, **siemens)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> DwiSeries:
    dwi = read_source(split(tmp_path_factory.mktemp("whole"), lambda v, k: 0)).dwi
    np.testing.assert_allclose(adc_of(dwi), ADC, rtol=1e-3)
    return dwi


def assert_same(found: DwiSeries, expected: DwiSeries) -> None:
    np.testing.assert_array_equal(found.b_values, expected.b_values)
    np.testing.assert_allclose(found.directions_ras, expected.directions_ras, atol=1e-6)
    np.testing.assert_allclose(found.affine_ras, expected.affine_ras, atol=1e-6)
    np.testing.assert_array_equal(found.array, expected.array)


@pytest.mark.parametrize("part", HOW.values(), ids=HOW)
def test_parts_give_every_voxel_of_the_series(tmp_path: Path, part: Parts, whole: DwiSeries) -> None:
    source = read_source(split(tmp_path, part))
    assert_same(source.dwi, whole)
    assert source.warnings == ()
    [series] = find_series(tmp_path)
    assert (series.name, len(series.files)) == ("5", len(DTI) * SLICES)


@pytest.mark.parametrize("how", ["each slice", "each file"])
def test_slices_whose_numbers_begin_anew_are_one_series(tmp_path: Path, how: str, whole: DwiSeries) -> None:
    """What lies at one place is no volume, whatever its numbers are."""
    assert_same(read_source(split(tmp_path, HOW[how], anew=True)).dwi, whole)


@pytest.mark.parametrize("how", ["first and second half", "lower and upper half", "odd and even slices"])
def test_halves_whose_numbers_begin_anew_are_refused(tmp_path: Path, how: str) -> None:
    """They may be two examinations of one number: half of one was read, with no word of the other."""
    split(tmp_path, HOW[how], anew=True)
    with pytest.raises(InputError) as caught:
        read_source(tmp_path)
    message = str(caught.value)
    assert "they may be one series that was split, and their image numbers do not tell" in message
    assert "export the study again in one piece" in message
    names = [series.name for series in find_series(tmp_path)]
    assert all(name in message for name in names)
    with pytest.raises(InputError, match=r"(one series that was split|2 DICOM series have the number 5)"):
        read_source(tmp_path, series="5")
    if how == "first and second half":  # the part that can be read alone is read where the user says so
        found = [name for name in names if _b_values(tmp_path, name) == [0.0, 1000.0]]
        assert len(found) == 1


def _b_values(folder: Path, name: str) -> list[float]:
    try:
        return read_source(folder, series=name).dwi.b_values.tolist()
    except InputError:
        return []


def test_a_lost_slice_of_a_split_series_is_noticed(tmp_path: Path) -> None:
    split(tmp_path, HOW["each slice"])
    for path in tmp_path.rglob("*-2"):
        path.unlink()
    with pytest.raises(InputError, match=r"lacks slices: .* 1 of 6 places have no file"):
        read_source(tmp_path)


def test_a_damaged_slice_of_a_split_series_is_noticed(tmp_path: Path) -> None:
    split(tmp_path, HOW["each file"])
    path = next(path for path in sorted(tmp_path.rglob("*-5")) if path.is_file())
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(InputError, match="truncated: image 6 of series 5"):
        read_source(tmp_path)


def test_two_whole_series_of_one_number_stay_two(tmp_path: Path) -> None:
    """Acquired twice in one study under one number: as before, the user chooses."""
    for run in (1, 2):
        split(tmp_path / str(run), lambda v, k, run=run: 10 * run)  # type: ignore[misc]
    first, second = find_series(tmp_path)
    assert first.number == second.number
    with pytest.raises(InputError, match="holds 2 diffusion series"):
        read_source(tmp_path)
    assert_same(read_source(tmp_path, series=first.name).dwi, read_source(tmp_path / "1").dwi)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("SeriesNumber", 6),
        ("StudyInstanceUID", "1.2.3.9"),
        ("EchoTime", 120),
        ("ImageOrientationPatient", [1, 0, 0, 0, 0, 1]),
        ("PixelSpacing", [2.5, 2.5]),
    ],
)
def test_what_is_not_alike_is_not_joined(tmp_path: Path, keyword: str, value: object) -> None:
    split(tmp_path, HOW["first and second half"])
    for path in tmp_path.rglob("1.2*-*-*"):
        if path.is_file():
            header = pydicom.dcmread(path)
            if header.SeriesInstanceUID.endswith("2"):
                setattr(header, keyword, value)
                header.save_as(path)
    assert len(find_series(tmp_path)) == 2
    assert read_source(tmp_path).dwi.b_values.tolist() == DTI[:2]


def test_an_adc_map_of_one_uid_a_slice_is_whole(tmp_path: Path) -> None:
    kind = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
    write_dicom(tmp_path / "whole", adc_volume().array, uid="1.2.3.51", number=7, ImageType=kind)
    shutil.copytree(tmp_path / "whole", tmp_path / "split")
    for path in (tmp_path / "split").iterdir():
        header = pydicom.dcmread(path)
        header.SeriesInstanceUID = f"1.2.3.51.{header.InstanceNumber}"
        header.save_as(path)
    expected, found = read_source(tmp_path / "whole"), read_source(tmp_path / "split")
    np.testing.assert_array_equal(found.adc.array, expected.adc.array)
    np.testing.assert_allclose(found.adc.affine_ras, expected.adc.affine_ras)


def test_enhanced_files_of_one_number_are_never_halved(tmp_path: Path) -> None:
    """Their headers tell no plane in front of the frames, so that they are not joined."""
    folder = write_enhanced(tmp_path, [0.0, 1000.0])
    more = pydicom.dcmread(write_enhanced(tmp_path / "more", [1000.0]) / "e.dcm")
    more.SeriesInstanceUID, more.SOPInstanceUID = "1.2.3.99", "1.2.3.99.1"
    more.save_as(folder / "f.dcm")
    with pytest.raises(InputError, match="one series that was split") as caught:
        read_source(folder)
    names = set(re.findall(r"5:[0-9a-f]{6}", str(caught.value)))
    assert [0.0, 1000.0] in [_b_values(folder, name) for name in names]


@pytest.mark.real
def test_a_real_series_of_one_uid_a_slice(real_data: Path, tmp_path: Path) -> None:
    """Philips' classic files with the UIDs of Canon's: each place has its own."""
    expected = read_source(real_data / "dwi-dicom" / "philips-classic").dwi
    for path in (real_data / "dwi-dicom" / "philips-classic").glob("*.dcm"):
        header = pydicom.dcmread(path, specific_tags=["SeriesInstanceUID", "ImagePositionPatient"])
        uid, place = header.SeriesInstanceUID, round(10 * float(header.ImagePositionPatient[2])) + 100_000
        content = path.read_bytes().replace(uid.encode(), f"{uid[:-6]}{place:06d}".encode())
        (tmp_path / path.name).write_bytes(content)
    assert len({file.group for file in find_series(tmp_path)[0].files}) == 40
    found = read_source(tmp_path).dwi
    assert_same(found, expected)
