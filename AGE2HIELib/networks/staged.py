"""What every network of this project has in common: named blocks from the input upwards, and a head on their mean."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Cells:
    """Where a block's cells lie, in input voxels along each axis.

    Attributes:
        stride: voxels from one cell's centre to the next.
        first: index of the input voxel (a half for between two) at the first cell's centre.
        padded: voxels, of which a group that is not whole at the far end still counts; what is left over of whole
            cells made from such groups does not.
    """

    stride: int
    first: float
    padded: int = 1

    def count(self, voxels: int) -> int:
        """Cells along an axis of so many voxels."""
        return -(-voxels // self.padded) // (self.stride // self.padded)


class StagedNetwork(nn.Module):
    """``head(blocks(image))``, where a saliency method can stop at any block.

    ``above(below(x, name), name)`` is ``forward(x)``.

    Args:
        blocks: by name, from the input upwards.
        cells: of the output of each block.
        features: channels of the last block.
        outputs: numbers a case: 1 for a logit, 40 for the age bins of SFCN.
        dropout: probability that a feature is dropped before the linear head, while training.
    """

    def __init__(
        self,
        blocks: Mapping[str, nn.Module],
        cells: Mapping[str, Cells],
        *,
        features: int,
        outputs: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(OrderedDict(blocks))
        self._cells = dict(cells)
        self.head = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool3d(1),
                flatten=nn.Flatten(),
                dropout=nn.Dropout(dropout),
                linear=nn.Linear(features, outputs),
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

    def cells(self, layer: str) -> Cells:
        """Where the cells of block ``layer`` lie."""
        self._after(layer)
        return self._cells[layer]

    def _after(self, layer: str) -> int:
        if layer not in self.layers:
            raise ValueError(f"There is no layer {layer!r} in this network. Choose one of {', '.join(self.layers)}.")
        return self.layers.index(layer) + 1


def norm_layer(norm: str, channels: int) -> nn.Module:
    """Group norm, which does not depend on the batch (of 8 or fewer in fine-tuning), or batch norm."""
    if norm == "group":
        return nn.GroupNorm(group_count(channels), channels)
    if norm == "batch":
        return nn.BatchNorm3d(channels)
    raise ValueError(f"There is no norm {norm!r}. Choose 'group' or 'batch'.")


GROUP_CHANNELS = 16  # channels to a group: Wu and He 2018 (doi:10.1007/978-3-030-01261-8_1) found 16 as good as any


def group_count(channels: int) -> int:
    """About one group for every ``GROUP_CHANNELS``, all of the same size."""
    wanted = max(1, channels // GROUP_CHANNELS)
    return next(count for count in range(wanted, 0, -1) if channels % count == 0)
