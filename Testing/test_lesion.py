"""Lesions whose millilitres, side and place are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scans import bundled_atlas, infant_with, stripped_scan

from AGE2HIELib.lesion.mask import (
    OWN,
    RELEASED,
    ClusterRule,
    depth_mm,
    found_clusters,
    given_score,
    lesion_mask,
    number_clusters,
    tissue_score,
)
from AGE2HIELib.lesion.measure import LISTED, PlacedScan, found_lesion, measured_lesion, placed_scan
from AGE2HIELib.lesion.norm import nearest_tissue, sides_of_midline, tissue_norm
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.volume import Volume

SPACINGS = ((2.0, 2.0, 2.0), (1.375, 1.375, 6.0), (1.473, 1.562, 4.0))
_CENTRES = ((-22.0, 4.0, 0.0), (-10.0, -20.0, 10.0))  # mm, RAS


def grid_of(spacing: tuple[float, float, float], degrees: float = 0.0, half_mm: float = 56.0) -> Volume:
    """Zeros on a grid around the origin, tilted about the left-right axis."""
    shape = tuple(int(np.ceil(2 * half_mm / mm)) + 1 for mm in spacing)
    affine = np.diag([*spacing, 1.0])
    angle = np.deg2rad(degrees)
    affine[1:3, 1:3] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * spacing[1:]
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Volume(np.zeros(shape, dtype=np.float32), affine)


def points_of(image: Volume) -> np.ndarray:
    """``(3, I, J, K)`` RAS+ mm."""
    index = np.indices(image.array.shape).reshape(3, -1)
    points = image.affine_ras[:3, :3] @ index + image.affine_ras[:3, 3:]
    return np.asarray(points.reshape(3, *image.array.shape))


def ball(image: Volume, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    away = (points_of(image) - np.reshape(centre, (3, 1, 1, 1))) / np.reshape(radii, (3, 1, 1, 1))
    return np.asarray((away**2).sum(axis=0) <= 1)


def scan_of(image: Volume, lesion: np.ndarray, *, z: float = -4.0) -> PlacedScan:
    """A round brain of 50 mm with a given z-map: ``z`` in the lesion and 0 elsewhere; left is x < 0."""
    brain = image.like(ball(image, (0, 0, 0), (50, 50, 50)))
    z_of = image.like(np.where(lesion, z, 0.0).astype(np.float32))
    adc = image.like(np.where(brain.array, np.where(lesion, 800.0, 1300.0), 0).astype(np.float32))
    x = points_of(image)[0]
    side = image.like(-np.sign(np.round(x, 6)).astype(np.int8))
    labels = image.like(np.where(x < 0, 1, 2).astype(np.int16))
    return PlacedScan(adc, z_of, brain, given_score(z_of, adc, brain), RELEASED, side, labels, {1: "one", 2: "other"})


def mirrored(volume: Volume) -> Volume:
    """The mirror image about x = 0, on the mirrored grid in canonical order."""
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    affine = flip @ volume.affine_ras @ flip
    affine[:3, 3] += affine[:3, 0] * -(volume.array.shape[0] - 1)
    return Volume(np.ascontiguousarray(volume.array[::-1]), affine)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("degrees", [0.0, 17.0])
def test_planted_ellipsoids_have_their_volume_place_and_side(spacing: tuple, degrees: float) -> None:
    image = grid_of(spacing, degrees)
    lesion = ball(image, _CENTRES[0], (9, 12, 10)) | ball(image, _CENTRES[1], (5, 6, 7))
    mask, found = found_lesion(scan_of(image, lesion))
    np.testing.assert_array_equal(mask.array, lesion)
    exact = [4 / 3 * np.pi * np.prod(radii) / 1000 for radii in ((9, 12, 10), (5, 6, 7))]
    assert found.volume_ml == pytest.approx(lesion.sum() * image.grid.voxel_ml, abs=6e-4)
    assert found.volume_ml == pytest.approx(sum(exact), rel=0.06)  # of voxels up to 6 mm high
    assert [one.volume_ml for one in found.clusters] == pytest.approx(exact, rel=0.1)
    for one, centre in zip(found.clusters, _CENTRES, strict=True):
        np.testing.assert_allclose(one.centre_ras_mm, centre, atol=0.5 * max(spacing))
        assert (one.hemisphere, one.region, one.mean_adc_1e6_mm2_s, one.mean_z) == ("left", "one", 800.0, -4.0)
    assert (found.side, found.method) == ("left", "rule")
    assert found.share == pytest.approx(found.volume_ml / found.brain_ml, abs=1e-5)
    assert found.brain_ml == pytest.approx(4 / 3 * np.pi * 125, rel=0.01)
    assert found.interval[0] <= found.share <= found.interval[1]


def test_a_lesion_of_both_sides_is_both_from_a_fifth_on() -> None:
    image = grid_of((2.0, 2.0, 2.0))
    whole = ball(image, (-22, 0, 0), (10, 10, 10))
    sides = {}
    for radius in (5.0, 7.5):  # an eighth and 0.42 of the other's volume
        lesion = whole | ball(image, (22, 0, 0), (radius, radius, radius))
        sides[radius] = found_lesion(scan_of(image, lesion))[1].side
    assert sides == {5.0: "left", 7.5: "both"}


@pytest.mark.parametrize("spacing", SPACINGS[1:])
def test_a_mirrored_scan_has_the_mirrored_lesion(spacing: tuple) -> None:
    image = grid_of(spacing, 12.0)
    scan = scan_of(image, ball(image, _CENTRES[0], (9, 12, 10)))
    other = replace(
        scan,
        **{name: mirrored(getattr(scan, name)) for name in ("adc", "z", "brain", "score", "labels")},
        halves=mirrored(scan.halves.like(-scan.halves.array)),
    )
    (mask, one), (swapped, two) = found_lesion(scan), found_lesion(other)
    np.testing.assert_array_equal(mirrored(mask).array, swapped.array)
    assert (one.side, two.side) == ("left", "right")
    assert two.volume_ml == one.volume_ml
    x, *rest = one.clusters[0].centre_ras_mm
    np.testing.assert_allclose(two.clusters[0].centre_ras_mm, (-x, *rest), atol=0.011)


def test_single_voxels_and_the_rim_are_no_lesion() -> None:
    image = grid_of((2.0, 2.0, 2.0))
    planted = ball(image, _CENTRES[0], (9, 12, 10))
    centre = tuple(n // 2 for n in image.array.shape)
    noisy = planted.copy()
    noisy[centre] = noisy[centre[0] + 8, centre[1], centre[2] + 9] = True  # 0.008 ml each
    rim = ball(image, (0, 0, 0), (50, 50, 50)) & ~ball(image, (0, 0, 0), (45, 45, 45))
    mask, _ = found_lesion(scan_of(image, noisy | rim))
    np.testing.assert_array_equal(mask.array, planted)


def test_without_a_convincing_cluster_there_is_no_lesion() -> None:
    """Clusters at -2.4 are part of an injured brain's lesion, and none of a brain that holds nothing lower."""
    image = grid_of((2.0, 2.0, 2.0))
    weak, strong = (ball(image, centre, (8, 8, 8)) for centre in ((-20, 0, 0), (20, 0, 0)))
    alone = scan_of(image, weak, z=-2.4)
    _, none = found_lesion(alone)
    assert (none.volume_ml, none.share, none.side, none.clusters) == (0.0, 0.0, "none", ())
    assert none.interval[0] == 0.0
    assert none.interval[1] == pytest.approx(weak.sum() / alone.brain.array.sum(), rel=1e-3)
    z = alone.z.like(np.where(strong, -3.5, alone.z.array).astype(np.float32))
    both = replace(alone, z=z, score=given_score(z, alone.adc, alone.brain))
    np.testing.assert_array_equal(found_lesion(both)[0].array, weak | strong)


