"""Networks that answer for every part of the image by itself, and for the image by a weighted mean of the parts.

The parts are boxes of one size that overlap. Each has an answer, so that an age, for example, has a map of local ages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from AGE2HIELib.networks.staged import Cells, StagedNetwork

_OUTPUTS = 1  # axis of (N, outputs, parts, parts, parts)


@dataclass(frozen=True)
class Boxes:
    """Where the parts lie in an image of ``shape``: ``size``, ``stride`` and ``first`` in voxels, ``count`` parts, each
    along right, anterior and superior.
    """

    shape: tuple[int, int, int]
    size: tuple[int, int, int]
    stride: tuple[int, int, int]
    first: tuple[int, int, int]
    count: tuple[int, int, int]

    @property
    def cells(self) -> Cells:
        """A cell for each part, at its centre."""
        axes = [self._along(axis) for axis in range(3)]
        widest = max(axes, key=lambda axis: axis.stride)
        return Cells(widest.stride, widest.first, by_axis=(axes[0], axes[1], axes[2]))

    def _along(self, axis: int) -> Cells:
        size, count = self.size[axis], self.count[axis]
        step = self.stride[axis] if count > 1 else size
        return Cells(step, self.first[axis] + (size - 1) / 2, overlap=self.shape[axis] - count * step)

    def slices(self, part: Sequence[int]) -> tuple[slice, ...]:
        """The voxels of one part."""
        starts = [first + stride * n for first, stride, n in zip(self.first, self.stride, part, strict=True)]
        return tuple(slice(start, start + size) for start, size in zip(starts, self.size, strict=True))

    def on_voxels(self, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """``count`` values on the voxels of an image: the mean of the parts that hold a voxel, NaN where none does."""
        total, held = np.zeros(shape), np.zeros(shape)
        for part in np.ndindex(*self.count):
            total[self.slices(part)] += values[part]
            held[self.slices(part)] += 1
        return np.asarray(np.divide(total, held, out=np.full(shape, np.nan), where=held > 0))


class PartsHead(nn.Module):
    """``sum of w * (answer - offset) / gain`` over the parts, whose weights sum to 1.

    ``gain`` and ``offset`` take away how each part's answer leans towards the mean of the training cases; they and the
    weights are no parameters: they are fitted to cases that the network has not learned from
    (``training.learning.stacking``). Where the network also answers for the whole image, that answer counts as much as
    one part.

    Args:
        features: channels of a part; those of the whole image follow where ``whole``.
        count: parts along each axis.
    """

    weights: torch.Tensor
    gain: torch.Tensor
    offset: torch.Tensor

    def __init__(
        self, features: int, outputs: int, count: tuple[int, int, int], *, dropout: float = 0.0, whole: bool = False
    ) -> None:
        super().__init__()
        self.features = features
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(features, outputs)
        self.whole = nn.Linear(features, outputs) if whole else None
        parts = int(np.prod(count))
        self.register_buffer("weights", torch.full(count, 1 / parts))
        self.register_buffer("gain", torch.ones(count))
        self.register_buffer("offset", torch.zeros(count))

    def raw(self, cells: torch.Tensor) -> torch.Tensor:
        """``(N, features, parts, parts, parts)`` -> ``(N, outputs, parts, parts, parts)``, as learned."""
        own = self.dropout(cells[:, : self.features]).movedim(1, -1)
        return torch.as_tensor(self.linear(own)).movedim(-1, 1)

    def each(self, cells: torch.Tensor) -> torch.Tensor:
        """The same, without what leans."""
        return (self.raw(cells) - self.offset) / self.gain

    def of_whole(self, cells: torch.Tensor) -> torch.Tensor | None:
        """``(N, outputs)`` of the whole image; None where the network gives none."""
        if self.whole is None:
            return None
        return torch.as_tensor(self.whole(self.dropout(cells[:, self.features :].mean((2, 3, 4)))))

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        share = self.weights / self.weights.sum()
        mean = (self.each(cells) * share).sum((2, 3, 4))
        whole = self.of_whole(cells)
        if whole is None:
            return mean
        parts = self.weights.numel()
        return (parts * mean + whole) / (parts + 1)


class PartsNetwork(StagedNetwork):
    """A network whose last block has a cell for each part, read by a ``PartsHead``."""

    boxes: Boxes
    stacked: bool  # whether weights, gain and offset are fitted after training

    @property
    def parts_head(self) -> PartsHead:
        assert isinstance(self.head, PartsHead)
        return self.head

    def local(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, outputs, parts, parts, parts)``: every part's answer."""
        last = self.layers[-1]
        return self.both(self.below(image, last), lambda cells: self.parts_head.each(self.top(cells, last)))

    def lessons(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, outputs, answers)``: what learns the target by itself, every part and, where there is one, the answer
        for the whole.
        """
        last = self.layers[-1]
        cells = self.top(self.below(image, last), last)
        answers = self.parts_head.raw(cells).flatten(2)
        whole = self.parts_head.of_whole(cells)
        return answers if whole is None else torch.cat([answers, whole[..., None]], dim=2)
