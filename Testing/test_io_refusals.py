"""Every unusable input ends in one InputError that names the file, the value seen and what to do."""

import nibabel as nib
import numpy as np
import pytest
from io_samples import adc_volume, dwi_series

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source
from AGE2HIELib.volume import DwiSeries, Volume


def refusal(path, **options) -> str:
    """The message, checked for what no message may hold."""
    with pytest.raises(InputError) as caught:
        read_source(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path.parent) not in message
    assert path.name in message
    assert message.count(". ") >= 1, message
    return message


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mha", ".nrrd"])
@pytest.mark.parametrize("kept", [0.98, 0.5, 0.02, 0.0])
def test_a_truncated_file(tmp_path, suffix, kept):
    write_volume(adc_volume(), tmp_path / f"whole{suffix}")
    content = (tmp_path / f"whole{suffix}").read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(content[: int(kept * len(content))])
    assert "bytes" in refusal(tmp_path / f"cut{suffix}") or kept == 0.02


def test_a_truncated_uncompressed_mha(tmp_path):
    import SimpleITK as sitk

    sitk.WriteImage(sitk.Image(12, 12, 12, sitk.sitkFloat32), str(tmp_path / "raw.mha"))
    content = (tmp_path / "raw.mha").read_bytes()
    (tmp_path / "cut.mha").write_bytes(content[:-400])
    refusal(tmp_path / "cut.mha")


@pytest.mark.parametrize("code", [1536, 1792, 77])  # two of 128 bits that not every nibabel has, and one of nobody
def test_a_nifti_type_that_is_unknown_is_told_once(tmp_path, capfd, code):
    write_volume(adc_volume(), tmp_path / "odd.nii")
    content = bytearray((tmp_path / "odd.nii").read_bytes())
    content[70:72] = code.to_bytes(2, "little")
    (tmp_path / "odd.nii").write_bytes(content)
    refusal(tmp_path / "odd.nii")
    assert capfd.readouterr() == ("", "")


def test_a_missing_file(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nowhere.nii.gz")


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    assert "no image this program reads" in refusal(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((6, 6, 6), np.nan, np.float32), "NaN everywhere"),
        (np.zeros((6, 6, 6), np.float32), "no positive value"),
        (np.ones((6, 6), np.float32), "not a 3D image"),
        (np.ones((6, 6, 1), np.float32), "not a 3D image"),
        (np.ones((6, 6, 6), np.complex64), "complex"),
    ],
)
def test_an_image_without_usable_values(tmp_path, values, words):
    nib.Nifti1Image(values, np.diag([2.0, 2, 2, 1])).to_filename(tmp_path / "x.nii.gz")
    assert words in refusal(tmp_path / "x.nii.gz")


def test_a_series_without_its_bval(tmp_path):
    write_dwi_nifti(dwi_series(), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").unlink()
    assert "dwi.bval" in refusal(tmp_path / "dwi.nii.gz")


def test_b_values_that_do_not_match(tmp_path):
    write_dwi_nifti(dwi_series(), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text("0 1000 1000\n")
    assert "3 b-values for the 9 volumes" in refusal(tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text("0 thousand\n")
    with pytest.raises(InputError, match=r"dwi\.bval.*not a table of numbers"):
        read_source(tmp_path / "dwi.nii.gz")


def test_directions_that_do_not_match(tmp_path):
    write_dwi_nifti(dwi_series(), tmp_path / "dwi.nii.gz")
    np.savetxt(tmp_path / "dwi.bvec", np.ones((3, 4)))
    with pytest.raises(InputError, match="3 x 4"):
        read_source(tmp_path / "dwi.nii.gz")


def test_a_volume_without_signal(tmp_path):
    full = dwi_series()
    full.array[3] = 0
    write_dwi_nifti(full, tmp_path / "dwi.nii.gz")
    assert "Volume 3 of 'dwi.nii.gz' is 0 everywhere" in refusal(tmp_path / "dwi.nii.gz")


def test_one_b_value_only(tmp_path):
    full = dwi_series()
    one = DwiSeries(full.array[1:7], full.affine_ras, full.b_values[1:7], full.directions_ras[1:7])
    write_dwi_nifti(one, tmp_path / "dwi.nii.gz")
    assert "1000 s/mm^2" in refusal(tmp_path / "dwi.nii.gz")


def test_a_4d_nrrd_without_gradients(tmp_path):
    write_dwi_nrrd(dwi_series(), tmp_path / "a.nrrd")
    content = (tmp_path / "a.nrrd").read_bytes().replace(b"DWMRI_b-value", b"OTHER_b-value")
    (tmp_path / "b.nrrd").write_bytes(content)
    assert "DWMRI_b-value" in refusal(tmp_path / "b.nrrd")
    fewer = (tmp_path / "a.nrrd").read_bytes().replace(b"DWMRI_gradient_0008", b"OTHER_gradient_0008")
    (tmp_path / "c.nrrd").write_bytes(fewer)
    assert "8 gradients for 9 volumes" in refusal(tmp_path / "c.nrrd")


def test_a_series_number_for_what_is_not_dicom(tmp_path):
    write_volume(adc_volume(), tmp_path / "adc.mha")
    assert "not DICOM" in refusal(tmp_path / "adc.mha", series="10")


def test_a_place_that_cannot_be_written(tmp_path):
    for suffix in (".nii.gz", ".mha"):
        with pytest.raises(InputError, match="cannot be written"):
            write_volume(adc_volume(shape=(4, 4, 4)), tmp_path / "absent" / f"x{suffix}")
    with pytest.raises(InputError, match="names no image format"):
        write_volume(Volume(np.ones((3, 3, 3)), np.eye(4)), tmp_path / "x.png")
