"""Learning something else than age from T1: sex, a segmentation, what was hidden, or age and sex together.

Each teaches a trunk for the same epochs on the same scans as age does, so that the arms tell what the task is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from AGE2HIELib.networks.staged import StagedNetwork
from training.learning.augment import Draws, augment_t1, augment_t1_with
from training.learning.keyed import KeyedModule, Learner, Rates

SEX, SEGMENTATION, RECONSTRUCTION, AGE_AND_SEX = PRETEXTS = ("sex", "segmentation", "reconstruction", "age+sex")
HIDDEN_SHARE = (0.60, 0.75)  # of the cubes; from which a sample's share is drawn
_CUBES = 8  # along each axis
_FEWEST_CHANNELS = 8
_HUBER = 0.5  # standard deviations of age, as where age alone is learned


@dataclass(frozen=True)
class Lessons:
    """What there is to learn, for the whole cohort.

    Attributes:
        chosen: indices to learn from.
        ages: ``(N,)`` in standard deviations of the chosen.
        male: ``(N,)`` 1 or 0; NaN where it is not known.
        classes: ``(N, D, H, W)`` uint8 0..``count`` - 1, 0 outside the brain; None where scans have no segmentation.
        count: of classes, the outside included.
    """

    chosen: np.ndarray
    ages: np.ndarray
    male: np.ndarray
    classes: np.ndarray | None = None
    count: int = 0


class PretextNetwork(nn.Module):
    """A trunk, and what its task needs above it; only the trunk is kept.

    Args:
        encoder: whose blocks learn; its head gives the age.
        task: one of ``PRETEXTS``.
        classes: of the segmentation.
    """

    def __init__(self, encoder: StagedNetwork, task: str, classes: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        last = encoder.layers[-1]
        features = encoder.features
        self.sex = nn.Linear(features, 1) if task in (SEX, AGE_AND_SEX) else None
        outputs = {SEGMENTATION: classes, RECONSTRUCTION: 1}.get(task, 0)
        doublings = int(np.log2(encoder.cells(last).stride))
        self.decoder = decoder(features, outputs, doublings) if outputs else None
        # how sure each of two tasks is: their losses are weighed by it (Kendall 2018, doi:10.1109/CVPR.2018.00781)
        self.log_variance = nn.Parameter(torch.zeros(2)) if task == AGE_AND_SEX else None

    def top(self, images: torch.Tensor) -> torch.Tensor:
        """``(N, C, cells, cells, cells)`` of the last block."""
        last = self.encoder.layers[-1]
        return self.encoder.below(images, last)


def decoder(features: int, outputs: int, doublings: int) -> nn.Sequential:
    """From the cells of the last block back to voxels, without a way around the trunk."""
    layers: list[nn.Module] = []
    channels = features
    for _ in range(doublings):
        after = max(channels // 2, _FEWEST_CHANNELS)
        layers += [nn.Conv3d(channels, after, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2, mode="trilinear")]
        channels = after
    return nn.Sequential(*layers, nn.Conv3d(channels, outputs, 3, padding=1))


class PretextModule(KeyedModule):
    """Learns one of ``PRETEXTS`` from the chosen subjects."""

    network: PretextNetwork

    def __init__(
        self,
        network: PretextNetwork,
        volumes: np.ndarray,
        lessons: Lessons,
        learner: Learner,
        *,
        task: str,
        learning_rate: float,
    ) -> None:
        super().__init__(network, volumes, lessons.chosen, learner)
        self.task, self.lessons, self.learning_rate = task, lessons, learning_rate
        self.ages = torch.tensor(lessons.ages).float()
        self.male = torch.tensor(lessons.male).float()

    def rates(self) -> Sequence[Rates]:
        return [Rates(tuple(self.network.parameters()), self.learning_rate)]

    def loss(self, volumes: torch.Tensor, rows: torch.Tensor, draws: Draws | None) -> dict[str, torch.Tensor]:
        if self.task == SEGMENTATION:
            return self._segmentation(volumes, rows, draws)
        images = volumes.float() if draws is None else augment_t1(volumes, draws)
        if self.task == RECONSTRUCTION:
            shown, asked = hide_cubes(images)
            return {"hidden_loss": hidden_loss(self._decoded(shown), images[:, :1], asked[:, :1])}
        return self._of_subject(images, rows)

    def _of_subject(self, images: torch.Tensor, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.network.top(images)
        assert self.network.sex is not None  # both tasks have one
        answered = self.network.sex(features.mean((2, 3, 4)))[:, 0]
        sex = sex_loss(answered, self.male.to(rows.device)[rows])
        if self.task == SEX:
            return {"sex_loss": sex}
        outputs = self.network.encoder.above(features, self.network.encoder.layers[-1])[:, 0]
        age = functional.huber_loss(outputs, self.ages.to(rows.device)[rows], delta=_HUBER)
        assert self.network.log_variance is not None
        weight = torch.exp(-self.network.log_variance)
        return {
            "age_loss": weight[0] * age,
            "sex_loss": weight[1] * sex,
            "weights_loss": self.network.log_variance.sum() / 2,
        }

    def _segmentation(self, volumes: torch.Tensor, rows: torch.Tensor, draws: Draws | None) -> dict[str, torch.Tensor]:
        assert self.lessons.classes is not None  # asked for before the fit
        known = torch.from_numpy(self.lessons.classes[rows.cpu().numpy()]).to(rows.device).long()
        marks = functional.one_hot(known, self.lessons.count).movedim(-1, 1).float()
        images = volumes.float()
        if draws is not None:
            images, marks = augment_t1_with(volumes, marks, draws)
        inside = 1 - marks[:, 0]
        found = -(marks * functional.log_softmax(self._decoded(images), 1)).sum(1)
        return {"segmentation_loss": (found * inside).sum() / inside.sum().clamp(min=1)}

    def _decoded(self, images: torch.Tensor) -> torch.Tensor:
        assert self.network.decoder is not None
        decoded: torch.Tensor = self.network.decoder(self.network.top(images))
        return decoded


def sex_loss(logits: torch.Tensor, male: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy over the subjects whose sex is known; 0 where that is none of them."""
    known = ~torch.isnan(male)
    each = functional.binary_cross_entropy_with_logits(logits, male.nan_to_num(), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def hide_cubes(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """``(N, C, D, H, W)`` with 60 to 75 % of 8 x 8 x 8 cubes set to 0, and where, inside the brain, that was.

    Which cubes is drawn from torch's generator, which a fit seeds at every step.
    """
    count = len(images)
    low, high = HIDDEN_SHARE
    share = (low + (high - low) * torch.rand(count)).view(-1, 1)
    order = torch.rand(count, _CUBES**3).argsort(1).argsort(1)
    hidden = (order < share * _CUBES**3).view(count, 1, _CUBES, _CUBES, _CUBES).float().to(images.device)
    hidden = functional.interpolate(hidden, size=images.shape[2:], mode="nearest")
    return images * (1 - hidden), (hidden > 0) & (images != 0)


def hidden_loss(decoded: torch.Tensor, images: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Mean absolute error where something was hidden."""
    return ((decoded - images).abs() * asked).sum() / asked.sum().clamp(min=1)
