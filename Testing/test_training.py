"""The code that makes the demonstration model: its outcome, augmentation, calibration and members."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scans import bundled_atlas
from training.augment import augment, pick_z
from training.demonstration import input_spec
from training.members import FitOptions, fit_member
from training.phantom_cohort import Cohort, make_case, simulated_outcome

from AGE2HIELib.resources import resource_path
from training.evaluation.platt import platt

SHAPE = (16, 16, 16)


def test_the_simulated_outcome_has_even_odds_at_a_load_of_one_percent() -> None:
    rng = np.random.default_rng(0)
    share = [
        np.mean([simulated_outcome(load, deep, rng) for _ in range(2000)])
        for load, deep in ((0.0097, 0.0), (0.0, 0.0), (0.2, 0.0), (0.005, 0.2))
    ]
    assert share[0] == pytest.approx(0.5, abs=0.04)
    assert share[1] < 0.01
    assert share[2] > 0.99
    assert share[3] > 0.9  # deep grey matter counts for more than its volume


def test_platt_recovers_slope_and_intercept() -> None:
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 2, 20_000)
    adverse = rng.random(20_000) < 1 / (1 + np.exp(-(0.7 * logit - 0.4)))
    found = platt(logit, adverse)
    assert found.slope == pytest.approx(0.7, abs=3 * found.slope_sd + 0.01)
    assert found.intercept == pytest.approx(-0.4, abs=3 * found.intercept_sd + 0.01)
    assert found.prevalence == adverse.mean()


def test_logits_that_order_cases_wrongly_are_calibrated_to_the_prevalence() -> None:
    logit = np.linspace(-1, 1, 40)
    found = platt(logit, logit < -0.5)
    assert found.slope == pytest.approx(1e-3)
    assert 1 / (1 + np.exp(-found.intercept)) == pytest.approx(0.25, abs=0.03)


def test_augmentation_moves_the_lesion_with_the_image() -> None:
    """Images that are their own lesion stay in the same place as it: the moved ADC is high where the lesion is."""
    generator = torch.Generator().manual_seed(0)
    lesions = torch.zeros(12, 1, *SHAPE)
    lesions[:, :, 3:8, 4:9, 5:10] = 1.0
    background = 0.1 * torch.ones(12, 3, *SHAPE)
    images, moved = augment(background + 4 * lesions, lesions, generator)
    assert images.shape == (12, 2, *SHAPE)
    inside, outside = images[:, :1][moved > 0.9].mean(), images[:, :1][moved < 0.1].mean()
    assert inside > 3.0
    assert abs(outside) < 1.0
    centres = (moved * torch.arange(16.0)[None, None, :, None, None]).sum((1, 2, 3, 4)) / moved.sum((1, 2, 3, 4))
    assert centres.min() < 7 < 8 < centres.max()  # some were mirrored along left-right, and only along it


def test_picking_a_z_map_takes_the_named_one() -> None:
    inputs = torch.arange(3.0)[None, :, None, None, None].expand(2, 3, 2, 2, 2)
    assert [float(pick_z(inputs, source)[0, 1].mean()) for source in ("atlas", "released", "none")] == [1.0, 2.0, 0.0]


def test_a_case_is_the_same_from_its_seed_and_its_lesion_lies_in_the_brain() -> None:
    spec = input_spec(4.0)
    inputs, lesion, load, adverse = make_case(3, atlas=bundled_atlas(), spec=spec)
    again = make_case(3, atlas=bundled_atlas(), spec=spec)
    np.testing.assert_array_equal(inputs, again[0])
    assert (load, adverse) == again[2:]
    assert load > 0.05  # this seed is injured
    assert np.mean(inputs[0][lesion] != 0) > 0.9  # a lesion at the border is cut by the mask
    assert np.median(inputs[1][lesion]) < np.median(inputs[1][(inputs[0] != 0) & ~lesion]) - 0.3


@pytest.mark.slow
def test_a_member_learns_a_plain_signal_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    adverse = np.arange(32) % 2 == 0
    inputs = rng.normal(0, 0.3, (32, 3, 16, 16, 16)).astype(np.float16)
    inputs[adverse, :, 4:12, 4:12, 4:12] -= 2.0
    lesions = np.zeros((32, 16, 16, 16), dtype=bool)
    lesions[adverse, 4:12, 4:12, 4:12] = True
    cohort = Cohort(inputs, lesions, np.where(adverse, 0.1, 0.0), adverse)
    options = FitOptions((4, 8, 8, 8), epochs=6, batch_size=8, learning_rate=1e-2)
    member = fit_member(cohort, options, seed=0, folder=tmp_path / "member_0")
    with torch.no_grad():
        logit = member(pick_z(torch.from_numpy(inputs).float(), "atlas"))[:, 0].numpy()
    assert member.head[-1].out_features == 1
    assert logit[adverse].min() > logit[~adverse].max()
    again = fit_member(cohort, options, seed=0, folder=tmp_path / "member_0")
    for one, other in zip(member.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_bundled_model_says_on_its_card_how_it_was_made() -> None:
    card = resource_path("models", "demo", "docs", "README.md").read_text(encoding="utf-8")
    assert "not for clinical use" in card
    assert "python training/run.py --preset bundle" in card
    size = sum(file.stat().st_size for file in resource_path("models", "demo").rglob("*") if file.is_file())
    assert size < 8e6
