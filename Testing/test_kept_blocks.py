"""A first block is computed once for a scan, gives the same answer as without, and is never that of another image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bundles import untrained_facts

from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.networks.features import first_block_features
from AGE2HIELib.networks.kept_blocks import first_blocks_kept
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.staged import StagedNetwork

ARGUMENTS = {"in_channels": 2, "channels": [4, 4, 4], "outputs": 1, "norm": "group", "pooling": "voxels"}


def _network() -> StagedNetwork:
    torch.manual_seed(5)
    return build_network("sfcn", {**ARGUMENTS, "mirrored": True}).eval().requires_grad_(False)


def _image(seed: int) -> torch.Tensor:
    return torch.randn(1, 2, 56, 64, 48, generator=torch.Generator().manual_seed(seed))


def _count_blocks(network: StagedNetwork, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever the first block is computed."""
    calls: list[int] = []
    first = network.blocks[0]
    compute = first.forward
    monkeypatch.setattr(first, "forward", lambda image: (calls.append(1), compute(image))[1])
    return calls


def test_check_and_explanation_compute_the_first_block_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network, image, facts = _network(), _image(0), untrained_facts()
    with torch.no_grad():
        features = first_block_features(network, image)
    alone = explain_score([network], facts, image.numpy(), layer="block1")
    calls = _count_blocks(network, monkeypatch)
    with first_blocks_kept():
        with torch.no_grad():
            kept_features = first_block_features(network, image)
        kept = explain_score([network], facts, image.numpy(), layer="block1")
    assert len(calls) == 1
    np.testing.assert_array_equal(kept_features, features)
    # sums of a convolution's gradient differ in the last digits from call to call
    np.testing.assert_allclose(kept.saliency.array, alone.saliency.array, rtol=1e-3, atol=1e-9)
    assert kept.prediction.probability_adverse == pytest.approx(alone.prediction.probability_adverse, abs=1e-7)


def test_another_image_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    network = _network()
    with torch.no_grad():
        expected = [network.below(_image(seed), "block1") for seed in (0, 1)]
        calls = _count_blocks(network, monkeypatch)
        with first_blocks_kept():
            for seed in (0, 1, 1, 0):
                assert torch.equal(network.below(_image(seed), "block1"), expected[seed])
    assert len(calls) == 3  # only the last image is remembered


def test_gradients_other_networks_and_what_comes_after_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    network, image = _network(), _image(0)
    calls = _count_blocks(network, monkeypatch)
    with first_blocks_kept():
        for _ in range(2):
            assert network.below(image.clone().requires_grad_(True), "block1").requires_grad
    with torch.no_grad():
        for _ in range(2):
            network.below(image, "block1")
    assert len(calls) == 4
