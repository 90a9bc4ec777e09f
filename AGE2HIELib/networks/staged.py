"""What every network of this project has in common: named blocks from the input upwards, and a head on their cells."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from AGE2HIELib.networks.evidence_sums import FEW, SumOfPlaces, SumOfVoxels, VoxelEvidence
from AGE2HIELib.networks.kept_blocks import kept_blocks


@dataclass(frozen=True)
class Cells:
    """Where a block's cells lie, in input voxels along each axis.

    Attributes:
        stride: voxels from one cell's centre to the next.
        first: index of the input voxel (a half for between two) at the first cell's centre.
        padded: voxels, of which a group that is not whole at the far end still counts; what is left over of whole
            cells made from such groups does not.
        overlap: voxels that a cell reaches into the next one.
        by_axis: along right, anterior, superior, where the axes differ; the fields above are then the coarsest's.
    """

    stride: int
    first: float
    padded: int = 1
    overlap: int = 0
    by_axis: tuple[Cells, Cells, Cells] | None = None

    @property
    def axes(self) -> tuple[Cells, Cells, Cells]:
        """Along right, anterior, superior."""
        return self.by_axis or (self, self, self)

    def count(self, voxels: int) -> int:
        """Cells along an axis of so many voxels."""
        return -(-(voxels - self.overlap) // self.padded) // (self.stride // self.padded)

    def counts(self, shape: Sequence[int]) -> tuple[int, int, int]:
        """Cells of an image of this shape."""
        i, j, k = (axis.count(size) for axis, size in zip(self.axes, shape, strict=True))
        return i, j, k


Pooling = Literal["mean", "places", "voxels"]
_LEFT_RIGHT = 2  # axis of (N, C, D, H, W)


class StagedNetwork(nn.Module):
    """``head(blocks(image))``, where a saliency method can stop at any block.

    ``above(below(x, name), name)`` is ``forward(x)``.

    Args:
        blocks: by name, from the input upwards.
        cells: of the output of each block.
        features: channels of the last block.
        outputs: numbers a case: 1 for a logit, 40 for the age bins of SFCN.
        dropout: probability that a feature is dropped before the linear head, while training.
        pooling: "mean" of the features over the image; "places": evidence of every cell, whose sum is pooled
            (``SumOfPlaces``); or "voxels": evidence of every voxel, summed, to which the mean of the features adds
            within bounds (``SumOfVoxels``). It is carried upwards as one channel more, the last, of every block.
        mirrored: the answer is the mean of those to an image and to its mirror image (left for right), so that both
            get the same. While training, where half of the images are mirrored by chance, it is asked once.
        head: what reads the last block, in place of the head that ``pooling`` names.
    """

    def __init__(
        self,
        blocks: Mapping[str, nn.Module],
        cells: Mapping[str, Cells],
        *,
        features: int,
        outputs: int = 1,
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
        head: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(OrderedDict(blocks))
        self._cells = dict(cells)
        self._features = features
        self.mirrored = mirrored
        if head is not None and pooling == "places":
            raise ValueError(
                "This network pools its places in a way of its own. Choose the pooling 'mean' or 'voxels'."
            )
        self.head = head or _head(features, outputs, dropout, "mean" if pooling == "voxels" else pooling)
        self.voxels = VoxelEvidence(_channels_in(self.blocks)) if pooling == "voxels" else None
        self.sum = SumOfVoxels(outputs) if pooling == "voxels" else None

    @property
    def read_out(self) -> tuple[nn.Parameter, ...]:
        """What is not of the blocks, and new in every network."""
        parts = (self.head, self.voxels, self.sum)
        return tuple(parameter for part in parts if part is not None for parameter in part.parameters())

    @property
    def only_shape(self) -> tuple[int, int, int] | None:
        """The one shape of image that it takes; None for any."""
        return None

    def measure(self, images: Iterable[torch.Tensor]) -> None:
        """Take what it needs to know of healthy subjects before it learns, which most networks need not."""

    def measure_answers(self, images: Iterable[torch.Tensor]) -> None:
        """The same of its answers to healthy subjects, once it has learned."""

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the weights ``(out, in, k, k, k)`` that read the channels of the image."""
        return (next(f"{name}.weight" for name, module in self.named_modules() if isinstance(module, nn.Conv3d)),)

    @property
    def features(self) -> int:
        """Channels of the last block's output."""
        return self._features

    @property
    def layers(self) -> tuple[str, ...]:
        """The blocks a saliency method can name, from the input upwards."""
        return tuple(name for name, _ in self.blocks.named_children())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, outputs)``."""
        last = self.layers[-1]
        return self.above(self.below(image, last), last)

    def below(self, image: torch.Tensor, layer: str) -> torch.Tensor:
        """The output of block ``layer``, ``(N, channels, cells, cells, cells)``.

        A mirrored network has twice the channels: those of the mirror image, laid over the image, come second.
        """
        kept = kept_blocks()
        if kept is None or layer != self.layers[0] or self.training or torch.is_grad_enabled():
            return self._computed_below(image, layer)
        last = kept.get(self)
        if last is None or not torch.equal(last[0], image):
            last = kept[self] = (image, self._computed_below(image, layer))
        return torch.as_tensor(last[1])

    def _computed_below(self, image: torch.Tensor, layer: str) -> torch.Tensor:
        blocks = self.blocks[: self._after(layer)]
        if not self._asked_twice:
            return self._with_voxels(blocks(image), image)
        both = torch.cat([image, image.flip(_LEFT_RIGHT)])
        own, other = self._with_voxels(blocks(both), both).chunk(2)
        return torch.cat([own, other.flip(_LEFT_RIGHT)], dim=1)

    def _with_voxels(self, features: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        if self.voxels is None:
            return features
        return torch.cat([features, self.voxels(self.seen_by_voxels(image), features.shape[2:])], dim=1)

    def seen_by_voxels(self, image: torch.Tensor) -> torch.Tensor:
        """The part of an image ``(N, C, D, H, W)`` that the evidence of voxels is read from."""
        return image

    def voxel_evidence(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, 1, D, H, W)``; of a mirrored network 2 channels: the second is the mirror image's, laid over the image.

        They are the voxels of which ``evidence_channels`` hold the means over cells.
        """
        if self.voxels is None:
            raise ValueError("This network sums no evidence of voxels.")
        own = self.voxels.by_voxel(self.seen_by_voxels(image))
        if not self._asked_twice:
            return own
        other = self.voxels.by_voxel(self.seen_by_voxels(image.flip(_LEFT_RIGHT)))
        return torch.cat([own, other.flip(_LEFT_RIGHT)], dim=1)

    def above(self, features: torch.Tensor, layer: str) -> torch.Tensor:
        """The network's outputs ``(N, outputs)`` from the output of block ``layer``."""
        if not self._asked_twice:
            return self._answer(features, layer)
        own, other = features.chunk(2, dim=1)
        both = self._answer(torch.cat([own, other.flip(_LEFT_RIGHT)]), layer)
        mean: torch.Tensor = both.unflatten(0, (2, -1)).mean(0)
        return mean

    def both(self, features: torch.Tensor, read: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """What ``read`` says of the output of a block; of a mirrored network the mean, laid over the image, of what it
        says of both halves. ``read``: ``(N, channels, cells, cells, cells)`` -> ``(N, values, cells, cells, cells)``.
        """
        if not self._asked_twice:
            return read(features)
        own, other = features.chunk(2, dim=1)
        return (read(own) + read(other.flip(_LEFT_RIGHT)).flip(_LEFT_RIGHT)) / 2

    def evidence_channels(self, channels: int) -> list[int]:
        """Which of so many channels of a block's output hold the voxels' evidence."""
        if self.voxels is None:
            return []
        own = channels // 2 if self._asked_twice else channels
        return list(range(own - 1, channels, own))

    def _answer(self, features: torch.Tensor, layer: str) -> torch.Tensor:
        answer: torch.Tensor = self.head(self.top(features, layer))
        return answer if self.sum is None else self.sum(answer, features[:, -1:])

    def top(self, features: torch.Tensor, layer: str) -> torch.Tensor:
        """The output of the last block, without the voxels' evidence, from the output of block ``layer``."""
        own = features if self.voxels is None else features[:, :-1]
        return torch.as_tensor(self.blocks[self._after(layer) :](own))

    @property
    def _asked_twice(self) -> bool:
        return self.mirrored and not self.training

    def cells(self, layer: str) -> Cells:
        """Where the cells of block ``layer`` lie."""
        self._after(layer)
        return self._cells[layer]

    def _after(self, layer: str) -> int:
        if layer not in self.layers:
            raise ValueError(f"There is no layer {layer!r} in this network. Choose one of {', '.join(self.layers)}.")
        return self.layers.index(layer) + 1


def _channels_in(blocks: nn.Module) -> int:
    return next(module.in_channels for module in blocks.modules() if isinstance(module, nn.Conv3d))


def _head(features: int, outputs: int, dropout: float, pooling: Pooling) -> nn.Sequential:
    drop = nn.Dropout(dropout)
    if pooling == "places":
        linear = nn.Conv3d(features, outputs, 1)
        nn.init.constant_(linear.bias, FEW)  # type: ignore[arg-type]
        return nn.Sequential(OrderedDict(dropout=drop, linear=linear, pool=SumOfPlaces(outputs)))
    if pooling != "mean":
        raise ValueError(f"There is no pooling {pooling!r}. Choose 'mean' or 'places'.")
    return pooled_head(nn.AdaptiveAvgPool3d(1), features, outputs, dropout)


def pooled_head(
    pool: nn.Module, features: int, outputs: int, dropout: float, dense: Sequence[int] = ()
) -> nn.Sequential:
    """A linear answer to pooled features; ``dense``: widths of layers with ReLU in between."""
    parts = OrderedDict[str, nn.Module](pool=pool, flatten=nn.Flatten(), dropout=nn.Dropout(dropout))
    widths = (features, *dense)
    for number, (before, after) in enumerate(pairwise(widths), start=1):
        parts[f"dense{number}"] = nn.Sequential(nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout))
    parts["linear"] = nn.Linear(widths[-1], outputs)
    return nn.Sequential(parts)


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
