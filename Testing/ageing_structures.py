"""Lifespan phantoms in whom some structures age and others stay as they are at one year: where does age matter?

Anatomy and signals are those of ``phantom.lifespan``, on 6 mm cells. Every structure that ages does so at a pace of
its own, so that no one tells the age as well as all of them together, and each of them is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from torch import nn

from AGE2HIELib.explanation import perturbation_methods
from AGE2HIELib.explanation.perturbation_methods import noise_map
from AGE2HIELib.explanation.question import Question, output_number
from AGE2HIELib.explanation.robustness import on_voxels
from AGE2HIELib.phantom import lifespan_curves as curves
from AGE2HIELib.phantom.lifespan import make_t1_subject
from AGE2HIELib.phantom.structures import CORTEX, DEEP_GREY, HINDBRAIN, RIGHT_OFFSET, VALUE
from training.learning.fitting import FitPlace, fit
from training.lessons import TRUE, Lesson, age_module, held_out_split
from training.preparing.store import PreparedCohort
from training.settings import Hardware, TrainingSettings
from training.settings_reading import check_settings

STRUCTURES: Mapping[str, tuple[int, ...]] = {
    "frontal white matter": (VALUE["frontal white matter"],),
    "parietal and occipital white matter": (VALUE["parietal white matter"], VALUE["occipital white matter"]),
    "deep grey matter": (*DEEP_GREY, VALUE["anterior limb of the internal capsule"]),
    "hindbrain": HINDBRAIN,
}
BACKGROUND = (VALUE["temporal white matter"],)  # never ages, in no world
SHAPE = (24, 32, 24)
_VOXELS = 3  # of the phantom, an edge of a cell
TOLERANCE = 0.03  # of the noise, in standard deviations of log age: thousands of cells of one structure bear 0.25
_NOISE_CELL = 2  # cells: 12 mm, where the four of the method would be 24
_STILL_YEARS = 1.0
_YEARS = (0.05, 3.0)  # in which signals change most
_PACE_SD = 0.5  # of the logarithm of a structure's own age
_LEVEL, _SPREAD = 65.0, 12.0  # signal, as the network is fed
_NOISE = 0.5
_MOSTLY = 0.5  # share of a cell that is of the structure


@dataclass(frozen=True)
class Anatomies:
    """``shares``: ``(N, structures + 3, *SHAPE)`` of ``STRUCTURES``, background, cortex and what else has a signal."""

    shares: np.ndarray


def anatomies(count: int, *, first_seed: int = 930_000) -> Anatomies:
    """Brains of 1145 ml, half as different in shape as subjects are: the network sees them placed."""
    parts = [*STRUCTURES.values(), BACKGROUND, CORTEX]
    known = [value for part in parts for value in part]
    found = np.zeros((count, len(parts) + 1, *SHAPE), dtype=np.float16)
    for number in range(count):
        labels = make_t1_subject(first_seed + number, 2.0, brain_ml=1145.0, deformation=0.5).labels.array
        base = np.where((labels > RIGHT_OFFSET) & (labels < VALUE["brainstem"]), labels - RIGHT_OFFSET, labels)
        for place, part in enumerate(parts):
            found[number, place] = _blocks(np.isin(base, part))
        found[number, -1] = _blocks((base > 0) & ~np.isin(base, known))
    return Anatomies(found)


def _blocks(mask: np.ndarray) -> np.ndarray:
    """Shares of cells of ``_VOXELS`` an edge, both centred."""
    out = np.zeros([_VOXELS * side for side in SHAPE], dtype=np.float32)
    room = [want - have for want, have in zip(out.shape, mask.shape, strict=True)]  # below 0: cut off, air alone
    inner = mask[
        tuple(slice(max(0, -more // 2), max(0, -more // 2) + want) for more, want in zip(room, out.shape, strict=True))
    ]
    out[
        tuple(slice(max(0, more) // 2, max(0, more) // 2 + have) for more, have in zip(room, inner.shape, strict=True))
    ] = inner
    i, j, k = SHAPE
    return np.asarray(out.reshape(i, _VOXELS, j, _VOXELS, k, _VOXELS).mean((1, 3, 5)))


def world(made: Anatomies, subjects: int, off: Collection[str] = (), *, seed: int = 0) -> PreparedCohort:
    rng = np.random.default_rng(seed)
    low, high = np.log(_YEARS)
    ages = np.exp(rng.uniform(low, high, subjects))
    volumes = np.zeros((subjects, 1, *SHAPE), dtype=np.float16)
    for number, age in enumerate(ages):
        shares = made.shares[number % len(made.shares)].astype(np.float32)
        levels: list[float] = []
        for name, values in STRUCTURES.items():
            own = _STILL_YEARS if name in off else age * np.exp(_PACE_SD * rng.standard_normal())
            levels.append(float(np.mean([curves.MYELINATION[value].signal(own) for value in values])))
        levels.append(curves.MYELINATION[BACKGROUND[0]].signal(_STILL_YEARS))
        levels += [curves.CORTEX_SIGNAL.at(_STILL_YEARS), 40.0]
        inside = shares.sum(0)
        signal = np.tensordot(np.array(levels, dtype=np.float32), shares, 1) / np.maximum(inside, 1e-3)
        image = (signal - _LEVEL) / _SPREAD + _NOISE * rng.standard_normal(SHAPE)
        volumes[number, 0] = np.where(inside > 0.5, image, 0)
    names = [f"sub-{number:03d}" for number in range(subjects)]
    table = pd.DataFrame({"subject": names, "age_years": ages, "brain_ml": 1145.0})
    return PreparedCohort(volumes, None, table, "ageing structures")


def settings(epochs: int) -> TrainingSettings:
    return check_settings(
        {
            "network": {"channels": [4, 8, 8], "dropout": 0.0, "norm": "batch"},
            "pretrain": {"epochs": epochs, "learning_rate": 1e-2, "learns": "log-years"},
            "ages": {"held_out": 0.2},
            "hardware": {"accelerator": "cpu"},
        }
    )


@dataclass(frozen=True)
class Importance:
    """``of``: mean importance over held-out subjects by structure and of the background; ``r``: of predicted ages."""

    of: dict[str, float]
    r: float

    def excess(self, structure: str) -> float:
        """Over the background."""
        return self.of[structure] - self.of["background"]


class RidgeReader(nn.Module):
    """Log age by a weight for each cell: unlike a network that takes the mean over places it knows where it looks."""

    def __init__(self, images: np.ndarray, log_ages: np.ndarray) -> None:
        super().__init__()
        flat = images.reshape(len(images), -1).astype(np.float64)
        centre, target = flat.mean(0), (log_ages - log_ages.mean()) / log_ages.std()
        products = (flat - centre) @ (flat - centre).T
        penalty = _PENALTY * np.trace(products) / len(products)
        weight = (flat - centre).T @ np.linalg.solve(products + penalty * np.eye(len(products)), target)
        self.weight = torch.from_numpy(weight).float()
        self.constant = float(-centre @ weight)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (image.flatten(1) @ self.weight + self.constant)[:, None]


def learned_by_ridge(cohort: PreparedCohort) -> RidgeReader:
    chosen, _ = _split(cohort)
    return RidgeReader(cohort.volumes[chosen], np.log(cohort.table["age_years"].to_numpy(float)[chosen]))


def learned_by_network(cohort: PreparedCohort, folder: Path, *, epochs: int) -> nn.Module:
    """The encoder of an SFCN that has learned age as a training does it: its mean over places, then a line."""
    network, module = age_module(settings(epochs), cohort, Lesson(TRUE))
    fit(module, FitPlace(folder, Hardware(accelerator="cpu")))
    return network.encoder.requires_grad_(False).eval()


def importance(reader: nn.Module, cohort: PreparedCohort, made: Anatomies, *, explained: int) -> Importance:
    """The method's own noise map of so many held-out subjects, its cells and its tolerance made finer."""
    _, held = _split(cohort)
    maps = []
    with patch.multiple(perturbation_methods, CELL=_NOISE_CELL, TOLERANCE=TOLERANCE):
        for row in held[:explained]:
            image = torch.from_numpy(cohort.volumes[[row]].astype(np.float32))
            answer = noise_map(Question(reader, image, "", output_number(0)))  # type: ignore[arg-type]
            maps.append(on_voxels(answer.cells, answer.where, SHAPE))
    mean, shares = np.mean(maps, axis=0), made.shares.mean(0, dtype=np.float32)
    names = [*STRUCTURES, "background"]
    of = {name: float(mean[shares[place] > _MOSTLY].mean()) for place, name in enumerate(names)}
    with torch.no_grad():
        answers = reader(torch.from_numpy(cohort.volumes[held].astype(np.float32)))[:, 0].numpy()
    return Importance(of, float(np.corrcoef(answers, np.log(cohort.table["age_years"].to_numpy(float)[held]))[0, 1]))


def _split(cohort: PreparedCohort) -> tuple[np.ndarray, np.ndarray]:
    common = settings(1)
    return held_out_split(cohort.table, common.ages.held_out, seed=common.run.seed)


_PENALTY = 0.3  # of the mean square of an image
