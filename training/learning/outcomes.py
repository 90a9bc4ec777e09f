"""Learning the outcome from ADC and z: the arms' common step, with or without a pretrained trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.networks.streams import StreamsNetwork
from training.learning.augment import Draws, augment_adc, pick_z
from training.learning.batches import Images, at_once
from training.learning.keyed import KeyedModule, Learner, Rates
from training.learning.reconstruction import kept_apart, reconstruction_losses
from training.learning.transfer import Start

# Auxiliary targets teach a network on few cases what the outcome depends on: how much of the brain is lesion, and
# where. What reads them is no part of what ships; the evidence of voxels, which is, learns from the third as well.
_LOAD_WEIGHT = 0.5
_PLACE_WEIGHT = 3.0
_VOXEL_WEIGHT = 3.0
LOAD_FLOOR = 1e-3  # share of the brain; loads below it count as none


@dataclass(frozen=True)
class Infants:
    """The cohort's targets.

    Attributes:
        chosen: indices to learn from.
        adverse: ``(N,)`` bool.
        healthy: ``(N,)`` bool, those that say what is normal, where a network asks for it.
        lesions: ``(N, D, H, W)`` uint8 and ``load`` ``(N,)`` share of the brain; None without auxiliary targets.
        z_maps: "released" or "atlas": what is fed where nothing is augmented.
    """

    chosen: np.ndarray
    adverse: np.ndarray
    healthy: np.ndarray
    z_maps: str
    lesions: np.ndarray | None = None
    load: np.ndarray | None = None


class OutcomeModule(KeyedModule):
    """Learns the logit of an adverse outcome from where ``start`` says."""

    network: StagedNetwork

    def __init__(self, start: Start, volumes: np.ndarray, infants: Infants, learner: Learner) -> None:
        super().__init__(start.network, volumes, infants.chosen, learner)
        self.infants = infants
        self.start = start
        self.adverse = torch.tensor(infants.adverse).float()
        self.auxiliary = _Auxiliary(start.network, volumes.shape[1] - 1) if infants.lesions is not None else None

    def rates(self) -> Sequence[Rates]:
        extra = tuple(self.auxiliary.parameters()) if self.auxiliary is not None else ()
        return [*self.start.groups, Rates(extra, self.start.groups[0].rate)]

    def on_train_epoch_start(self) -> None:
        for module in self.network.modules() if self.start.norms_frozen else ():
            if isinstance(module, nn.BatchNorm3d):
                module.eval()  # their statistics were measured beforehand, and stay

    def loss(self, volumes: torch.Tensor, rows: torch.Tensor, draws: Draws | None) -> dict[str, torch.Tensor]:
        lesions = self._lesions(rows)
        if draws is None:
            images = pick_z(volumes, self.infants.z_maps)
        else:
            images, lesions = augment_adc(volumes, lesions, draws, morphometry=isinstance(self.network, StreamsNetwork))
        target = self.adverse.to(rows.device)[rows]
        if self.auxiliary is None or lesions is None:
            logits = self.network(images)[:, 0]
            outcome = functional.binary_cross_entropy_with_logits(logits, target)
            return {"outcome_loss": outcome, **self._redrawing(volumes, rows)}
        middle = self.network.below(images, self.auxiliary.layer)
        top = self.network.top(middle, self.auxiliary.layer)
        load_loss, place_loss = self.auxiliary(middle, top, lesions.float(), self._load(rows))
        outcome = functional.binary_cross_entropy_with_logits(
            self.network.above(middle, self.auxiliary.layer)[:, 0], target
        )
        return {
            "outcome_loss": outcome,
            "load_loss": _LOAD_WEIGHT * load_loss,
            "place_loss": _PLACE_WEIGHT * place_loss,
            **self._marked(images, lesions),
        }

    def _marked(self, images: torch.Tensor, lesions: torch.Tensor) -> dict[str, torch.Tensor]:
        """Of a network that sums the evidence of voxels: how well that evidence says which ones an expert marked."""
        voxels = self.network.voxels
        if voxels is None:
            return {}
        seen = self.network.seen_by_voxels(images)
        inside = (seen != 0).any(1, keepdim=True)
        return {"voxel_loss": _VOXEL_WEIGHT * marked_loss(voxels.values(seen)[inside], lesions[inside] > 0.5)}

    def healthy_images(self) -> Images:
        """The healthy infants that it learns from, without augmentation."""
        return self._images(self._healthy)

    @property
    def _healthy(self) -> np.ndarray:
        return np.asarray(self.chosen[self.infants.healthy[self.chosen]])

    def _images(self, rows: np.ndarray) -> Images:
        return Images(self._volumes, rows, partial(pick_z, source=self.infants.z_maps))

    def conclude(self) -> None:
        apart = isinstance(self.network, AutoencoderNetwork)
        self.network.measure_answers(self._images(kept_apart(self._healthy) if apart else self._healthy))

    def _redrawing(self, volumes: torch.Tensor, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Of an autoencoder: the healthy infants as they are, half of them mirrored."""
        if not isinstance(self.network, AutoencoderNetwork):
            return {}
        images = pick_z(volumes, self.infants.z_maps)
        mirrored = torch.rand(len(images), device=images.device) < 0.5
        images = torch.where(mirrored.view(-1, 1, 1, 1, 1), images.flip(2), images)
        taught = np.setdiff1d(self._healthy, kept_apart(self._healthy))
        healthy = torch.from_numpy(np.isin(rows.cpu().numpy(), taught)).to(images.device)
        return reconstruction_losses(self.network, images, healthy)

    def _lesions(self, rows: torch.Tensor) -> torch.Tensor | None:
        if self.infants.lesions is None:
            return None
        return torch.from_numpy(self.infants.lesions[rows.cpu().numpy()])[:, None].to(rows.device)

    def _load(self, rows: torch.Tensor) -> torch.Tensor:
        assert self.infants.load is not None  # load and lesions come together
        return torch.from_numpy(self.infants.load[rows.cpu().numpy()]).float().to(rows.device)


