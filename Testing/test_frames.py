"""Left is left: RAS+ inside, whatever frame and handedness the file has."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from io_samples import adc_volume, affine, dwi_series, orientations

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical, to_sitk
from AGE2HIELib.io.images import read_on_grid, read_volume, write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.volume import Volume

SUFFIXES = (".nii.gz", ".nii", ".mha", ".nrrd")
AXES = orientations()[::5]  # both determinants, several permutations


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("axes", AXES)
def test_written_files_lie_where_the_volume_lies(tmp_path, suffix, axes):
    volume = adc_volume(axes=axes, shape=(7, 8, 9))
    path = tmp_path / f"map{suffix}"
    write_volume(volume, path)
    again = read_volume(path)
    np.testing.assert_array_equal(again.array, volume.array)
    assert again.grid.same_as(volume.grid, 1e-4)
    image = sitk.ReadImage(str(path))
    for index in ((0, 0, 0), (6, 7, 8), (2, 5, 1)):
        point_ras = np.array(image.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
        np.testing.assert_allclose(point_ras, (volume.affine_ras @ [*index, 1])[:3], atol=1e-4)
        assert image[index] == volume.array[index]
    if suffix.startswith(".nii"):
        seen = nib.load(path)
        np.testing.assert_allclose(seen.affine, volume.affine_ras, atol=1e-5)
        np.testing.assert_allclose(seen.get_qform(), volume.affine_ras, atol=1e-5)
        assert (seen.header["sform_code"], seen.header["qform_code"]) == (1, 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_left_is_left_in_every_format(tmp_path, suffix):
    array = np.zeros((8, 8, 8), np.float32)
    array[6, 1:3, 2:4] = 1.0
    volume = Volume(array, affine(np.diag([-1.0, 1.0, 1.0])))  # i runs to the left
    write_volume(volume, tmp_path / f"lesion{suffix}")
    canonical = to_canonical(read_volume(tmp_path / f"lesion{suffix}"))
    assert np.argwhere(canonical.array)[:, 0].max() == 1  # few voxels from the left edge


def test_masks_are_written_as_whole_numbers(tmp_path):
    volume = adc_volume(shape=(6, 6, 6))
    write_volume(volume.like(volume.array > 0), tmp_path / "mask.nii.gz")
    assert nib.load(tmp_path / "mask.nii.gz").get_data_dtype() == np.uint8


def test_an_empty_lesion_mask_is_readable(tmp_path):
    volume = adc_volume(shape=(6, 6, 6))
    write_volume(volume.like(np.zeros(volume.array.shape, bool)), tmp_path / "mask.mha")
    assert not read_volume(tmp_path / "mask.mha").array.any()


@pytest.mark.parametrize("axes", AXES)
def test_directions_are_the_same_from_nifti_and_nrrd(tmp_path, axes):
    series = dwi_series(axes=axes)
    write_dwi_nifti(series, tmp_path / "a.nii.gz")
    write_dwi_nrrd(series, tmp_path / "a.nrrd")
    for name in ("a.nii.gz", "a.nrrd"):
        found = read_source(tmp_path / name).dwi
        np.testing.assert_allclose(found.directions_ras, series.directions_ras, atol=2e-6)
        np.testing.assert_array_equal(found.b_values, series.b_values)
        np.testing.assert_array_equal(found.array, series.array)
        assert found.grid.same_as(series.grid, 1e-4)


def test_bvecs_follow_fsl():
    """FSL: along the voxel axes, the first reversed where the determinant is positive."""
    from AGE2HIELib.io.diffusion import ras_from_fsl

    along_i = np.array([[1.0, 0, 0]])
    np.testing.assert_array_equal(ras_from_fsl(along_i, np.diag([2.0, 2, 2, 1])), [[-1, 0, 0]])
    np.testing.assert_array_equal(ras_from_fsl(along_i, np.diag([-2.0, 2, 2, 1])), [[-1, 0, 0]])
    along_j = np.array([[0, 1.0, 0]])
    np.testing.assert_array_equal(ras_from_fsl(along_j, np.diag([2.0, -2, 2, 1])), [[0, -1, 0]])


def test_a_map_stored_in_another_order_is_put_right(tmp_path):
    scan = adc_volume(shape=(6, 7, 8))
    write_volume(to_canonical(Volume(scan.array[::-1], scan.affine_ras @ _flip_i(6))), tmp_path / "z.nii.gz")
    write_volume(Volume(np.ascontiguousarray(scan.array[::-1]), scan.affine_ras @ _flip_i(6)), tmp_path / "f.mha")
    for name in ("z.nii.gz", "f.mha"):
        found = read_on_grid(tmp_path / name, scan.grid, what="z map")
        np.testing.assert_array_equal(found.array, scan.array)
        np.testing.assert_array_equal(found.affine_ras, scan.affine_ras)


@pytest.mark.parametrize("entry", [(0, 1, 0.5), (0, 0, 0.0), (1, 1, np.nan)])
def test_a_sheared_or_singular_grid_is_refused(tmp_path, entry):
    row, column, value = entry
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[row, column] = value
    with pytest.raises(InputError, match=r"right angles|singular"):
        to_sitk(Volume(np.ones((3, 3, 3), np.float32), matrix))
    image = nib.Nifti1Image(np.ones((3, 3, 3), np.float32), np.eye(4))
    image.header.set_sform(matrix, code=1)
    image.header["srow_x"], image.header["srow_y"] = matrix[0], matrix[1]
    image.to_filename(tmp_path / "bad.nii")
    raw = bytearray((tmp_path / "bad.nii").read_bytes())
    raw[280:328] = matrix[:3].astype("<f4").tobytes()
    raw[254:256] = (1).to_bytes(2, "little")
    (tmp_path / "bad.nii").write_bytes(raw)
    with pytest.raises(InputError, match=r"bad\.nii.*(right angles|singular)"):
        read_volume(tmp_path / "bad.nii")


def _flip_i(count: int) -> np.ndarray:
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = count - 1
    return flip


@pytest.mark.real
@pytest.mark.parametrize("case", ["010", "028", "306", "373"])
def test_real_mha_lies_where_simpleitk_says(real_data, case):
    path = real_data / "bonbid-hie" / "1ADC_ss" / f"MGHNICU_{case}-VISIT_01-ADC_ss.mha"
    volume, image = read_volume(path), sitk.ReadImage(str(path))
    size = np.array(image.GetSize())
    for index in (np.zeros(3, int), size - 1, size // 2, size // 3):
        point_ras = np.array(image.TransformIndexToPhysicalPoint(index.tolist())) * [-1, -1, 1]
        np.testing.assert_allclose((volume.affine_ras @ [*index, 1])[:3], point_ras, atol=1e-4)
        assert volume.array[tuple(index)] == image[index.tolist()]
    z_name = f"Zmap_MGHNICU_{case}-VISIT_01-ADC_smooth2mm_clipped10.mha"
    z = read_on_grid(real_data / "bonbid-hie" / "2Z_ADC" / z_name, volume.grid, what="z map")
    assert np.abs(z.array).max() <= 10
