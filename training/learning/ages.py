"""Learning age: a network on T1 that gives years, by regression or as a distribution over bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from AGE2HIELib.networks.staged import StagedNetwork
from training.learning.augment import Draws, augment_t1
from training.learning.keyed import KeyedModule, Learner, Rates

BINS = 40  # as in SFCN (Peng 2021, doi:10.1016/j.media.2020.101871)
OLDEST_YEARS = 100.0
_BIN_SD = 1.0  # of the Gaussian soft labels, in bins


@dataclass(frozen=True)
class AgeHead:
    """How outputs become years.

    Attributes:
        kind: "huber" (one output, in standard deviations of the training ages) or "soft" (40 bins over 0-100 years).
        mean, sd: of the training ages, years.
        volume_mean, volume_sd: of ln(brain volume in ml) over the training subjects; sd 0 leaves the volume out.
    """

    kind: str
    mean: float
    sd: float
    volume_mean: float = 0.0
    volume_sd: float = 0.0

    @property
    def outputs(self) -> int:
        return 1 if self.kind == "huber" else BINS


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
        """``(N, 1)`` standardised age or ``(N, 40)`` logits of the bins."""
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


class AgeModule(KeyedModule):
    """Learns the age of the chosen subjects; ``ages_years`` and ``brain_ml`` are ``(N,)`` for the whole cohort."""

    network: AgeNetwork

    def __init__(
        self,
        network: AgeNetwork,
        volumes: np.ndarray,
        subjects: Subjects,
        learner: Learner,
        *,
        learning_rate: float,
    ) -> None:
        super().__init__(network, volumes, subjects.chosen, learner)
        self.learning_rate = learning_rate
        self.ages = torch.tensor(subjects.ages_years).float()
        self.brain_ml = torch.tensor(subjects.brain_ml).float()

    def rates(self) -> Sequence[Rates]:
        return [Rates(tuple(self.network.parameters()), self.learning_rate)]

    def loss(self, volumes: torch.Tensor, rows: torch.Tensor, draws: Draws | None) -> dict[str, torch.Tensor]:
        images = volumes.float() if draws is None else augment_t1(volumes, draws)
        outputs = self.network(images, self.brain_ml.to(rows.device)[rows])
        ages = self.ages.to(rows.device)[rows]
        if self.network.head.kind == "soft":
            target = soft_labels(ages)
            return {"kl_loss": functional.kl_div(functional.log_softmax(outputs, 1), target, reduction="batchmean")}
        target = (ages - self.network.head.mean) / self.network.head.sd
        return {"huber_loss": functional.huber_loss(outputs[:, 0], target, delta=0.5)}


@dataclass(frozen=True)
class Subjects:
    """``chosen``: indices to learn from; ``ages_years`` and ``brain_ml``: ``(N,)`` of the whole cohort."""

    chosen: np.ndarray
    ages_years: np.ndarray
    brain_ml: np.ndarray


def bin_centres(device: torch.device | None = None) -> torch.Tensor:
    """``(40,)`` years."""
    width = OLDEST_YEARS / BINS
    return (torch.arange(BINS, device=device) + 0.5) * width


def soft_labels(ages: torch.Tensor) -> torch.Tensor:
    """``(N, 40)``: a Gaussian of one bin's width around each age, summing to 1."""
    distance = (ages[:, None] - bin_centres(ages.device)) / (OLDEST_YEARS / BINS)
    return torch.softmax(-0.5 * (distance / _BIN_SD) ** 2, dim=1)


def predicted_years(
    network: AgeNetwork, volumes: np.ndarray, brain_ml: np.ndarray, *, batch_size: int = 16
) -> np.ndarray:
    """``(N,)`` years for prepared volumes, without augmentation, on the network's device."""
    device = next(network.parameters()).device
    years = []
    with torch.no_grad():
        for start in range(0, len(volumes), batch_size):
            part = slice(start, start + batch_size)
            images = torch.from_numpy(np.asarray(volumes[part])).float().to(device)
            outputs = network(images, torch.from_numpy(brain_ml[part]).float().to(device))
            years.append(network.years(outputs).cpu())
    return torch.cat(years).numpy()
