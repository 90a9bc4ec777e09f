"""Augmentation respects what a quantitative map means, and moves lesion and image together."""

from __future__ import annotations

import numpy as np
import torch

from training.learning.augment import (
    TABLE_VALUES,
    Draws,
    affine_matrices,
    apply_affine,
    augment_adc,
    augment_t1,
    pick_z,
)
from training.learning.randomness import noise_bank, uniforms

SHAPE = (16, 18, 14)
BANK = noise_bank(0)


def draws(count: int, *, seed: int = 1, **columns: float) -> Draws:
    """Numbers for ``count`` samples; ``c16=0.2`` sets column 16."""
    table = uniforms(seed, 0, torch.arange(count), TABLE_VALUES)
    for name, value in columns.items():
        table[:, int(name[1:])] = value
    return Draws(table, BANK)


def test_the_lesion_moves_with_the_image() -> None:
    """Images that are their own lesion: after any move the ADC is low where the lesion is."""
    lesions = torch.zeros(12, 1, *SHAPE)
    lesions[:, :, 3:8, 4:9, 5:10] = 1.0
    images, placed = augment_adc(0.2 - 4 * lesions.expand(-1, 3, -1, -1, -1), lesions, draws(12, c19=0.9))
    assert images.shape == (12, 2, *SHAPE)
    assert images[:, :1][placed > 0.9].mean() < -2.5
    assert abs(float(images[:, :1][placed < 0.01].mean())) < 0.5
    places = torch.arange(float(SHAPE[0]))[None, None, :, None, None]
    centres = (placed * places).sum((1, 2, 3, 4)) / placed.sum((1, 2, 3, 4))
    assert centres.min() < 7 < 8 < centres.max()  # some were mirrored


def test_mirroring_is_left_right_and_nothing_else() -> None:
    still = {f"c{n}": 0.5 for n in range(7, 16)}
    image = torch.rand(1, 1, *SHAPE)
    for moving in (0.1, 0.9):  # through the interpolation, and past it
        plain, swapped = (apply_affine(image, draws(1, **still, c16=side, c18=moving)) for side in (0.9, 0.1))
        torch.testing.assert_close(plain, image, atol=1e-5, rtol=0)
        torch.testing.assert_close(swapped, image.flip(2), atol=1e-5, rtol=0)


def test_turns_are_rigid_in_voxels_and_at_most_ten_degrees_about_an_axis() -> None:
    """Without stretch, theta with the aspect taken out is a rotation."""
    still = {f"c{n}": 0.5 for n in range(10, 16)}
    theta = affine_matrices(draws(64, **still), torch.Size((64, 1, *SHAPE)))[:, :, :3]
    half = torch.tensor([SHAPE[2], SHAPE[1], SHAPE[0]], dtype=torch.float32)
    turn = theta * half.view(1, 3, 1) / half.view(1, 1, 3)
    torch.testing.assert_close(turn @ turn.transpose(1, 2), torch.eye(3).expand(64, 3, 3), atol=1e-5, rtol=0)
    angle = torch.rad2deg(torch.arccos(((turn.diagonal(dim1=1, dim2=2).sum(1)) - 1).div(2).clamp(-1, 1)))
    assert angle.max() <= 10 * np.sqrt(3) + 1e-3
    assert angle.max() > 8


def test_the_level_of_adc_changes_by_at_most_five_percent() -> None:
    """Even tissue of 1100e-6 mm^2/s, no noise: its mean stays within 5 % (and the smooth field's 16e-6)."""
    value = (1100.0 - 1300.0) / 400.0
    images, _ = augment_adc(torch.full((200, 3, *SHAPE), value), None, draws(200, c5=0.0, c17=0.9, c19=0.9))
    inner = images[:, 0, 5:11, 5:13, 5:9].mean((1, 2, 3))
    adc = 1300 + 400 * inner
    assert adc.max() < 1100 * 1.05 + 30
    assert adc.min() > 1100 * 0.95 - 30
    assert adc.std() > 15  # and it does change


