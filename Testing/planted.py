"""Networks whose evidence is known cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from AGE2HIELib.networks.sfcn import SFCN
from AGE2HIELib.volume import Grid


def planted_network(weights: tuple[float, float] = (3.0, -2.0), blocks: int = 2) -> SFCN:
    """logit = mean over cells of ``weights`` times what is above 0 and what is below 0 (its highest in a cell)."""
    network = SFCN(1, (2,) * blocks)
    block: Any  # torch types the members of a module as modules or tensors
    for number, block in enumerate(network.blocks):
        block.norm = nn.Identity()
        block.conv.weight.data.zero_()
        block.conv.bias.data.zero_()
        middle = (slice(None), slice(None), *[size // 2 for size in block.conv.kernel_size])
        block.conv.weight.data[middle] = torch.eye(2) if number else torch.tensor([[1.0], [-1.0]])
    head: Any = network.head
    head.linear.weight.data = torch.tensor([list(weights)])
    head.linear.bias.data.zero_()
    return network.requires_grad_(False).eval()


def planted_age_weights(weight: float = 3.0) -> tuple[dict[str, object], dict[str, torch.Tensor]]:
    """Arguments and weights of a network that a bundle can carry: standardised age = mean over cells of two voxels of
    ``weight`` times the highest value above 0 in each. Batch norm that has seen nothing lets everything pass.
    """
    arguments: dict[str, object] = {"in_channels": 1, "channels": [2, 2], "outputs": 1, "norm": "batch"}
    network = SFCN(1, (2, 2), norm="batch")
    planted = planted_network((weight, 0.0))
    block: Any
    known: Any
    for block, known in zip(network.blocks, planted.blocks, strict=True):
        block.conv.load_state_dict(known.conv.state_dict())
    network.head.load_state_dict(planted.head.state_dict())
    return arguments, {f"encoder.{name}": value for name, value in network.state_dict().items()}


def world(grid: Grid, index: Sequence[float]) -> np.ndarray:
    """RAS+ mm of a voxel."""
    return np.asarray((grid.affine_ras @ [*index, 1.0])[:3])
