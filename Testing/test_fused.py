"""Several sequences, any of them missing: what an absent one may not change, and what a present one adds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from learning_samples import CPU
from sklearn.metrics import roc_auc_score

from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.fused import FusedNetwork
from AGE2HIELib.networks.registry import build_network
from training.learning.augment import TABLE_VALUES, Draws, augment_adc, pick_z
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.outcomes import Infants, OutcomeModule, logits
from training.learning.randomness import noise_bank, uniforms
from training.learning.transfer import from_ages, from_scratch, new_network, new_outcome_network
from training.settings import Finetune, Network, TrainingSettings

SEQUENCES = [2, 1, 1]  # ADC with z, T1, T2
SHAPE = (16, 16, 16)
FUSED = TrainingSettings(network={"name": "fused", "channels": (4, 8, 8), "dropout": 0.0, "pooling": "mean"}).network


def fused(pooling: str = "mean", *, mirrored: bool = False, seed: int = 0) -> FusedNetwork:
    torch.manual_seed(seed)
    arguments = {"in_channels": 4, "channels": [4, 8, 8], "sequences": SEQUENCES}
    made = build_network("fused", {**arguments, "pooling": pooling, "mirrored": mirrored})
    assert isinstance(made, FusedNetwork)
    return made


def image(*absent: int, seed: int = 1) -> torch.Tensor:
    """Two samples; the channels named are absent."""
    made = torch.randn(2, 4, *SHAPE, generator=torch.Generator().manual_seed(seed))
    made[:, list(absent)] = 0.0
    return made


@pytest.mark.parametrize("pooling", ["mean", "places", "voxels"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("channel", "stem"), [(2, 1), (3, 2)])
def test_no_bit_depends_on_the_stem_of_an_absent_sequence(
    pooling: str, mirrored: bool, channel: int, stem: int
) -> None:
    """Whatever that stem would say, not-a-number among it: the answer and its gradient are the same to the last bit."""
    network = fused(pooling, mirrored=mirrored)
    there, absent = image(), image(channel)
    before, of_whole = network(absent), network(there)
    with torch.no_grad():
        for parameter in network.blocks[0].stems[stem].parameters():
            parameter.fill_(float("nan"))
    assert torch.equal(network(absent), before)
    assert torch.isnan(network(there)).all()
    assert not torch.equal(of_whole, before)


def test_a_sample_without_a_sequence_is_not_changed_by_one_beside_it_that_has_it() -> None:
    network, both = fused(), image()
    both[0, 2] = 0.0
    torch.testing.assert_close(network(both)[:1], network(both[:1]), atol=1e-6, rtol=0)


def test_features_are_the_mean_and_the_variance_of_those_that_are_there() -> None:
    network, given = fused(), image(2)
    stems = network.blocks[0].stems
    adc, t2 = stems[0](given[:, :2]), stems[2](given[:, 3:])
    mean, variance = network.blocks[0](given).chunk(2, dim=1)
    torch.testing.assert_close(mean, (adc + t2) / 2)
    torch.testing.assert_close(variance, (adc - t2) ** 2 / 4)
    assert torch.equal(network.blocks[0](torch.zeros(1, 4, *SHAPE)), torch.zeros(1, 8, 8, 8, 8))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sequences": [1, 1]}, "do not make an image of 4"),
        ({"norm": "batch"}, "norm=group"),
        ({"sequences": [0, 4]}, "must be 1 to 1024"),
        ({"sequences": [True, 3]}, "must be 1 to 1024"),
        ({"sequences": 4}, "must list"),
    ],
)
def test_a_network_that_cannot_be_is_refused(wrong: dict[str, object], said: str) -> None:
    arguments = {"in_channels": 4, "channels": [4, 8, 8], "sequences": SEQUENCES}
    with pytest.raises(ModelError, match=said):
        build_network("fused", {**arguments, **wrong})


def test_every_stem_begins_as_that_of_t1() -> None:
    """Equal images in every sequence give the features of the trunk that saw one, and no variance."""
    trunk = new_network(FUSED, in_channels=1, outputs=1, seed=3)
    volumes = np.zeros((1, 5, *SHAPE), np.float16)
    start = from_ages(FUSED, Finetune(), trunk.state_dict(), seed=4, volumes=volumes, z_maps="released")
    one = image()[:, :1]
    four = one.expand(-1, 4, -1, -1, -1)
    torch.testing.assert_close(start.network.blocks[0](four), trunk.blocks[0](one), atol=1e-5, rtol=0)


def test_training_leaves_sequences_out_and_never_brings_back_an_absent_one() -> None:
    """Of 600 samples 40 % lose T1 (4 standard errors: 8 %), as many T2, independently; ADC is left alone."""
    volumes = torch.ones(600, 5, 4, 4, 4)
    volumes[:100, 3] = 0.0
    draws = Draws(uniforms(1, 0, torch.arange(600), TABLE_VALUES), noise_bank(1))
    images, _ = augment_adc(volumes, None, draws)
    there = (images != 0).flatten(2).any(2)
    assert images.shape[1] == 4
    assert not there[:100, 2].any()
    left = there[100:, 2:].float().mean(0)
    assert torch.all((left - 0.6).abs() < 0.088)
    assert abs(float((there[100:, 2] & there[100:, 3]).float().mean()) - 0.36) < 0.088
    plain, _ = augment_adc(volumes[:, :3], None, draws)
    assert torch.equal(images[:, :2], plain)  # ADC and z are varied as without the others


def test_t1_adds_what_it_alone_knows_and_its_lack_costs_no_more_than_that(tmp_path: Path) -> None:
    """Outcomes of which ADC tells half and T1 the other half: with both ranked at least 0.05 better than by ADC alone,
    and without T1 still by ADC.
    """
    rng = np.random.default_rng(0)
    count = 240
    in_adc, in_t1 = rng.standard_normal((2, count))
    adverse = in_adc + in_t1 > 0
    volumes = rng.normal(0, 0.3, (count, 5, *SHAPE))
    volumes[:, :3] += 0.6 * in_adc[:, None, None, None, None]
    volumes[:, 3] += 0.6 * in_t1[:, None, None, None]
    volumes[rng.random(count) < 0.3, 3] = 0.0
    volumes = volumes.astype(np.float16)
    settings = Finetune(epochs=12, scratch_rate=1e-2)
    infants = Infants(np.arange(160), adverse, np.zeros(count, bool), "released")
    learner = Learner(epochs=12, batch_size=8, weight_decay=1e-3, seed=1)
    module = OutcomeModule(from_scratch(FUSED, settings, seed=2), volumes, infants, learner)
    fit(module, FitPlace(tmp_path, CPU))
    told = np.arange(160, count)[(volumes[160:, 3] != 0).any((1, 2, 3))]
    without = volumes[told].copy()
    without[:, 3] = 0
    both, adc_alone = (
        roc_auc_score(adverse[told], logits(module.network, given, "released")) for given in (volumes[told], without)
    )
    assert both > adc_alone + 0.05
    assert adc_alone > 0.65


def test_the_outcome_s_network_reads_what_the_spec_names() -> None:
    network = new_outcome_network(FUSED, seed=0)
    assert isinstance(network, FusedNetwork)
    assert network.sequences == (2, 1, 1)
    stored = torch.randn(1, 5, *SHAPE)
    assert pick_z(stored, "atlas").shape[1] == 4
    assert torch.equal(pick_z(stored, "released")[:, 1:], stored[:, 2:])
    assert Network().poolings == 4


def test_the_evidence_of_voxels_learns_where_experts_marked_of_the_channels_that_it_is_read_from() -> None:
    """Of ADC and z alone; evidence where the lesion is costs less than as much of it beside the lesion."""
    rng = np.random.default_rng(0)
    volumes = rng.normal(0, 0.3, (2, 5, *SHAPE)).astype(np.float16)
    lesions = np.zeros((2, *SHAPE), np.uint8)
    lesions[:, 4:8, 4:8, 4:8] = 1
    count = np.zeros(2, bool)
    infants = Infants(np.arange(2), count, count, "released", lesions, lesions.mean((1, 2, 3)))
    start = from_scratch(FUSED.model_copy(update={"pooling": "voxels"}), Finetune(), seed=2)
    module = OutcomeModule(start, volumes, infants, Learner(epochs=1, batch_size=2, weight_decay=0.0, seed=1))
    losses = []
    for part in (slice(4, 8), slice(8, 12)):
        volumes[:, 1:3] = 0
        volumes[:, 1:3, part, 4:8, 4:8] = -4.0
        with torch.no_grad():
            hidden, last = module.network.voxels.values[0], module.network.voxels.values[2]
            for layer in (hidden, last):
                layer.weight.zero_()
            hidden.bias.zero_()
            hidden.weight[0, 1] = -1.0  # z
            last.weight[0, 0] = 2.0
        losses.append(module.loss(torch.from_numpy(volumes), torch.arange(2), None)["voxel_loss"])
    assert losses[0].item() < 0.5 * losses[1].item()
    losses[1].backward()
    assert module.network.voxels.values[2].weight.grad.abs().max() > 0
