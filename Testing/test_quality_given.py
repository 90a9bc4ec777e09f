"""A z-map that is turned round is refused, a mask that lies elsewhere is warned of; what belongs to the scan passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fuzzing.sound import INFANTS, make_sound
from real_scans import adc_file, z_file
from scans import bundled_atlas, stripped_scan
from scipy.ndimage import binary_dilation, gaussian_filter

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan
from AGE2HIELib.pipeline.inputs import Scan, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.quality.check import GIVEN_MASK
from AGE2HIELib.quality.maps import (
    LIKE_FOUND_MASK,
    SHARED_DETAIL,
    Z_DETAIL,
    mask_check,
    supplied_checks,
    z_map_check,
    z_scale_check,
)
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume

MIRRORS = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]


@pytest.fixture(scope="module")
def scan() -> tuple[Volume, Volume, Volume]:
    """(ADC, brain, z of a linear scale)."""
    adc, brain = stripped_scan("bgt", "4mm", 3)
    return adc, brain, adc.like(np.where(brain.array, (adc.array - 1300) / 300, 0).astype(np.float32))


def test_a_z_map_of_the_scan_passes_whatever_its_scale(scan: tuple[Volume, Volume, Volume]) -> None:
    adc, brain, z = scan
    found = z_map_check(adc, brain, z)
    assert found.passed
    assert z_map_check(adc, brain, z.like(z.array / 2)).value == pytest.approx(found.value, abs=0.01)


@pytest.mark.parametrize(
    ("factor", "passed"), [(1, True), (0.5, True), (2, True), (0.1, False), (10, False), (0, False)]
)
def test_a_z_map_that_was_multiplied_is_refused(
    factor: float, passed: bool, scan: tuple[Volume, Volume, Volume]
) -> None:
    """A z of 1 is 300e-6 mm^2/s here. A tenth of the z of a severe injury looks like none."""
    adc, brain, z = scan
    found = z_scale_check(adc, brain, z.like(z.array * np.float32(factor)))
    assert found.passed is passed
    assert found.severity == "refuse"
    if passed:  # z beyond 9.9 is left out, which a factor of 2 does to a few voxels
        assert found.value == pytest.approx(300 / factor, rel=0.02)


@pytest.mark.parametrize("axes", MIRRORS)
def test_a_mirrored_z_map_is_refused(axes: tuple[int, ...], scan: tuple[Volume, Volume, Volume]) -> None:
    adc, brain, z = scan
    found = z_map_check(adc, brain, z.like(np.flip(z.array, axes)))
    assert not found.passed
    assert found.severity == "refuse"
    assert isinstance(found.value, float)
    assert found.value < -SHARED_DETAIL


def test_z_of_noise_of_the_other_sign_or_of_nothing_is_refused(scan: tuple[Volume, Volume, Volume]) -> None:
    adc, brain, z = scan
    noise = np.random.default_rng(0).normal(size=z.array.shape).astype(np.float32)
    for array in (noise, -z.array, np.zeros_like(noise), np.ones_like(noise), np.full_like(noise, np.nan)):
        assert not z_map_check(adc, brain, z.like(array)).passed


def test_a_z_map_less_a_smooth_mean_over_a_smooth_sd_passes_and_another_infants_does_not(
    scan: tuple[Volume, Volume, Volume],
) -> None:
    """Where hardly anything but the normative mean shows in z: the ADC is even but for its noise, and no lesion."""
    adc, brain, _ = scan
    rng = np.random.default_rng(4)
    mean, sd = (level + spread * smooth_field(rng, adc) for level, spread in ((1300, 300), (150, 40)))
    even, other = (adc.like((1600 + rng.normal(0, 60, adc.array.shape)).astype(np.float32)) for _ in range(2))
    own, foreign = (
        adc.like(np.where(brain.array, (each.array - mean) / sd, 0).astype(np.float32)) for each in (even, other)
    )
    assert np.corrcoef(own.array[brain.array], even.array[brain.array])[0, 1] < 0.5  # what was asked before
    found = z_map_check(even, brain, own)
    assert found.passed
    assert found.value > 0.8
    assert not z_map_check(even, brain, foreign).passed


def smooth_field(rng: np.random.Generator, adc: Volume) -> np.ndarray:
    """Of unit variance, smooth over some 10 mm."""
    field = gaussian_filter(rng.normal(size=adc.array.shape), 10 / adc.grid.spacing_mm)
    return np.asarray(field / field.std())


def test_a_mask_is_compared_by_dice_and_a_poor_one_can_be_overridden(scan: tuple[Volume, Volume, Volume]) -> None:
    brain = scan[1]
    wider = brain.like(binary_dilation(brain.array))
    both, total = brain.array.sum(), brain.array.sum() + wider.array.sum()
    assert mask_check(wider, brain).value == pytest.approx(2 * both / total)
    poor = mask_check(brain.like(np.flip(brain.array, 2)), brain)
    assert (poor.name, poor.passed, poor.severity) == (GIVEN_MASK, False, "warn")


def test_on_a_whole_head_a_mask_moved_or_upside_down_is_told_and_a_mirrored_one_is_not() -> None:
    """The figures that the check gives as its basis."""
    series = make_sound(0).dwi
    fit = adc_map(series_to_canonical(series))
    found = brain_mask(fit.adc, contrast=fit.mean_b0)
    brain = make_infant(INFANTS[0][0]).brain
    true = to_canonical(nearest(brain.like(brain.array.astype(np.uint8)), series.grid)).array > 0
    moved = [np.roll(true, round(5 / mm), axis) for axis, mm in enumerate(fit.adc.grid.spacing_mm)]
    dice = [mask_check(found.like(mask), found).value for mask in (true, *moved, np.flip(true, 2), np.flip(true, 0))]
    np.testing.assert_allclose(dice, [0.94, 0.88, 0.89, 0.88, 0.76, 0.91], atol=0.01)
    assert dice[1] < dice[2] < LIKE_FOUND_MASK < dice[5]


def test_nothing_is_asked_of_what_was_not_given(scan: tuple[Volume, Volume, Volume]) -> None:
    adc, brain, z = scan
    assert supplied_checks(adc, brain, brain, mask=None, z=None) == []
    empty = brain.like(np.zeros_like(brain.array))
    assert supplied_checks(adc, empty, empty, mask=None, z=z) == []


def test_the_gate_asks_it_of_a_scan(infant_file: Path) -> None:
    sound = read_scan(infant_file)
    adc = gated(sound).adc
    z = adc.like(np.where(adc.array != 0, (adc.array - 1300) / 300, 0).astype(np.float32))
    upside_down = adc.like(np.flip(adc.array != 0, 2))
    seen = gated(replace(sound, z_adc=z.like(z.array[::-1]), mask=upside_down))
    stopping = [check.name for check in seen.quality.stopping]
    assert stopping[-1] == GIVEN_MASK  # a warning: after what refuses
    assert Z_DETAIL in stopping


@pytest.mark.real
@pytest.mark.parametrize("case", ["358", "458"])  # a symmetric brain, and one whose z follows its ADC least
def test_released_z_maps_of_real_newborns_pass_and_their_mirror_images_do_not(case: str, real_data: Path) -> None:
    scan = read_scan(adc_file(real_data, case), z_adc=z_file(real_data, case))
    assert scan.source.adc is not None
    assert scan.z_adc is not None
    seen = gated(replace(scan, z_adc=None))
    assert z_map_check(seen.adc, seen.brain, scan.z_adc).passed
    for axes in MIRRORS[:3]:
        assert not z_map_check(seen.adc, seen.brain, scan.z_adc.like(np.flip(scan.z_adc.array, axes))).passed


def gated(scan: Scan) -> GatedScan:
    return gate_scan(scan, bundled_atlas(), Request(), Stages(CHECK_STAGES))
