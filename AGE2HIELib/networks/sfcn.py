"""Simple fully convolutional network for 3D brain images (Peng 2021, doi:10.1016/j.media.2020.101871)."""

from __future__ import annotations

from collections import OrderedDict
from math import gcd

import torch
from torch import nn

FULL_WIDTH = (32, 64, 128, 256, 256, 64)  # channels after each block, as published
HALF_WIDTH = (16, 32, 64, 128, 128, 32)
POOLING = 2  # voxels to a cell, along each axis, of each pooling block
GROUPS = 8  # channels are normalised in 8 groups: no dependence on the batch, which is 8 or fewer in fine-tuning


class SFCN(nn.Module):
    """Pooling blocks ``block1``, ``block2``, ..., one block without pooling, and a linear head on the mean.

    The blocks are named so that a saliency method can stop at one of them: ``above(below(x, name), name)`` is
    ``forward(x)``.

    Args:
        in_channels: channels of the input ``(N, C, D, H, W)``.
        channels: channels after each block; the last block is the one without pooling.
        outputs: numbers a case: 1 for a logit, 40 for the age bins of the paper.
        norm: "group" or "batch".
        dropout: probability that a feature is dropped before the head, while training (0.5 in the paper).
    """

    def __init__(
        self,
        in_channels: int,
        channels: tuple[int, ...] = FULL_WIDTH,
        *,
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        widths = (in_channels, *channels)
        for number in range(1, len(channels) + 1):
            pooled = number < len(channels)
            blocks[f"block{number}"] = _block(widths[number - 1], widths[number], norm=norm, pooled=pooled)
        self.blocks = nn.Sequential(blocks)
        self.head = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool3d(1),
                flatten=nn.Flatten(),
                dropout=nn.Dropout(dropout),
                linear=nn.Linear(channels[-1], outputs),
            )
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The blocks a saliency method can name, from the input upwards."""
        return tuple(name for name, _ in self.blocks.named_children())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, outputs)``."""
        result: torch.Tensor = self.head(self.blocks(image))
        return result

    def below(self, image: torch.Tensor, layer: str) -> torch.Tensor:
        """The output of block ``layer``, ``(N, channels, cells, cells, cells)``."""
        result: torch.Tensor = self.blocks[: self._after(layer)](image)
        return result

    def above(self, features: torch.Tensor, layer: str) -> torch.Tensor:
        """The network's outputs ``(N, outputs)`` from the output of block ``layer``."""
        result: torch.Tensor = self.head(self.blocks[self._after(layer) :](features))
        return result

    def pooling(self, layer: str) -> int:
        """Input voxels to a cell of ``layer`` along each axis; those left over at the far end are in none."""
        pooling_blocks = min(self._after(layer), len(self.blocks) - 1)
        return POOLING**pooling_blocks

    def _after(self, layer: str) -> int:
        if layer not in self.layers:
            raise ValueError(f"There is no layer {layer!r} in this network. Choose one of {', '.join(self.layers)}.")
        return self.layers.index(layer) + 1


def _block(before: int, after: int, *, norm: str, pooled: bool) -> nn.Sequential:
    """Convolution, norm, maximum pooling, ReLU; the block without pooling convolves within single cells."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["conv"] = nn.Conv3d(before, after, 3, padding=1) if pooled else nn.Conv3d(before, after, 1)
    parts["norm"] = _norm(norm, after)
    if pooled:
        parts["pool"] = nn.MaxPool3d(POOLING)
    parts["relu"] = nn.ReLU()
    return nn.Sequential(parts)


def _norm(norm: str, channels: int) -> nn.Module:
    if norm == "group":
        return nn.GroupNorm(gcd(GROUPS, channels), channels)
    if norm == "batch":
        return nn.BatchNorm3d(channels)
    raise ValueError(f"There is no norm {norm!r}. Choose 'group' or 'batch'.")
