"""A network on T1 that gives years, by regression or as a distribution over bins."""

from __future__ import annotations

import torch
from torch import nn

from AGE2HIELib.networks.age_head import LOG, LOG_OFFSET_YEARS, AgeBins, AgeHead
from AGE2HIELib.networks.parts import PartsNetwork
from AGE2HIELib.networks.staged import StagedNetwork


class AgeNetwork(nn.Module):
    """An encoder and, where the head says so, a term for the brain volume, which affine placement takes away."""

    encoder: StagedNetwork

    def __init__(self, encoder: StagedNetwork, head: AgeHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.volume = nn.Linear(1, 1, bias=False) if head.volume_sd > 0 else None
        if self.volume is not None:
            nn.init.zeros_(self.volume.weight)

    def forward(self, images: torch.Tensor, brain_ml: torch.Tensor) -> torch.Tensor:
        """``(N, 1)`` standardised age or ``(N, bins)`` logits, of ``(N, C, D, H, W)`` and ``(N,)``."""
        outputs: torch.Tensor = self.encoder(images)
        return outputs + self._of_volume(brain_ml)

    def lessons(self, images: torch.Tensor, brain_ml: torch.Tensor) -> torch.Tensor:
        """``(N, outputs, answers)``: everything that learns the age by itself; of most networks the one answer."""
        if not isinstance(self.encoder, PartsNetwork):
            return torch.as_tensor(self(images, brain_ml))[..., None]
        return self.encoder.lessons(images) + torch.as_tensor(self._of_volume(brain_ml))[..., None]

    def _of_volume(self, brain_ml: torch.Tensor) -> torch.Tensor | float:
        if self.volume is None:
            return 0.0
        added: torch.Tensor = self.volume((torch.log(brain_ml) - self.head.volume_mean)[:, None] / self.head.volume_sd)
        return added

    def years(self, outputs: torch.Tensor) -> torch.Tensor:
        """``(N,)`` age in years."""
        return years_from_outputs(outputs, self.head)


def years_from_outputs(outputs: torch.Tensor, head: AgeHead) -> torch.Tensor:
    """``(N, outputs)`` of a network with this head -> ``(N,)`` years, whatever it learned: the mean over the bins, or
    the one output, out of its standard deviations and, where it is one, out of its logarithm.
    """
    if head.kind == "soft":
        return torch.softmax(outputs, dim=1) @ bin_centres(head.bins, outputs.device).to(outputs.dtype)
    value = outputs[:, 0] * head.sd + head.mean
    return torch.exp(value) - LOG_OFFSET_YEARS if head.target == LOG else value


def standardise(ages_years: torch.Tensor, head: AgeHead) -> torch.Tensor:
    """``(N,)`` what the one output of a "huber" head should be; the other way round from ``years_from_outputs``."""
    value = torch.log(ages_years + LOG_OFFSET_YEARS) if head.target == LOG else ages_years
    return (value - head.mean) / head.sd


def bin_centres(bins: AgeBins, device: torch.device | None = None) -> torch.Tensor:
    """``(count,)`` years."""
    return bins.first_years + (torch.arange(bins.count, device=device) + 0.5) * bins.width_years
