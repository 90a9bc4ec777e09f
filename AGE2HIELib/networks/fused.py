"""Several sequences of one infant, any of them missing: a stem for each, joined by mean and variance.

Hetero-modal fusion (HeMIS: Havaei et al. 2016, arXiv:1607.05194). A sequence is absent where all of its channels are 0
all over the image, as ``preprocess.network_input`` leaves what was not given; a placed image never is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from AGE2HIELib.networks.sfcn import POOLING, sfcn_block
from AGE2HIELib.networks.staged import Cells, Pooling, StagedNetwork

_STEMS = "blocks.block1.stems"
MOST_SEQUENCES = 8


class FusedStems(nn.Module):
    """A block of the SFCN for each sequence; the mean of those that are there and their variance, twice the channels.

    Args:
        sequences: channels of each sequence, in the order of the image.
        width: channels of a stem.
        norm: "group" or "batch".
    """

    def __init__(self, sequences: Sequence[int], width: int, *, norm: str) -> None:
        super().__init__()
        self.counts = [int(count) for count in sequences]
        self.stems = nn.ModuleList(sfcn_block(count, width, norm=norm, pooled=True) for count in self.counts)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, 2 * width, cells, cells, cells)``; where nothing is there, all 0."""
        parts = image.split(self.counts, dim=1)
        there = torch.stack([(part != 0).flatten(1).any(1) for part in parts], 1)[..., None, None, None, None]
        features = torch.stack([stem(part) for stem, part in zip(self.stems, parts, strict=True)], 1)
        count = there.sum(1).clamp(min=1)
        # chosen and not multiplied by 0: no bit of what an absent sequence's stem says comes through
        mean = torch.where(there, features, 0.0).sum(1) / count
        variance = torch.where(there, (features - mean[:, None]) ** 2, 0.0).sum(1) / count
        return torch.cat([mean, variance], 1)


class FusedNetwork(StagedNetwork):
    """The SFCN whose first block, ``block1``, has a stem for each sequence.

    Args:
        in_channels: channels of the image, those of all sequences.
        channels: after each block; the last block is the one without pooling.
        sequences: channels of each sequence in the order of the image, such as ADC with z, T1, T2: ``[2, 1, 1]``.
        outputs, dropout, pooling, mirrored: as for ``StagedNetwork``; evidence of voxels is that of the first
            sequence, which is never missing.
        norm: "group"; a batch's statistics would depend on what is put into absent sequences.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        *,
        sequences: Sequence[int],
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
    ) -> None:
        if sum(sequences) != in_channels or not 1 <= len(sequences) <= MOST_SEQUENCES:
            raise ValueError(f"sequences of {list(sequences)} channels do not make an image of {in_channels}")
        if norm != "group":
            raise ValueError("sequences that may be missing need network.norm=group: a batch norm sees absent ones")
        blocks: OrderedDict[str, nn.Module] = OrderedDict(block1=FusedStems(sequences, channels[0], norm=norm))
        widths = [2 * channels[0], *channels[1:]]
        for number in range(2, len(channels) + 1):
            pooled = number < len(channels)
            blocks[f"block{number}"] = sfcn_block(widths[number - 2], widths[number - 1], norm=norm, pooled=pooled)
        strides = [POOLING ** min(number, len(channels) - 1) for number in range(1, len(channels) + 1)]
        super().__init__(
            blocks,
            {name: Cells(stride, (stride - 1) / 2) for name, stride in zip(blocks, strides, strict=True)},
            features=channels[-1],
            outputs=outputs,
            dropout=dropout,
            pooling=pooling,
            mirrored=mirrored,
        )
        self.sequences = tuple(int(count) for count in sequences)

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(f"{_STEMS}.{number}.conv.weight" for number in range(len(self.sequences)))

    def seen_by_voxels(self, image: torch.Tensor) -> torch.Tensor:
        return image[:, : self.sequences[0]]

    def adopted(self, trunk: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Of a trunk that saw one channel of one sequence: its stem for each of ours, copied and divided where a
        sequence has several channels, and its blocks.
        """
        first = f"{_STEMS}.0."
        adopted = {name: value for name, value in trunk.items() if not name.startswith(_STEMS)}
        for number, count in enumerate(self.sequences):
            for name in (name for name in trunk if name.startswith(first)):
                value = trunk[name]
                if name.endswith("conv.weight"):
                    value = value.repeat(1, count, 1, 1, 1) / count
                adopted[f"{_STEMS}.{number}.{name.removeprefix(first)}"] = value
        return adopted
