"""Brains of cubes whose ventricles grow with age, and outcomes that depend on the ventricles: which pretraining helps?

Each brain is bright tissue around a dark ventricle, with dark clefts scattered through the tissue. The ventricle's size
follows age, with scatter. The volume of the clefts is drawn by itself, four times as variable, so that how dark a brain
is on the mean says little of its ventricle; so is the sex, which changes nothing unless a world is asked for in which
ventricles are larger in men. What a trunk has learned is asked of
its frozen features by a linear reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from AGE2HIELib.networks.staged import StagedNetwork
from training.learning.fitting import FitPlace, fit
from training.lessons import OF_AGE, Lesson, age_module, held_out_split, male_of, pretext_module
from training.preparing.store import PreparedCohort
from training.probes import UNTRAINED, Target, mean_features, probe, share_of
from training.settings import Hardware, TrainingSettings
from training.settings_reading import check_settings

SIDE = 16
TISSUE, VENTRICLE, CLEFT = 1, 2, 3
MOST_CLEFTS = 160  # of 8 voxels; they may overlap


@dataclass(frozen=True)
class Planted:
    """``adverse``: ``(N,)`` outcomes that follow the ventricles' size, with chance in them."""

    cohort: PreparedCohort
    adverse: np.ndarray


def planted(subjects: int, *, seed: int = 0, male: float = 0.0) -> Planted:
    """``male``: by how many voxels ventricles are larger in radius in men, and smaller in women, than they would be."""
    rng = np.random.default_rng(seed)
    ages = rng.uniform(0, 90, subjects)
    radius = 2.2 + 2.6 * ages / 90 + 0.35 * rng.standard_normal(subjects)
    grid = np.stack(np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 3, indexing="ij"))
    men = np.random.default_rng([seed, 1]).random(subjects) < 0.5
    radius = radius + np.where(men, male, -male)
    labels = np.zeros((subjects, SIDE, SIDE, SIDE), dtype=np.uint8)
    for number in range(subjects):
        centre = rng.normal(0, 0.7, 3)[:, None, None, None]
        away = np.sqrt(((grid - centre) ** 2).sum(0))
        labels[number][np.sqrt((grid**2).sum(0)) < 7.6] = TISSUE
        for _ in range(rng.integers(0, MOST_CLEFTS)):
            i, j, k = rng.integers(1, SIDE - 3, 3)
            cleft = labels[number][i : i + 2, j : j + 2, k : k + 2]
            cleft[cleft == TISSUE] = CLEFT
        labels[number][away < radius[number]] = VENTRICLE
    level = np.array([0.0, 0.8, -1.5, -1.5])[labels]
    volumes = np.where(labels > 0, level + rng.normal(0, 1.0, labels.shape), 0)[:, None].astype(np.float16)
    size = share_of(labels, VENTRICLE)
    latent = (size - np.median(size)) / size.std() + 0.4 * rng.logistic(size=subjects)
    table = pd.DataFrame(
        {
            "subject": [f"sub-{number:03d}" for number in range(subjects)],
            "age_years": ages,
            "brain_ml": 1000.0,
            "sex": np.where(men, "M", "F"),
        }
    )
    return Planted(PreparedCohort(volumes, None, table, "planted", labels), latent > 0)


def settings(epochs: int) -> TrainingSettings:
    return check_settings(
        {
            "network": {"channels": [6, 10, 10], "dropout": 0.0},
            "pretrain": {"epochs": epochs, "learning_rate": 1e-2},
            "ages": {"held_out": 0.4},
            "hardware": {"accelerator": "cpu"},
        }
    )


def gains(world: Planted, kinds: tuple[str, ...], folder: Path, *, epochs: int) -> dict[str, tuple[float, float]]:
    """For each kind of pretraining (R2 of the ventricles, AUC of the outcome) read off its frozen trunk."""
    cohort = world.cohort
    targets = (
        Target("ventricles", "R2", share_of(np.asarray(cohort.labels), VENTRICLE)),
        Target("outcome", "AUC", world.adverse.astype(float)),
    )
    found = probed(cohort, kinds, targets, folder, epochs=epochs)
    return {kind: (found[kind]["ventricles"], found[kind]["outcome"]) for kind in kinds}


def probed(
    cohort: PreparedCohort, kinds: Sequence[str], targets: Sequence[Target], folder: Path, *, epochs: int
) -> dict[str, dict[str, float]]:
    """What is read off the frozen trunk of each kind of pretraining, and off the same trunk with its first weights
    (``UNTRAINED``), by the name of the target.
    """
    common = settings(epochs)
    learned, judged = held_out_split(cohort.table, common.ages.held_out, seed=common.run.seed)

    def read(encoder: StagedNetwork) -> dict[str, float]:
        features = mean_features(encoder, cohort.volumes)
        return {target.name: probe(features, target, learned, judged) for target in targets}

    found: dict[str, dict[str, float]] = {}
    for kind in kinds:
        begin = age_module if kind in OF_AGE else pretext_module
        network, module = begin(common, cohort, Lesson(kind))
        found.setdefault(UNTRAINED, read(network.encoder))
        fit(module, FitPlace(folder / kind, Hardware(accelerator="cpu")))
        found[kind] = read(network.encoder)
    return found


def sexes_read(
    male: float, kinds: Sequence[str], folder: Path, *, subjects: int, epochs: int, seed: int = 0
) -> dict[str, float]:
    """Area under the ROC curve of the sex, by kind of pretraining and of the untrained trunk, in one world."""
    cohort = planted(subjects, seed=seed, male=male).cohort
    found = probed(cohort, kinds, [Target("sex", "AUC", male_of(cohort.table))], folder, epochs=epochs)
    return {kind: one["sex"] for kind, one in found.items()}
