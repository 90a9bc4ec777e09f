"""Small prepared cohorts with a plain signal, and the modules that learn it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
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


def write_prepared_infants(folder: Path, count: int = 16) -> None:
    """A cohort of two sites as ``prepare`` leaves it: who did badly, half of each site, is darker, under noise."""
    rng = np.random.default_rng(5)
    adverse = np.arange(count) % 4 >= 2
    volumes = rng.normal(0, 0.3, (count, 3, *SHAPE)) - adverse[:, None, None, None, None]
    folder.mkdir(parents=True)
    np.save(folder / "volumes.npy", volumes.astype(np.float16))
    names = [f"{site}NICU_{number:03d}" for number, site in enumerate(("MGH", "BCH") * (count // 2))]
    facts = {"case": names, "subject": names, "site": [name[:3] for name in names], "adverse": adverse}
    pd.DataFrame({**facts, "age_days": 5.0, "image_sha256": names, "released_z": True, "lesion_load": 0.0}).to_csv(
        folder / "table.tsv", sep="\t", index=False
    )
    (folder / "prepared.json").write_text(json.dumps({"sha256": "0" * 64, "images": count}))
