"""Which voxels of a scan hold one region alone, in closed form, on grids of every lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from AGE2HIELib.explanation.region_tissue import labels_alone, near_fluid, region_tissues
from AGE2HIELib.io.coordinates import sitk_geometry
from AGE2HIELib.preprocess.atlas import Atlas, Region
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Grid, Volume

LEFT, RIGHT = Region(1, "thalamus", "left"), Region(2, "thalamus", "right")
RADIUS_MM = 12.0


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """A ball of 12 mm in the middle of 60 mm, left of the middle plane label 1 and right of it 2."""
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = -29.5
    grid = Grid((60, 60, 60), affine)
    x, y, z = np.meshgrid(*[np.arange(60) - 29.5] * 3, indexing="ij")
    labels = np.where(x**2 + y**2 + z**2 <= RADIUS_MM**2, np.where(x < 0, 1, 2), 0).astype(np.int16)
    volume = Volume(labels, affine)
    ones = volume.like(np.ones(grid.shape, dtype=np.float32))
    return Atlas("test", "made here", "none", True, ones, ones, ones.like(ones.array > 0), volume, (LEFT, RIGHT))


def scan_grid(spacing: tuple[float, float, float], turn: float) -> Grid:
    """Around the origin, turned about the y axis by ``turn`` degrees."""
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    shape = tuple(int(np.ceil(50 / mm)) for mm in spacing)
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.array(spacing)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def in_place(grid: Grid, atlas: Atlas) -> Placement:
    same = sitk.AffineTransform(3)
    return Placement(grid, atlas.grid, same, same, 1.0, 1.0, (1.0, 1.0, 1.0), 1.0, sitk.AffineTransform(3))


def centres(grid: Grid) -> np.ndarray:
    """RAS+ mm of every voxel, by SimpleITK."""
    spacing, direction, origin = sitk_geometry(grid)
    image = sitk.PhysicalPointSource(sitk.sitkVectorFloat64, [int(n) for n in grid.shape], origin, spacing, direction)
    points = sitk.GetArrayFromImage(image).transpose(2, 1, 0, 3)
    return np.asarray(points * [-1, -1, 1])


GRIDS = [((1.4, 1.4, 6.0), 0.0), ((1.4, 1.4, 6.0), 25.0), ((2.0, 2.0, 2.0), -40.0), ((0.8, 1.7, 4.0), 90.0)]


@pytest.mark.parametrize(("spacing", "turn"), GRIDS)
def test_voxels_that_two_regions_share_belong_to_none(
    atlas: Atlas, spacing: tuple[float, float, float], turn: float
) -> None:
    grid = scan_grid(spacing, turn)
    brain = Volume(np.ones(grid.shape, dtype=bool), grid.affine_ras)
    alone = labels_alone(atlas, in_place(grid, atlas), brain).array
    points = centres(grid)
    half = np.abs(grid.affine_ras[:3, :3]).sum(axis=1) / 2  # of the box around a voxel
    inside = ((np.abs(points) + half + 0.9) ** 2).sum(axis=-1) <= RADIUS_MM**2  # a part of 1 mm may round outwards
    clear_of_middle = np.abs(points[..., 0]) > half[0] + 0.5
    assert (alone[inside & clear_of_middle] == np.where(points[..., 0] < 0, 1, 2)[inside & clear_of_middle]).all()
    assert (inside & clear_of_middle).sum() > 20
    assert (alone[np.abs(points[..., 0]) < 0.1 * half[0]] == 0).all()  # half in one, half in the other
    assert (alone[(points**2).sum(axis=-1) > (RADIUS_MM + 0.9) ** 2] == 0).all()


@pytest.mark.parametrize(("spacing", "turn"), GRIDS)
def test_the_median_is_that_of_the_tissue_whatever_fluid_lies_beside_it(
    atlas: Atlas, spacing: tuple[float, float, float], turn: float
) -> None:
    """Left 800, right 1100, fluid of 2800 all around, each voxel the mean of 27 points in it."""
    grid = scan_grid(spacing, turn)
    steps = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
    parts = [centres(grid) + grid.affine_ras[:3, :3] @ (np.array(step) / 3) for step in steps]
    values = [np.where((p**2).sum(-1) <= RADIUS_MM**2, np.where(p[..., 0] < 0, 800.0, 1100.0), 2800.0) for p in parts]
    adc = Volume(np.mean(values, axis=0).astype(np.float32), grid.affine_ras)
    z = adc.like((adc.array - 1100) / 100)
    brain = adc.like(np.ones(grid.shape, dtype=bool))
    found = region_tissues(atlas, in_place(grid, atlas), brain, adc, z)
    assert found[1].median_adc == pytest.approx(800, abs=30)
    assert found[2].median_adc == pytest.approx(1100, abs=30)
    assert found[1].median_z == pytest.approx((found[1].median_adc - 1100) / 100, abs=1e-3)


def test_a_region_with_hardly_a_voxel_of_its_own_is_left_out(atlas: Atlas) -> None:
    grid = scan_grid((2.0, 2.0, 2.0), 0.0)
    adc = Volume(np.full(grid.shape, 1000.0, np.float32), grid.affine_ras)
    brain = adc.like(np.zeros(grid.shape, dtype=bool))
    assert region_tissues(atlas, in_place(grid, atlas), brain, adc, adc) == {}
    wet = replace(adc, array=np.full(grid.shape, 2000.0, np.float32))
    assert region_tissues(atlas, in_place(grid, atlas), brain.like(~brain.array), wet, adc) == {}


@pytest.mark.parametrize(("spacing", "reach"), [(3.0, 1), (1.0, 2), (0.5, 3)])
def test_fluid_reaches_a_voxel_and_at_least_one_and_a_half_millimetres(spacing: float, reach: int) -> None:
    values = np.full((15, 15, 15), 1000.0, np.float32)
    values[7, 7, 7] = 2500.0
    adc = Volume(values, np.diag([spacing, spacing, spacing, 1.0]))
    near = near_fluid(adc, adc.like(np.ones(values.shape, dtype=bool)))
    assert near.sum() == 1 + 6 * reach
    assert near[7 - reach, 7, 7]
    assert near[7, 7 + reach, 7]
    assert not near[6, 6, 7]