def test_an_empty_brain_and_one_that_is_all_lesion() -> None:
    image = grid_of((3.0, 3.0, 3.0))
    whole = ball(image, (0, 0, 0), (50, 50, 50))
    mask, found = found_lesion(scan_of(image, whole))
    np.testing.assert_array_equal(mask.array, whole)
    assert (found.share, found.side, len(found.clusters)) == (1.0, "both", 1)
    scan = scan_of(image, whole)
    nothing = replace(scan, brain=image.like(np.zeros(image.array.shape, dtype=bool)))
    mask, found = found_lesion(nothing)
    assert not mask.array.any()
    assert (found.volume_ml, found.brain_ml, found.share, found.interval, found.side) == (0, 0, 0, (0, 0), "none")


def test_twenty_clusters_are_listed_and_all_are_counted() -> None:
    image = grid_of((2.0, 2.0, 2.0))
    lesion = np.zeros(image.array.shape, dtype=bool)
    for x in (-24, -12, 0, 12, 24):
        for y in (-24, -12, 0, 12, 24):
            lesion |= ball(image, (x, y, 0), (4, 4, 4 + (x + 24) / 24))
    found = measured_lesion(image.like(lesion), scan_of(image, lesion))
    sizes = [one.volume_ml for one in found.clusters]
    assert (len(sizes), LISTED) == (20, 20)
    assert sizes == sorted(sizes, reverse=True)
    assert found.volume_ml == pytest.approx(lesion.sum() * 0.008)


