"""ScaleDense, the trunk of the two-stage age network (Cheng et al. 2021, arXiv:2106.03052).

After the authors' code (Milan-BUAA/TSAN-brain-age-estimation). Two differences: the stem keeps the image's size (theirs
takes five voxels off every side), and the sex of the subject, which few cohorts here know, does not enter.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from AGE2HIELib.networks.staged import Cells, Pooling, StagedNetwork, norm_layer

_STEM_KERNEL, _STEM_DILATION = 7, 2
_SQUEEZE = 16  # channels to one of the squeeze-and-excitation's middle layer
_GROWTH = 3  # a dense layer: twice the channels from its convolutions, and its own input beside them
MOST_FEATURES = 8192  # channels of the last layer: 1,944 as published


class ScaleDense(StagedNetwork):
    """Blocks ``stem`` and ``dense1``, ``dense2``, ...; every dense layer halves the cells and triples the channels.

    Args:
        in_channels: channels of the input ``(N, C, D, H, W)``.
        width: channels after the stem; 8 as published.
        layers: dense layers; 5 as published.
        norm: "group" or "batch", as published.
        outputs, dropout, pooling, mirrored: as for ``StagedNetwork``.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: int = 8,
        layers: int = 5,
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        features = width * _GROWTH**layers
        if features > MOST_FEATURES:
            raise ValueError(f"width {width} and {layers} layers give {features} features; {MOST_FEATURES} at most")
        padding = _STEM_DILATION * (_STEM_KERNEL // 2)
        stem = nn.Conv3d(in_channels, width, _STEM_KERNEL, dilation=_STEM_DILATION, padding=padding)
        blocks: OrderedDict[str, nn.Module] = OrderedDict(stem=nn.Sequential(stem, nn.ELU()))
        cells = {"stem": Cells(1, 0.0)}
        for number in range(1, layers + 1):
            blocks[f"dense{number}"] = DenseLayer(width * _GROWTH ** (number - 1), norm)
            cells[f"dense{number}"] = Cells(2**number, (2**number - 1) / 2)
        super().__init__(
            blocks, cells, features=features, outputs=outputs, dropout=dropout, pooling=pooling, mirrored=mirrored
        )


class DenseLayer(nn.Module):
    """``(N, C, D, H, W)`` -> ``(N, 3 C, D/2, H/2, W/2)``: convolutions, excitation, and the pooled input beside."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        twice = 2 * channels
        self.convolutions = nn.Sequential(
            *(AsymmetricConvolution(channels, twice, norm), norm_layer(norm, twice), nn.ELU()),
            *(AsymmetricConvolution(twice, twice, norm), norm_layer(norm, twice), nn.ELU()),
            SqueezeExcitation(twice),
        )
        self.pool = nn.MaxPool3d(2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.pool(self.convolutions(image)), self.pool(image)], dim=1)


class AsymmetricConvolution(nn.Module):
    """The sum of a cube and of three rods, each with a norm of its own (Ding 2019, doi:10.1109/ICCV.2019.00200)."""

    def __init__(self, before: int, after: int, norm: str) -> None:
        super().__init__()
        kernels = ((3, 3, 3), (1, 1, 3), (3, 1, 1), (1, 3, 1))
        self.parts = nn.ModuleList(
            nn.Sequential(
                nn.Conv3d(before, after, kernel, padding="same", bias=False),
                norm_layer(norm, after),
            )
            for kernel in kernels
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.stack([part(image) for part in self.parts]).sum(0)


class SqueezeExcitation(nn.Module):
    """Weighs channels by what all of them are on the mean (Hu 2018, doi:10.1109/CVPR.2018.00745)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        middle = max(1, channels // _SQUEEZE)
        self.weights = nn.Sequential(nn.Linear(channels, middle), nn.ReLU(), nn.Linear(middle, channels), nn.Sigmoid())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        weighed: torch.Tensor = image * self.weights(image.mean((2, 3, 4)))[:, :, None, None, None]
        return weighed
