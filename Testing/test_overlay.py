"""Pictures of maps: left is left, pixels are square in mm, colours are ordered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from report_samples import ellipsoid_brain, lesion_maps, volume

from AGE2HIELib.report.colours import adc_scale, saliency_scale, z_scale
from AGE2HIELib.report.overlay import Maps, overlay_picture
from AGE2HIELib.report.tiles import choose_view, tile
from AGE2HIELib.volume import Volume


@pytest.fixture
def maps() -> Maps:
    return lesion_maps()


def test_the_patients_left_is_on_the_right_and_the_front_on_top(maps: Maps) -> None:
    view = choose_view(maps.brain, columns=8, tile_width=190)
    assert maps.z is not None
    drawn = tile(maps.z, 11, view, z_scale(), brain=maps.brain)
    blue = np.argwhere(drawn[..., 2] - drawn[..., 0] > 15)  # z of -5 is bluish white, of 0 grey
    row, column = blue.mean(axis=0) / drawn.shape[:2]
    assert row < 0.4
    assert column > 0.6


def test_a_pixel_is_as_wide_as_high_in_mm(maps: Maps) -> None:
    tall = volume(np.zeros((80, 96, 22), dtype=bool))
    tall.array[30:50, 20:80, 3:20] = True  # 30 mm wide, 90 mm high, 5 mm margin all round
    view = choose_view(tall, columns=4, tile_width=100)
    width_mm, height_mm = ((high - low) * 1.5 for low, high in view.box)
    assert view.size[1] / view.size[0] == pytest.approx(height_mm / width_mm, rel=0.01)


def test_slices_go_evenly_through_the_brain() -> None:
    brain = ellipsoid_brain()
    view = choose_view(brain, columns=6, tile_width=100)
    steps = np.diff(view.slices)
    assert len(view.slices) == 6
    assert np.ptp(steps) <= 1
    levels = np.flatnonzero(brain.array.any(axis=(0, 1)))
    assert levels[0] <= view.slices[0] < view.slices[-1] <= levels[-1]


def test_few_slices_are_each_drawn_once() -> None:
    brain = Volume(np.ones((10, 10, 3), dtype=bool), np.diag([4.0, 4.0, 10.0, 1.0]))
    assert choose_view(brain, columns=8, tile_width=50).slices == (0, 1, 2)


def test_colour_scales_are_ordered_in_lightness() -> None:
    def lightness(rgb: np.ndarray) -> np.ndarray:
        return rgb @ [0.2126, 0.7152, 0.0722]

    for scale in (adc_scale(), saliency_scale(0.4)):
        assert np.all(np.diff(lightness(scale.rgb(np.linspace(scale.low, scale.high, 64)))) > 0)
    low, high = (lightness(z_scale().rgb(np.linspace(0, sign * 5, 64))) for sign in (-1, 1))
    assert np.all(np.diff(low[8:]) > 0)
    assert np.all(np.diff(high[8:]) > 0)
    assert saliency_scale(0.4).opacity(np.array([0.0, 0.4])).tolist() == [0.0, 0.85]


def test_the_picture_has_a_row_for_each_map_and_a_ribbon_for_a_demonstration(maps: Maps) -> None:
    full = np.asarray(overlay_picture(maps, demonstration=False))
    refused = np.asarray(overlay_picture(Maps(maps.adc, maps.brain), demonstration=False))
    marked = np.asarray(overlay_picture(maps, demonstration=True))
    assert full.shape[0] > 2.5 * refused.shape[0] - 100
    assert marked.shape[0] > full.shape[0]
    assert marked[10, 5].tolist() == [250, 196, 60]


def test_a_scan_without_any_brain_is_drawn_all_the_same(maps: Maps) -> None:
    nothing = Maps(maps.adc, maps.brain.like(np.zeros(maps.brain.array.shape, dtype=bool)))
    assert overlay_picture(nothing, demonstration=False).size[0] > 1000


def test_a_map_without_positive_saliency_shows_none(maps: Maps) -> None:
    assert maps.saliency is not None
    none = replace(maps, saliency=maps.saliency.like(np.zeros(maps.saliency.array.shape, np.float32)))
    assert isinstance(overlay_picture(none, demonstration=False), Image.Image)
