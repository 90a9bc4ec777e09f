"""The networks a bundle may name: stages that add up, and cells that lie where the network says."""

from __future__ import annotations

import pytest
import torch

from AGE2HIELib.networks.registry import build_network

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
