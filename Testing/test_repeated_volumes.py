"""Volumes that were copied over others: their ADC is 0 or too low, which no reader of a map would see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_samples import ADC, SHAPE, adc_of, signal, write_series
from pydicom.dataset import Dataset

from AGE2HIELib import cli
from AGE2HIELib.io.diffusion import repeated_warnings
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.volume import DwiSeries

B_VALUES = np.array([0.0, 1000, 1000, 1000, 1000])
DIRECTIONS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0]])


def noisy(copied: dict[int, int], *, b_values: np.ndarray = B_VALUES) -> DwiSeries:
    """One ADC, other noise in each volume; ``copied`` says whose samples a volume has in place of its own."""
    noise = np.random.default_rng(4).integers(0, 9, (len(b_values), *SHAPE))
    array = np.stack([signal(b) for b in b_values]) + noise
    for number, other in copied.items():
        array[number] = array[other]
    return DwiSeries(array.astype(np.float32), np.diag([2.0, 2, 3, 1]), b_values, DIRECTIONS)


def adc_command(scan: Path, tmp_path: Path) -> int:
    return cli.main(["adc", str(scan), "--output", str(tmp_path / "adc.nii.gz")])


@pytest.mark.parametrize(
    ("copied", "words"),
    [({1: 0, 2: 0, 3: 0, 4: 0}, "0=1=2=3=4"), ({3: 0}, "0=3"), ({0: 2}, "0=2")],
    ids=["all", "one", "the b0"],
)
@pytest.mark.parametrize("ending", ["nii", "nrrd"])
def test_a_copy_at_another_b_value_gives_no_adc(
    tmp_path: Path, copied: dict[int, int], words: str, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write = write_dwi_nifti if ending == "nii" else write_dwi_nrrd
    scan = tmp_path / f"scan.{ending}"
    write(noisy(copied), scan)
    assert adc_command(scan, tmp_path) == 2
    said = f"same values in every voxel (counted from 0: {words}): they have different b-values, so the ADC is 0 or"
    assert said in capsys.readouterr().err
    assert not (tmp_path / "adc.nii.gz").exists()
    assert said in read_source(scan).warnings[0]  # for the gate, and for the result


def test_a_copy_within_dicom_gives_no_adc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(header: Dataset, volume: int, k: int) -> None:
        header.DiffusionBValue = 1000.0 * volume

    write_series(tmp_path / "in", [0.0, 0.0], change)
    assert adc_command(tmp_path / "in", tmp_path) == 2
    assert "'in' gives no ADC. Volumes hold the same values in every voxel" in capsys.readouterr().err


def test_shells_that_are_copies_of_each_other_give_no_adc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dwi_nifti(noisy({4: 1}, b_values=np.array([0.0, 500, 1000, 1000, 1000])), tmp_path / "scan.nii")
    assert adc_command(tmp_path / "scan.nii", tmp_path) == 2
    assert "(counted from 0: 1=4): they have different b-values" in capsys.readouterr().err


def test_copies_of_one_b_value_are_a_warning(tmp_path: Path) -> None:
    """The mean over directions lacks one of them; the b-values are right."""
    write_dwi_nifti(noisy({3: 1}), tmp_path / "scan.nii")
    source = read_source(tmp_path / "scan.nii")
    (warning,) = source.warnings
    assert "(counted from 0: 1=3): the ADC rests on fewer volumes" in warning
    np.testing.assert_allclose(adc_of(source.dwi), ADC, rtol=2e-3)
    assert adc_command(tmp_path / "scan.nii", tmp_path) == 0


@pytest.mark.real
def test_a_real_phantom_whose_volumes_are_copies_gives_no_adc(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adc_command(real_data / "dwi-dicom" / "ge-phantom", tmp_path) == 2
    assert "(counted from 0: 0=1=2=3=4=5=6)" in capsys.readouterr().err


def test_sound_volumes_are_no_copies() -> None:
    assert repeated_warnings(noisy({})) == ()
    assert adc_map(noisy({})).warnings[1:] == ()  # the first says that four directions are uneven


def test_an_adc_that_no_tissue_has_is_a_warning() -> None:
    """The b0 measured twice, one of them stated as weighted: no copies, for noise differs."""
    b_values = np.array([0.0, 1000.0])
    noise = np.random.default_rng(4).integers(0, 9, (2, *SHAPE))
    twice = DwiSeries((signal(0) + noise).astype(np.float32), np.eye(4), b_values, None)
    (warning,) = adc_map(twice).warnings
    assert "median ADC where the image is bright is" in warning
    swapped = DwiSeries(np.stack([signal(1000), signal(0)]).astype(np.float32), np.eye(4), b_values, None)
    (warning,) = adc_map(swapped).warnings
    assert "is -841e-6 mm2/s, and tissue has 300 to 4000" in warning
    sound = DwiSeries(np.stack([signal(0), signal(1000)]).astype(np.float32), np.eye(4), b_values, None)
    assert adc_map(sound).warnings == ()
