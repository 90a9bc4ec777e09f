"""What a network over regions reads: a few numbers for each region of an atlas, in units of healthy subjects."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

FEWEST_CELLS = 2  # of tissue in a region, of which a median is taken
_SOFTNESS = 0.15  # of the border between tissue and fluid, in units of the first channel
_LEAST_SD = 0.05  # of a region's value between healthy subjects, in units of the network's input
_LARGEST = 8.0  # standard deviations from healthy; what lies beyond is placed wrongly or no tissue
# Matrices of random halves of the healthy subjects, one of which is used in each step of learning: answers then
# depend less on the sample. Without them answers to 79 held-out T1 phantoms moved by 13 years when the
# matrix came from the other half of the learned ones, with them by 4, and errors were 13.4 and 14.3 years.
HALVES = 32


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
        self.halves = torch.zeros(0, regions, regions)  # not of a bundle: of learning alone
        self._drawn: torch.Tensor | None = None
        self._members: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, C + 1, D, H, W)``; in training draws the matrix that mixes them."""
        if self.training and len(self.halves):
            self._drawn = self.halves[int(torch.randint(len(self.halves), ()))].to(self.covariance)
        return self.painted(self.standardised(self.measured(image)))

    @property
    def mixing(self) -> torch.Tensor:
        """The matrix that mixes the regions: that of all healthy subjects, and of a half of them while it learns."""
        return self._drawn if self.training and self._drawn is not None else self.covariance

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
        self.covariance.copy_(scaled_covariance(standard).half())
        order, half = torch.Generator().manual_seed(0), len(standard) // 2
        parts = [standard[torch.randperm(len(standard), generator=order)[:half]] for _ in range(HALVES if half else 0)]
        self.halves = torch.stack([scaled_covariance(part) for part in parts]) if parts else self.halves[:0]

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


def scaled_covariance(standard: torch.Tensor) -> torch.Tensor:
    """``(N, F, regions)`` in standard deviations -> ``(regions, regions)`` whose largest eigenvalue is 1."""
    matrix = torch.einsum("nfr,nfs->rs", standard, standard) / (len(standard) * standard.shape[1])
    matrix = (matrix + matrix.T) / 2
    return torch.as_tensor(matrix / torch.linalg.eigvalsh(matrix)[-1].clamp(min=1e-6))
