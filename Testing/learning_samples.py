"""Small prepared cohorts with a plain signal, and the modules that learn it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import AgeHead
from training.learning.ages import AgeModule, Subjects
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.transfer import new_network
from training.settings import Hardware, Network

CPU = Hardware(accelerator="cpu")
SMALL = Network(channels=(4, 8, 8), norm="group", dropout=0.0)
SHAPE = (16, 16, 16)


def aged_volumes(count: int = 32, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(volumes, ages in years): the whole image brightens with age, under noise."""
    rng = np.random.default_rng(seed)
    ages = rng.uniform(0, 90, count)
    level = ((ages - 45) / 30)[:, None, None, None, None]
    return (rng.normal(0, 0.3, (count, 1, *SHAPE)) + level).astype(np.float16), ages


def age_module(*, epochs: int, batch_size: int = 8, network: Network = SMALL, optimiser: str = "adamw") -> AgeModule:
    volumes, ages = aged_volumes()
    encoder = new_network(network, in_channels=1, outputs=1, seed=3)
    learner = Learner(epochs, batch_size, 1e-3, seed=7, optimiser=optimiser)  # type: ignore[arg-type]
    head = AgeHead("huber", float(ages.mean()), float(ages.std()))
    subjects = Subjects(np.arange(24), ages, np.full(len(ages), 1000.0))
    return AgeModule(AgeNetwork(encoder, head), volumes, subjects, learner, learning_rate=5e-3)


def fitted_weights(folder: Path, *, epochs: int, network: Network = SMALL) -> dict[str, torch.Tensor]:
    return fit(age_module(epochs=epochs, network=network), FitPlace(folder, CPU))
