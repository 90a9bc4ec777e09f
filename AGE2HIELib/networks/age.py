"""A network on T1 that gives years, by regression or as a distribution over bins."""

from __future__ import annotations

import torch
from torch import nn

from AGE2HIELib.networks.age_head import BINS, OLDEST_YEARS, AgeHead
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
        """``(N, 1)`` standardised age or ``(N, 40)`` logits of the bins, of ``(N, 1, D, H, W)`` and ``(N,)``."""
        outputs: torch.Tensor = self.encoder(images)
        if self.volume is not None:
            outputs = outputs + self.volume(
                (torch.log(brain_ml) - self.head.volume_mean)[:, None] / self.head.volume_sd
            )
        return outputs

    def years(self, outputs: torch.Tensor) -> torch.Tensor:
        """``(N,)`` age in years."""
        if self.head.kind == "huber":
            return outputs[:, 0] * self.head.sd + self.head.mean
        return torch.softmax(outputs, dim=1) @ bin_centres(outputs.device)


def bin_centres(device: torch.device | None = None) -> torch.Tensor:
    """``(40,)`` years."""
    width = OLDEST_YEARS / BINS
    return (torch.arange(BINS, device=device) + 0.5) * width
