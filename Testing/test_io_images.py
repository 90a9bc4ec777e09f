"""Values, units and refusals of 3D images and of 4D NIfTI and NRRD."""

import gzip
import hashlib

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from io_samples import adc_volume, dwi_series

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_sitk
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.io.units import brain_values, find_unit
from AGE2HIELib.volume import DwiSeries, Volume


@pytest.mark.parametrize("scale", [("1e-6 mm2/s", 1.0), ("1e-3 mm2/s", 1e-3), ("mm2/s", 1e-6)])
@pytest.mark.parametrize("suffix", [".nii.gz", ".mha", ".nrrd"])
def test_every_known_unit_becomes_1e_6(tmp_path, scale, suffix):
    volume = adc_volume()
    write_volume(volume.like(volume.array * np.float32(scale[1])), tmp_path / f"adc{suffix}")
    source = read_source(tmp_path / f"adc{suffix}")
    assert source.adc_unit_found == scale[0]
    np.testing.assert_allclose(source.adc.array, volume.array, rtol=1e-5)
    assert source.dwi is None


@pytest.mark.parametrize("header", ["adc.mhd", "adc.nhdr"])
def test_a_data_file_may_begin_with_the_word_for_a_list(tmp_path, header):
    """``LIST`` by itself says that several files follow; NRRD headers with such names were refused."""
    volume = adc_volume()
    sitk.WriteImage(to_sitk(volume), str(tmp_path / header), useCompression=False)
    data = tmp_path / "adc.raw"
    data.rename(tmp_path / "LISTENING.raw")
    text = (tmp_path / header).read_text(encoding="latin-1").replace("adc.raw", "LISTENING.raw")
    (tmp_path / header).write_text(text, encoding="latin-1")
    np.testing.assert_array_equal(read_volume(tmp_path / header).array, volume.array)


def test_an_adc_map_in_an_unknown_unit_is_an_error(tmp_path):
    volume = adc_volume()
    write_volume(volume.like(volume.array / 50), tmp_path / "adc.nii.gz")
    with pytest.raises(InputError, match=r"unit of the ADC map 'adc\.nii\.gz' is unknown: the median.* 25"):
        read_source(tmp_path / "adc.nii.gz")


def test_an_image_that_is_no_adc_map_is_left_to_the_quality_gate(tmp_path):
    noise = np.random.default_rng(1).uniform(0, 100, (20, 20, 20)).astype(np.float32)
    write_volume(Volume(noise, np.diag([2.0, 2, 2, 1])), tmp_path / "noise.nii.gz")
    source = read_source(tmp_path / "noise.nii.gz")
    assert source.adc_unit_found is None
    np.testing.assert_array_equal(source.adc.array, noise)


@pytest.mark.parametrize("air", ["noise", "clamped", "dust"])
def test_the_unit_rests_on_the_brain_not_on_the_air_around_it(air):
    rng = np.random.default_rng(5)
    shape = (48, 48, 24)
    brain = adc_volume(shape=(24, 24, 16)).array / 1000  # 1e-3 mm2/s; a sixth of the field of view
    array = {
        "noise": rng.normal(0, 40.0, shape),
        "clamped": np.full(shape, 4.095),
        "dust": rng.uniform(0, 1e-5, shape),
    }[air]
    region = array[10:34, 14:38, 4:20]
    region[brain > 0] = brain[brain > 0]
    found = find_unit(array, name="adc")
    assert found.name == "1e-3 mm2/s"
    assert np.median(brain_values(array)) == pytest.approx(1.25, rel=0.05)


def test_integer_types_slopes_and_big_endian_are_applied(tmp_path):
    volume = adc_volume(shape=(6, 7, 8))
    whole = np.round(volume.array).astype(np.int16)
    for endianness, order in ((">", ">f4"), ("<", "<f4")):
        header = nib.Nifti1Header(endianness=endianness)
        header.set_data_dtype(np.int16)
        nib.Nifti1Image(whole, volume.affine_ras, header).to_filename(tmp_path / "plain.nii")
        np.testing.assert_array_equal(read_volume(tmp_path / "plain.nii").array, whole)
        raw = bytearray((tmp_path / "plain.nii").read_bytes())
        raw[112:120] = np.array([0.5, 3.0], order).tobytes()  # scl_slope and scl_inter of the NIfTI-1 header
        (tmp_path / "sloped.nii").write_bytes(raw)
        np.testing.assert_array_equal(read_volume(tmp_path / "sloped.nii").array, whole * np.float32(0.5) + 3)


