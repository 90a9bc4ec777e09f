"""Variational autoencoder on the SFCN's trunk, whose latent numbers also give the answer: age, or an outcome.

Unsupervised anomaly detection with age as a second task (Bengs, Behrendt et al. 2022, arXiv:2201.13081): what a network
that has seen healthy brains alone cannot draw again is unusual. Encoder: the SFCN's blocks. Decoder: its mirror image,
trilinear interpolation and convolutions. Learned by ``training.learning.reconstruction``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from AGE2HIELib.networks.sfcn import POOLING, SFCN
from AGE2HIELib.networks.staged import Pooling, norm_layer

LARGEST_LATENT = 512
_LEAST_SD = 0.02  # of the error in a cell, in units of the network's input
UNUSUAL = 3.0  # standard deviations of a cell's error
_SHARPNESS = 2.0  # of the corner at 3: a brain in which nothing lies beyond it still has a place among the healthy
_EXCESS_FLOOR = 1e-6
_LEAST_SCORE_SD = 0.05
_QUANTILES = 21
_SMOOTHING = 3  # cells along each axis over which errors, and what healthy subjects have of them, are taken together


class LatentHead(nn.Module):
    """Mean and log variance of the latent numbers, and the linear answer from the mean.

    Args:
        detached: the answer does not teach what is below it: the latent numbers stay those of healthy subjects.
    """

    def __init__(self, features: int, latent: int, outputs: int, dropout: float, *, detached: bool) -> None:
        super().__init__()
        self.mean = nn.Linear(features, latent)
        self.log_variance = nn.Linear(features, latent)
        nn.init.zeros_(self.log_variance.weight)
        nn.init.constant_(self.log_variance.bias, _FIRST_LOG_VARIANCE)
        self.answer = nn.Linear(latent, outputs)
        self.dropout = nn.Dropout(dropout)
        self.detached = detached

    def latent(self, top: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """``(N, channels, d, h, w)`` -> mean and log variance, each ``(N, latent)``."""
        flat = top.flatten(1)
        return self.mean(flat), self.log_variance(flat).clamp(*_LOG_VARIANCES)

    def forward(self, top: torch.Tensor) -> torch.Tensor:
        mean = self.mean(top.flatten(1))
        answer: torch.Tensor = self.answer(self.dropout(mean.detach() if self.detached and self.training else mean))
        return answer


_FIRST_LOG_VARIANCE = -4.0
_LOG_VARIANCES = (-10.0, 4.0)


class AutoencoderNetwork(SFCN):
    """The SFCN with a decoder.

    Args:
        in_channels, channels, outputs, norm, dropout, pooling, mirrored: as for ``SFCN``.
        shape: of the image; its sides are whole cells of the last pooling.
        latent: how many numbers an image is drawn from.
        detached: as for ``LatentHead``.
    """

    error_mean: torch.Tensor
    error_sd: torch.Tensor
    score_mean: torch.Tensor
    score_sd: torch.Tensor
    healthy_scores: torch.Tensor

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        *,
        shape: Sequence[int],
        latent: int = 64,
        outputs: int = 1,
        norm: str = "group",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        mirrored: bool = False,
        detached: bool = False,
    ) -> None:
        if pooling == "places":
            raise ValueError("an autoencoder's answer comes from its latent numbers: choose 'voxels' or 'mean'")
        poolings = len(channels) - 1
        depth, height, width = (int(n) for n in shape)
        sides = [n // POOLING**poolings for n in (depth, height, width)]
        if any(n % POOLING**poolings for n in (depth, height, width)) or not 1 <= latent <= LARGEST_LATENT:
            raise ValueError(f"{poolings} poolings do not divide {tuple(shape)}, or {latent} is no number of latents")
        how = {"norm": norm, "dropout": dropout, "mirrored": mirrored}
        super().__init__(in_channels, tuple(channels), outputs=outputs, pooling=pooling, **how)  # type: ignore[arg-type]
        cells = channels[-1] * sides[0] * sides[1] * sides[2]
        self.head = LatentHead(cells, latent, outputs, dropout, detached=detached)
        self.decoder = _decoder(latent, cells, (channels[-1], *sides), tuple(channels[-2::-1]), in_channels, norm)
        self.signed = in_channels > 1  # ADC: only what is too low is unusual; T1 has no unit and no such side
        for name in ("error_mean", "error_sd"):
            self.register_buffer(name, torch.full((depth, height, width), float(name.endswith("sd"))))
            self.register_buffer(name.replace("error", "score"), torch.full((1,), float(name.endswith("sd"))))

        self.register_buffer("healthy_scores", torch.linspace(-2, 2, _QUANTILES))

    @property
    def only_shape(self) -> tuple[int, int, int]:
        depth, height, width = self.error_mean.shape
        return depth, height, width

    def latent(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of the latent numbers of ``(N, C, D, H, W)``."""
        assert isinstance(self.head, LatentHead)
        return self.head.latent(self.blocks(image))

    def redrawn(self, image: torch.Tensor) -> torch.Tensor:
        """The image as a healthy subject's, from the mean of its latent numbers; same shape, also outside the brain."""
        redrawn: torch.Tensor = self.decoder(self.latent(image)[0])
        return redrawn

    def error(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, D, H, W)``, the median over 3 cells along each axis of what differs from the redrawn image.

        Of two channels the first, ADC, and how much lower it is than redrawn; of one, the size of the difference. 0
        outside the brain, and where ADC is not there.
        """
        own, inside = image[:, 0], image[:, 0] != 0
        lower = self.redrawn(image)[:, 0] - own
        wrong = torch.where(inside, lower if self.signed else lower.abs(), torch.nan)
        return torch.where(inside, _median(wrong), 0.0)

    def anomaly(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, D, H, W)``: the error in standard deviations from healthy subjects' at the same place."""
        standard = (self.error(image) - self.error_mean) / self.error_sd
        return torch.where(image[:, 0] != 0, standard, 0.0)

    def scores(self, image: torch.Tensor) -> torch.Tensor:
        """``(N,)``: how much of the brain is unusual, in standard deviations from the healthy subjects' scores.

        The logarithm of the mean, over the brain, of what ``anomaly`` exceeds 3 by. The mean error over the brain,
        which is the paper's, told 60 phantoms with lesions from 40 healthy ones hardly better than chance (area under
        the ROC curve 0.54; excess over 1, 2 and 3: 0.79, 0.90 and 0.95): a shift of ADC all over outweighs a lesion.
        """
        return (self._excess(image) - self.score_mean) / self.score_sd

    def share_below(self, score: float) -> float:
        """Part of healthy subjects, 0..1, with a lower score."""
        quantiles = self.healthy_scores.cpu().double().numpy()
        return float(np.interp(score, quantiles, np.linspace(0, 1, len(quantiles))))

    def _excess(self, image: torch.Tensor) -> torch.Tensor:
        inside = image[:, 0] != 0
        beyond = functional.softplus(self.anomaly(image) - UNUSUAL, beta=_SHARPNESS) * inside
        return torch.log(beyond.sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp(min=1) + _EXCESS_FLOOR)

    @torch.no_grad()
    def measure_answers(self, images: Iterable[torch.Tensor]) -> None:
        shape = self.only_shape
        total, square, seen = (torch.zeros(shape, dtype=torch.float64) for _ in range(3))
        for image in images:
            error, inside = self.error(image).double(), image[:, 0] != 0
            total += (error * inside).sum(0)
            square += (error.square() * inside).sum(0)
            seen += inside.sum(0)
        # neighbours are taken in: few healthy subjects say little of one cell
        count = _smooth(seen).clamp(min=1e-6)
        mean = _smooth(total) / count
        variance = (_smooth(square) / count - mean.square()).clamp(min=_LEAST_SD**2)
        self.error_mean.copy_(mean.half())
        self.error_sd.copy_(variance.sqrt().half())
        found = torch.cat([self._excess(image) for image in images])
        self.score_mean.copy_(found.mean().half())
        self.score_sd.copy_(found.std().clamp(min=_LEAST_SCORE_SD).half())
        standard = (found - self.score_mean) / self.score_sd
        self.healthy_scores.copy_(torch.quantile(standard, torch.linspace(0, 1, _QUANTILES)).half())