class _Auxiliary(nn.Module):
    """From the middle of the trunk to a map of the lesion, and from its end to the logarithm of the load."""

    def __init__(self, network: StagedNetwork, channels: int) -> None:
        super().__init__()
        self.layer = network.layers[min(2, len(network.layers) - 2)]
        self.place = nn.LazyConv3d(1, 1)
        self.load = nn.LazyLinear(1)
        with torch.no_grad():
            middle = network.below(torch.zeros(1, channels, *(network.only_shape or (64, 64, 64))), self.layer)
            self.place(middle)
            self.load(network.top(middle, self.layer).mean((2, 3, 4)))

    def forward(
        self, middle: torch.Tensor, top: torch.Tensor, lesions: torch.Tensor, load: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        depth, height, width = middle.shape[2:]
        share = functional.adaptive_avg_pool3d(lesions, (depth, height, width))
        place = functional.binary_cross_entropy_with_logits(self.place(middle), share)
        return functional.smooth_l1_loss(self.load(top.mean((2, 3, 4)))[:, 0], log_load(load)), place


def marked_loss(evidence: torch.Tensor, marked: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood of ``marked`` (bool) where evidence ``e >= 0`` marks with probability 1 - exp(-e).

    The complementary log-log link: evidence that is summed is then the expected count of a Poisson process, and its
    mean over a brain close to the marked share where little is.
    """
    there = torch.log(-torch.expm1(-evidence.clamp(min=_LEAST_EVIDENCE)))
    return torch.where(marked, -there, evidence).mean()


_LEAST_EVIDENCE = 1e-6  # a marked voxel costs 14 at most


def log_load(load: torch.Tensor) -> torch.Tensor:
    """log10 of the lesion load in units of 1 %, floored at 0.1 %."""
    return torch.log10(torch.clamp(load, min=LOAD_FLOOR) / 0.01)


def logits(network: nn.Module, volumes: np.ndarray, z_maps: str, *, batch_size: int = 8) -> np.ndarray:
    """``(N,)`` logits of prepared volumes ``(N, 3 + S, D, H, W)``, without augmentation, on the network's device."""
    device = next(network.parameters()).device
    found, batch_size = [], at_once(volumes, batch_size)
    with torch.no_grad():
        for start in range(0, len(volumes), batch_size):
            part = torch.from_numpy(np.asarray(volumes[start : start + batch_size])).to(device)
            found.append(network(pick_z(part, z_maps))[:, 0].cpu())
    return torch.cat(found).numpy()
