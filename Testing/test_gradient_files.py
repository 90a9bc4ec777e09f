"""The text files beside a NIfTI series: directions of NaN, names in capitals, and a .bval beside a single volume."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from io_samples import adc_volume, dwi_series

from AGE2HIELib.cli import main
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.nifti import gradient_files, write_dwi_nifti
from AGE2HIELib.io.source import read_source


def series_file(folder: Path, b_values: np.ndarray | None = None) -> Path:
    write_dwi_nifti(dwi_series(), folder / "dwi.nii.gz")
    if b_values is not None:
        np.savetxt(folder / "dwi.bval", b_values[np.newaxis], fmt="%g")
    return folder / "dwi.nii.gz"


def with_nan(folder: Path, volume: int, *, columns: bool = False) -> None:
    table = np.loadtxt(folder / "dwi.bvec")
    table[:, volume] = np.nan
    np.savetxt(folder / "dwi.bvec", table.T if columns else table)


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("b0", [0.0, 5.0])
def test_a_direction_of_nan_at_b0_is_none(tmp_path: Path, columns: bool, b0: float) -> None:
    b_values = dwi_series().b_values.copy()
    b_values[0] = b0
    path = series_file(tmp_path, b_values)
    expected = read_source(path).dwi
    with_nan(tmp_path, 0, columns=columns)
    found = read_source(path).dwi
    np.testing.assert_array_equal(found.b_values, b_values)
    np.testing.assert_array_equal(found.directions_ras[0], 0)
    np.testing.assert_allclose(found.directions_ras[1:], expected.directions_ras[1:], atol=1e-7)


def test_a_direction_of_nan_at_a_weighted_volume_is_refused(tmp_path: Path) -> None:
    path = series_file(tmp_path)
    with_nan(tmp_path, 3)
    with pytest.raises(InputError, match=r"'dwi\.bvec' holds a direction that is not finite, of volume 3 with b"):
        read_source(path)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_b_value_that_is_not_finite_is_refused(tmp_path: Path, value: str) -> None:
    path = series_file(tmp_path)
    (tmp_path / "dwi.bval").write_text(f"{value} {'1000 ' * 8}\n")
    with pytest.raises(InputError, match=r"'dwi\.bval' holds a value that is not finite"):
        read_source(path)


@pytest.mark.parametrize(("bval", "bvec"), [("BVAL", "BVEC"), ("Bval", "bVec"), ("bvals", "bvecs"), ("BVALS", "bvec")])
def test_endings_may_be_in_capitals(tmp_path: Path, bval: str, bvec: str) -> None:
    path = series_file(tmp_path)
    expected = read_source(path)
    (tmp_path / "dwi.bval").rename(tmp_path / f"dwi.{bval}")
    (tmp_path / "dwi.bvec").rename(tmp_path / f"dwi.{bvec}")
    found = read_source(path)
    np.testing.assert_array_equal(found.dwi.directions_ras, expected.dwi.directions_ras)
    assert found.sha256 == expected.sha256


def test_lower_case_goes_first_and_another_name_is_another_scan(tmp_path: Path) -> None:
    path = series_file(tmp_path)
    (tmp_path / "dwi.BVAL").write_text("7 7\n")
    files = gradient_files(path)
    assert files is not None
    assert files.bval.name == "dwi.bval"
    (tmp_path / "dwi.bval").unlink()
    (tmp_path / "dwi.BVAL").rename(tmp_path / "DWI.bval")
    if not (tmp_path / "dwi.bval").exists():  # names differ by their case
        assert gradient_files(path) is None


@pytest.mark.parametrize(("text", "words"), [("0\n", "b = 0 s/mm"), ("0 1000 1000\n", "states 3 b-values")])
@pytest.mark.parametrize("name", ["map.bval", "map.BVAL"])
def test_a_single_volume_with_b_values_is_no_map(tmp_path: Path, text: str, words: str, name: str) -> None:
    write_volume(adc_volume(), tmp_path / "map.nii.gz")
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=f"single diffusion volume: .*{words}"):
        read_source(tmp_path / "map.nii.gz")


@pytest.mark.parametrize("text", ["0,1000,1000", "0,0 1000,0", "Jane_Doe 0 1000"])
def test_what_is_no_table_is_not_repeated(tmp_path: Path, text: str) -> None:
    """What stands there may be a name."""
    path = series_file(tmp_path)
    (tmp_path / "dwi.bval").write_text(text)
    with pytest.raises(InputError, match=r"'dwi\.bval' is not a table of numbers: they are parted by blanks") as caught:
        read_source(path)
    assert text.split()[0] not in str(caught.value)


@pytest.mark.parametrize(("factor", "words"), [(1e6, r"reach 1e\+09"), (1e-3, "lie between 0 and 1 s/mm")])
def test_b_values_of_another_unit_are_refused(tmp_path: Path, factor: float, words: str) -> None:
    path = series_file(tmp_path, dwi_series().b_values * factor)
    with pytest.raises(InputError, match=words):
        read_source(path)


def test_adc_tells_what_the_header_leaves_open(tmp_path: Path) -> None:
    """A qform that is the mirror image of the sform: `age2hie adc` ends with 0, and says so."""
    path = series_file(tmp_path)
    image = nib.load(path)
    image.set_qform(image.affine @ np.diag([-1.0, 1.0, 1.0, 1.0]), code=1)
    nib.save(image, path)
    with redirect_stdout(io.StringIO()) as out:
        assert main(["adc", str(path), "--align", "off", "--output", str(tmp_path / "adc.nii")]) == 0
    assert "warning: The sform and the qform of the NIfTI file put a corner" in out.getvalue()
    assert "as a mirror image" in out.getvalue()


def test_a_volume_without_a_signal_above_0_is_refused(tmp_path: Path) -> None:
    path = series_file(tmp_path)
    image = nib.load(path)
    values = np.asarray(image.dataobj)
    values[..., 3] *= -1
    nib.save(nib.Nifti1Image(values, image.affine), path)
    with pytest.raises(InputError, match=r"Volume 3 of 'dwi\.nii\.gz' has no signal above 0"):
        read_source(path)