def test_a_sample_is_changed_in_the_same_way_in_any_batch() -> None:
    volumes = torch.rand(6, 3, *SHAPE)
    whole, _ = augment_adc(volumes, None, draws(6))
    alone, _ = augment_adc(volumes[4:5], None, Draws(uniforms(1, 0, torch.tensor([4]), TABLE_VALUES), BANK))
    torch.testing.assert_close(alone, whole[4:5], atol=2e-5, rtol=0)
    t1, t1_alone = augment_t1(volumes[:, :1], draws(6)), augment_t1(volumes[4:5, :1], Draws(draws(6).table[4:5], BANK))
    torch.testing.assert_close(t1_alone, t1[4:5], atol=2e-5, rtol=0)


def test_the_background_stays_empty_before_the_move() -> None:
    volumes = torch.zeros(4, 3, *SHAPE)
    volumes[:, :, 5:10, 5:10, 5:10] = 1.0
    still = {f"c{n}": 0.5 for n in range(7, 16)}
    images, _ = augment_adc(volumes, None, draws(4, **still, c16=0.9, c17=0.9))
    outside = volumes[:, :2] == 0
    assert float(images[outside].abs().max()) < 1e-4  # what rounding of the grid lets in


def test_z_is_missing_or_from_either_atlas_in_the_stated_shares() -> None:
    volumes = torch.stack([torch.full(SHAPE, 0.1), torch.full(SHAPE, 1.0), torch.full(SHAPE, 9.0)]).expand(
        900, -1, -1, -1, -1
    )
    still = {f"c{n}": 0.5 for n in range(7, 16)}
    images, _ = augment_adc(volumes, None, draws(900, **still, c17=0.9))
    z = images[:, 1, 8, 9, 7]
    shares = [float(part.float().mean()) for part in (z == 0, (z != 0) & (z < 4), z >= 4)]
    np.testing.assert_allclose(shares, [0.15, 0.35, 0.5], atol=4 * np.sqrt(0.25 / 900))


def test_picking_a_z_map_takes_the_named_one() -> None:
    volumes = torch.arange(3.0)[None, :, None, None, None].expand(2, 3, 2, 2, 2)
    assert [float(pick_z(volumes, source)[0, 1].mean()) for source in ("atlas", "released", "none")] == [1.0, 2.0, 0.0]


def test_a_smooth_field_is_trilinear_interpolation_of_its_lattice() -> None:
    made = draws(3)
    lattice = made.normal(32, 210).view(3, 1, 6, 7, 5)
    expected = 1.5 * torch.nn.functional.interpolate(lattice, size=SHAPE, mode="trilinear")
    torch.testing.assert_close(made.smooth(0, torch.Size((3, 1, *SHAPE))), expected, atol=1e-5, rtol=0)


def test_a_share_of_the_samples_has_no_adc_and_none_has_neither() -> None:
    volumes = torch.full((900, 3, 8, 8, 8), 0.5)
    images, _ = augment_adc(volumes, None, draws(900))
    adc, z = ((images[:, channel] != 0).flatten(1).any(1) for channel in (0, 1))
    assert 0.38 < float((~adc).float().mean()) < 0.47  # half of the 85 % that have z
    assert bool((adc | z).all())


def test_lesions_become_shallower_by_at_most_what_is_stated_and_tissue_stays() -> None:
    still = {f"c{n}": 0.5 for n in range(7, 16)}
    lesions = torch.zeros(64, 1, *SHAPE)
    lesions[:, :, 4:8, 4:8, 4:8] = 1.0
    fixed = {"c0": 0.9, "c5": 0.0, "c16": 0.9, "c17": 0.9, "c18": 0.9, "c19": 0.9, "c22": 0.9}
    volumes = 0.3 - 2 * lesions.expand(-1, 3, -1, -1, -1)
    shallow, _ = augment_adc(volumes, lesions, draws(64, **still, **fixed, c20=1.0))
    as_it_is, _ = augment_adc(volumes, lesions, draws(64, **still, **fixed, c20=0.0))
    difference, of_z = (shallow - as_it_is).split(1, dim=1)
    scale = difference[lesions > 0] / 0.6
    assert float(scale.min()) > 0.94
    assert float(scale.max()) < 1.06
    torch.testing.assert_close(difference[lesions == 0], torch.zeros_like(difference[lesions == 0]))
    assert of_z.abs().max() == 0
