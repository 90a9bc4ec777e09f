"""What pretraining and fine-tuning share: resident volumes, keyed randomness, rates that rise and fall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import lightning
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import nn
from torch.utils.data import DataLoader

from training.learning.augment import TABLE_VALUES, Draws
from training.learning.batches import Batch, KeyedBatches, Samples, loader, resident
from training.learning.randomness import key, noise_bank, uniforms

_RISE = 0.15  # share of a group's steps in which its rate rises


@dataclass(frozen=True)
class Learner:
    """How a network learns; ``seed`` decides order, augmentation and dropout, but not the network's first weights."""

    epochs: int
    batch_size: int
    weight_decay: float
    seed: int
    augment: bool = True
    optimiser: Literal["adamw", "sgd"] = "adamw"
    accumulate: int = 1
    resident_share: float = 0.6


@dataclass(frozen=True)
class Rates:
    """Parameters that learn at one rate: nothing until epoch ``release``, then up to ``rate`` and back to nothing.

    Until then they have no gradient (``KeyedModule.let_learn``).
    """

    parameters: tuple[nn.Parameter, ...]
    rate: float
    release: int = 0


class KeyedModule(lightning.LightningModule):
    """A network that is fed prepared volumes; subclasses say what a batch's loss is.

    Args:
        network: what learns.
        volumes: ``(N, C, D, H, W)`` float16, perhaps memory-mapped.
        chosen: indices of the volumes that it learns from.
        learner: how.
    """

    def __init__(self, network: nn.Module, volumes: np.ndarray, chosen: np.ndarray, learner: Learner) -> None:
        super().__init__()
        self.network = network.train()  # Lightning leaves the mode as it is
        self.learner = learner
        self.chosen = np.sort(chosen)
        self._volumes = volumes
        self._resident: torch.Tensor | None = None
        self._bank: torch.Tensor | None = None

    def rates(self) -> Sequence[Rates]:
        """Groups of parameters with their rates."""
        raise NotImplementedError

    def let_learn(self, epoch: int) -> None:
        """Give gradients to the parameters that are released by this epoch, and to no others of the groups.

        Gradients are clipped to a norm over all that have one: those of blocks that do not learn yet would use it up,
        and head and stem would learn more slowly than their rates say, in this arm and not in the one from scratch.
        """
        for group in self.rates():
            for parameter in group.parameters:
                parameter.requires_grad_(group.release <= epoch)

    def loss(self, volumes: torch.Tensor, rows: torch.Tensor, draws: Draws | None) -> dict[str, torch.Tensor]:
        """Parts of the loss, already weighted, by name; ``rows`` are indices into the cohort on the device."""
        raise NotImplementedError

    def conclude(self) -> None:
        """What the network keeps of the subjects that it has learned from, once it has; nothing unless said."""

    def let_go(self) -> None:
        """Give up the volumes and the noise that lie on the device."""
        self._resident = self._bank = None

    def train_dataloader(self) -> DataLoader[Batch]:
        batches = KeyedBatches(
            len(self.chosen),
            self.learner.batch_size,
            seed=self.learner.seed,
            rank=self.trainer.global_rank,
            world=self.trainer.world_size,
        )
        self._resident = resident(self._volumes, self.device, self.learner.resident_share)
        return loader(Samples(self.chosen, self._volumes if self._resident is None else None), batches)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        rows = batch.rows.to(device, non_blocking=True)
        if self._resident is not None:
            return Batch(rows, self._resident[rows])
        assert batch.volumes is not None  # the loader reads what is not resident
        return Batch(rows, batch.volumes.to(device, non_blocking=True))

    def training_step(self, batch: Batch, number: int) -> torch.Tensor:
        # dropout draws from the global generator: tied to the step, a resumed run draws the same
        torch.manual_seed(key(self.learner.seed, self.current_epoch, number))
        assert batch.volumes is not None  # they were brought to the device
        parts = self.loss(batch.volumes, batch.rows, self._draws(batch.rows) if self.learner.augment else None)
        self.log_dict(
            {name: part.detach() for name, part in parts.items()},
            on_step=False,
            on_epoch=True,
            prog_bar=True,
            batch_size=len(batch.rows),
            sync_dist=self.trainer.world_size > 1,
        )
        return torch.stack(list(parts.values())).sum()

    def _draws(self, rows: torch.Tensor) -> Draws:
        if self._bank is None or self._bank.device != self.device:
            self._bank = noise_bank(self.learner.seed).to(self.device)
        table = uniforms(self.learner.seed, self.current_epoch, rows, TABLE_VALUES)
        return Draws(table.to(self.device, non_blocking=True), self._bank)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        groups = [group for group in self.rates() if group.parameters]
        tables = [{"params": list(group.parameters), "lr": group.rate} for group in groups]
        decay = self.learner.weight_decay
        optimiser: torch.optim.Optimizer
        if self.learner.optimiser == "sgd":
            optimiser = torch.optim.SGD(tables, lr=groups[0].rate, momentum=0.9, weight_decay=decay)
        else:
            optimiser = torch.optim.AdamW(tables, lr=groups[0].rate, weight_decay=decay)
        per_epoch = max(1, len(self.chosen) // min(self.learner.batch_size, len(self.chosen)))
        per_epoch = -(-per_epoch // self.learner.accumulate)
        factors = [_factor(group.release * per_epoch, self.learner.epochs * per_epoch) for group in groups]
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, factors)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["learner"] = repr(self.learner)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if checkpoint.get("learner") != repr(self.learner):
            raise ValueError("the checkpoint was made with other settings; delete its folder to start again")


def _factor(release: int, total: int) -> Any:
    """Factor on the rate at each step: 0 before ``release``, a linear rise, half a cosine down to 0 at ``total``."""

    def factor(step: int) -> float:
        if step < release:
            return 0.0
        share = (step - release + 1) / max(1, total - release)
        if share < _RISE:
            return share / _RISE
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (share - _RISE) / (1 - _RISE))))

    return factor
