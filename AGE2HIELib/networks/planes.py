"""Thick slabs of a brain as two-dimensional images: one axial slab, or three planes (2D and 2.5D).

After Shabanian, Wenzel and DeVincenzo 2022 (arXiv:2112.13811), who tell the age of infants from the mean of four
central axial slices (2D), or from an axial, a coronal and a sagittal slab with a trunk each (2.5D). Here a slab is the
mean of the slices between two places of the atlas's frame. What lies outside every slab is never read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from AGE2HIELib.networks.convolutions import POOLED, double_block, pooled_cells
from AGE2HIELib.networks.staged import Pooling, StagedNetwork, pooled_head

AXES = ("right", "anterior", "superior")  # of an image, in the order of its axes
MOST_PLANES = 12
_FIRST = 2  # of these among the axes of (N, C, D, H, W)


@dataclass(frozen=True)
class Plane:
    """A slab: ``count`` slices from ``first`` on, along ``axis`` (0 right, 1 anterior, 2 superior)."""

    axis: int
    first: int
    count: int

    @staticmethod
    def read(words: Sequence[object]) -> Plane:
        """From ``("superior", 12, 4)``; ValueError for anything else."""
        axis, first, count = words
        if axis not in AXES or not isinstance(first, int) or not isinstance(count, int) or first < 0 or count < 1:
            raise ValueError(f"{words!r} is no slab; it must be an axis ({', '.join(AXES)}), its first slice and count")
        return Plane(AXES.index(str(axis)), first, count)

    def cells(self, stride: int, size: int) -> tuple[int, int]:
        """(first, count) of the cells of ``stride`` slices, of ``size`` along the axis, that hold the slab."""
        first = min(self.first // stride, size - 1)
        end = min(max(-(-(self.first + self.count) // stride), first + 1), size)
        return first, end - first


class PlanesBlock(nn.Module):
    """A trunk's next block for every plane; each plane lies where its slab is, and everywhere else there is 0.

    Args:
        planes: of the image.
        before, after: channels of one plane; ``before`` is that of the image in the first block.
        stride: voxels to a cell of what is read, 1 for the image itself, which all planes share.
    """

    def __init__(
        self, planes: Sequence[Plane], before: int, after: int, *, stride: int, norm: str, last: bool = False
    ) -> None:
        super().__init__()
        self.planes, self.stride = tuple(planes), stride
        self.trunks = nn.ModuleList(
            double_block(before, after, norm=norm, flat=plane.axis, last=last) for plane in planes
        )

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """``(N, channels, D, H, W)`` -> ``(N, planes * after, D / 2, H / 2, W / 2)``."""
        shape = [size // POOLED for size in cells.shape[_FIRST:]]
        read = [cells] * len(self.planes) if self.stride == 1 else cells.chunk(len(self.planes), dim=1)
        placed = []
        for plane, trunk, own in zip(self.planes, self.trunks, read, strict=True):
            axis = _FIRST + plane.axis
            slab = own.narrow(axis, *plane.cells(self.stride, own.shape[axis])).mean(axis, keepdim=True)
            made = trunk(slab)
            whole = made.new_zeros(*made.shape[:_FIRST], *shape)
            whole.narrow(axis, *plane.cells(POOLED * self.stride, shape[plane.axis])).copy_(made)
            placed.append(whole)
        return torch.cat(placed, dim=1)


class PlanesMean(nn.Module):
    """The mean of every plane's features over its own cells."""

    def __init__(self, planes: Sequence[Plane], stride: int) -> None:
        super().__init__()
        self.planes, self.stride = tuple(planes), stride

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """``(N, planes * features, d, h, w)`` -> ``(N, planes * features)``."""
        means = []
        for plane, own in zip(self.planes, cells.chunk(len(self.planes), dim=1), strict=True):
            axis = _FIRST + plane.axis
            means.append(own.narrow(axis, *plane.cells(self.stride, own.shape[axis])).mean((2, 3, 4)))
        return torch.cat(means, dim=1)


class Planes(StagedNetwork):
    """Blocks ``block1``, ``block2``, ... of a trunk for each plane, and a head on the planes' means.

    A block's output lies on the cells of a three-dimensional network, each plane in the cells that hold its slab.

    Args:
        in_channels, outputs, norm, dropout, pooling, mirrored: as for ``SFCN``; the evidence of voxels, where that is
            the pooling, is of voxels in a slab.
        channels: of each block, of one plane.
        planes: for each its axis, first slice and number of slices, such as ``("superior", 12, 4)``.
        dense: widths of layers between the means and the answer.
    """

    def __init__(
        self,
        in_channels: int,
        channels: tuple[int, ...],
        *,
        planes: Sequence[Sequence[object]],
        dense: Sequence[int] = (),
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        read = tuple(Plane.read(words) for words in planes)
        if not 1 <= len(read) <= MOST_PLANES:
            raise ValueError(f"a network of planes has 1 to {MOST_PLANES} of them, not {len(read)}")
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        widths = (in_channels, *channels)
        for number in range(1, len(widths)):
            blocks[f"block{number}"] = PlanesBlock(
                read,
                widths[number - 1],
                widths[number],
                stride=POOLED ** (number - 1),
                norm=norm,
                last=number == len(channels),
            )
        features = len(read) * channels[-1]
        super().__init__(
            blocks,
            {name: pooled_cells(number) for number, name in enumerate(blocks, start=1)},
            features=features,
            outputs=outputs,
            pooling=pooling,
            mirrored=mirrored,
            head=pooled_head(PlanesMean(read, POOLED ** len(channels)), features, outputs, dropout, dense),
        )
        self.planes = read

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(f"blocks.block1.trunks.{number}.conv1.weight" for number in range(len(self.planes)))

    def seen_by_voxels(self, image: torch.Tensor) -> torch.Tensor:
        seen = torch.zeros(image.shape[_FIRST:], dtype=torch.bool, device=image.device)
        for plane in self.planes:
            seen.narrow(plane.axis, *plane.cells(1, image.shape[_FIRST + plane.axis])).fill_(True)
        return torch.where(seen, image, 0)
