"""Files that a DICOM series has lost: told from places, counts and numbers, with how many there are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.headers import find_series
from AGE2HIELib.io.dicom.series import check_complete, lost_volumes
from AGE2HIELib.io.source import read_source

SLICES, VOLUMES = 18, 4  # of the study's raw series
RAW, ADC = "005", "006"  # the series, as the names of their files say


def copied(study: Path, folder: Path, keep: Callable[[int, int], bool], *, series: tuple[str, ...] = (RAW,)) -> Path:
    """The files of which ``keep(volume, slice)`` holds, numbered from 0."""
    folder.mkdir()
    for path in study.iterdir():
        number, volume, k = path.stem.split("-")[-3:]
        if number in series and keep(int(volume), int(k)):
            shutil.copy(path, folder)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_complete(find_series(folder)[0])
    return str(caught.value)


def missing(message: str) -> int:
    return int(re.search(r"missing files: (\d+)", message)[1])  # type: ignore[index]


def edited(folder: Path, change: Callable[[pydicom.Dataset, int, int], None]) -> Path:
    for path in folder.iterdir():
        file = pydicom.dcmread(path)
        volume, k = map(int, path.stem.split("-")[-2:])
        change(file, volume, k)
        file.save_as(path)
    return folder


def test_nothing_is_missing_of_a_whole_series(study: Path, tmp_path: Path) -> None:
    series = find_series(copied(study, tmp_path / "s", lambda v, k: True))[0]
    check_complete(series)
    assert lost_volumes(series) == ()
    assert len(series.files) == SLICES * VOLUMES


@pytest.mark.parametrize(("count", "seed"), [(1, 0), (7, 1), (20, 2)])
def test_files_lost_here_and_there_are_counted(study: Path, tmp_path: Path, count: int, seed: int) -> None:
    lost = set(np.random.default_rng(seed).choice(SLICES * VOLUMES, count, replace=False).tolist())
    places = len({number % SLICES for number in lost})
    message = refusal(copied(study, tmp_path / "s", lambda v, k: v * SLICES + k not in lost))
    assert missing(message) == count
    assert f"at {places} of {SLICES} places" in message


@pytest.mark.parametrize("lost", [{17}, {0}, {0, 1, 17}, set(range(10, 18)), set(range(0, 18, 2))], ids=str)
def test_places_that_are_missing_of_every_volume_are_counted(study: Path, tmp_path: Path, lost: set[int]) -> None:
    """Places and counts are even: the image numbers tell."""
    message = refusal(copied(study, tmp_path / "s", lambda v, k: k not in lost))
    assert missing(message) == len(lost) * VOLUMES
    assert f"each of the {VOLUMES} volumes had {SLICES} slices, and {SLICES - len(lost)} are there" in message


def test_the_lower_half_of_every_volume_may_be_every_other_volume(study: Path, tmp_path: Path) -> None:
    series = find_series(copied(study, tmp_path / "s", lambda v, k: k >= SLICES // 2))[0]
    check_complete(series)
    assert "3 times 9 image numbers are missing" in lost_volumes(series)[0]


def test_a_slice_that_was_stored_again_is_not_called_seventeen_lost_ones(study: Path, tmp_path: Path) -> None:
    folder = copied(study, tmp_path / "s", lambda v, k: True)
    file = pydicom.dcmread(next(folder.glob("*-005-001-009.dcm")))
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    file.save_as(folder / "again.dcm")
    message = refusal(folder)
    assert "some slices are there 5 times and others 4 times" in message
    assert "at 17 of 18 places, unless one slice was stored twice" in message


def test_a_place_inside_that_is_missing_of_every_volume_is_a_step(study: Path, tmp_path: Path) -> None:
    message = refusal(copied(study, tmp_path / "s", lambda v, k: k not in (5, 11)))
    assert "most lie 6.00 mm apart, some 12.00 mm; 2 of 18 places have no file" in message


def test_a_volume_that_is_missing_is_a_warning(study: Path, tmp_path: Path) -> None:
    """The ADC of the others is one: thinned-out series are handed on as well."""
    whole = read_source(copied(study, tmp_path / "whole", lambda v, k: True))
    source = read_source(copied(study, tmp_path / "s", lambda v, k: v != 1))
    np.testing.assert_array_equal(source.dwi.array, whole.dwi.array[[0, 2, 3]])
    assert whole.warnings == ()
    [warning] = source.warnings
    assert "may have lost volumes: 1 times 18 image numbers are missing, the first after image 18" in warning


def test_a_map_that_is_whole_stands_in_for_a_series_that_is_not(study: Path, tmp_path: Path) -> None:
    folder = copied(study, tmp_path / "s", lambda v, k: (v, k) != (1, 9), series=(RAW, ADC))
    source = read_source(folder)
    assert source.kind == "adc-dicom"
    assert "DICOM series 5 is incomplete" in source.warnings[0]
    with pytest.raises(InputError, match="missing files: 1, at 1 of 18 places"):
        read_source(folder, series="5")


NUMBERS = {
    "slice by slice": lambda v, k: 1 + k * VOLUMES + v + (100 if k > 9 else 0),
    "b0 apart": lambda v, k: 1 + k + (0 if v == 0 else 100 + v * SLICES),
    "hundreds": lambda v, k: 1 + k + 100 * v,
    "backwards": lambda v, k: 1 + v * SLICES + SLICES - k,
    "interleaved": lambda v, k: 1 + v * SLICES + (k // 2 if k % 2 == 0 else 9 + k // 2),
    "all the same": lambda v, k: 1,
}


@pytest.mark.parametrize("numbering", NUMBERS.values(), ids=NUMBERS)
def test_other_ways_to_number_a_whole_series_are_none_of_our_business(
    study: Path, tmp_path: Path, numbering: Callable[[int, int], int]
) -> None:
    folder = copied(study, tmp_path / "s", lambda v, k: True)
    edited(folder, lambda file, v, k: setattr(file, "InstanceNumber", numbering(v, k)))
    series = find_series(folder)[0]
    check_complete(series)
    assert lost_volumes(series) == ()


@pytest.mark.parametrize(
    ("maker", "tag", "creator"),
    [
        ("Philips Medical Systems", (0x2001, 0x1018), "Philips Imaging DD 001"),
        ("GE MEDICAL SYSTEMS", (0x0021, 0x104F), "GEMS_RELA_01"),
    ],
)
def test_the_scanners_count_of_slices_tells_of_lost_ones(
    study: Path, tmp_path: Path, maker: str, tag: tuple[int, int], creator: str
) -> None:
    """Where the numbers do not: they are given anew, as an archive does."""

    def change(file: pydicom.Dataset, volume: int, k: int) -> None:
        file.Manufacturer, file.InstanceNumber = maker, 1 + volume * (SLICES - 1) + k
        file.private_block(tag[0], creator, create=True).add_new(tag[1] & 0xFF, "SL", SLICES)

    message = refusal(edited(copied(study, tmp_path / "s", lambda v, k: k != SLICES - 1), change))
    assert missing(message) == VOLUMES
    assert f"its files lie at {SLICES - 1} places, and the scanner states {SLICES}" in message
    check_complete(find_series(edited(copied(study, tmp_path / "whole", lambda v, k: True), change))[0])


@pytest.mark.real
@pytest.mark.parametrize(("folder", "places", "volumes"), [("philips-classic", 40, 17), ("ge-phantom", 2, 7)])
def test_real_series_that_lose_their_top_slice(
    real_data: Path, tmp_path: Path, folder: str, places: int, volumes: int
) -> None:
    [series] = find_series(real_data / "dwi-dicom" / folder)
    check_complete(series)
    top_mm = max(file.slice_mm or 0.0 for file in series.files)
    for file in series.files:
        if abs((file.slice_mm or 0.0) - top_mm) > 0.1:
            shutil.copy(file.path, tmp_path)
    message = refusal(tmp_path)
    assert f"at {places - 1} places, and the scanner states {places}; missing files: {volumes}" in message


@pytest.mark.parametrize("cosines", [[0] * 6, [1, 0, 0, 1, 0, 0], [2, 0, 0, 0, 2, 0], [1, 0, 0, 0.5, 0.8, 0]])
def test_slices_without_an_orientation_are_not_called_sheared(study: Path, tmp_path: Path, cosines: list) -> None:
    """All zero in files of some de-identifiers: "sheared, 90 degrees" sent the reader to the wrong place."""

    def erase(file: pydicom.Dataset, _volume: int, _k: int) -> None:
        file.ImageOrientationPatient = cosines

    message = refusal(edited(copied(study, tmp_path / "s", lambda v, k: True), erase))
    words = ", ".join(f"{cosine:g}" for cosine in cosines)
    assert f"have no orientation: ImageOrientationPatient is ({words})" in message
    assert "sheared" not in message


def test_a_sheared_stack_is_refused(study: Path, tmp_path: Path) -> None:
    """6 mm steps that go 1.83 mm aside: 17 degrees; a NIfTI of it would be a straight stack."""

    def tilt(file: pydicom.Dataset, volume: int, k: int) -> None:
        row = np.array(file.ImageOrientationPatient[:3], dtype=float)
        place = np.array(file.ImagePositionPatient, dtype=float) + aside * k * row
        file.ImagePositionPatient = [f"{mm:.6f}" for mm in place]

    aside = 6 * np.tan(np.radians(17))
    message = refusal(edited(copied(study, tmp_path / "s", lambda v, k: True), tilt))
    assert "their stack runs 17 degrees off their normal" in message
    aside = 6 * np.tan(np.radians(0.5))  # what rounded cosines may amount to
    check_complete(find_series(edited(copied(study, tmp_path / "t", lambda v, k: True), tilt))[0])
