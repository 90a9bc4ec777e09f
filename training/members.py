"""Fits the members of an ensemble on prepared inputs with Lightning, resumable, progress shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from AGE2HIELib.networks.sfcn import SFCN
from training.augment import augment, pick_z
from training.phantom_cohort import Cohort

# Two auxiliary targets teach a network on few cases what the outcome depends on: how much of the brain is lesion, and
# where. Neither is part of what ships.
_LOAD_WEIGHT = 0.5
_PLACE_WEIGHT = 3.0
_PLACE_LAYER = "block3"
_LOAD_FLOOR = 1e-3  # share of the brain; loads below it count as none


@dataclass(frozen=True)
class FitOptions:
    """How a member is trained: ``channels`` after each block, passes over the cohort, cases a step."""

    channels: tuple[int, ...]
    epochs: int
    batch_size: int = 8
    learning_rate: float = 2e-3
    norm: str = "batch"
    weight_decay: float = 1e-3
    dropout: float = 0.1


class OutcomeModule(lightning.LightningModule):
    """An SFCN with two outputs, the outcome's logit and the logarithm of the lesion load, and a map of the lesion."""

    def __init__(self, options: FitOptions, *, in_channels: int, seed: int, steps: int) -> None:
        super().__init__()
        self.options = options
        self.steps = steps
        self.network = SFCN(in_channels, options.channels, outputs=2, norm=options.norm, dropout=options.dropout)
        self.place = nn.Conv3d(options.channels[int(_PLACE_LAYER[-1]) - 1], 1, 1)
        self.draw = torch.Generator().manual_seed(seed)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        inputs, lesions, load, adverse = batch
        images, lesions = augment(inputs.float(), lesions.float(), self.draw)
        features = self.network.below(images, _PLACE_LAYER)
        outputs = self.network.above(features, _PLACE_LAYER)
        depth, height, width = features.shape[2:]
        share = functional.adaptive_avg_pool3d(lesions, (depth, height, width))
        place_loss = functional.binary_cross_entropy_with_logits(self.place(features), share)
        outcome_loss = functional.binary_cross_entropy_with_logits(outputs[:, 0], adverse)
        load_loss = functional.smooth_l1_loss(outputs[:, 1], log_load(load))
        losses = {"outcome": outcome_loss, "load": load_loss, "place": place_loss}
        self.log_dict(losses, prog_bar=True, on_step=False, on_epoch=True)
        return outcome_loss + _LOAD_WEIGHT * load_loss + _PLACE_WEIGHT * place_loss

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        optimiser = torch.optim.AdamW(
            self.parameters(), lr=self.options.learning_rate, weight_decay=self.options.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.options.learning_rate, total_steps=self.steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def log_load(load: torch.Tensor) -> torch.Tensor:
    """log10 of the lesion load in units of 1 %, floored at 0.1 %."""
    return torch.log10(torch.clamp(load, min=_LOAD_FLOOR) / 0.01)


def fit_member(cohort: Cohort, options: FitOptions, *, seed: int, folder: Path) -> SFCN:
    """Train one member; the folder keeps its log and last checkpoint, from which a stopped run goes on."""
    lightning.seed_everything(seed, verbose=False)
    data = TensorDataset(
        torch.from_numpy(cohort.inputs),
        torch.from_numpy(cohort.lesions[:, None]),
        torch.from_numpy(cohort.load).float(),
        torch.from_numpy(cohort.adverse).float(),
    )
    order = torch.Generator().manual_seed(seed)
    loader = DataLoader(data, batch_size=options.batch_size, shuffle=True, drop_last=True, generator=order)
    steps = options.epochs * len(loader)
    module = OutcomeModule(options, in_channels=2, seed=seed, steps=steps)
    last = folder / "last.ckpt"
    trainer = lightning.Trainer(
        max_epochs=options.epochs,
        accelerator="auto",
        devices=1,
        logger=CSVLogger(folder.parent, name=folder.name, version=""),
        callbacks=[ModelCheckpoint(folder, save_last=True, save_top_k=0), TQDMProgressBar(refresh_rate=10)],
        enable_model_summary=False,
        gradient_clip_val=1.0,
    )
    trainer.fit(module, loader, ckpt_path=last if last.exists() else None)
    return outcome_network(module.network)


def outcome_network(trained: SFCN) -> SFCN:
    """The network without its auxiliary output."""
    linear = trained.head[-1]
    assert isinstance(linear, nn.Linear)
    single = nn.Linear(linear.in_features, 1)
    with torch.no_grad():
        single.weight.copy_(linear.weight[:1])
        single.bias.copy_(linear.bias[:1])
    trained.head[-1] = single
    return trained.cpu().eval()


def logits(members: list[SFCN], inputs: torch.Tensor, source: str, *, batch_size: int = 8) -> torch.Tensor:
    """``(M, N)`` logits of every member for prepared inputs ``(N, 3, D, H, W)`` with z from ``source``."""
    with torch.no_grad():
        return torch.stack(
            [
                torch.cat([member(pick_z(part.float(), source))[:, 0] for part in inputs.split(batch_size)])
                for member in members
            ]
        )