def _median(values: torch.Tensor) -> torch.Tensor:
    """Of 3 x 3 x 3 cells; NaN counts for nothing."""
    padded = functional.pad(values[:, None], (1,) * 6, value=torch.nan)[:, 0]
    around = padded.unfold(1, 3, 1).unfold(2, 3, 1).unfold(3, 3, 1).flatten(4)
    return around.nanmedian(-1).values


def _smooth(values: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool3d(values[None, None], _SMOOTHING, stride=1, padding=_SMOOTHING // 2)[0, 0]


def _decoder(
    latent: int, cells: int, start: tuple[int, ...], widths: tuple[int, ...], out_channels: int, norm: str
) -> nn.Sequential:
    """From the latent numbers to ``start`` and, doubled by each of ``widths``, to the image."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["spread"] = nn.Sequential(nn.Linear(latent, cells), nn.ReLU(), nn.Unflatten(1, start))
    before = start[0]
    for number, after in enumerate(widths, start=1):
        parts[f"up{number}"] = nn.Sequential(
            nn.Upsample(scale_factor=POOLING, mode="trilinear"),
            nn.Conv3d(before, after, 3, padding=1),
            norm_layer(norm, after),
            nn.ReLU(),
        )
        before = after
    parts["image"] = nn.Conv3d(before, out_channels, 1)
    return nn.Sequential(parts)
