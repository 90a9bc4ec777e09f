"""DICOM slices that are missing, stored again, or do not say where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from io_samples import write_dicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source


def slices(folder: Path, volumes: int = 2) -> list[Path]:
    """b0 and trace of 10 x 12 x 6 voxels, one file a slice."""
    rng = np.random.default_rng(7)
    for volume in range(volumes):
        image = rng.integers(500 - 300 * volume, 900 - 500 * volume, (10, 12, 6))
        write_dicom(folder, image, uid="1.2.3.50", DiffusionBValue=1000.0 * volume)
    return sorted(folder.iterdir())


def test_slices_missing_at_one_place_of_every_volume_are_noticed(tmp_path: Path) -> None:
    for path in slices(tmp_path):
        if path.name.endswith("-3"):
            path.unlink()
    with pytest.raises(InputError, match=r"lacks slices: most lie 3\.00 mm apart, some 6\.00 mm"):
        read_source(tmp_path)


def test_a_slice_missing_from_one_volume_is_noticed(tmp_path: Path) -> None:
    slices(tmp_path)[2].unlink()
    with pytest.raises(InputError, match="some slices are there 2 times and others 1 times"):
        read_source(tmp_path)


def test_a_slice_that_was_stored_again_is_noticed(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(slices(tmp_path)[2])
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    dataset.save_as(tmp_path / "again")
    with pytest.raises(InputError, match="some slices are there 3 times and others 2 times"):
        read_source(tmp_path)


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"])
def test_slices_that_do_not_say_where_they_lie_are_refused(tmp_path: Path, keyword: str) -> None:
    for path in slices(tmp_path):
        dataset = pydicom.dcmread(path)
        delattr(dataset, keyword)
        dataset.save_as(path)
    with pytest.raises(InputError, match="12 of the 12 files of DICOM series 5 do not say where"):
        read_source(tmp_path)


@pytest.mark.parametrize(
    ("keyword", "value"), [("PixelSpacing", [5.0, 5.0]), ("ImageOrientationPatient", [0, 1, 0, 0, 0, -1])]
)
def test_a_slice_of_another_plane_is_noticed(tmp_path: Path, keyword: str, value: list[float]) -> None:
    path = slices(tmp_path)[4]
    dataset = pydicom.dcmread(path)
    setattr(dataset, keyword, value)
    dataset.save_as(path)
    with pytest.raises(InputError, match="several orientations or pixel sizes"):
        read_source(tmp_path)


def test_a_transfer_syntax_that_is_none_is_told(tmp_path: Path) -> None:
    for path in slices(tmp_path):
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0", 1))
    with pytest.raises(InputError, match="the transfer syntax"):
        read_source(tmp_path)
