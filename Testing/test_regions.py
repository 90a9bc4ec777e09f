"""The region table says where a lesion is: on the patient's own side, however the scan is stored."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff

from AGE2HIELib.explain.regions import measured_regions, region_table, write_region_table
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.orientation import to_canonical
from AGE2HIELib.preprocess.atlas import Atlas, Region
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Grid, Volume

REGIONS = (Region(1, "thalamus", "left"), Region(2, "thalamus", "right"), Region(3, "brainstem", "midline"))


def atlas_grid() -> Grid:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-19.0, -19.0, -19.0]
    return Grid((20, 20, 20), affine)


@pytest.fixture
def atlas() -> Atlas:
    """Left of the middle plane (negative R) is label 1, right is 2, the lowest third 3."""
    grid = atlas_grid()
    labels = np.zeros(grid.shape, dtype=np.int16)
    labels[:10], labels[10:], labels[:, :, :6] = 1, 2, 3
    volume = Volume(labels, grid.affine_ras)
    ones = volume.like(np.ones(grid.shape, dtype=np.float32))
    brain = volume.like(np.ones(grid.shape, dtype=bool))
    return Atlas("test", "made here", "none", True, ones, ones, brain, volume, REGIONS)


def in_place(grid: Grid) -> Placement:
    """A scan that lies where the atlas does."""
    same = sitk.AffineTransform(3)
    return Placement(grid, grid, same, same, 1.0, 1.0, (1.0, 1.0, 1.0), 1.0, sitk.AffineTransform(3))


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LAS", "SAR", "PIL", "IRA"])
def test_a_lesion_planted_on_the_left_is_reported_on_the_left(atlas: Atlas, tmp_path: Path, codes: str) -> None:
    grid = atlas_grid()
    adc = np.full(grid.shape, 1300.0, dtype=np.float32)
    x_right_mm = np.arange(20) * 2.0 - 19.0
    adc[np.flatnonzero((x_right_mm > -16) & (x_right_mm < -5))[:, None], 8:12, 10:14] = 800.0
    orientation = axcodes2ornt(tuple(codes))
    stored = np.ascontiguousarray(apply_orientation(adc, nibabel.orientations.ornt_transform(_ras(), orientation)))
    affine = grid.affine_ras @ inv_ornt_aff(nibabel.orientations.ornt_transform(_ras(), orientation), grid.shape)
    assert "".join(nibabel.aff2axcodes(affine)) == codes
    nibabel.save(nibabel.Nifti1Image(stored, affine), tmp_path / "adc.nii.gz")

    scan = to_canonical(read_volume(tmp_path / "adc.nii.gz"))
    brain = scan.like(np.ones(scan.array.shape, dtype=bool))
    z = scan.like((scan.array - 1300.0) / 50.0)
    saliency = scan.like(np.where(scan.array < 1000, 2.0, 0.0).astype(np.float32))
    maps = {"adc": scan, "z": z, "saliency": saliency}
    left, right, stem = measured_regions(atlas, in_place(scan.grid), brain, **maps)

    # 5 * 4 * 4 voxels of 10 * 20 * 14 are in the lesion
    assert left.mean_adc_1e6_mm2_s == pytest.approx(1300 - 500 * 80 / 2800, rel=1e-5)
    assert left.mean_z == pytest.approx(-10 * 80 / 2800, rel=1e-5)
    assert (left.saliency_share, left.saliency_peak) == (1.0, 2.0)
    assert (right.mean_adc_1e6_mm2_s, right.mean_z, right.saliency_share) == (1300.0, 0.0, 0.0)
    assert (stem.hemisphere, stem.saliency_peak) == ("midline", 0.0)


def _ras() -> np.ndarray:
    return np.array([[0, 1], [1, 1], [2, 1]])


def test_volumes_are_those_of_the_brain_alone(atlas: Atlas) -> None:
    grid = atlas_grid()
    brain = Volume(np.zeros(grid.shape, dtype=bool), grid.affine_ras)
    brain.array[5:15, :, 6:10] = True
    none = brain.like(np.zeros(grid.shape, dtype=np.float32))
    rows = measured_regions(atlas, in_place(grid), brain, adc=atlas.mean, z=none, saliency=none)
    assert [row.volume_ml for row in rows] == pytest.approx([3.2, 3.2, 0.0])  # 5 * 20 * 4 voxels of 8 mm3
    assert rows[2].mean_adc_1e6_mm2_s is None


def test_a_scan_of_another_size_keeps_its_own_millilitres(atlas: Atlas) -> None:
    """The infant is 1.1 times the atlas along every axis: its regions are 1.331 times as large."""
    grid = Grid(atlas_grid().shape, np.diag([1.1, 1.1, 1.1, 1.0]) @ atlas_grid().affine_ras)
    larger, smaller = sitk.AffineTransform(3), sitk.AffineTransform(3)
    larger.Scale(1.1)
    smaller.Scale(1 / 1.1)
    placement = Placement(grid, atlas_grid(), larger, smaller, 1.0, 1.0, (1.1, 1.1, 1.1), 1.0, larger)
    brain = Volume(np.ones(grid.shape, dtype=bool), grid.affine_ras)
    adc = Volume(np.full(grid.shape, 1200.0, np.float32), grid.affine_ras)
    rows = measured_regions(atlas, placement, brain, adc=adc, z=adc, saliency=adc)
    assert rows[0].volume_ml == pytest.approx(10 * 20 * 14 * 0.008 * 1.331, rel=1e-3)
    assert rows[0].mean_adc_1e6_mm2_s == pytest.approx(1200.0, rel=1e-5)


def test_shares_add_up_and_negative_saliency_is_no_evidence(atlas: Atlas) -> None:
    grid = atlas_grid()
    saliency = np.zeros(grid.shape, dtype=np.float32)
    saliency[2, 10, 10], saliency[3, 10, 10], saliency[17, 10, 10] = 3.0, -5.0, 1.0
    rows = region_table(atlas.labels, atlas, adc=atlas.mean, saliency=Volume(saliency, grid.affine_ras))
    assert [row.saliency_share for row in rows] == [0.75, 0.25, 0.0]


def test_voxels_without_adc_do_not_count(atlas: Atlas) -> None:
    adc = np.full(atlas.grid.shape, 1200.0, dtype=np.float32)
    adc[:5] = np.nan
    rows = region_table(atlas.labels, atlas, adc=atlas.mean.like(adc))
    assert rows[0].mean_adc_1e6_mm2_s == 1200.0


def test_the_table_is_read_back_as_it_was(atlas: Atlas, tmp_path: Path) -> None:
    write_region_table(region_table(atlas.labels, atlas, adc=atlas.mean), tmp_path / "regions.csv")
    with (tmp_path / "regions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["region"], row["hemisphere"]) for row in rows] == [(r.name, r.hemisphere) for r in REGIONS]
    assert rows[0]["mean_z"] == ""
    assert float(rows[0]["volume_ml"]) == pytest.approx(10 * 20 * 14 * 0.008)
