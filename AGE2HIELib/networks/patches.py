"""One network for cubes of the brain, each with its place and its own answer.

After the patch-based brain age of Bintsi et al. 2020 (arXiv:2008.12965), who train a network for every place and join
them by a linear regression; here one network is shared, and is told where a cube lies.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from AGE2HIELib.networks.parts import Boxes, PartsHead, PartsNetwork
from AGE2HIELib.networks.sfcn import SFCN
from AGE2HIELib.networks.staged import Pooling

ALONG = 3  # cubes along each axis
_PLACE_FEATURES = 16


class Cubes(nn.Module):
    """``(N, C, D, H, W)`` -> ``(N, features, cubes, cubes, cubes)``: the mean features of every cube, scaled and
    shifted by its place.
    """

    def __init__(self, boxes: Boxes, in_channels: int, channels: Sequence[int], norm: str) -> None:
        super().__init__()
        self.boxes = boxes
        self.trunk = SFCN(in_channels, tuple(channels), norm=norm).blocks
        self.place = nn.Sequential(
            nn.Linear(3, _PLACE_FEATURES), nn.ReLU(), nn.Linear(_PLACE_FEATURES, 2 * channels[-1])
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        cubes = image
        for axis, (size, stride) in enumerate(zip(self.boxes.size, self.boxes.stride, strict=True), start=2):
            cubes = cubes.unfold(axis, size, stride)
        count = cubes.shape[2:5]
        cubes = cubes.permute(0, 2, 3, 4, 1, 5, 6, 7).flatten(0, 3)
        features = torch.as_tensor(self.trunk(cubes)).mean((2, 3, 4)).unflatten(0, (len(image), *count))
        scale, shift = self.place(_places(count, features)).chunk(2, dim=-1)
        return torch.relu(features * (1 + scale) + shift).movedim(-1, 1)


def _places(count: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """``(cubes, cubes, cubes, 3)``: where each cube's centre lies, -1 to 1 along every axis."""
    axes = [torch.linspace(-1, 1, n, device=like.device, dtype=like.dtype) for n in count]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)


class Patches(PartsNetwork):
    """27 overlapping cubes through one SFCN; its one block is ``cubes``.

    Args:
        in_channels, outputs, norm, dropout, mirrored: as for ``SFCN``.
        channels: of the shared SFCN.
        shape: of the image, ``(D, H, W)`` voxels.
        part: edge of a cube, voxels.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        *,
        shape: Sequence[int],
        part: int,
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        boxes = spread_boxes(shape, part)
        if part < 2 ** (len(channels) - 1):
            raise ValueError(f"cubes of {part} voxels cannot be halved {len(channels) - 1} times: fewer channels")
        blocks = OrderedDict[str, nn.Module](cubes=Cubes(boxes, in_channels, channels, norm))
        super().__init__(
            blocks,
            {"cubes": boxes.cells},
            features=channels[-1],
            outputs=outputs,
            mirrored=mirrored,
            head=PartsHead(channels[-1], outputs, boxes.count, dropout=dropout),
        )
        if pooling != "mean":
            raise ValueError(f"Every cube answers by itself, so there is no pooling {pooling!r}. Choose 'mean'.")
        self.boxes, self.stacked = boxes, True


def spread_boxes(shape: Sequence[int], part: int) -> Boxes:
    """``ALONG`` cubes along each axis, from end to end; ValueError where they cannot lie evenly."""
    strides = [(size - part) / (ALONG - 1) for size in shape]
    if len(strides) != 3 or any(stride % 1 or not 1 <= stride <= part for stride in strides):
        raise ValueError(f"{ALONG} cubes of {part} voxels cannot lie evenly along sides of {tuple(shape)} voxels")
    i, j, k = (int(stride) for stride in strides)
    right, anterior, superior = shape
    return Boxes((right, anterior, superior), (part, part, part), (i, j, k), (0, 0, 0), (ALONG, ALONG, ALONG))
