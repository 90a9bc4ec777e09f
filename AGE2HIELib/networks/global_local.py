"""The Global-Local Transformer for brain age (He, Grant and Ou 2022, doi:10.1109/TMI.2021.3108910).

Neighbouring axial slices are the channels of one two-dimensional image. A VGG reads the whole of it, another one reads
overlapping patches, and each patch asks the whole by attention, again and again. The whole and every patch answer by
themselves, and the answer is the mean. Written from the paper's published description and sizes: VGG8, 512 features,
8 heads, patches of 64 with a step of 32, 6 rounds, on 130 x 170 with 5 slices.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from AGE2HIELib.networks.convolutions import double_block
from AGE2HIELib.networks.parts import Boxes, PartsHead, PartsNetwork
from AGE2HIELib.networks.staged import Pooling, norm_layer

HEADS = 8
MOST_PATCHES, MOST_ROUNDS = 256, 24  # far above the paper's 12 and 6


class AskTheWhole(nn.Module):
    """One round: each cell of a patch attends to the cells of the whole, and what it hears is joined to what it is."""

    def __init__(self, features: int, norm: str, dropout: float) -> None:
        super().__init__()
        self.heads = HEADS
        self.query, self.key, self.value, self.out = (nn.Linear(features, features) for _ in range(4))
        self.dropout = nn.Dropout(dropout)
        self.join = nn.Sequential(_pointwise(2 * features, features, norm), _pointwise(features, features, norm))

    def forward(self, patch: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
        """``(M, features, h, w, 1)`` and ``(M, cells, features)`` -> the patch, changed."""
        own = patch.flatten(2).transpose(1, 2)
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part in (self.query(own), self.key(whole), self.value(whole))
        )
        heard = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        heard = self.dropout(self.out(heard)).transpose(1, 2).reshape(patch.shape)
        return patch + torch.as_tensor(self.join(torch.cat([heard, patch], dim=1)))


def _pointwise(before: int, after: int, norm: str) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(before, after, 1, bias=False), norm_layer(norm, after), nn.ReLU())


class WholeAndPatches(nn.Module):
    """``(N, C, D, H, W)`` -> ``(N, 2 * features, patches, patches, 1)``: every patch's features after the rounds, and
    beside them those of the whole.
    """

    def __init__(
        self,
        boxes: Boxes,
        in_channels: int,
        channels: Sequence[int],
        *,
        rounds: int,
        norm: str,
        dropout: float,
    ) -> None:
        super().__init__()
        self.boxes = boxes
        widths = (in_channels * boxes.size[2], *channels)
        self.whole, self.patch = (
            nn.Sequential(*(double_block(before, after, norm=norm, flat=2) for before, after in pairwise(widths)))
            for _ in range(2)
        )
        self.rounds = nn.ModuleList(AskTheWhole(channels[-1], norm, dropout) for _ in range(rounds))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        low, count = self.boxes.first[2], self.boxes.size[2]
        first = max(0, min(low, image.shape[4] - count))
        flat = image[..., first : first + count].movedim(4, 2).flatten(1, 2).unsqueeze(-1)
        whole = torch.as_tensor(self.whole(flat))
        patches = flat
        for axis in (2, 3):
            patches = patches.unfold(axis, self.boxes.size[axis - 2], self.boxes.stride[axis - 2])
        across, along = patches.shape[2:4]
        cut = patches.permute(0, 2, 3, 1, 5, 6, 4).flatten(0, 2)
        features = torch.as_tensor(self.patch(cut))
        cells = whole.flatten(2).transpose(1, 2).repeat_interleave(across * along, dim=0)
        for one in self.rounds:
            features = one(features, cells)
        local = features.mean((2, 3, 4)).unflatten(0, (len(image), across, along)).movedim(-1, 1)
        beside = whole.mean((2, 3, 4))[:, :, None, None].expand(-1, -1, across, along)
        return torch.cat([local, beside], dim=1).unsqueeze(-1)


class GlobalLocal(PartsNetwork):
    """The transformer; its one block is ``patches``.

    Args:
        in_channels, outputs, norm, dropout, mirrored: as for ``SFCN``.
        channels: of the blocks of both VGGs; the last is divided by the heads.
        shape: of the image, ``(D, H, W)`` voxels.
        slices: (first, count) of the axial slices that it sees.
        part, step: edge of a patch and the way to the next, voxels.
        rounds: of attention.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        *,
        shape: Sequence[int],
        slices: Sequence[int],
        part: int,
        step: int,
        rounds: int = 6,
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        if rounds > MOST_ROUNDS:
            raise ValueError(f"{rounds} rounds are more than {MOST_ROUNDS}")
        if channels[-1] % HEADS:
            raise ValueError(f"the last of channels {tuple(channels)} must be a multiple of {HEADS}")
        if part < 2 ** len(channels):
            raise ValueError(f"patches of {part} voxels cannot be halved {len(channels)} times: fewer channels")
        boxes = patch_boxes(shape, slices, part, step)
        block = WholeAndPatches(boxes, in_channels, channels, rounds=rounds, norm=norm, dropout=dropout)
        super().__init__(
            OrderedDict[str, nn.Module](patches=block),
            {"patches": boxes.cells},
            features=2 * channels[-1],
            outputs=outputs,
            mirrored=mirrored,
            head=PartsHead(channels[-1], outputs, boxes.count, dropout=dropout, whole=True),
        )
        if pooling != "mean":
            raise ValueError(f"Every patch answers by itself, so there is no pooling {pooling!r}. Choose 'mean'.")
        self.boxes, self.stacked = boxes, False

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(f"blocks.patches.{name}.0.conv1.weight" for name in ("whole", "patch"))


def patch_boxes(shape: Sequence[int], slices: Sequence[int], part: int, step: int) -> Boxes:
    """Patches of whole steps through the given slices; ValueError where they leave voxels over or do not fit."""
    (right, anterior, superior), (first, count) = shape, slices
    if any(side < part or (side - part) % step for side in (right, anterior)) or first < 0 or count < 1:
        raise ValueError(f"patches of {part} voxels every {step} do not cover {right} x {anterior} voxels")
    across, along = ((side - part) // step + 1 for side in (right, anterior))
    if across * along > MOST_PATCHES:
        raise ValueError(f"{across * along} patches are more than {MOST_PATCHES}")
    if first + count > superior:
        raise ValueError(f"slices {first} to {first + count - 1} are not among {superior}")
    return Boxes(
        (right, anterior, superior), (part, part, count), (step, step, superior), (0, 0, first), (across, along, 1)
    )
