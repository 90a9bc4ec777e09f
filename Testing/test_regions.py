"""The region table says where a lesion is: on the patient's own side, however the scan is stored."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff

from AGE2HIELib.explanation.regions import RegionRow, measured_regions, write_region_table
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.preprocess.atlas import Atlas, Region, load_atlas
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.result.region_summary import region_summaries
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Grid, Volume

MAPS = ("adc", "z", "saliency")
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
    rows = rows_of(atlas, atlas.mean.array, saliency)
    assert [row.saliency_share for row in rows] == [0.75, 0.25, 0.0]


def test_voxels_without_adc_do_not_count(atlas: Atlas) -> None:
    adc = np.full(atlas.grid.shape, 1200.0, dtype=np.float32)
    adc[:5] = np.nan
    rows = rows_of(atlas, adc)
    assert rows[0].mean_adc_1e6_mm2_s == 1200.0


def rows_of(atlas: Atlas, adc: np.ndarray, saliency: np.ndarray | None = None) -> tuple[RegionRow, ...]:
    """The table of an ADC map that lies where the atlas does, z = (ADC - 1200) / 50."""
    scan = atlas.mean.like(adc.astype(np.float32))
    evidence = np.zeros(adc.shape) if saliency is None else saliency
    maps = {"adc": scan, "z": scan.like((scan.array - 1200) / 50), "saliency": scan.like(evidence.astype(np.float32))}
    return measured_regions(atlas, in_place(atlas.grid), scan.like(np.ones(adc.shape, dtype=bool)), **maps)


def test_fluid_at_the_edge_of_a_dead_structure_does_not_make_it_normal(atlas: Atlas) -> None:
    """Label 1 is 10 x 20 x 14 voxels of 0.008 ml, its core 8 x 18 x 12; two columns, one of them of the core, fluid."""
    adc = np.full(atlas.grid.shape, 800.0)
    adc[8:10] = 2600.0
    row = rows_of(atlas, adc)[0]
    assert row.measured == "tissue"
    assert row.mean_adc_1e6_mm2_s == pytest.approx(800 + 1800 / 5)  # nearly normal, as it was reported before
    assert (row.median_adc_1e6_mm2_s, row.p10_adc_1e6_mm2_s, row.median_z) == (800.0, 800.0, -8.0)
    assert (row.share_z_below_minus_2, row.share_fluid) == (1.0, 0.125)
    assert row.tissue_ml == row.ml_z_below_minus_2 == pytest.approx(7 * 18 * 12 * 0.008)


def test_a_region_that_is_over_half_fluid_is_not_measurable(atlas: Atlas) -> None:
    """Of the core's eight columns five are fluid."""
    adc = np.full(atlas.grid.shape, 800.0)
    adc[4:10] = 1701.0
    row = rows_of(atlas, adc)[0]
    assert (row.measured, row.share_fluid) == ("not measurable", 0.625)
    assert row.median_adc_1e6_mm2_s is row.p10_adc_1e6_mm2_s is row.median_z is None
    assert row.ml_z_below_minus_2 == pytest.approx(3 * 18 * 12 * 0.008)  # what is dead for certain is said
    adc[4:10] = 1700.0  # tissue, if only just
    assert rows_of(atlas, adc)[0].share_fluid == 0.0


def test_median_percentile_and_share_of_a_partly_injured_region(atlas: Atlas) -> None:
    """Columns 0 to 9: four of 700, the others of 1150 to 1350 in steps of 40; the core is columns 1 to 8."""
    adc = np.full(atlas.grid.shape, 1200.0)
    adc[:4] = 700.0
    adc[4:10] = np.arange(1150, 1351, 40)[:, None, None]
    row = rows_of(atlas, adc)[0]
    assert (row.median_adc_1e6_mm2_s, row.median_z) == (1170.0, -0.6)
    assert (row.p10_adc_1e6_mm2_s, row.share_z_below_minus_2) == (700.0, 0.375)
    assert row.ml_z_below_minus_2 == pytest.approx(0.375 * 8 * 18 * 12 * 0.008)


