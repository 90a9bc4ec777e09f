"""DICOM: what is read, told by headers and b-values and never by names."""

import shutil

import numpy as np
import pytest
from io_samples import adc_volume, write_dicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.headers import kind_of
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.adc import adc_map

RNG = np.random.default_rng(7)
B0 = RNG.integers(500, 900, (10, 12, 6))
TRACE = RNG.integers(100, 300, (10, 12, 6))


def test_image_type_tells_derived_maps():
    assert kind_of(["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"], "ADC of the brain") == "scan"
    assert kind_of(["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], "") == "adc"
    assert kind_of(["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW", "ND"], "") == "trace"
    assert kind_of(["DERIVED", "PRIMARY", "DIFFUSION", "FA"], "ADC") == "map"
    assert kind_of(["DERIVED", "PRIMARY", "OTHER"], "Apparent Diffusion Coefficient (mm2/s)") == "adc"
    assert kind_of(["DERIVED", "PRIMARY", "OTHER"], "Exponential Apparent Diffusion Coefficient") == "map"
    assert kind_of(["DERIVED", "PRIMARY", "OTHER"], "Ax DWI exp_ADC") == "map"
    assert kind_of(["DERIVED", "PRIMARY", "OTHER"], "ADC (mono-exponential)") == "adc"
    assert kind_of(["DERIVED", "PRIMARY", "OTHER"], "mono-exponential ADC") == "adc"
    assert kind_of(["DERIVED", "PRIMARY", "ADC"], "bi exponential ADC") == "adc"
    assert kind_of(["DERIVED", "PRIMARY", "OTHER"], "eADC") == "map"
    assert kind_of(["ORIGINAL", "PRIMARY", "OTHER"], "eADC") == "scan"


def test_b0_and_trace_of_one_series_make_a_diffusion_series(tmp_path):
    folder = tmp_path / "nouveau né"
    write_dicom(folder, B0, uid="1.2.3.50", DiffusionBValue=0.0)
    write_dicom(folder, TRACE, uid="1.2.3.50", DiffusionBValue=1000.0)
    dwi = read_source(folder).dwi
    np.testing.assert_array_equal(dwi.b_values, [0, 1000])
    np.testing.assert_array_equal(dwi.directions_ras, np.zeros((2, 3)))
    # Rows run to the back in the files; voxel (i, j, k) is found through its place in RAS.
    place = np.array([20.0, 18.0, 3.0 * 2, 1])  # the first column and row of the third slice
    index = np.round(np.linalg.solve(dwi.affine_ras, place)[:3]).astype(int)
    assert dwi.array[(0, *index)] == B0[0, 0, 2]
    assert dwi.array[(1, *index)] == TRACE[0, 0, 2]


def test_the_hash_does_not_depend_on_names(tmp_path):
    write_dicom(tmp_path / "a", B0, uid="1.2.3.50", DiffusionBValue=0.0)
    write_dicom(tmp_path / "a", TRACE, uid="1.2.3.50", DiffusionBValue=1000.0)
    (tmp_path / "b" / "sub").mkdir(parents=True)
    for number, path in enumerate(sorted((tmp_path / "a").iterdir(), reverse=True)):
        shutil.copy(path, tmp_path / "b" / "sub" / f"{number} é.ima")
    assert read_source(tmp_path / "a").sha256 == read_source(tmp_path / "b").sha256


def test_a_scanner_adc_is_a_3d_map(tmp_path):
    write_dicom(
        tmp_path / "d",
        adc_volume().array,
        uid="1.2.3.51",
        number=7,
        ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"],
    )
    source = read_source(tmp_path / "d")
    assert (source.kind, source.adc_unit_found) == ("adc-dicom", "1e-6 mm2/s")
    assert np.median(source.adc.array[source.adc.array > 0]) == pytest.approx(1250, rel=0.02)


def test_raw_is_preferred_and_several_end_in_a_list(tmp_path):
    adc_type = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
    write_dicom(tmp_path, adc_volume(shape=(10, 12, 6)).array, uid="1.2.3.52", number=9, ImageType=adc_type)
    for number in (5, 6):
        write_dicom(tmp_path, B0, uid=f"1.2.3.6{number}", number=number, DiffusionBValue=0.0)
        write_dicom(tmp_path, TRACE, uid=f"1.2.3.6{number}", number=number, DiffusionBValue=1000.0)
    with pytest.raises(InputError) as caught:
        read_source(tmp_path)
    message = str(caught.value)
    assert "5 (diffusion, b 0/1000, 2 volumes), 6 (diffusion, b 0/1000, 2 volumes)" in message
    assert "--series 5" in message
    assert "SECRET" not in message.upper()
    assert read_source(tmp_path, series="6").kind == "dwi-dicom"
    assert read_source(tmp_path, series="9").kind == "adc-dicom"
    with pytest.raises(InputError, match="There is no DICOM series '4'"):
        read_source(tmp_path, series="4")
    for path in tmp_path.glob("1.2.3.66*"):
        path.unlink()
    assert read_source(tmp_path).kind == "dwi-dicom"


def test_unrelated_dicom_is_refused(tmp_path):
    write_dicom(tmp_path / "t1", B0, uid="1.2.3.53")
    with pytest.raises(InputError, match="no diffusion series with two b-values and no ADC map"):
        read_source(tmp_path / "t1")
    write_dicom(tmp_path / "ct", B0, uid="1.2.3.54", Modality="CT")
    with pytest.raises(InputError, match="no MR images in DICOM"):
        read_source(tmp_path / "ct")


def test_empty_folders_and_folders_of_other_files(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="'empty' is empty"):
        read_source(tmp_path / "empty")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("x")
    with pytest.raises(InputError, match=r"no MR images in DICOM \(1 other files\)"):
        read_source(tmp_path / "other")


def test_a_missing_slice_and_a_truncated_file_are_noticed(tmp_path):
    write_dicom(tmp_path, B0, uid="1.2.3.50", DiffusionBValue=0.0)
    write_dicom(tmp_path, TRACE, uid="1.2.3.50", DiffusionBValue=1000.0)
    last = tmp_path / "1.2.3.50-1000.0-3"
    content = last.read_bytes()
    last.write_bytes(content[:-60])
    with pytest.raises(InputError, match=r"truncated: image \d+ of series 5 has"):
        read_source(tmp_path)
    last.unlink()
    with pytest.raises(InputError, match=r"incomplete|no image|do not make a volume|several grids|several sizes"):
        read_source(tmp_path)


@pytest.mark.real
@pytest.mark.parametrize(
    ("folder", "b", "directions"),
    [("siemens-xa30", 2500, 20), ("siemens-mosaic", 2000, 20), ("philips-classic", 2000, 15), ("ge-phantom", 1000, 6)],
)
def test_real_folders_give_their_raw_series(real_data, folder, b, directions):
    source = read_source(real_data / "dwi-dicom" / folder)
    assert source.kind == "dwi-dicom"
    np.testing.assert_array_equal(source.dwi.b_values, [0, *[b] * directions])
    np.testing.assert_allclose(np.linalg.norm(source.dwi.directions_ras[1:], axis=1), 1, atol=1e-6)


@pytest.mark.real
def test_real_volumes_in_one_frame_give_the_tensors_mean_diffusivity(real_data):
    """UIH's VFRAME; its 16 directions are uneven, so the plain mean of ln S is up to 5 % off."""
    dwi = read_source(real_data / "dwi-dicom" / "uih-vframe").dwi
    np.testing.assert_allclose(dwi.b_values, [1.25126, *[929.75] * 16], rtol=1e-5)
    x, y, z = dwi.directions_ras[1:].T
    design = np.stack([x * x, y * y, z * z, 2 * x * y, 2 * x * z, 2 * y * z], axis=1)
    inside = (dwi.array > 0).all(axis=0) & (dwi.array[0] > np.percentile(dwi.array[0], 60))
    signal = dwi.array[:, inside].astype(float)
    decay = np.log(signal[0] / signal[1:]) / (dwi.b_values[1:, None] - dwi.b_values[0]) * 1e6
    expected = np.linalg.lstsq(design, decay, rcond=None)[0][:3].mean(axis=0)
    np.testing.assert_allclose(adc_map(dwi).adc.array[inside], expected, rtol=1e-3, atol=0.1)
    assert np.median(expected) == pytest.approx(957.7, abs=0.5)


@pytest.mark.real
def test_real_b0_with_trace_and_scanner_adc(real_data):
    folder = real_data / "dwi-dicom" / "siemens-xa30"
    raw, adc = read_source(folder), read_source(folder, series="11")
    pair = read_source(folder, series="10+12")
    assert (adc.kind, adc.adc_unit_found) == ("adc-dicom", "1e-6 mm2/s")
    np.testing.assert_array_equal(pair.dwi.b_values, [0, 2500])
    np.testing.assert_array_equal(pair.dwi.directions_ras, 0)
    np.testing.assert_array_equal(pair.dwi.array[0], raw.dwi.array[0])
    assert raw.stored.same_as(adc.stored, 1e-3)
    geometric = np.exp(np.log(np.maximum(raw.dwi.array[1:], 1)).mean(axis=0))
    bright = raw.dwi.array[0] > np.percentile(raw.dwi.array[0], 80)
    assert np.median(pair.dwi.array[1][bright] / geometric[bright]) == pytest.approx(1, abs=0.02)


@pytest.mark.real
def test_real_philips_b0_with_isotropic_volume_alone(real_data, tmp_path):
    import pydicom

    for path in sorted((real_data / "dwi-dicom" / "philips-classic").glob("*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if header[0x2001, 0x1003].value == 0 or header[0x2001, 0x1004].value == "I":
            shutil.copy(path, tmp_path / path.name)
    dwi = read_source(tmp_path).dwi
    np.testing.assert_array_equal(dwi.b_values, [0, 2000])
    full = read_source(real_data / "dwi-dicom" / "philips-classic").dwi
    np.testing.assert_allclose(dwi.array[0], full.array[0], rtol=1e-5)


@pytest.mark.real
def test_real_adult_adc_is_in_1e_3(real_data):
    source = read_source(real_data / "adc-nifti" / "sub-strokecase0009_ses-0001_adc.nii.gz")
    assert (source.kind, source.adc_unit_found) == ("adc-nifti", "1e-3 mm2/s")


@pytest.mark.real
def test_real_directions_are_those_of_the_dicom_headers(real_data):
    """DICOM states gradients in the patient's LPS frame: the way through .bvec must come back to them."""
    import pydicom

    folder = real_data / "dwi-dicom" / "siemens-xa30"
    stated = {}
    for path in (folder / "10_DWI_dir80_PA").glob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        diffusion = header.PerFrameFunctionalGroupsSequence[0].MRDiffusionSequence[0]
        if diffusion.DiffusionBValue:
            gradient = diffusion.DiffusionGradientDirectionSequence[0].DiffusionGradientOrientation
            stated[int(header.AcquisitionNumber)] = np.array(gradient) * [-1, -1, 1]
    found = read_source(folder, series="10").dwi.directions_ras[1:]
    cosines = (found * np.array([stated[number] for number in sorted(stated)])).sum(axis=1)
    np.testing.assert_allclose(np.abs(cosines), 1, atol=1e-3)


@pytest.mark.real
@pytest.mark.parametrize("folder", ["siemens-mosaic", "philips-classic"])
def test_real_series_are_the_same_from_nifti_and_nrrd(real_data, tmp_path, folder):
    series = read_source(real_data / "dwi-dicom" / folder).dwi
    write_dwi_nifti(series, tmp_path / "a.nii")
    write_dwi_nrrd(series, tmp_path / "a.nrrd")
    for name in ("a.nii", "a.nrrd"):
        found = read_source(tmp_path / name).dwi
        np.testing.assert_array_equal(found.array, series.array)
        np.testing.assert_allclose(found.directions_ras, series.directions_ras, atol=2e-6)
        np.testing.assert_array_equal(found.b_values, series.b_values)
        assert found.grid.same_as(series.grid, 1e-4)