def test_clusters_hold_together_over_a_corner_and_depth_is_in_mm() -> None:
    mask = np.zeros((4, 4, 4), dtype=bool)
    mask[0, 0, 0] = mask[1, 1, 1] = mask[3, 3, 3] = True
    numbers, count = number_clusters(mask)
    assert count == 2
    assert numbers[0, 0, 0] == numbers[1, 1, 1] != numbers[3, 3, 3]
    brain = Volume(np.ones((7, 7, 3), dtype=bool), np.diag([1.0, 1.0, 6.0, 1.0]))
    depth = depth_mm(brain)
    assert (depth[3, 3, 1], depth[0, 3, 1], depth[3, 3, 0]) == (4.0, 1.0, 4.0)
    score = brain.like(np.where(depth > 2, -5.0, 0.0))
    asked = ClusterRule(-3.0, -2.0, seed_depth_mm=3.5, grow_depth_mm=2.5, seed_ml=0.0, smallest_ml=0.0)
    np.testing.assert_array_equal(found_clusters(score, brain, depth, asked), depth > 2.5)


def test_the_score_of_tissue_is_a_closed_form_and_fluid_beside_it_does_not_matter() -> None:
    image = grid_of((2.0, 2.0, 2.0))
    brain = image.like(ball(image, (0, 0, 0), (50, 50, 50)))
    adc = np.where(brain.array, 1100.0, 0.0)
    adc[brain.array & (points_of(image)[0] > 10)] = 2600.0
    mean, sd = np.full(adc.shape, 1300.0), np.full(adc.shape, 100.0)
    score = tissue_score(image.like(adc), brain, mean, sd).array
    tissue = brain.array & (adc < 1700)
    np.testing.assert_allclose(score[tissue], -2.0, atol=1e-4)
    np.testing.assert_array_equal(score[~tissue], 10.0)


def test_the_norm_of_tissue_holds_no_fluid_and_its_halves_are_the_labels() -> None:
    atlas = bundled_atlas()
    mean, sd = tissue_norm(atlas)
    assert mean.array.max() < 1500
    assert 60 <= sd.array.min() <= sd.array.max() < 200
    side, labels = sides_of_midline(atlas).array, nearest_tissue(atlas).array
    for region in atlas.regions:
        sign = {"left": 1, "right": -1}.get(region.hemisphere)
        if sign:
            assert (side[atlas.labels.array == region.value] == sign).all()
    assert not np.isin(labels, [region.value for region in atlas.regions if "ventricle" in region.name]).any()


@pytest.mark.slow
def test_a_phantom_has_its_injury_and_a_healthy_one_none() -> None:
    """A ball of white matter in the left half, whose border is soft: the truth holds voxels whose ADC fell by 13 %."""
    atlas, found = bundled_atlas(), {}
    for kind in ("focal", "none"):
        adc, brain = stripped_scan(kind, "2mm", 7)
        placement = deform(adc, brain, atlas, place_in_atlas(adc, brain, atlas))
        z = z_map(adc, brain, atlas, placement)
        mask, found[kind] = found_lesion(placed_scan(adc, z, brain, atlas, placement, released=False))
        if kind == "focal":
            truth = nearest(infant_with(kind, 7)[1].lesion, adc.grid).array & brain.array
            ours, plain = (_dice(one, truth) for one in (mask.array, (z.array < -2) & brain.array))
            assert ours > 0.75
            assert ours > plain + 0.1
    assert (found["focal"].side, len(found["focal"].clusters)) == ("left", 1)
    assert "white matter" in found["focal"].clusters[0].region
    assert (found["none"].side, found["none"].volume_ml) == ("none", 0.0)


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_both_rules_say_what_they_ask() -> None:
    for rule in (OWN, RELEASED):
        for number in (rule.outline.seed, rule.outline.grow, rule.convincing.seed):
            assert f"{-number:g}" in rule.meaning
        assert rule.convincing.seed < rule.outline.seed < rule.outline.grow


def test_a_lesion_drawn_by_hand_is_measured_as_it_is() -> None:
    image = grid_of((2.0, 2.0, 2.0))
    scan = scan_of(image, np.zeros(image.array.shape, dtype=bool))
    drawn = image.like(ball(image, (30, 0, 0), (6, 6, 6)))
    found = measured_lesion(drawn, scan)
    assert (found.side, found.clusters[0].region, found.interval[0]) == ("right", "other", 0.0)
    assert not lesion_mask(scan.score, scan.brain, scan.rule).array.any()