def test_a_4d_image_of_one_volume_is_a_3d_image(tmp_path):
    volume = adc_volume()
    nib.Nifti1Image(volume.array[..., np.newaxis], volume.affine_ras).to_filename(tmp_path / "adc.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "adc.nii.gz").array, volume.array)
    assert read_source(tmp_path / "adc.nii.gz").kind == "adc-nifti"


def test_names_with_blanks_and_accents_are_read(tmp_path):
    folder = tmp_path / "enfant né à terme"
    folder.mkdir()
    for suffix in (".nii.gz", ".mha", ".nrrd"):
        write_volume(adc_volume(), folder / f"carte ü{suffix}")
        assert read_source(folder / f"carte ü{suffix}").adc_unit_found == "1e-6 mm2/s"


def test_the_hash_is_that_of_the_bytes(tmp_path):
    write_volume(adc_volume(), tmp_path / "adc.mha")
    assert read_source(tmp_path / "adc.mha").sha256 == hashlib.sha256((tmp_path / "adc.mha").read_bytes()).hexdigest()
    write_dwi_nifti(dwi_series(), tmp_path / "dwi.nii.gz")
    parts = [(tmp_path / f"dwi.{e}").read_bytes() for e in ("nii.gz", "bval", "bvec")]
    assert read_source(tmp_path / "dwi.nii.gz").sha256 == hashlib.sha256(b"".join(parts)).hexdigest()


def test_b0_with_one_trace_image_needs_no_bvec(tmp_path):
    full = dwi_series()
    write_dwi_nifti(DwiSeries(full.array[:2], full.affine_ras, full.b_values[:2]), tmp_path / "t.nii.gz")
    found = read_source(tmp_path / "t.nii.gz").dwi
    np.testing.assert_array_equal(found.b_values, [0, 1000])
    assert found.directions_ras is None


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_the_list_axis_of_a_nrrd_may_be_anywhere(tmp_path, position):
    series = dwi_series()
    write_dwi_nrrd(series, tmp_path / "last.nrrd")
    head, samples = (tmp_path / "last.nrrd").read_bytes().split(b"\n\n", 1)
    array = np.frombuffer(gzip.decompress(samples), "<f4").reshape((6, 7, 5, 9), order="F")
    moved = np.moveaxis(array, 3, position)

    def reorder(words):
        words.insert(position, words.pop())
        return " ".join(words)

    lines = head.decode().split("\n")
    for number, line in enumerate(lines):
        key, _, value = line.partition(": ")
        if key in ("sizes", "kinds", "space directions"):
            lines[number] = f"{key}: {reorder(value.split())}"
    lines = ["encoding: raw" if line.startswith("encoding") else line for line in lines]
    content = "\n".join(lines).encode() + b"\n\n" + moved.tobytes(order="F")
    (tmp_path / "moved.nrrd").write_bytes(content)
    found = read_source(tmp_path / "moved.nrrd").dwi
    np.testing.assert_array_equal(found.array, series.array)
    assert found.grid.same_as(series.grid)


def test_the_measurement_frame_turns_nrrd_gradients(tmp_path):
    series = dwi_series()
    write_dwi_nrrd(series, tmp_path / "a.nrrd")
    content = (tmp_path / "a.nrrd").read_bytes()
    # Columns of the frame are (0,1,0), (-1,0,0), (0,0,1): a quarter turn about S, in the LPS frame of the file.
    frame = b"measurement frame: (0,1,0) (-1,0,0) (0,0,1)"
    turned = content.replace(b"measurement frame: (1,0,0) (0,1,0) (0,0,1)", frame)
    (tmp_path / "b.nrrd").write_bytes(turned)
    found = read_source(tmp_path / "b.nrrd").dwi.directions_ras
    x, y, z = series.directions_ras.T
    np.testing.assert_allclose(found, np.stack([-y, x, z], axis=1), atol=1e-8)


def test_simpleitk_reads_the_written_dwi_nrrd_alike(tmp_path):
    series = dwi_series()
    write_dwi_nrrd(series, tmp_path / "a.nrrd")
    image = sitk.ReadImage(str(tmp_path / "a.nrrd"))
    values = np.moveaxis(sitk.GetArrayFromImage(image), 3, 0).transpose(0, 3, 2, 1)
    np.testing.assert_array_equal(values, series.array)
    point_ras = np.array(image.TransformIndexToPhysicalPoint((5, 6, 4))) * [-1, -1, 1]
    np.testing.assert_allclose(point_ras, (series.affine_ras @ [5, 6, 4, 1])[:3], atol=1e-4)
    assert float(image.GetMetaData("DWMRI_b-value")) == 1000
    half = np.array(image.GetMetaData("DWMRI_gradient_0007").split(), float)
    assert half @ half == pytest.approx(0.5, abs=1e-6)  # b 500 of 1000: the squared length


def test_bvecs_agree_with_dipy(tmp_path):
    gradients = pytest.importorskip("dipy.io.gradients")
    write_dwi_nifti(dwi_series(), tmp_path / "d.nii.gz")
    b_values, bvecs = gradients.read_bvals_bvecs(str(tmp_path / "d.bval"), str(tmp_path / "d.bvec"))
    found = read_source(tmp_path / "d.nii.gz").dwi
    np.testing.assert_allclose(found.b_values, b_values)
    # A tensor is blind to the sign of a whole direction; components must agree in the scanner's frame.
    linear = found.affine_ras[:3, :3] / np.linalg.norm(found.affine_ras[:3, :3], axis=0)
    flip = [-1, 1, 1] if np.linalg.det(linear) > 0 else [1, 1, 1]
    np.testing.assert_allclose(found.directions_ras, (bvecs * flip) @ linear.T, atol=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [1e-38, 1e-30, 1e-6, 1.0, 1e30, 1e34])
def test_the_brain_of_a_map_in_any_unit_is_found_without_overflow(factor):
    """Squares of 1e30 are beyond 32 bits: the running sums were infinite, and numpy said so on stderr."""
    plain = brain_values(adc_volume().array)
    scaled = brain_values((adc_volume().array * factor).astype(np.float32))
    assert len(scaled) == len(plain)
    np.testing.assert_allclose(scaled / np.float32(factor), plain, rtol=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("slope", [1e30, 1e37])
def test_a_slope_that_no_map_has_is_one_error_line(tmp_path, slope):
    image = nib.Nifti1Image(adc_volume().array.astype(np.int16), adc_volume().affine_ras)
    image.header.set_slope_inter(slope, 0)
    nib.save(image, tmp_path / "a.nii")
    with pytest.raises(InputError, match=r"(unit of the ADC map 'a.nii' is unknown|holds no positive value)"):
        read_source(tmp_path / "a.nii")
