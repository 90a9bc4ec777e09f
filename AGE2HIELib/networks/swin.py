"""A Swin transformer of volumes (Liu et al. 2021, arXiv:2103.14030; in 3D as in Swin UNETR, arXiv:2201.01266).

Attention within windows that every second layer shifts; between stages the cells are halved and the width is doubled.
The layers are MONAI's, as its Swin UNETR has them (its ``BasicLayer`` needs einops for two changes of axes, which are
made here); the named blocks and the head are those of every network here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.staged import Cells, Pooling, StagedNetwork

PATCH = 2  # voxels of an edge of the first cells, as in Swin UNETR
DEPTH = 2  # layers of a stage, of which the second one's windows are shifted by half
HEAD_WIDTH = 8  # channels of an attention head, as in Swin UNETR with 24 features
WINDOW = 4  # cells; published: 7
MOST_WINDOW = 16  # attention is between all pairs of a window's cells


class SwinStage(nn.Module):
    """``(N, C, D, H, W)`` -> ``(N, C', D', H', W')``: merged to cells of twice the edge where ``merged``, then layers.

    Args:
        before: channels of the input, a half of ``width`` where ``merged``.
        width: channels of the output.
        window: cells of an edge of a window.
        last: whether the features are normalised at the end, before they are read.
    """

    def __init__(self, before: int, width: int, window: int, *, merged: bool, last: bool) -> None:
        super().__init__()
        monai = _swin()
        self.window = (window, window, window)
        self.merge = monai.PatchMergingV2(before) if merged else nn.Identity()
        still, shifted = (0, 0, 0), (window // 2,) * 3
        self.layers = nn.ModuleList(
            monai.SwinTransformerBlock(width, width // HEAD_WIDTH, self.window, shifted if number % 2 else still)
            for number in range(DEPTH)
        )
        self.norm = nn.LayerNorm(width) if last else nn.Identity()

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        monai = _swin()
        values = self.merge(cells.movedim(1, -1))
        sides = values.shape[1:4]
        window, shift = monai.get_window_size(sides, self.window, tuple(side // 2 for side in self.window))
        whole = [-(-side // one) * one for side, one in zip(sides, window, strict=True)]
        mask = monai.compute_mask(whole, window, shift, values.device)
        for layer in self.layers:
            values = layer(values, mask)
        return torch.as_tensor(self.norm(values)).movedim(-1, 1).contiguous()


def swin(
    in_channels: int,
    channels: Sequence[int],
    *,
    window: int = WINDOW,
    outputs: int = 1,
    norm: str = "group",
    dropout: float = 0.0,
    pooling: Pooling = "mean",
    mirrored: bool = False,
) -> StagedNetwork:
    """Blocks ``patches`` (cells of ``PATCH`` voxels) and ``stage1``, ``stage2``, ...; the first keeps the cells.

    Args:
        channels: of each stage; each is twice the one before, and a multiple of ``HEAD_WIDTH``.
        window: cells of an edge of a window.
        norm: "group"; its norms are over the channels of a cell, whatever the batch.
    """
    doubled = [channels[0] * 2**number for number in range(len(channels))]
    if list(channels) != doubled or channels[0] % HEAD_WIDTH:
        raise ValueError(
            f"stages of {list(channels)} channels do not double from a multiple of {HEAD_WIDTH}, such as [16, 32, 64]"
        )
    if window > MOST_WINDOW:
        raise ValueError(f"windows of {window} cells are more than {MOST_WINDOW}")
    if norm != "group":
        raise ValueError("a Swin transformer has layer norms alone: leave network.norm at group")
    blocks: OrderedDict[str, nn.Module] = OrderedDict(patches=nn.Conv3d(in_channels, channels[0], PATCH, stride=PATCH))
    cells = {"patches": _cells(PATCH)}
    for number, width in enumerate(channels, start=1):
        before = channels[max(0, number - 2)]
        last = number == len(channels)
        blocks[f"stage{number}"] = SwinStage(before, width, window, merged=number > 1, last=last)
        cells[f"stage{number}"] = _cells(PATCH * 2 ** (number - 1))
    return StagedNetwork(
        blocks, cells, features=channels[-1], outputs=outputs, dropout=dropout, pooling=pooling, mirrored=mirrored
    )


def _cells(stride: int) -> Cells:
    return Cells(stride, (stride - 1) / 2)


def _swin() -> Any:
    try:
        from monai.networks.nets import swin_unetr
    except ImportError as problem:
        raise ModelError(
            "This model's network comes from MONAI, which is not installed. Install it: pip install monai"
        ) from problem
    return swin_unetr
