"""A given map lies on the scan's grid when its corners agree to 0.1 of the scan's voxel, along each of its axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from io_samples import SPACING_MM, adc_volume, affine, orientations
from scipy.spatial.transform import Rotation

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, write_volume
from AGE2HIELib.volume import Grid, Volume

SHAPE = (6, 7, 8)
AXES = (np.eye(3), *orientations()[5::19])


def moved(volume: Volume, voxels: np.ndarray) -> Volume:
    """The same voxels, said to lie a part of a voxel elsewhere."""
    affine_ras = volume.affine_ras.copy()
    affine_ras[:3, 3] += affine_ras[:3, :3] @ voxels
    return Volume(volume.array, affine_ras)


@pytest.mark.parametrize("tilt_degrees", [0.0, 25.0, 45.0])
@pytest.mark.parametrize("axes", AXES, ids=["RAS", *(f"axes {n}" for n in range(1, len(AXES)))])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_tenth_of_a_voxel_along_any_axis_decides(
    tmp_path: Path, tilt_degrees: float, axes: np.ndarray, axis: int
) -> None:
    scan = Volume(adc_volume(shape=SHAPE).array, affine(axes, tilt_degrees=tilt_degrees))  # 1.5 x 1.6 x 4 mm
    step = np.eye(3)[axis]
    write_volume(moved(scan, 0.09 * step), tmp_path / "near.mha")
    found = read_on_grid(tmp_path / "near.mha", scan.grid, what="z-map")
    np.testing.assert_array_equal(found.array, scan.array)
    np.testing.assert_array_equal(found.affine_ras, scan.affine_ras)  # what is written keeps the scan's own grid
    write_volume(moved(scan, 0.11 * step), tmp_path / "far.mha")
    distance = f"{0.11 * SPACING_MM[axis]:.3g} mm off"
    with pytest.raises(InputError, match=rf"z-map 'far\.mha'.*does not lie on the scan's grid.*{distance}"):
        read_on_grid(tmp_path / "far.mha", scan.grid, what="z-map")


@pytest.mark.parametrize(("scale", "lies"), [(1 + 0.09 / 7, True), (1 + 0.11 / 7, False)])
def test_the_farthest_corner_counts(tmp_path: Path, scale: float, lies: bool) -> None:
    """A spacing that is off by 0.0128 of itself moves the last of 8 voxels by 0.09 of one."""
    scan = adc_volume(shape=SHAPE)
    affine_ras = scan.affine_ras.copy()
    affine_ras[:3, 2] *= scale
    assert Grid(SHAPE, affine_ras).lies_on(scan.grid) is lies


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(), (0,), (1, 2)])
@pytest.mark.parametrize("tilt_degrees", [10.0, 45.0])
def test_a_map_in_another_voxel_order_is_put_right_and_then_judged(
    tmp_path: Path, order: tuple[int, ...], flips: tuple[int, ...], tilt_degrees: float
) -> None:
    scan = Volume(adc_volume(shape=SHAPE).array, affine(np.eye(3), tilt_degrees=tilt_degrees))
    for part, lies in ((0.09, True), (0.11, False)):
        other = moved(scan, np.array([0.0, 0.0, part]))
        array, affine_ras = other.array, other.affine_ras
        for axis in flips:
            affine_ras = affine_ras.copy()
            affine_ras[:3, 3] += affine_ras[:3, axis] * (array.shape[axis] - 1)
            affine_ras[:3, axis] *= -1
            array = np.flip(array, axis)
        affine_ras = affine_ras[:, [*order, 3]]
        write_volume(Volume(np.ascontiguousarray(array.transpose(order)), affine_ras), tmp_path / "z.nii.gz")
        if lies:
            found = read_on_grid(tmp_path / "z.nii.gz", scan.grid, what="z-map")
            np.testing.assert_array_equal(found.array, scan.array)
            np.testing.assert_array_equal(found.affine_ras, scan.affine_ras)
        else:
            with pytest.raises(InputError, match="does not lie on the scan's grid"):
                read_on_grid(tmp_path / "z.nii.gz", scan.grid, what="z-map")


def test_rounding_at_45_degrees_does_not_change_which_axis_is_which(tmp_path: Path) -> None:
    """Half way between two axes, 5e-6 mm decide which of them is the nearest to R: the scan's own axes decide here."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", 45, degrees=True).as_matrix() @ np.diag([2.0, 2, 3])
    scan = Volume(adc_volume(shape=SHAPE).array, turn)
    for sign in (1.0, -1.0):
        near = turn.copy()
        near[:3, :3] = Rotation.from_euler("z", sign * 1e-6).as_matrix() @ turn[:3, :3]
        write_volume(Volume(scan.array, near), tmp_path / "z.mha")
        np.testing.assert_array_equal(read_on_grid(tmp_path / "z.mha", scan.grid, what="z-map").array, scan.array)


def test_another_size_and_a_mirror_image_are_refused(tmp_path: Path) -> None:
    scan = adc_volume(shape=SHAPE)
    write_volume(Volume(scan.array[:-1], scan.affine_ras), tmp_path / "small.mha")
    with pytest.raises(InputError, match=r"small\.mha' \(5x7x8 voxels of .*scan's grid \(6x7x8 voxels"):
        read_on_grid(tmp_path / "small.mha", scan.grid, what="mask")
    mirror = np.diag([-1.0, 1, 1, 1]) @ scan.affine_ras
    write_volume(Volume(scan.array, mirror), tmp_path / "mirror.mha")
    with pytest.raises(InputError, match="does not lie on the scan's grid"):
        read_on_grid(tmp_path / "mirror.mha", scan.grid, what="mask")
    assert not Grid(SHAPE, np.zeros((4, 4))).lies_on(scan.grid)
    assert not scan.grid.lies_on(Grid(SHAPE, np.zeros((4, 4))))


def test_a_map_in_the_nearest_order_to_ras_is_the_scans(tmp_path: Path) -> None:
    scan = Volume(adc_volume(shape=SHAPE).array, affine(orientations()[17], tilt_degrees=12))
    write_volume(to_canonical(scan), tmp_path / "z.nii.gz")
    np.testing.assert_array_equal(read_on_grid(tmp_path / "z.nii.gz", scan.grid, what="z-map").array, scan.array)


@pytest.mark.real
def test_the_maps_of_the_organisers_lie_on_their_scans(real_data: Path) -> None:
    """Of 331 the z-map repeats the geometry of its ADC map to 5e-6 mm of spacing only."""
    from AGE2HIELib.io.images import read_volume

    folder = real_data / "bonbid-hie"
    scan = read_volume(folder / "1ADC_ss" / "MGHNICU_331-VISIT_01-ADC_ss.mha")
    path = folder / "2Z_ADC" / "Zmap_MGHNICU_331-VISIT_01-ADC_smooth2mm_clipped10.mha"
    given = read_on_grid(path, scan.grid, what="z-map")
    np.testing.assert_array_equal(given.affine_ras, scan.affine_ras)
    off_mm = read_volume(path).grid.farthest_corner_mm(scan.grid)
    assert 1e-4 < off_mm < 0.1 * scan.grid.spacing_mm.min()
