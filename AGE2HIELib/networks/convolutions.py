"""Two convolutions and a pooling, in three dimensions or within planes: what VGG and the planar networks are made of.

VGG: Simonyan and Zisserman 2015, arXiv:1409.1556; two convolutions a block as VGG8 of the Global-Local Transformer
(He, Grant and Ou 2022, doi:10.1109/TMI.2021.3108910).
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from AGE2HIELib.networks.staged import Cells, Pooling, StagedNetwork, norm_layer

POOLED = 2  # cells to a cell of the next block
VGG8 = (64, 128, 256, 512)


def double_block(before: int, after: int, *, norm: str, flat: int | None = None, last: bool = False) -> nn.Sequential:
    """Convolution, norm, ReLU, twice, and maximum pooling.

    Args:
        norm: "group" or "batch".
        flat: axis (0 right, 1 anterior, 2 superior) along which the image has one voxel; None for none.
        last: whether a mean over the image follows, which a group norm would set to zero.
    """
    kernel, padding, pool = (_but_one(usual, at_flat, flat) for usual, at_flat in ((3, 1), (1, 0), (POOLED, 1)))
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number, width in ((1, before), (2, after)):
        parts[f"conv{number}"] = nn.Conv3d(width, after, kernel, padding=padding)
        bare = last and number == 2 and norm == "group"
        parts[f"norm{number}"] = nn.Identity() if bare else norm_layer(norm, after)
        parts[f"relu{number}"] = nn.ReLU()
    parts["pool"] = nn.MaxPool3d(pool)
    return nn.Sequential(parts)


def _but_one(usual: int, other: int, axis: int | None) -> tuple[int, int, int]:
    right, anterior, superior = (other if number == axis else usual for number in range(3))
    return right, anterior, superior


def pooled_cells(number: int) -> Cells:
    """Of block ``number``, counted from 1, of blocks that each halve the cells."""
    stride = POOLED**number
    return Cells(stride, (stride - 1) / 2)


def vgg(
    in_channels: int,
    channels: tuple[int, ...] = VGG8,
    *,
    outputs: int = 1,
    norm: str = "group",
    dropout: float = 0.0,
    pooling: Pooling = "mean",
    mirrored: bool = False,
) -> StagedNetwork:
    """Blocks ``block1``, ``block2``, ... of ``channels``, each of which halves the cells, and a head on their mean."""
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    widths = (in_channels, *channels)
    for number in range(1, len(widths)):
        last = number == len(channels)
        blocks[f"block{number}"] = double_block(widths[number - 1], widths[number], norm=norm, last=last)
    cells = {name: pooled_cells(number) for number, name in enumerate(blocks, start=1)}
    return StagedNetwork(
        blocks, cells, features=channels[-1], outputs=outputs, dropout=dropout, pooling=pooling, mirrored=mirrored
    )
