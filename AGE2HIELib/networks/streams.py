"""Contrast and morphometry as two streams, joined by attention after every block.

After FiA-Net (He et al. 2021, doi:10.1016/j.media.2021.102091): each channel of the image keeps features of its own up
to the last block, and what the streams say together is carried beside them, from block to block.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from AGE2HIELib.networks.sfcn import POOLING, sfcn_block
from AGE2HIELib.networks.staged import Cells, Pooling, StagedNetwork

_STEMS = "blocks.block1.streams"
MOST_STREAMS = 8


class StreamAttention(nn.Module):
    """A weighted mean of the streams: in every cell and every feature their weights are above 0 and sum to 1.

    Args:
        streams: how many.
        width: features of each.
    """

    def __init__(self, streams: int, width: int) -> None:
        super().__init__()
        self.ask = nn.Conv3d(streams * width, streams * width, 1)
        nn.init.zeros_(self.ask.weight)  # alike at first: the plain mean
        assert self.ask.bias is not None
        nn.init.zeros_(self.ask.bias)
        self.streams = streams

    def weights(self, features: torch.Tensor) -> torch.Tensor:
        """``(N, streams * width, cells, cells, cells)`` -> ``(N, streams, width, cells, cells, cells)``."""
        return torch.softmax(self.ask(features).unflatten(1, (self.streams, -1)), dim=1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``(N, streams * width, cells, cells, cells)`` -> ``(N, width, cells, cells, cells)``."""
        joined: torch.Tensor = (self.weights(features) * features.unflatten(1, (self.streams, -1))).sum(1)
        return joined


class StreamBlock(nn.Module):
    """A block of the SFCN for every stream, one for what they said together, and their attention.

    Args:
        before: channels of each stream; those of what was said together come last, but for the first block.
        after: channels of each stream, and of what is said together.
        first: whether the channels are those of the image, and nothing was said yet.
        last: whether it is the block without pooling; only what is said together goes on.
    """

    def __init__(self, before: Sequence[int], after: int, *, norm: str, first: bool, last: bool) -> None:
        super().__init__()
        self.counts = list(before)
        streams = self.counts if first else self.counts[:-1]
        self.streams = nn.ModuleList(sfcn_block(count, after, norm=norm, pooled=not last) for count in streams)
        self.joint = None if first else sfcn_block(self.counts[-1], after, norm=norm, pooled=not last)
        self.attention = StreamAttention(len(streams), after)
        self.last = last

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        parts = features.split(self.counts, dim=1)
        own = torch.cat([stream(part) for stream, part in zip(self.streams, parts, strict=False)], 1)
        together: torch.Tensor = self.attention(own)
        if self.joint is not None:
            together = together + self.joint(parts[-1])
        return together if self.last else torch.cat([own, together], 1)


class StreamsNetwork(StagedNetwork):
    """SFCNs side by side, ``block1`` to the last, whose features are joined by attention at every depth.

    Args:
        in_channels: channels of the image, those of all streams.
        channels: of each stream after each block; the last block is the one without pooling.
        streams: channels of each stream in the order of the image: contrast (T1, or ADC with z), then morphometry.
        outputs, norm, dropout, pooling, mirrored: as for ``StagedNetwork``; evidence of voxels is that of the first
            stream.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        *,
        streams: Sequence[int],
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        if sum(streams) != in_channels or not 2 <= len(streams) <= MOST_STREAMS:
            raise ValueError(f"streams of {list(streams)} channels do not make an image of {in_channels}")
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        cells = {}
        before = list(streams)
        for number, width in enumerate(channels, start=1):
            first, last = number == 1, number == len(channels)
            blocks[f"block{number}"] = StreamBlock(before, width, norm=norm, first=first, last=last)
            before = [width] * (len(streams) + 1)
            stride = POOLING ** min(number, len(channels) - 1)
            cells[f"block{number}"] = Cells(stride, (stride - 1) / 2)
        super().__init__(
            blocks,
            cells,
            features=channels[-1],
            outputs=outputs,
            dropout=dropout,
            pooling=pooling,
            mirrored=mirrored,
        )
        self.streams = tuple(int(count) for count in streams)

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(f"{_STEMS}.{number}.conv.weight" for number in range(len(self.streams)))

    def seen_by_voxels(self, image: torch.Tensor) -> torch.Tensor:
        return image[:, : self.streams[0]]

    def adopted(self, trunk: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A trunk whose streams saw other numbers of channels: each stem copied and divided as often as ours has them,
        so that equal images in all channels of a stream give the same.
        """
        adopted = dict(trunk)
        for name, count in zip(self.stems, self.streams, strict=True):
            times = count // trunk[name].shape[1]
            adopted[name] = trunk[name].repeat(1, times, 1, 1, 1) / times
        return adopted
