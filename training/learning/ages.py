"""Learning age from T1: what is minimised, and the years that a network gives a whole cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from AGE2HIELib.networks.age import AgeNetwork, bin_centres, standardise
from AGE2HIELib.networks.age_head import AgeBins
from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from training.learning.augment import Draws, augment_t1
from training.learning.batches import Images, at_once
from training.learning.keyed import KeyedModule, Learner, Rates
from training.learning.ranking import ranking_loss
from training.learning.reconstruction import kept_apart, reconstruction_losses
from training.learning.stacking import stack_parts

_BIN_SD = 1.0  # of the Gaussian soft labels, in bins


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
        ranking: bool = False,
    ) -> None:
        super().__init__(network, volumes, subjects.chosen, learner)
        self.ranking = ranking
        self.learning_rate = learning_rate
        self.subjects = subjects
        self.ages = torch.tensor(subjects.ages_years).float()
        self.brain_ml = torch.tensor(subjects.brain_ml).float()

    def rates(self) -> Sequence[Rates]:
        learning = tuple(each for each in self.network.parameters() if each.requires_grad)
        return [Rates(learning, self.learning_rate)]

    def conclude(self) -> None:
        encoder = self.network.encoder
        rows = kept_apart(self.chosen) if isinstance(encoder, AutoencoderNetwork) else self.chosen
        encoder.measure_answers(Images(self._volumes, rows))

    def loss(self, volumes: torch.Tensor, rows: torch.Tensor, draws: Draws | None) -> dict[str, torch.Tensor]:
        images = volumes.float() if draws is None else augment_t1(volumes, draws)
        outputs = self.network.lessons(images, self.brain_ml.to(rows.device)[rows])
        ages = self.ages.to(rows.device)[rows]
        extra = {}
        if isinstance(self.network.encoder, AutoencoderNetwork):
            redrawn = ~np.isin(rows.cpu().numpy(), kept_apart(self.chosen))
            extra = reconstruction_losses(self.network.encoder, images, torch.from_numpy(redrawn).to(images.device))
        return {**self._age_loss(outputs, ages), **extra}

    def _age_loss(self, outputs: torch.Tensor, ages: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.network.head.kind == "soft":
            target = soft_labels(ages, self.network.head.bins)
            (answer,) = outputs.unbind(2)
            return {"kl_loss": functional.kl_div(functional.log_softmax(answer, 1), target, reduction="batchmean")}
        target = standardise(ages, self.network.head)
        if self.ranking:
            return ranking_loss(outputs[:, 0].mean(1), target)
        every = target[:, None].expand_as(outputs[:, 0])
        return {"huber_loss": functional.huber_loss(outputs[:, 0], every, delta=0.5)}

    def on_train_end(self) -> None:
        if self.subjects.kept_back is not None:
            numbers = (self.subjects.ages_years, self.subjects.brain_ml, self.subjects.kept_back)
            stack_parts(self.network, self._volumes, *numbers)


@dataclass(frozen=True)
class Subjects:
    """``chosen``: indices to learn from; ``ages_years`` and ``brain_ml``: ``(N,)`` of the whole cohort; ``kept_back``:
    indices to which the parts of a network of patches are fitted at the end, None for other networks.
    """

    chosen: np.ndarray
    ages_years: np.ndarray
    brain_ml: np.ndarray
    kept_back: np.ndarray | None = None


def soft_labels(ages: torch.Tensor, bins: AgeBins) -> torch.Tensor:
    """``(N, bins)``: a Gaussian of one bin's width around each age, summing to 1."""
    distance = (ages[:, None] - bin_centres(bins, ages.device)) / bins.width_years
    return torch.softmax(-0.5 * (distance / _BIN_SD) ** 2, dim=1)


def predicted_years(
    network: AgeNetwork, volumes: np.ndarray, brain_ml: np.ndarray, *, batch_size: int = 16
) -> np.ndarray:
    """``(N,)`` years for prepared volumes, without augmentation, on the network's device."""
    device = next(network.parameters()).device
    years, batch_size = [], at_once(volumes, batch_size)
    with torch.no_grad():
        for start in range(0, len(volumes), batch_size):
            part = slice(start, start + batch_size)
            images = torch.from_numpy(np.asarray(volumes[part])).float().to(device)
            outputs = network(images, torch.from_numpy(brain_ml[part]).float().to(device))
            years.append(network.years(outputs).cpu())
    return torch.cat(years).numpy()
