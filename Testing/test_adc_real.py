"""ADC of real scans against the scanner's own map and against a second implementation of the same rule."""

from __future__ import annotations

import subprocess
from pathlib import Path

import dcm2niix
import nibabel as nib
import numpy as np
import pytest

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.adc import adc_map, fit_adc
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.preprocess.shells import unevenness
from AGE2HIELib.volume import DwiSeries, Volume

pytestmark = pytest.mark.real


def converted(folder: Path, output: Path, number: str) -> list[Path]:
    """NIfTI files of one series, by dcm2niix itself."""
    subprocess.run(
        [dcm2niix.bin, "-f", "%s", "-b", "n", "-z", "n", "-o", str(output), str(folder)],
        check=True,
        capture_output=True,
    )
    return sorted(output.glob(f"{number}*.nii"))


def by_hand(path: Path, b_values: np.ndarray, volumes: list[int]) -> Volume:
    """The rule once more, one voxel list at a time in double precision, from the files."""
    image = nib.load(path)
    data = np.asarray(image.dataobj, dtype=np.float64)[..., volumes]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(data > 0, data, np.nan))
    b = b_values[volumes]
    adc = 1e6 * (logs[..., b < 50].mean(axis=-1) - logs[..., b >= 50].mean(axis=-1)) / b[b >= 50].mean()
    return to_canonical(Volume(adc, image.affine))


@pytest.fixture(scope="module")
def xa30(real_data):
    folder = real_data / "dwi-dicom" / "siemens-xa30"
    dwi = series_to_canonical(read_source(folder, series="10").dwi)
    scanner = to_canonical(read_source(folder, series="11").adc)
    fit = adc_map(dwi)
    return dwi, scanner, fit, brain_mask(fit.adc, contrast=fit.mean_b0).array


def test_xa30_equals_the_scanners_own_adc(xa30):
    dwi, scanner, fit, brain = xa30
    assert 1100 < brain.sum() * dwi.grid.voxel_ml < 1700  # an adult
    brain = brain & (scanner.array > 0)
    ratio = fit.adc.array[brain] / scanner.array[brain]
    assert 0.999 < np.nanmedian(ratio) < 1.001
    assert np.mean(np.abs(ratio - 1) < 0.02) > 0.99
    assert fit.b_values_used == (0.0, 2500.0)
    (warning,) = fit.warnings
    assert "b = 2500: ADC about 17 % low" in warning


def test_xa30_b0_with_its_trace_image_is_near_the_scanners_adc(xa30, real_data, tmp_path):
    dwi, scanner, _, brain = xa30
    trace = to_canonical(_volume(converted(real_data / "dwi-dicom" / "siemens-xa30", tmp_path, "12")[0]))
    pair = np.stack([dwi.array[0], trace.array]).astype(np.float32)
    adc = adc_map(DwiSeries(pair, dwi.affine_ras, np.array([0, 2500.0]))).adc.array
    brain = brain & (scanner.array > 0)
    ratio = adc[brain] / scanner.array[brain]
    assert 0.99 < np.nanmedian(ratio) < 1.01
    assert np.mean(np.abs(ratio - 1) < 0.05) > 0.95


@pytest.mark.parametrize(("name", "number", "count"), [("siemens-mosaic", "4", 21), ("philips-classic", "601", 16)])
def test_the_fit_agrees_with_a_second_implementation(name, number, count, real_data, tmp_path):
    folder = real_data / "dwi-dicom" / name
    files = converted(folder, tmp_path, number)
    raw = next(path for path in files if path.with_suffix(".bval").exists())  # Philips: without its isotropic volume
    b_values = np.loadtxt(raw.with_suffix(".bval"))
    assert len(b_values) == count
    directions = np.loadtxt(raw.with_suffix(".bvec")).T
    assert unevenness(directions[b_values > 50]) < 0.003
    expected = by_hand(raw, b_values, list(range(count)))
    dwi = series_to_canonical(read_source(folder).dwi)
    fit = adc_map(dwi)
    (warning,) = fit.warnings
    assert "b = 2000: ADC about 11 % low" in warning
    np.testing.assert_array_equal(np.isnan(fit.adc.array), np.isnan(expected.array))
    # 1e-6 mm2/s; float32 logarithms of signals up to 4096 at b = 2000
    np.testing.assert_allclose(fit.adc.array, expected.array, atol=0.05, rtol=1e-4)


def test_philips_with_its_isotropic_volume_gives_the_same_adc(real_data, tmp_path):
    files = converted(real_data / "dwi-dicom" / "philips-classic", tmp_path, "601")
    raw = next(path for path in files if path.with_suffix(".bval").exists())
    whole = next(path for path in files if "ADC" in path.name)
    b_values, directions = np.loadtxt(raw.with_suffix(".bval")), np.loadtxt(raw.with_suffix(".bvec")).T
    array = np.moveaxis(np.asarray(nib.load(raw).dataobj, dtype=np.float32), -1, 0)
    volumes = np.moveaxis(np.asarray(nib.load(whole).dataobj, dtype=np.float32), -1, 0)
    assert len(volumes) == 17
    extra = volumes[[not any(np.array_equal(volume, kept) for kept in array) for volume in volumes]]
    assert len(extra) == 1
    with_extra = np.concatenate([array, extra])
    adc = fit_adc(with_extra, np.append(b_values, 2000), np.vstack([directions, np.zeros(3)]))
    np.testing.assert_array_equal(adc, fit_adc(array, b_values, directions))


def _volume(path: Path) -> Volume:
    image = nib.load(path)
    return Volume(np.asarray(image.dataobj, dtype=np.float32), image.affine)