@pytest.mark.parametrize(("height", "measured"), [(3, "tissue"), (2, "not measurable")])
def test_fewer_voxels_than_a_tenth_of_a_millilitre_are_not_measurable(atlas: Atlas, height: int, measured: str) -> None:
    """A sheet one voxel thick, of 5 x 3 voxels of 0.008 ml: 13 are the fewest."""
    thin = atlas.labels.array.copy()
    thin[thin == 1] = 0
    thin[5, 5:10, 8 : 8 + height] = 1
    row = rows_of(replace(atlas, labels=atlas.labels.like(thin)), np.full(thin.shape, 900.0))[0]
    assert row.measured == measured
    assert row.median_adc_1e6_mm2_s == (900.0 if measured == "tissue" else None)


def test_a_side_is_held_against_the_other_one(atlas: Atlas, tmp_path: Path) -> None:
    """Medians of 800 and 1200: -400 over 1000, in the file as in what reads it; the midline has no other side."""
    adc = np.full(atlas.grid.shape, 1200.0)
    adc[atlas.labels.array == 1] = 800.0
    rows = rows_of(atlas, adc)
    assert [row.asymmetry for row in rows] == [-0.4, 0.4, None]
    write_region_table(rows, tmp_path / "regions.csv")
    with (tmp_path / "regions.csv").open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [row["asymmetry"] for row in read] == ["-0.4", "0.4", ""]
    assert {one.label: one.asymmetry for one in region_summaries(read)} == {1: -0.4, 2: 0.4, 3: None}


def test_what_is_fluid_in_healthy_newborns_has_its_mean_alone(atlas: Atlas) -> None:
    mean = atlas.mean.like(np.where(atlas.labels.array == 3, 2500.0, 1200.0))
    row = rows_of(replace(atlas, mean=mean), np.full(atlas.grid.shape, 2400.0))[2]
    assert (row.measured, row.mean_adc_1e6_mm2_s, row.median_adc_1e6_mm2_s) == ("fluid", 2400.0, None)


def test_of_the_bundled_atlas_only_ventricles_and_outer_fluid_are_fluid_and_every_other_region_is_measurable() -> None:
    bundled = load_atlas(resource_path("atlas"))
    rows = measured_regions(bundled, in_place(bundled.grid), bundled.brain, **dict.fromkeys(MAPS, bundled.mean))
    fluid = {row.region for row in rows if row.measured == "fluid"}
    assert fluid == {"lateral ventricle", "third and fourth ventricle", "cerebrospinal fluid"}
    unmeasured = {(row.region, row.hemisphere) for row in rows if row.measured == "not measurable"}
    assert unmeasured == set()


def test_the_dead_thalamus_of_a_phantom_is_not_called_normal() -> None:
    """Slices of 6 mm; 84 % of the right thalamus is lesion and 35 % of the left one."""
    infant = make_infant(7104)
    injury = injure(infant, "bgt", seed=7104, extent=0.8)
    dead = [injury.lesion.array[infant.labels.array == label].mean() for label in (41, 9)]
    assert dead == pytest.approx([0.84, 0.35], abs=0.01)
    adc = to_canonical(scanner_adc(infant, injury, PROTOCOLS["6mm"], seed=7104))
    brain = adc.like(adc.array != 0)
    bundled = load_atlas(resource_path("atlas"))
    placement = deform(adc, brain, bundled, place_in_atlas(adc, brain, bundled))
    z = z_map(adc, brain, bundled, placement)
    rows = {row.label: row for row in measured_regions(bundled, placement, brain, adc=adc, z=z, saliency=z)}
    right, left = rows[41], rows[9]
    assert right.median_z is not None
    assert left.median_z is not None
    assert right.median_z == pytest.approx(-2.33, abs=0.05)
    assert left.median_z > right.median_z + 1
    assert right.ml_z_below_minus_2 == pytest.approx(0.435 * right.tissue_ml, rel=0.05)
    assert left.ml_z_below_minus_2 == pytest.approx(0.149 * left.tissue_ml, rel=0.05)


def test_the_table_is_read_back_as_it_was(atlas: Atlas, tmp_path: Path) -> None:
    write_region_table(rows_of(atlas, atlas.mean.array), tmp_path / "regions.csv")
    with (tmp_path / "regions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["region"], row["hemisphere"]) for row in rows] == [(r.name, r.hemisphere) for r in REGIONS]
    assert rows[0]["saliency_share"] == ""  # there is no saliency
    assert float(rows[0]["volume_ml"]) == pytest.approx(10 * 20 * 14 * 0.008)
