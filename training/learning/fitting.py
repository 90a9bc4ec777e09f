"""Runs Lightning's trainer so that a run that is killed goes on from its last epoch and ends with the same weights."""

from __future__ import annotations

import gc
import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import pandas as pd
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tqdm import tqdm

from AGE2HIELib.system.parallel import bar_seconds
from training.files import write_whole
from training.learning.keyed import KeyedModule
from training.settings import Hardware

WEIGHTS = "weights.pt"
LOG = "metrics.csv"
_LAST = "last.ckpt"
_EARLIER = "metrics_before_stop_"


@dataclass(frozen=True)
class FitPlace:
    """Where a fit keeps its log, checkpoint and weights; ``bar``: the line of its progress bar, None without one."""

    folder: Path
    hardware: Hardware
    bar: int | None = None


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that are there whole or not at all: a kill in the middle of writing leaves the one before."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        write_whole(Path(path), lambda part: torch.save(checkpoint, part))


def fit(module: KeyedModule, place: FitPlace) -> dict[str, torch.Tensor]:
    """Train to the end, from the last checkpoint where there is one; the network's weights, on the CPU.

    A fit that has ended before is not repeated: its weights are read.
    """
    done = place.folder / WEIGHTS
    if not done.exists():
        last = place.folder / _LAST
        if int(os.environ.get("RANK", "0")) == 0:
            _set_log_aside(place.folder)
        trainer = _trainer(module, place)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*(does not have many workers|exists and is not empty).*")
            warnings.filterwarnings("ignore", message=".*(log_every_n_steps|lr_scheduler.step|LeafSpec|TreeSpec).*")
            warnings.filterwarnings("ignore", message=".*module.s. in eval mode.*")  # a first stage does not learn
            trainer.fit(module, ckpt_path=str(last) if last.exists() else None, weights_only=True)
        module.network.eval().cpu()
        module.conclude()
        weights = {name: value.detach().cpu() for name, value in module.network.state_dict().items()}
        if trainer.is_global_zero:
            _join_logs(place.folder)
            write_whole(done, lambda part: torch.save(weights, part))
            last.unlink(missing_ok=True)
        trainer.strategy.barrier()
        _let_go(trainer, module)
    trained: dict[str, torch.Tensor] = torch.load(done, weights_only=True)
    module.network.load_state_dict(trained)
    module.network.eval()
    return trained


def _let_go(trainer: lightning.Trainer, module: KeyedModule) -> None:
    """Free what only learning needs: gradients and the optimiser's moments (three times the weights), volumes, noise.

    Trainer and module hold each other, so that both would stay until Python looks for cycles: five fits of ResNet-18
    in one process took 3.0 GB.
    """
    module.zero_grad(set_to_none=True)
    module.let_go()
    for optimiser in trainer.optimizers:
        optimiser.state.clear()
    trainer.strategy.optimizers = []
    gc.collect()


def _set_log_aside(folder: Path) -> None:
    """Lightning's CSV logger would delete the log of the epochs before a stop."""
    log = folder / LOG
    if log.exists():
        log.rename(folder / f"{_EARLIER}{len(list(folder.glob(_EARLIER + '*'))):04d}.csv")


def _join_logs(folder: Path) -> None:
    """One log of all epochs; of an epoch that was begun twice the later row stays.

    A kill may have left a log empty, and a fit that was stopped after its last epoch has none of its own.
    """
    earlier = sorted(folder.glob(_EARLIER + "*"))
    if not earlier:
        return
    written = [path for path in (*earlier, folder / LOG) if path.exists() and path.stat().st_size]
    if written:
        joined = pd.concat([pd.read_csv(path) for path in written]).drop_duplicates("epoch", keep="last")
        write_whole(folder / LOG, lambda part: joined.to_csv(part, index=False))
    for path in earlier:
        path.unlink()


def _trainer(module: KeyedModule, place: FitPlace) -> lightning.Trainer:
    hardware = place.hardware
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    place.folder.mkdir(parents=True, exist_ok=True)
    keep: list[Callback] = [_Release(), _LastEpoch(place.folder / _LAST)]
    bar: list[Callback] = [] if place.bar is None else [_EpochBar(place.folder.name, place.bar)]
    devices, nodes = _processes()
    return lightning.Trainer(
        max_epochs=module.learner.epochs,
        accelerator=hardware.accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if devices * nodes > 1 else "auto",
        precision=hardware.precision,
        accumulate_grad_batches=module.learner.accumulate,
        gradient_clip_val=1.0,
        use_distributed_sampler=False,
        logger=_loggers(place),
        callbacks=[*keep, *bar],
        plugins=[WholeCheckpoints()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1000,
        num_sanity_val_steps=0,
    )


def _processes() -> tuple[int, int]:
    """(processes on this machine, machines) that torchrun has started; one without it."""
    if "WORLD_SIZE" not in os.environ:
        return 1, 1
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return here, int(os.environ["WORLD_SIZE"]) // here


class _Release(Callback):
    """Lets blocks learn from the epoch on in which they are released, also in a fit that goes on."""

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, KeyedModule)
        pl_module.let_learn(trainer.current_epoch)


class _LastEpoch(Callback):
    """Keeps one checkpoint, of the epoch that ended last."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        trainer.save_checkpoint(self.path)


class _EpochBar(Callback):
    """One bar for the whole fit, with the loss and the time left."""

    def __init__(self, description: str, line: int) -> None:
        self.description = description
        self.line = line
        self.bar: Any = None

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.is_global_zero:
            steps = trainer.num_training_batches
            total = int(trainer.max_epochs or 1) * int(steps)
            done = trainer.current_epoch * int(steps)
            options = {"desc": self.description, "unit": "batch", "mininterval": bar_seconds(), "position": self.line}
            self.bar = tqdm(total=total, initial=done, **options)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if self.bar is not None:
            self.bar.update()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if self.bar is not None:
            losses = {name: f"{float(value):.3f}" for name, value in trainer.callback_metrics.items()}
            self.bar.set_postfix({"epoch": trainer.current_epoch + 1, **losses}, refresh=False)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if self.bar is not None:
            self.bar.close()


def _loggers(place: FitPlace) -> list[Any]:
    """A CSV for the report and, where a fit is long enough for a bar, TensorBoard."""
    csv = CSVLogger(place.folder, name="", version="")
    return [csv] if place.bar is None else [csv, TensorBoardLogger(place.folder, name="", version="tensorboard")]
