"""The networks a bundle may name: stages that add up, and cells that lie where the network says."""

from __future__ import annotations

import math

import pytest
import torch

from AGE2HIELib.networks.evidence_sums import FEATURES_BOUND, SumOfPlaces, SumOfVoxels, VoxelEvidence
from AGE2HIELib.networks.registry import build_network
from training.preparing.inputs import adc_spec

ARGUMENTS = {
    "sfcn": {"in_channels": 2, "channels": [4, 8, 8]},
    "resnet18": {"in_channels": 2},
    "densenet121": {"in_channels": 2},
}


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_every_stage_splits_the_network_without_changing_it(name: str) -> None:
    torch.manual_seed(0)
    network = build_network(name, ARGUMENTS[name])
    image = torch.randn(1, 2, 36, 33, 40)
    with torch.no_grad():
        whole = network(image)
        for layer in network.layers:
            features = network.below(image, layer)
            torch.testing.assert_close(network.above(features.clone(), layer), whole)
            assert features.shape[2:] == tuple(network.cells(layer).count(n) for n in image.shape[2:])


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_a_cell_looks_at_the_voxels_around_its_stated_centre(name: str) -> None:
    """The gradient of one early cell is centred on the voxel that ``Cells`` names, along every axis."""
    torch.manual_seed(1)
    network = build_network(name, ARGUMENTS[name])
    for layer in network.layers[:2]:
        images = torch.randn(24, 2, 48, 48, 48, requires_grad=True)
        features = network.below(images, layer)
        middle = features.shape[2] // 2
        features[:, :, middle, middle, middle].sum().backward()
        assert images.grad is not None
        weight = images.grad.pow(2).sum((0, 1, 3, 4))
        centre = float((weight * torch.arange(48.0)).sum() / weight.sum())
        cells = network.cells(layer)
        assert centre == pytest.approx(cells.first + cells.stride * middle, abs=0.35 * cells.stride)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_group_norm_looks_at_no_other_case(name: str) -> None:
    torch.manual_seed(2)
    network = build_network(name, {**ARGUMENTS[name], "norm": "group"}).train()
    images = torch.randn(3, 2, 32, 32, 32)
    torch.testing.assert_close(network(images)[:1], network(images[:1]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@pytest.mark.parametrize("pooling", ["mean", "places", "voxels"])
def test_a_mirrored_network_answers_an_image_and_its_mirror_image_alike(name: str, pooling: str) -> None:
    torch.manual_seed(3)
    network = build_network(name, {**ARGUMENTS[name], "pooling": pooling, "mirrored": True})
    plain = build_network(name, {**ARGUMENTS[name], "pooling": pooling})
    plain.load_state_dict(network.state_dict())
    image = torch.randn(2, 2, 32, 40, 32)
    with torch.no_grad():
        answer, mirrored = network(image), network(image.flip(2))
        both = (plain(image) + plain(image.flip(2))) / 2
    torch.testing.assert_close(answer, mirrored, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(answer, both, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(plain(image), plain(image.flip(2)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@pytest.mark.parametrize("pooling", ["places", "voxels"])
def test_the_stages_of_a_mirrored_network_add_up_too(name: str, pooling: str) -> None:
    torch.manual_seed(4)
    network = build_network(name, {**ARGUMENTS[name], "pooling": pooling, "mirrored": True})
    image = torch.randn(1, 2, 32, 32, 32)
    with torch.no_grad():
        for layer in network.layers:
            torch.testing.assert_close(network.above(network.below(image, layer), layer), network(image))


def test_the_sum_of_places_is_the_logarithm_of_the_share_that_speaks() -> None:
    """Ten times the cells with evidence, ten times the share: the answer rises by gain times the logarithm of ten."""
    pool = SumOfPlaces(1)
    evidence = torch.full((2, 1, 10, 10, 10), -30.0)
    evidence[0].view(-1)[:40] = 5.0
    evidence[1].view(-1)[:400] = 5.0
    with torch.no_grad():
        pool.log_gain.fill_(0.7)
        pool.bias.fill_(0.3)
        few, many = pool(evidence)[:, 0].tolist()
    gain = math.exp(0.7)
    assert few == pytest.approx(gain * math.log(0.04 * math.log1p(math.exp(5.0)) + 1e-3) + 0.3, abs=1e-4)
    assert many - few == pytest.approx(gain * math.log(10.0), abs=0.02)


def test_voxels_speak_for_themselves_and_nothing_speaks_outside_the_brain() -> None:
    """A cell holds the mean of its voxels' evidence: the sum does not change with the size of the cells."""
    torch.manual_seed(6)
    voxels = VoxelEvidence(2)
    image = torch.randn(1, 2, 8, 8, 8)
    image[:, :, 4:] = 0
    with torch.no_grad():
        fine, coarse = (voxels(image, torch.Size([n] * 3)) for n in (8, 4))
        alone = voxels(image[:, :, 1:2, 3:4, 5:6], torch.Size([1, 1, 1]))
    assert fine[..., 4:, :, :].abs().max() == 0
    assert float(alone) == pytest.approx(float(fine[0, 0, 1, 3, 5]), abs=1e-7)
    assert float(coarse[0, 0, 0, 1, 2]) == pytest.approx(float(fine[0, 0, :2, 2:4, 4:6].mean()), abs=1e-7)


def test_features_move_the_sum_of_voxels_within_bounds() -> None:
    """Ten times the injured voxels raise the logit by gain times the logarithm of ten; no feature by more than 1."""
    total = SumOfVoxels(1)
    evidence = torch.zeros(2, 1, 10, 10, 10)
    evidence[0].view(-1)[:40], evidence[1].view(-1)[:400] = 5.0, 5.0
    with torch.no_grad():
        total.log_gain.fill_(0.7)
        few, many = total(torch.zeros(2, 1), evidence)[:, 0].tolist()
        against, for_it = (float(total(torch.full((2, 1), x), evidence)[0, 0]) for x in (-1e3, 1e3))
    assert many - few == pytest.approx(math.exp(0.7) * math.log(2.001 / 0.201), abs=1e-5)
    assert (few - against, for_it - few) == pytest.approx((FEATURES_BOUND, FEATURES_BOUND), abs=1e-5)


def test_every_side_of_a_grid_is_divided_by_the_poolings() -> None:
    for spacing_mm, poolings, shape in ((4.0, 2, (32, 32, 24)), (4.0, 3, (32, 32, 24)), (2.0, 5, (64, 64, 64))):
        assert adc_spec(spacing_mm, poolings).grid.shape == shape


@pytest.mark.parametrize("width", [(8, 16, 8), (8, 16, 16, 8)])
def test_mirrored_places_weigh_the_same(width: tuple[int, ...]) -> None:
    """What a voxel on the left can do to the score of a trained or untrained network, its mirror image can."""
    torch.manual_seed(5)
    network = build_network("sfcn", {"in_channels": 2, "channels": width, "pooling": "places", "mirrored": True})
    shape = adc_spec(4.0, len(width) - 1).grid.shape
    images = torch.randn(8, 2, *shape, requires_grad=True)
    network(torch.cat([images, images.flip(2)])).sum().backward()
    assert images.grad is not None
    weight = images.grad.abs().sum((0, 1))
    left, right = weight[: shape[0] // 2].sum(), weight[shape[0] // 2 :].sum()
    assert float(left / right) == pytest.approx(1.0, abs=0.05)
