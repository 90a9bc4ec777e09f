"""Pictures of maps: left is left, pixels are square in mm, colours are ordered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from report_samples import ellipsoid_brain, lesion_maps, volume

from AGE2HIELib.report.colours import adc_scale, saliency_scale, z_scale
from AGE2HIELib.report.landmarks import centre_voxel, lesion_slices, notable_slices
from AGE2HIELib.report.lesion_picture import lesion_picture
from AGE2HIELib.report.overlay import LESION_LINE, Maps, overlay_picture, z_over_adc
from AGE2HIELib.report.tiles import choose_view, filled, tile
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
    low, high = (lightness(z_scale().rgb(np.linspace(0, end, 64))) for end in (z_scale().low, z_scale().high))
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


def test_a_thalamus_of_minus_1_7_can_be_seen_and_the_scatter_of_single_voxels_cannot(maps: Maps) -> None:
    """z of -1.7 in 20 x 20 x 4 voxels, white noise of 1 sd everywhere: what is coloured lies in the thalamus."""
    rng, z = np.random.default_rng(4), np.zeros(maps.adc.array.shape, dtype=np.float32)
    z[30:50, 40:60, 9:13] -= 1.7
    z += rng.normal(size=z.shape).astype(np.float32) * maps.brain.array
    view = choose_view(maps.brain, columns=1, tile_width=190, among=(11,))
    drawn = z_over_adc(maps, volume(z), view)(11)
    blue = (drawn[..., 2] - drawn[..., 0]) > 25
    thalamus = filled(volume(mask_of(z.shape, (slice(32, 48), slice(42, 58), slice(9, 13)))), 11, view)
    inside = filled(maps.brain, 11, view)
    assert blue[thalamus].mean() > 0.85
    assert blue[inside & ~thalamus].mean() < 0.10


def test_the_slices_of_the_peak_and_of_the_largest_lesion_are_shown(maps: Maps) -> None:
    """A lesion of two parts: 10 x 10 x 1 voxels in slice 5, and 4 x 4 x 1 in slice 16, where the peak lies."""
    lesion = mask_of(maps.adc.array.shape, (slice(20, 30), slice(30, 40), slice(5, 6)))
    lesion[50:54, 30:34, 16] = True
    saliency = np.where(lesion, 0.1, 0.0).astype(np.float32)
    saliency[51, 31, 16] = 0.4
    assert notable_slices(volume(saliency), volume(lesion)) == {5: "largest lesion", 16: "peak"}
    assert notable_slices(None, volume(np.zeros_like(lesion))) == {}
    evenly = choose_view(maps.brain, columns=8, tile_width=50).slices
    chosen = choose_view(maps.brain, columns=8, tile_width=50, among=(5, 16)).slices
    assert {5, 16} <= set(chosen)
    assert len(chosen) == len(evenly) == 8
    assert list(chosen) == sorted(chosen)
    saliency[51, 31, 5] = 0.5
    assert notable_slices(volume(saliency), volume(lesion)) == {5: "peak, largest lesion"}


def test_a_lesions_slices_divide_it_evenly_and_its_centre_lies_in_it() -> None:
    ring = np.zeros((20, 20, 12), dtype=bool)
    ring[2:18, 2:18, 1:10] = True
    ring[5:15, 5:15] = False
    assert lesion_slices(volume(ring), 3) == (2, 5, 8)
    assert ring[centre_voxel(volume(ring))]
    flat = np.zeros((20, 20, 12), dtype=bool)
    flat[4:6, 4:6, 7] = True
    assert lesion_slices(volume(flat), 3) == (7,)


def test_the_lesions_picture_outlines_it_on_the_patients_left(maps: Maps) -> None:
    """The lesion of the maps lies on the patient's left, the picture's right, in front: above the middle."""
    assert maps.z is not None
    picture = lesion_picture(replace(maps, lesion=maps.z.like(maps.z.array < -2)))
    assert picture is not None
    pixels = np.asarray(picture, dtype=int)
    rows, columns = np.nonzero((pixels == LESION_LINE).all(axis=-1))
    assert len(rows) > 50
    tile_width = 200
    assert ((columns % (tile_width + 4)) > tile_width / 2).all()
    assert rows.max() < picture.height / 2
    assert lesion_picture(maps) is None
    assert lesion_picture(replace(maps, lesion=maps.brain.like(np.zeros(maps.brain.array.shape, dtype=bool)))) is None


def mask_of(shape: tuple[int, ...], box: tuple[slice, slice, slice]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[box] = True
    return mask


def test_a_scan_without_any_brain_is_drawn_all_the_same(maps: Maps) -> None:
    nothing = Maps(maps.adc, maps.brain.like(np.zeros(maps.brain.array.shape, dtype=bool)))
    assert overlay_picture(nothing, demonstration=False).size[0] > 1000


def test_a_map_without_positive_saliency_shows_none(maps: Maps) -> None:
    assert maps.saliency is not None
    none = replace(maps, saliency=maps.saliency.like(np.zeros(maps.saliency.array.shape, np.float32)))
    assert isinstance(overlay_picture(none, demonstration=False), Image.Image)
