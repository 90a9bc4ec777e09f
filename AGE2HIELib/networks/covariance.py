"""Covariance network over regions (Sihag, Mateos and Ribeiro 2024, arXiv:2402.07684; 2023, arXiv:2305.18370).

A scan is a few numbers for each region of an atlas. A layer mixes regions by polynomials of the covariance matrix C of
healthy subjects, ``ReLU(sum_g sum_k h_fgk C^k x_g + b_f)``, and the answer is the plain mean over all regions and
features plus one learned constant. No weight belongs to a region: what was learned moves to other regions when C is
exchanged, and every region's part of the answer can be read off.

What is not of the paper: several numbers a region (its C is of cortical thickness alone), the bias b_f and the constant
(the paper predicts years, which are above 0 as means of ReLU are; a logit is not).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from AGE2HIELib.networks.region_values import RegionValues
from AGE2HIELib.networks.staged import Cells, StagedNetwork

MOST_REGIONS = 256
SIDES = ("left", "right", "midline")


class CovarianceFilter(nn.Module):
    """``ReLU(sum_g sum_k h_fgk C^k x_g + b_f)`` on painted values; C is that of ``regions``."""

    def __init__(self, before: int, after: int, taps: int, regions: RegionValues) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, taps) / (before * taps) ** 0.5)
        self.bias = nn.Parameter(torch.full((after,), 0.5))  # the ReLU lets most of healthy subjects' values through
        self._regions = (regions,)  # not a part of this module

    def forward(self, painted: torch.Tensor) -> torch.Tensor:
        (regions,) = self._regions
        powers = [regions.read(painted)]
        for _ in range(self.weight.shape[2] - 1):
            powers.append(powers[-1] @ regions.mixing)
        mixed = torch.einsum("kngr,fgk->nfr", torch.stack(powers), self.weight) + self.bias[:, None]
        return regions.painted(torch.relu(mixed))


class MeanOfRegions(nn.Module):
    """The fixed readout: every region and every feature counts 1/(mF), and a constant is added."""

    def __init__(self, regions: RegionValues) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.zeros(1))
        self._regions = (regions,)

    def contributions(self, painted: torch.Tensor) -> torch.Tensor:
        """``(N, regions)``, whose mean is the answer."""
        return self._regions[0].read(painted).mean(1) + self.constant

    def forward(self, painted: torch.Tensor) -> torch.Tensor:
        return self.contributions(painted).mean(1, keepdim=True)


class CovarianceNetwork(StagedNetwork):
    """Blocks ``regions`` (values), ``filter1``, ``filter2``, ..., all painted over the image's own cells.

    Args:
        in_channels: of the image.
        channels: features after each filter.
        taps: powers of C in a filter, C^0 included.
        shape: of the image.
        regions: name and hemisphere of each, in the order of the labels.
        tissue: as for ``RegionValues``.
        outputs: 1.
        dropout: of whole features, in training, after the first filter.
    """

    residual_mean: torch.Tensor
    residual_sd: torch.Tensor

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int] = (5, 5),
        *,
        taps: int,
        shape: Sequence[int],
        regions: Sequence[Sequence[str]],
        tissue: Sequence[float],
        outputs: int = 1,
        dropout: float = 0.0,
    ) -> None:
        places = _checked_regions(regions)
        if outputs != 1:
            raise ValueError(f"a covariance network has one output, not {outputs}")
        if not 1 <= taps <= _MOST_TAPS or len(shape) != 3 or min(shape) < 1 or len(tissue) != 2:
            raise ValueError("taps, shape or tissue are none")
        depth, height, width = (int(n) for n in shape)
        values = RegionValues(in_channels, len(places), (depth, height, width), (float(tissue[0]), float(tissue[1])))
        blocks: OrderedDict[str, nn.Module] = OrderedDict(regions=values)
        before = in_channels + 1
        for number, after in enumerate(channels, start=1):
            made: nn.Module = CovarianceFilter(before, after, taps, values)
            blocks[f"filter{number}"] = nn.Sequential(made, nn.Dropout3d(dropout)) if number == 1 else made
            before = after
        super().__init__(blocks, dict.fromkeys(blocks, Cells(1, 0.0)), features=before)
        self.head = MeanOfRegions(values)
        self.places = places
        self.register_buffer("residual_mean", torch.zeros(len(places)))
        self.register_buffer("residual_sd", torch.ones(len(places)))

    @property
    def values(self) -> RegionValues:
        values = self.blocks[0]
        assert isinstance(values, RegionValues)
        return values

    @property
    def only_shape(self) -> tuple[int, int, int]:
        depth, height, width = self.values.labels.shape
        return depth, height, width

    def contributions(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, regions)``: each region's part of the answer, whose mean is ``forward``."""
        assert isinstance(self.head, MeanOfRegions)
        return self.head.contributions(self.blocks(image))

    def residuals(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, regions)``: contributions less the answer; above 0 where a region speaks for more than the brain."""
        parts = self.contributions(image)
        return parts - parts.mean(1, keepdim=True)

    def answers_to(self, values: torch.Tensor) -> torch.Tensor:
        """``(N, C + 1, regions)`` standardised values -> ``(N, 1)``."""
        return torch.as_tensor(self.head(self.blocks[1:](self.values.painted(values))))

    def standardised_residuals(self, image: torch.Tensor) -> torch.Tensor:
        """The same in standard deviations from the healthy subjects' residuals."""
        return (self.residuals(image) - self.residual_mean) / self.residual_sd

    def measure(self, images: Iterable[torch.Tensor]) -> None:
        self.values.measure(images)

    @torch.no_grad()
    def measure_answers(self, images: Iterable[torch.Tensor]) -> None:
        found = torch.cat([self.residuals(image) for image in images])
        self.residual_mean.copy_(found.mean(0).half())
        self.residual_sd.copy_(found.std(0).clamp(min=_LEAST_RESIDUAL_SD).half())

    def adopted(self, trunk: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Of a trunk that saw one channel, its filters alone: the channel's taps are dealt to all of ours in equal
        parts, those of the share of tissue stay. What was measured in other subjects is left aside.
        """
        kept = {name: value for name, value in trunk.items() if name.startswith("blocks.filter")}
        first = next(name for name in kept if name.startswith("blocks.filter1.") and name.endswith("weight"))
        channels = self.values.mean.shape[0] - 1
        signal, share = kept[first][:, :1], kept[first][:, 1:]
        kept[first] = torch.cat([signal.expand(-1, channels, -1) / channels, share], dim=1)
        return kept


def with_regions(
    network: CovarianceNetwork,
    labels: np.ndarray,
    regions: Sequence[Sequence[str]],
    healthy: Iterable[torch.Tensor],
) -> CovarianceNetwork:
    """The same filters over other regions: only what is measured in healthy subjects is exchanged, nothing is trained.

    Args:
        labels: ``(D, H, W)`` 1 to ``len(regions)``, 0 outside.
        healthy: images ``(N, C, D, H, W)`` of healthy subjects, gone through twice: a sequence.
    """
    weights = {name: value for name, value in network.named_parameters()}
    filters = [module for module in network.blocks.modules() if isinstance(module, CovarianceFilter)]
    made = CovarianceNetwork(
        network.values.mean.shape[0] - 1,
        [one.weight.shape[0] for one in filters],
        taps=filters[0].weight.shape[2],
        shape=network.only_shape,
        regions=regions,
        tissue=network.values.tissue,
    )
    with torch.no_grad():
        for name, value in made.named_parameters():
            value.copy_(weights[name])
        made.values.labels.copy_(torch.from_numpy(labels))
    made.eval()
    made.measure(healthy)
    made.measure_answers(healthy)
    return made.requires_grad_(False)


_MOST_TAPS = 32
_LEAST_RESIDUAL_SD = 1e-4


def _checked_regions(regions: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    if not 1 <= len(regions) <= MOST_REGIONS or not all(len(one) == 2 and one[1] in SIDES for one in regions):
        raise ValueError(f"'regions' must be 1 to {MOST_REGIONS} pairs of a name and one of {', '.join(SIDES)}")
    return tuple((str(name), str(side)) for name, side in regions)
