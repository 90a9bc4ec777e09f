"""A bag of slices: one encoder for every axial slice, and gated attention that says how much each slice counts.

Attention-based multiple-instance learning (Ilse, Tomczak and Welling 2018, arXiv:1802.04712), as entries of the BONBID
challenge of 2024 used it for the outcome. A slice without brain is no member of the bag.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from AGE2HIELib.networks.convolutions import double_block, pooled_cells
from AGE2HIELib.networks.staged import Cells, Pooling, StagedNetwork, pooled_head


class EverySlice(nn.Module):
    """One block for each axial slice by itself; a slice of nothing but 0 stays so."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, slices)`` -> ``(N, features, d, h, slices)``."""
        slices = cells.permute(0, 4, 1, 2, 3).flatten(0, 1).unsqueeze(-1)
        there = (slices != 0).flatten(1).any(1)
        made: torch.Tensor = self.block(slices[there] if bool(there.any()) else slices[:1])
        every = made.new_zeros(len(slices), *made.shape[1:])
        if bool(there.any()):
            every[there] = made
        bags = every.squeeze(-1).unflatten(0, (len(cells), -1))
        return torch.as_tensor(bags).permute(0, 2, 3, 4, 1)


class GatedAttention(nn.Module):
    """The mean of the slices' features, weighted by ``softmax(w . (tanh(V h) * sigmoid(U h)))``."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.content = nn.Linear(features, hidden)
        self.gate = nn.Linear(features, hidden)
        self.score = nn.Linear(hidden, 1)

    def weights(self, cells: torch.Tensor) -> torch.Tensor:
        """``(N, features, d, h, slices)`` -> ``(N, slices)``, which sum to 1; 0 where a slice has no features."""
        slices = cells.mean((2, 3)).transpose(1, 2)
        score = self.score(torch.tanh(self.content(slices)) * torch.sigmoid(self.gate(slices)))[..., 0]
        there = (cells != 0).any(1).any(1).any(1)
        there = there | ~there.any(1, keepdim=True)  # of an empty bag all slices are alike
        return torch.softmax(score.masked_fill(~there, -torch.inf), dim=1)

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """``(N, features)``."""
        return torch.einsum("nfs,ns->nf", cells.mean((2, 3)), self.weights(cells))


class SliceBag(StagedNetwork):
    """Blocks ``block1``, ``block2``, ... within slices, whose cells halve along right and anterior only.

    Args:
        in_channels, outputs, norm, dropout, pooling, mirrored: as for ``SFCN``.
        channels: of each block.
        attention: hidden units of the attention.
        dense: widths of layers between the bag's features and the answer.
    """

    def __init__(
        self,
        in_channels: int,
        channels: tuple[int, ...],
        *,
        attention: int = 32,
        dense: tuple[int, ...] = (),
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        cells = {}
        widths = (in_channels, *channels)
        for number in range(1, len(widths)):
            block = double_block(widths[number - 1], widths[number], norm=norm, flat=2, last=number == len(channels))
            blocks[f"block{number}"] = EverySlice(block)
            within = pooled_cells(number)
            cells[f"block{number}"] = Cells(within.stride, within.first, by_axis=(within, within, Cells(1, 0.0)))
        pool = GatedAttention(channels[-1], attention)
        super().__init__(
            blocks,
            cells,
            features=channels[-1],
            outputs=outputs,
            pooling=pooling,
            mirrored=mirrored,
            head=pooled_head(pool, channels[-1], outputs, dropout, dense),
        )

    def attention(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, slices)`` -> ``(N, slices)``: what each slice counts for, together 1."""
        last, pool = self.layers[-1], self.head.get_submodule("pool")
        assert isinstance(pool, GatedAttention)

        def weights(features: torch.Tensor) -> torch.Tensor:
            return pool.weights(self.top(features, last))[:, None, None, None]

        return self.both(self.below(image, last), weights)[:, 0, 0, 0]
