"""A second network that corrects the rounded age of a first one (Cheng et al. 2021, arXiv:2106.03052)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from AGE2HIELib.networks.staged import StagedNetwork

STEP_YEARS = 5.0  # to whose multiples the first age is rounded, as published
_FEATURES, _OF_AGE, _JOINED = 32, 16, 16  # units, as published


class TwoStage(StagedNetwork):
    """Age from the blocks of the second network and the rounded age of the first, in standard deviations.

    The answer is the rounded age and a residual, which the second network reads off the image beside that age. The
    first network stays as it is. Its rounded age is carried upwards as one channel more, the last, of every block; maps
    explain the residual, since a rounded age has no gradient.

    Args:
        first: answers ``(N, 1)`` standardised age; frozen.
        second: whose blocks are taken; its own head is not used.
        mean_years, sd_years: of the training ages, by which ages are standardised.
        step_years: to whose multiples the first age is rounded.
        dropout: before the linear layer on the features, while training.
    """

    def __init__(
        self,
        first: StagedNetwork,
        second: StagedNetwork,
        *,
        mean_years: float,
        sd_years: float,
        step_years: float = STEP_YEARS,
        dropout: float = 0.0,
    ) -> None:
        blocks = dict(second.blocks.named_children())
        cells = {name: second.cells(name) for name in second.layers}
        super().__init__(blocks, cells, features=second.features, outputs=_FEATURES, dropout=dropout)
        if not sd_years > 0 or not step_years > 0:
            raise ValueError(f"sd_years is {sd_years} and step_years {step_years}; both must be above 0")
        self.mean_years, self.sd_years, self.step_years = mean_years, sd_years, step_years
        self.first = first.requires_grad_(False)
        self.of_age = nn.Sequential(nn.Linear(1, 32), nn.ReLU(), nn.Linear(32, _OF_AGE), nn.ReLU())
        self.residual = nn.Sequential(nn.Linear(_FEATURES + _OF_AGE, _JOINED), nn.ELU(), nn.Linear(_JOINED, 1))

    @property
    def read_out(self) -> tuple[nn.Parameter, ...]:
        parts = (self.head, self.of_age, self.residual)
        return tuple(parameter for part in parts for parameter in part.parameters())

    def train(self, mode: bool = True) -> TwoStage:
        super().train(mode)
        self.first.eval()
        return self

    def rounded_years(self, image: torch.Tensor) -> torch.Tensor:
        """``(N,)`` the first network's age as a multiple of ``step_years``."""
        with torch.no_grad():
            years = self.first(image)[:, 0] * self.sd_years + self.mean_years
            return self.step_years * torch.round(years / self.step_years)

    def below(self, image: torch.Tensor, layer: str) -> torch.Tensor:
        """The output of block ``layer``, and the rounded age, standardised, as its last channel."""
        features = self.blocks[: self._after(layer)](image)
        rounded = (self.rounded_years(image) - self.mean_years) / self.sd_years
        return torch.cat([features, rounded.view(-1, 1, 1, 1, 1).expand(-1, 1, *features.shape[2:])], dim=1)

    def top(self, features: torch.Tensor, layer: str) -> torch.Tensor:
        return super().top(features[:, :-1], layer)

    def _answer(self, features: torch.Tensor, layer: str) -> torch.Tensor:
        rounded = features[:, -1:].mean((2, 3, 4)).detach()
        seen = functional.elu(self.head(self.top(features, layer)))
        answer: torch.Tensor = rounded + self.residual(torch.cat([seen, self.of_age(rounded)], dim=1))
        return answer
