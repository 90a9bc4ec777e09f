"""z is what it is defined to be, and the network input is the same however a case is handed over."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scans import bundled_atlas, infant_with, stripped_scan
from scipy.ndimage import binary_erosion

from AGE2HIELib.errors import ModelError
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.preprocess.network_input import Channel, InputSpec, network_input
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.preprocess.zmap import fill_beyond_brain, z_map
from AGE2HIELib.volume import Grid, Volume


def identity_placement(grid: Grid) -> Placement:
    return Placement(
        grid, grid, sitk.Transform(), sitk.Transform(), 1.0, 1.0, (1.0, 1.0, 1.0), 1.0, sitk.AffineTransform(3)
    )


def spec(spacing_mm: float = 2.0) -> InputSpec:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-55.0, -63.0, -47.0]
    channels = (Channel("adc", 1300.0, 400.0, -3.0, 4.0), Channel("z_adc", 0.0, 3.0, -10 / 3, 10 / 3))
    return InputSpec(Grid((56, 64, 48), affine), channels)


def test_the_mean_of_the_atlas_has_z_0_and_two_sd_more_have_z_2() -> None:
    atlas = bundled_atlas()
    brain, placement = atlas.brain, identity_placement(atlas.grid)
    constant_sd = atlas.sd.like(np.where(brain.array, 50.0, 0).astype(np.float32))
    flat = atlas.mean.like(np.where(brain.array, 1200.0, 0).astype(np.float32))
    plain = type(atlas)(**{**vars(atlas), "mean": flat, "sd": constant_sd})
    np.testing.assert_allclose(z_map(flat, brain, plain, placement).array, 0, atol=1e-4)
    higher = flat.like(np.where(brain.array, 1300.0, 0).astype(np.float32))
    np.testing.assert_allclose(z_map(higher, brain, plain, placement).array[brain.array], 2.0, atol=1e-3)
    dead = flat.like(np.where(brain.array, 100.0, 0).astype(np.float32))
    np.testing.assert_allclose(z_map(dead, brain, plain, placement).array[brain.array], -10.0)


def test_what_is_kept_of_an_atlas_is_that_atlas_s_own_and_goes_with_it() -> None:
    first = bundled_atlas()
    adc, brain = stripped_scan("none", "6mm", 24)
    placement = place_in_atlas(adc, brain, first)
    before = z_map(adc, brain, first, placement).array
    second = replace(first, mean=first.mean.like(first.mean.array + np.float32(100.0) * first.brain.array))
    shift = (before - z_map(adc, brain, second, placement).array)[brain.array]
    assert 0.2 < np.median(shift) < 1.4  # 100 of 1e-6 mm^2/s over the atlas's sd of 70 to 500
    np.testing.assert_array_equal(z_map(adc, brain, first, placement).array, before)
    place_in_atlas(adc, brain, second)
    gone = weakref.ref(second)
    del second
    gc.collect()
    assert gone() is None


def test_z_is_zero_outside_the_brain_and_finite_where_adc_is_not() -> None:
    adc, brain = stripped_scan("bgt", "4mm", 21)
    holed = adc.array.copy()
    holed[tuple(np.argwhere(binary_erosion(brain.array, iterations=2))[100])] = np.nan
    placement = place_in_atlas(adc, brain, bundled_atlas())
    z = z_map(adc.like(holed), brain, bundled_atlas(), placement).array
    assert np.isfinite(z).all()
    assert np.all(z[~brain.array] == 0)


def test_an_injured_place_is_low_and_the_rest_is_not() -> None:
    adc, brain = stripped_scan("watershed", "2mm", 22)
    atlas = bundled_atlas()
    z = z_map(adc, brain, atlas, place_in_atlas(adc, brain, atlas)).array
    lesion = nearest(infant_with("watershed", 22)[1].lesion, adc.grid).array & brain.array
    assert np.median(z[lesion]) < -1.7  # 0.5 % of a sound brain is below -2, where a normal distribution has 2.3 %
    assert abs(np.median(z[brain.array & ~lesion])) < 1.0


def test_smoothing_takes_nothing_from_outside_and_keeps_a_constant() -> None:
    rng = np.random.default_rng(0)
    affine = np.diag([1.5, 1.5, 4.0, 1.0])
    brain = Volume(rng.random((20, 22, 9)) > 0.3, affine)
    image = Volume(np.where(brain.array, 1200.0, 9999.0).astype(np.float32), affine)
    smoothed = smooth_inside(image, brain, 2.0).array
    np.testing.assert_allclose(smoothed[brain.array], 1200.0, rtol=1e-5)
    assert np.all(smoothed[~brain.array] == 0)


def test_smoothing_has_its_width_in_mm_along_every_axis() -> None:
    affine = np.diag([1.0, 2.0, 4.0, 1.0])
    point = np.zeros((41, 31, 21), np.float32)
    point[20, 15, 10] = 1.0
    everywhere = Volume(np.ones(point.shape, bool), affine)
    spread = smooth_inside(Volume(point, affine), everywhere, 4.0).array
    indices = np.indices(point.shape).reshape(3, -1) - np.array([[20], [15], [10]])
    variance = (spread.ravel() * indices**2).sum(axis=1) / spread.sum() * np.array([1.0, 4.0, 16.0])
    np.testing.assert_allclose(np.sqrt(variance), 4.0, rtol=0.03)


def test_beyond_the_brain_stands_the_nearest_value() -> None:
    affine = np.eye(4)
    array = np.zeros((5, 1, 1), np.float32)
    array[2] = 7.0
    filled = fill_beyond_brain(Volume(array, affine), Volume(array > 0, affine))
    np.testing.assert_array_equal(filled.array, 7.0)


def test_network_input_holds_scaled_values_inside_and_zeros_outside() -> None:
    adc, brain = stripped_scan("bgt", "2mm", 23)
    atlas = bundled_atlas()
    placement = place_in_atlas(adc, brain, atlas)
    z = z_map(adc, brain, atlas, placement)
    tensor = network_input({"adc": adc, "z_adc": z}, brain, placement, spec())
    assert tensor.shape == (1, 2, 56, 64, 48)
    assert tensor.dtype == np.float32
    inside = placement.to_atlas(brain.like(brain.array.astype(np.float32)), spec().grid).array >= 0.5
    assert np.all(tensor[0, :, ~inside] == 0)
    expected = (np.median(adc.array[brain.array]) - 1300) / 400
    assert np.median(tensor[0, 0][inside]) == pytest.approx(expected, abs=0.05)


def test_a_missing_z_is_zeros_and_leaves_the_adc_channel_alone() -> None:
    adc, brain = stripped_scan("bgt", "2mm", 23)
    atlas = bundled_atlas()
    placement = place_in_atlas(adc, brain, atlas)
    z = z_map(adc, brain, atlas, placement)
    with_z, without = (
        network_input({"adc": adc, "z_adc": map_or_none}, brain, placement, spec()) for map_or_none in (z, None)
    )
    np.testing.assert_array_equal(with_z[0, 0], without[0, 0])
    assert np.all(without[0, 1] == 0)


def test_values_that_are_not_finite_count_as_the_offset() -> None:
    adc, brain = stripped_scan("none", "2mm", 24)
    atlas = bundled_atlas()
    placement = place_in_atlas(adc, brain, atlas)
    void = adc.array.copy()
    void[brain.array] = np.nan
    tensor = network_input({"adc": adc.like(void), "z_adc": None}, brain, placement, spec())
    assert np.all(tensor == 0)


def test_the_spec_survives_json_and_refuses_what_it_cannot_mean() -> None:
    described = spec().to_json()
    again = InputSpec.from_json(described)
    assert again.channels == spec().channels
    assert again.grid.same_as(spec().grid)
    with pytest.raises(ModelError, match="network input"):
        InputSpec.from_json({**described, "channels": [{"name": "adc"}]})
    with pytest.raises(ModelError):
        InputSpec.from_json({**described, "channels": [{**described["channels"][0], "name": "flair"}]})
