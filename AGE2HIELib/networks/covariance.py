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

from AGE2HIELib.networks.staged import Cells, StagedNetwork

MOST_REGIONS = 256
FEWEST_CELLS = 2  # of tissue in a region, of which a median is taken
_SOFTNESS = 0.15  # of the border between tissue and fluid, in units of the first channel
_LEAST_SD = 0.05  # of a region's value between healthy subjects, in units of the network's input
_LARGEST = 8.0  # standard deviations from healthy; what lies beyond is placed wrongly or no tissue
SIDES = ("left", "right", "midline")


class RegionValues(nn.Module):
    """From an image to the values of its regions, painted over their cells; no weight is learned.

    Of every channel the median over the region's tissue, and last the share of the region's cells that is tissue,
    which is its volume in the placed scan. All are in standard deviations from healthy subjects; what cannot be
    measured (a channel that is not there, a region without tissue) is 0, as in the mean of the healthy.

    Args:
        in_channels: of the image.
        regions: how many; the labels are 1 to ``regions``, 0 outside.
        shape: of the image.
        tissue: lowest and highest value of the first channel that is tissue, and no fluid.
    """

    labels: torch.Tensor
    mean: torch.Tensor
    sd: torch.Tensor
    covariance: torch.Tensor

    def __init__(
        self, in_channels: int, regions: int, shape: tuple[int, int, int], tissue: tuple[float, float]
    ) -> None:
        super().__init__()
        self.tissue = tissue
        self.register_buffer("labels", torch.zeros(shape, dtype=torch.int16))
        self.register_buffer("mean", torch.zeros(in_channels + 1, regions))
        self.register_buffer("sd", torch.ones(in_channels + 1, regions))
        self.register_buffer("covariance", torch.eye(regions))
        self._members: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, C + 1, D, H, W)``."""
        return self.painted(self.standardised(self.measured(image)))

    def measured(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, C + 1, regions)`` as they are in the image, NaN where nothing can be said."""
        if image.shape[2:] != self.labels.shape:
            raise ValueError(f"the image has {tuple(image.shape[2:])} cells, the regions {tuple(self.labels.shape)}")
        flat, (low, high) = image.flatten(2), self.tissue
        inside = (flat != 0).any(1)
        is_tissue = inside & (flat[:, 0] >= low) & (flat[:, 0] <= high)
        own = torch.where(is_tissue[:, None] & (flat != 0), flat, torch.nan)  # a channel that is not there is 0
        of_region = self._gather(own, torch.nan)
        counted = torch.isfinite(of_region).sum(-1) >= FEWEST_CELLS
        medians = torch.where(counted, of_region.nanmedian(-1).values, torch.nan)
        borders = torch.sigmoid((flat[:, 0] - low) / _SOFTNESS) * torch.sigmoid((high - flat[:, 0]) / _SOFTNESS)
        share = self._mean((borders * inside)[:, None])
        seen = self._mean(inside[:, None].float()) > 0
        return torch.cat([medians, torch.where(seen, share, torch.nan)], dim=1)

    def standardised(self, values: torch.Tensor) -> torch.Tensor:
        """``(N, C + 1, regions)`` in standard deviations from the healthy, 0 where there is no value."""
        return torch.nan_to_num((values - self.mean) / self.sd, nan=0.0).clamp(-_LARGEST, _LARGEST)

    def painted(self, values: torch.Tensor) -> torch.Tensor:
        """``(N, F, regions)`` -> ``(N, F, D, H, W)``, 0 outside every region."""
        nothing = torch.zeros_like(values[..., :1])
        return torch.cat([nothing, values], dim=-1)[..., self.labels.long()]

    def read(self, painted: torch.Tensor) -> torch.Tensor:
        """The way back: ``(N, F, D, H, W)`` -> ``(N, F, regions)``, the mean over each region's cells."""
        return self._mean(painted.flatten(2))

    @torch.no_grad()
    def measure(self, images: Iterable[torch.Tensor]) -> None:
        """Take mean, standard deviation and covariance from images of healthy subjects.

        C is the mean over the values (ADC, z, share of tissue) of the regions' correlations, divided by its largest
        eigenvalue; a region that could not be measured counts as average.

        Raises:
            ValueError: no cell belongs to a region: the network would read nothing.
        """
        if not self.labels.any():
            raise ValueError("no cell of the image belongs to a region: say where the regions lie first")
        values = torch.cat([self.measured(image).double().cpu() for image in images])
        mean = torch.nan_to_num(values.nanmean(0), nan=0.0)
        spread = torch.nan_to_num((values - mean).square().nanmean(0).sqrt(), nan=1.0).clamp(min=_LEAST_SD)
        # as they will be used: a bundle keeps 16 bits of each number
        self.mean.copy_(mean.half())
        self.sd.copy_(spread.half())
        standard = torch.nan_to_num((values - mean) / spread, nan=0.0)
        matrix = torch.einsum("nfr,nfs->rs", standard, standard) / (len(values) * values.shape[1])
        matrix = (matrix + matrix.T) / 2
        self.covariance.copy_((matrix / torch.linalg.eigvalsh(matrix)[-1].clamp(min=1e-6)).half())

    def _gather(self, flat: torch.Tensor, otherwise: float) -> torch.Tensor:
        """``(N, F, cells)`` -> ``(N, F, regions, largest region)``, filled up."""
        cells, _ = self._cells()
        padded = torch.cat([flat, torch.full_like(flat[..., :1], otherwise)], dim=-1)
        return padded[..., cells]

    def _mean(self, flat: torch.Tensor) -> torch.Tensor:
        return self._gather(flat, 0.0).sum(-1) / self._cells()[1].clamp(min=1)

    def _cells(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Indices of each region's cells, ``(regions, largest)``, filled with one beyond the last; their number."""
        known = self._members
        if known is None or known[0].device != self.labels.device or not torch.equal(known[0], self.labels):
            flat, regions = self.labels.flatten().cpu().numpy(), self.covariance.shape[0]
            found = [np.flatnonzero(flat == value) for value in range(1, regions + 1)]
            cells = np.full((regions, max(1, max(map(len, found)))), flat.size)
            for row, indices in zip(cells, found, strict=True):
                row[: len(indices)] = indices
            device = self.labels.device
            count = torch.tensor([len(one) for one in found], device=device)
            known = (self.labels.clone(), torch.from_numpy(cells).to(device), count)
            self._members = known
        return known[1], known[2]


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
            powers.append(powers[-1] @ regions.covariance)
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
