"""A z-map means the same in every scanner: the noise of the scan is part of its spread."""

from __future__ import annotations

import numpy as np
import pytest
from scans import bundled_atlas, stripped_scan

from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.preprocess.zmap import smoothed_noise, z_map, z_scores
from AGE2HIELib.volume import Volume

SPACINGS = [(2.0, 2.0, 2.0), (1.4, 1.4, 6.0), (1.5, 4.0, 1.5), (5.0, 1.2, 1.2)]


def ball(spacing_mm: tuple[float, float, float], noise: float) -> tuple[Volume, Volume]:
    """An even brain of 1200 and radius 40 mm with white noise, on an oblique grid."""
    shape = tuple(int(100 / mm) for mm in spacing_mm)
    axes = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(shape, spacing_mm, strict=True)], indexing="ij"
    )
    inside = sum(axis**2 for axis in axes) < 40.0**2
    turn = np.deg2rad(20.0)
    affine = np.eye(4)
    affine[:3, :3] = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    ) * np.array(spacing_mm)
    values = 1200 + noise * np.random.default_rng(5).standard_normal(shape)
    return Volume(np.where(inside, values, 0).astype(np.float32), affine), Volume(inside, affine)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("noise", [20.0, 80.0])
def test_the_noise_that_smoothing_leaves_is_told_to_five_per_cent(
    spacing_mm: tuple[float, float, float], noise: float
) -> None:
    adc, brain = ball(spacing_mm, noise)
    core = (
        smooth_inside(brain.like(brain.array.astype(np.float32)), brain.like(np.ones_like(brain.array))).array > 0.999
    )
    left = float(smooth_inside(adc, brain).array[core].std())
    assert smoothed_noise(adc, brain) == pytest.approx(left, rel=0.05)


def test_an_even_map_and_an_empty_one_have_no_noise() -> None:
    adc, brain = ball((2.0, 2.0, 2.0), 0.0)
    assert smoothed_noise(adc, brain) == pytest.approx(0.0, abs=1e-3)
    assert smoothed_noise(adc, brain.like(np.zeros_like(brain.array))) == 0.0


def test_z_of_pure_noise_has_the_spread_of_noise_and_norm_together() -> None:
    adc, brain = ball((2.0, 2.0, 2.0), 150.0)
    shape = brain.array.shape
    z = z_scores(adc, brain, np.full(shape, 1200.0), np.full(shape, 100.0))
    left = smoothed_noise(adc, brain)
    assert z.array[brain.array].std() == pytest.approx(left / np.hypot(left, 100.0), rel=0.1)


@pytest.mark.parametrize(("acquisition", "seed"), [("2mm", 41), ("2mm-shells", 42), ("4mm", 43), ("6mm", 44)])
def test_a_sound_brain_has_hardly_any_tissue_below_minus_two(acquisition: str, seed: int) -> None:
    """Real newborns with a load under 1 %: median 0.5 % of the brain, 95 of 100 under 1.5 %."""
    adc, brain = stripped_scan("none", acquisition, seed)
    atlas = bundled_atlas()
    placement = deform(adc, brain, atlas, place_in_atlas(adc, brain, atlas))
    z = z_map(adc, brain, atlas, placement)
    assert 100 * (z.array[brain.array] < -2).mean() < 1.5
