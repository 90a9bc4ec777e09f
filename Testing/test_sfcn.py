"""The network: its size as published, and that it can be cut at any block."""

import pytest
import torch

from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.sfcn import FULL_WIDTH, HALF_WIDTH, SFCN


def _parameters(network: SFCN) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_full_width_has_the_published_three_million_parameters():
    # Peng et al. 2021 say "3 million" for one channel, 40 age bins and batch norm
    kernels = 27 * (1 * 32 + 32 * 64 + 64 * 128 + 128 * 256 + 256 * 256) + 256 * 64
    biases_and_norms, head = 3 * (32 + 64 + 128 + 256 + 256 + 64), 64 * 40 + 40
    assert _parameters(SFCN(1, FULL_WIDTH, outputs=40, norm="batch")) == kernels + biases_and_norms + head


def test_five_half_width_members_fit_in_eight_megabytes_of_float16():
    assert 5 * 2 * _parameters(SFCN(2, HALF_WIDTH)) < 7_500_000


@pytest.mark.parametrize("norm", ["group", "batch"])
@pytest.mark.parametrize("layer", ["block1", "block2", "block3", "block4", "block5", "block6"])
def test_cutting_at_a_block_changes_nothing(norm, layer):
    network = SFCN(3, (4, 4, 4, 4, 4, 4), outputs=2, norm=norm).eval()
    image = torch.randn(2, 3, 35, 32, 41)
    assert torch.equal(network.above(network.below(image, layer), layer), network(image))


def test_a_case_is_answered_alike_alone_and_in_a_batch():
    network = SFCN(1, (8, 8, 8)).train()  # group norm looks at no other case, not even while training
    images = torch.randn(3, 1, 16, 16, 16)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]), atol=1e-6, rtol=0)


def test_dropout_acts_in_training_only():
    network = SFCN(1, (8, 8, 8), dropout=0.5)
    image = torch.randn(1, 1, 16, 16, 16)
    assert len({network.train()(image).item() for _ in range(8)}) > 1
    assert len({network.eval()(image).item() for _ in range(8)}) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "seen"),
    [
        ("os.system", {}, "os.system"),
        ("sfcn", {"in_channels": 2, "channels": [8, 10**9]}, "1000000000"),
        ("sfcn", {"in_channels": 2, "channels": "many"}, "many"),
        ("sfcn", {"in_channels": True}, "True"),
        ("sfcn", {"in_channels": 2, "norm": "none"}, "none"),
        ("sfcn", {"in_channels": 2, "code": "print()"}, "code"),
        ("sfcn", {}, "in_channels"),
    ],
)
def test_what_is_not_on_the_list_is_not_built(name, arguments, seen):
    with pytest.raises(ModelError, match=seen):
        build_network(name, arguments)
