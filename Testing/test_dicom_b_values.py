"""b-values of DICOM series: from statements about each volume, never from a neighbour's or a converter's guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_samples import (
    ADC,
    DIRECTIONS,
    S0,
    SLICES,
    adc_of,
    frames_signal,
    lps_order,
    private,
    sequence_name,
    signal,
    write_enhanced,
    write_series,
)
from pydicom.dataset import Dataset

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source

DTI = [0.0, 1000.0, 1000.0, 1000.0]
SIEMENS = {"Manufacturer": "SIEMENS", "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]}
GE = {"Manufacturer": "GE MEDICAL SYSTEMS"}


def siemens_private(header: Dataset, volume: int, _k: int) -> None:
    private(header, 0x19, "SIEMENS MR HEADER", 0x0C, "IS", int(DTI[volume]))
    if DTI[volume]:
        private(header, 0x19, "SIEMENS MR HEADER", 0x0E, "FD", DIRECTIONS[volume].tolist())


def standard_of_weighted(header: Dataset, volume: int, _k: int) -> None:
    if DTI[volume]:
        header.DiffusionBValue = DTI[volume]


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_source(folder)
    return str(caught.value)


def test_a_stripped_siemens_series_has_the_b_values_of_its_sequence_names(tmp_path: Path) -> None:
    """dcm2niix writes zeros only."""
    write_series(tmp_path, DTI, sequence_name(DTI), **SIEMENS)
    dwi = read_source(tmp_path).dwi
    np.testing.assert_array_equal(dwi.b_values, DTI)
    np.testing.assert_allclose(adc_of(dwi), ADC, rtol=1e-3)


def test_a_stripped_series_is_not_the_b0_of_a_trace_beside_it(tmp_path: Path) -> None:
    """The DTI, taken for a b0, gave 68 with the trace."""
    write_series(tmp_path / "dti", DTI, sequence_name(DTI), **SIEMENS)
    trace = ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW", "ND"]
    write_series(
        tmp_path / "trace",
        [1000.0],
        sequence_name([1000.0], ending="t"),
        uid="1.2.3.51",
        Manufacturer="SIEMENS",
        ImageType=trace,
        SeriesNumber=6,
    )
    np.testing.assert_allclose(adc_of(read_source(tmp_path).dwi), ADC, rtol=1e-3)
    for path in (tmp_path / "dti").rglob("1.2*-*-*"):
        if path.is_file():
            header = pydicom.dcmread(path)
            del header.SequenceName
            header.save_as(path)
    assert "no diffusion series with two b-values" in refusal(tmp_path)  # nothing says that the DTI holds a b0


@pytest.mark.parametrize("directions", [False, True])
def test_ge_leaves_b_out_of_its_b0(tmp_path: Path, directions: bool) -> None:
    """The b-value of the others was given to it, and the ADC was half of the right one beside another b0."""

    def change(header: Dataset, volume: int, k: int) -> None:
        standard_of_weighted(header, volume, k)
        for element, value in zip((0xBB, 0xBC, 0xBD), DIRECTIONS[volume] * directions, strict=True):
            private(header, 0x19, "GEMS_ACQU_01", element, "DS", f"{value:g}")

    write_series(tmp_path, DTI, change, **GE)
    dwi = read_source(tmp_path).dwi
    np.testing.assert_array_equal(dwi.b_values, DTI)
    np.testing.assert_allclose(adc_of(dwi), ADC, rtol=1e-3)


def test_other_vendors_silence_is_no_b0(tmp_path: Path) -> None:
    write_series(tmp_path, DTI, standard_of_weighted, **SIEMENS)
    message = refusal(tmp_path)
    assert "its headers state 1000 (3 volumes), none (1 volume), and dcm2niix finds none" in message
    assert "give it as NIfTI with its .bval" in message


@pytest.mark.parametrize("maker", [SIEMENS, GE], ids=["siemens", "ge"])
def test_a_weighted_volume_without_a_statement_is_refused(tmp_path: Path, maker: dict) -> None:
    """The b0 states 0, so that silence does not mean it."""

    def change(header: Dataset, volume: int, k: int) -> None:
        if volume != 2:
            header.DiffusionBValue = DTI[volume]

    write_series(tmp_path, DTI, change, **maker)
    assert "0 (1 volume), 1000 (2 volumes), none (1 volume)" in refusal(tmp_path)


def test_headers_and_converter_that_disagree_are_both_shown(tmp_path: Path) -> None:
    """dcm2niix reads elements wherever they stand, here in a sequence that belongs to frames."""

    def change(header: Dataset, volume: int, k: int) -> None:
        header.DiffusionBValue = DTI[volume] / 2
        misplaced = Dataset()
        misplaced.DiffusionBValue = DTI[volume]
        header.MRDiffusionSequence = [misplaced]

    write_series(tmp_path, DTI, change, **SIEMENS)
    message = refusal(tmp_path)
    assert (
        "its headers state 0 (1 volume), 500 (3 volumes), and dcm2niix finds 0 (1 volume), 1000 (3 volumes)" in message
    )


NUMBERS: dict[str, Callable[[int, int], int | None]] = {
    "volume by volume": lambda v, k: 1 + v * SLICES + k,
    "backwards": lambda v, k: 1 + v * SLICES + SLICES - k,
    "interleaved": lambda v, k: 1 + v * SLICES + (k // 2 if k % 2 == 0 else SLICES // 2 + k // 2),
    "slice by slice": lambda v, k: 1 + k * len(DTI) + v,
    "anew in each volume": lambda v, k: 1 + k,
    "all the same": lambda v, k: 1,
    "at random": lambda v, k: 1 + (v * SLICES + k) * 7 % 29,
    "none": lambda v, k: None,
}


@pytest.mark.parametrize("numbering", NUMBERS.values(), ids=NUMBERS)
def test_image_numbers_do_not_mix_volumes_or_slices(
    tmp_path: Path, numbering: Callable[[int, int], int | None]
) -> None:
    """dcm2niix sorts by them: volumes held slices of several b-values, or in the wrong places."""

    def change(header: Dataset, volume: int, k: int) -> None:
        siemens_private(header, volume, k)
        header.InstanceNumber = numbering(volume, k)

    write_series(tmp_path, DTI, change, **SIEMENS)
    dwi = read_source(tmp_path).dwi
    np.testing.assert_array_equal(dwi.b_values, DTI)
    np.testing.assert_allclose(np.abs(dwi.directions_ras), DIRECTIONS, atol=1e-6)
    for image, b in zip(dwi.array, DTI, strict=True):
        np.testing.assert_array_equal(lps_order(image, dwi.affine_ras), signal(b))


@pytest.mark.parametrize("isotropic", [True, False], ids=["isotropic", "directions"])
@pytest.mark.parametrize(
    ("maker", "dimensions"), [("Philips", True), ("Philips", False), ("SIEMENS", True), ("GE", True)]
)
def test_frames_of_one_file_make_the_volumes_that_they_state(
    tmp_path: Path, maker: str, dimensions: bool, isotropic: bool
) -> None:
    """dcm2niix has 2000 for isotropic frames of Philips, and mixes frames of Siemens and GE."""
    b_values = [0.0, 500.0, 1000.0, 1000.0] if isotropic else DTI
    dwi = read_source(write_enhanced(tmp_path, b_values, maker=maker, isotropic=isotropic, dimensions=dimensions)).dwi
    np.testing.assert_array_equal(dwi.b_values, b_values)
    truth = [frames_signal(b, volume) for volume, b in enumerate(b_values)]
    for image in dwi.array:
        found = lps_order(image, dwi.affine_ras)
        assert sum(np.array_equal(found, volume) for volume in truth) == 1
    np.testing.assert_allclose(adc_of(dwi), ADC, rtol=1e-3)


def test_ge_combined_images_beside_directions_are_weighted(tmp_path: Path) -> None:
    """dcm2niix gives them b = 0: the ADC was half of the right one."""
    b_values = [0.0, 1000.0, 1000.0, 1000.0, 1000.0]

    def change(header: Dataset, volume: int, _k: int) -> None:
        private(header, 0x43, "GEMS_PARM_01", 0x39, "IS", [int(b_values[volume]), 8, 0, 0])
        for element, value in zip((0xBB, 0xBC, 0xBD), [*DIRECTIONS, np.zeros(3)][volume], strict=True):
            private(header, 0x19, "GEMS_ACQU_01", element, "DS", f"{value:g}")

    dwi = read_source(write_series(tmp_path, b_values, change, **GE)).dwi
    np.testing.assert_array_equal(dwi.b_values, b_values)
    np.testing.assert_allclose(adc_of(dwi), ADC, rtol=1e-3)


def test_numbers_that_tell_no_volumes_and_no_b_values_are_refused(tmp_path: Path) -> None:
    def change(header: Dataset, volume: int, k: int) -> None:
        header.InstanceNumber = 1 + k * len(DTI) + volume
        if volume != 2:
            header.DiffusionBValue = DTI[volume]

    write_series(tmp_path, DTI, change, **SIEMENS)
    message = refusal(tmp_path)
    assert "not known which of the 24 files of DICOM series 5 make a volume: 6 of them state no b-value" in message


def test_a_3d_sagittal_acquisition_is_whole(tmp_path: Path) -> None:
    """dcm2niix turns such volumes, so that their last axis no longer counts the files."""
    sagittal = np.array([[0, 0, 3.0, 0], [2.0, 0, 0, -20], [0, -2.0, 0, 18], [0, 0, 0, 1]])

    def change(header: Dataset, volume: int, _k: int) -> None:
        header.DiffusionBValue = DTI[volume]
        header.MRAcquisitionType = "3D"

    write_series(tmp_path, DTI[:2], change, affine_lps=sagittal, **SIEMENS)
    dwi = read_source(tmp_path).dwi
    np.testing.assert_array_equal(dwi.b_values, DTI[:2])
    corner = np.linalg.solve(dwi.affine_ras, [-6.0, 20.0, 18.0, 1])[:3]  # first column and row of the third slice
    assert dwi.array[(0, *np.rint(corner).astype(int))] == S0[0, 0, 2]
