"""Two scans of one infant: the second is brought to the first, and what changed is what was planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from visit_samples import BALL_ML, COMES, GOES, LEFT, STAYS, STILL, TURNED, motion, planted, scan, visit

from AGE2HIELib.preprocess.rigid import Rigid, points_of
from AGE2HIELib.visits.change import inside, lesion_change, overlap_of_lesions, region_changes
from AGE2HIELib.visits.comparison import LEAST_OVERLAP
from AGE2HIELib.visits.picture import lesion_parts, second_on_first
from AGE2HIELib.visits.reading import RegionMedians
from AGE2HIELib.visits.registration import (
    BrainScan,
    agreement,
    match_brains,
    nearest_rigid,
    on_first,
    start_of,
)
from AGE2HIELib.volume import Volume


@pytest.mark.parametrize("degrees", [(0, 0, 0), (31, -17, 8), (170, 5, -60)])
def test_the_nearest_rigid_motion_is_the_motion_itself(degrees: tuple[float, float, float]) -> None:
    points = np.random.default_rng(3).normal(0, 30, (200, 3))
    truth = motion(degrees, (4, -9, 2))
    found = nearest_rigid(points, truth(points))
    np.testing.assert_allclose(found(points), truth(points), atol=1e-9)
    mirrored = nearest_rigid(points, points * [-1, 1, 1])  # left may never become right
    assert np.linalg.det(mirrored.rotation) == pytest.approx(1.0)


# (first scan, second scan): acquisition and turn of the slices in degrees about x, y and z
PAIRS = {
    "axial 6 mm, then oblique 2 mm": (("6mm", (0, 0, 0)), ("2mm", (25, -12, 8))),
    "oblique 4 mm, then double oblique 6 mm": (("4mm", (-30, 10, 20)), ("6mm", (10, 28, -24))),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_second_brain_is_found_within_half_a_millimetre_though_its_lesion_has_grown(pair: str) -> None:
    (acquisition, before), (other, after) = PAIRS[pair]
    first, second = scan("none", acquisition, before), scan("bgt", other, after)
    truth = motion(after).after(motion(before).inverse())
    points = points_of(first.brain.array, first.brain.affine_ras)
    found = match_brains(first, second)
    errors = np.linalg.norm(found.second_from_first(points) - truth(points), axis=1)
    start = np.linalg.norm(start_of(first, second)(points) - truth(points), axis=1)
    assert errors.mean() < min(0.5, start.mean())
    assert errors.max() < 1.5
    assert found.overlap > LEAST_OVERLAP


def test_a_brain_that_has_grown_evenly_keeps_its_shape() -> None:
    first = scan("none", "4mm", (0, 0, 0))
    larger = np.diag([1.05, 1.05, 1.05, 1.0])
    grown = BrainScan(*(Volume(v.array, larger @ v.affine_ras) for v in (first.adc, first.brain)), first.affine)
    assert agreement(first, grown, Rigid(np.eye(3), np.zeros(3)))[0] > 0.99


@pytest.mark.parametrize(
    ("voxels", "border"),
    [(((1, 1, 1), (1, 1, 1)), 0.1), (((2, 2, 2), (1.5, 1.5, 4)), 0.25), (((3, 2, 2), (2, 2, 3)), 0.25)],
)
def test_common_new_and_gone_are_the_balls_that_were_planted(
    voxels: tuple[tuple[float, float, float], ...], border: float
) -> None:
    """``border``: of the ball that stays, what voxels of two grids do not share."""
    first, second = visit(voxels[0], STILL, [STAYS, GOES]), visit(voxels[1], TURNED, [STAYS, COMES])
    found = lesion_change(overlap_of_lesions(first, second, TURNED))
    stays, goes, comes = BALL_ML
    assert (1 - border) * stays < found.common_ml < stays * 1.03
    assert goes * 0.97 < found.gone_ml < goes * 1.03 + border * stays
    assert comes * 0.97 < found.new_ml < comes * 1.03 + border * stays
    assert found.first_ml == pytest.approx(stays + goes, rel=0.03)
    assert found.second_ml == pytest.approx(stays + comes, rel=0.03)
    assert found.first_ml == pytest.approx(float(first.lesion.array.sum()) * first.lesion.grid.voxel_ml, abs=1e-3)
    assert found.common_ml + found.gone_ml == pytest.approx(found.first_ml, abs=1e-3)
    assert found.change_ml == pytest.approx(found.new_ml - found.gone_ml, abs=1e-3)
    assert found.unseen_ml == 0
    assert found.gone_normal_ml == found.gone_ml  # its z is 0 in the second scan
    both = 2 * found.common_ml + found.new_ml + found.gone_ml
    assert found.dice == pytest.approx(2 * found.common_ml / both, abs=1e-3)


def test_left_stays_left() -> None:
    first, second = planted()
    left, right = region_changes(first, second, overlap_of_lesions(first, second, TURNED))
    assert (left.hemisphere, right.hemisphere) == ("left", "right")
    assert left.common_ml > 1.6 > 0.5 > left.new_ml  # what stays lies on the left
    assert right.new_ml > 2.7
    assert right.common_ml == 0
    shown = second_on_first(first, second, TURNED)
    parts = lesion_parts(first.lesion, shown.lesion)
    grid = first.lesion.grid
    for name, (centre, _) in {"in both": STAYS, "gone": GOES, "new": COMES}.items():
        index = np.rint(np.linalg.solve(grid.affine_ras, [*centre, 1.0])[:3]).astype(int)
        assert parts[name][tuple(index)], name


def test_swapped_scans_change_the_signs() -> None:
    first, second = planted()
    forth = lesion_change(overlap_of_lesions(first, second, TURNED))
    back = lesion_change(overlap_of_lesions(second, first, TURNED.inverse()))
    assert back.change_ml == -forth.change_ml
    assert back.new_ml == pytest.approx(forth.gone_ml, abs=0.1)
    assert back.gone_ml == pytest.approx(forth.new_ml, abs=0.1)
    assert back.common_ml == pytest.approx(forth.common_ml, abs=0.1)
    other = replace(second, medians={LEFT: RegionMedians("half", "left", 900.0, -2.5)})
    pairs = ((first, other, TURNED), (other, first, TURNED.inverse()))
    one, two = (region_changes(a, b, overlap_of_lesions(a, b, rigid))[0] for a, b, rigid in pairs)
    assert (one.change_adc, one.change_z) == (-300.0, -2.5)
    assert (two.change_adc, two.change_z) == (300.0, 2.5)


def test_what_the_other_scan_does_not_see_is_neither_new_nor_gone() -> None:
    first = planted()[0]
    half = first.lesion.array.shape[2] // 2

    def cut(volume: Volume) -> Volume:
        return Volume(volume.array[:, :, :half], volume.affine_ras)

    names = ("adc", "brain", "z", "lesion", "labels")
    short = replace(first, **{name: cut(getattr(first, name)) for name in names})
    found = overlap_of_lesions(first, short, STILL)
    kept = float(short.lesion.array.sum()) * first.lesion.grid.voxel_ml
    whole = float(first.lesion.array.sum()) * first.lesion.grid.voxel_ml
    assert found.unseen_ml == pytest.approx(whole - kept, abs=1e-3)
    assert lesion_change(found).gone_ml == 0
    assert overlap_of_lesions(short, first, STILL).unseen_ml == pytest.approx(whole - kept, abs=1e-3)
    assert inside(first.lesion.grid, np.zeros((1, 3))).all()


def test_a_map_of_the_second_scan_lands_where_its_anatomy_is() -> None:
    """Held against trilinear weights by hand: a linear ramp stays one under any rigid motion."""
    first, second = planted()
    slope = np.array([3.0, -2.0, 5.0])
    every = points_of(np.ones(second.adc.array.shape, dtype=bool), second.adc.affine_ras)
    ramp = second.adc.like((every @ slope).reshape(second.adc.array.shape).astype(np.float32))
    brought = on_first(ramp, TURNED, first.adc.grid).array[first.brain.array]
    points = points_of(first.brain.array, first.brain.affine_ras)
    np.testing.assert_allclose(brought, TURNED(points) @ slope, atol=1e-3)
