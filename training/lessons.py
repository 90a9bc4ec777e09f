"""What a trunk can be taught on T1, and the network and module that each lesson begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.age import AgeNetwork, standardise
from AGE2HIELib.networks.age_head import YEARS, AgeHead
from AGE2HIELib.networks.parts import PartsNetwork
from AGE2HIELib.networks.registry import TWO_STAGE
from AGE2HIELib.networks.staged import StagedNetwork
from training.learning.ages import AgeModule, Subjects
from training.learning.batches import Images
from training.learning.keyed import Learner
from training.learning.outside_weights import load_outside
from training.learning.placing import place_regions
from training.learning.pretext import (
    AGE_AND_SEX,
    PRETEXTS,
    SEGMENTATION,
    SEX,
    Lessons,
    PretextModule,
    PretextNetwork,
)
from training.learning.randomness import key
from training.learning.transfer import age_arguments, built, new_age_network
from training.preparing.store import PreparedCohort
from training.settings import WEIGHT_DECAY, TrainingSettings

_KEPT_BACK = 0.2  # share of the subjects to learn from, to which a network of patches fits the parts' weights
TRUE, SHUFFLED = OF_AGE = ("age", "shuffled-age")
KINDS = (*OF_AGE, *PRETEXTS)


@dataclass(frozen=True)
class Lesson:
    """One network to pretrain: what it is taught, and which of the settings' ``pretrain.seeds`` it is."""

    kind: str
    seed: int = 0

    def key(self, run_seed: int) -> int:
        """Of first weights, order and augmentation."""
        return key(run_seed, "pretraining", *([self.seed] if self.seed else []))


def lessons(settings: TrainingSettings, kinds: tuple[str, ...]) -> list[Lesson]:
    """Every network of these kinds."""
    return [Lesson(kind, seed) for kind in kinds for seed in range(settings.pretrain.seeds)]


def age_module(
    settings: TrainingSettings, cohort: PreparedCohort, lesson: Lesson, *, first_stage: bool = False
) -> tuple[AgeNetwork, AgeModule]:
    """The network with its first weights, and what trains it; of two stages the second unless told otherwise."""
    chosen, _ = held_out_split(cohort.table, settings.ages.held_out, seed=settings.run.seed)
    ages = cohort.table["age_years"].to_numpy(float)
    brain_ml = cohort.table["brain_ml"].to_numpy(float)
    taught = ages if lesson.kind == TRUE else shuffle_ages(ages, chosen, seed=settings.run.seed, deal=lesson.seed)
    seed = lesson.key(settings.run.seed)
    head = _head(settings, taught[chosen], brain_ml[chosen])
    name, arguments = age_encoder(settings, head, first_stage=first_stage)
    torch.manual_seed(seed)
    encoder = built(name, {**arguments, "dropout": settings.network.dropout})
    place_regions(encoder, settings.network)
    _start_elsewhere(encoder, settings)
    network = AgeNetwork(encoder, head)
    encoder.measure(Images(cohort.volumes, chosen))
    options = settings.pretrain
    learned, kept_back = _parted(encoder, cohort.table, chosen, settings.run.seed)
    subjects = Subjects(learned, taught, brain_ml, kept_back)
    rate, ranking = options.learning_rate, options.ranking
    return network, AgeModule(
        network, cohort.volumes, subjects, _learner(settings, seed), learning_rate=rate, ranking=ranking
    )


def _parted(
    encoder: StagedNetwork, table: pd.DataFrame, chosen: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """(subjects to learn from, those to which a network of patches fits its parts; None for other networks)."""
    if not isinstance(encoder, PartsNetwork) or not encoder.stacked:
        return chosen, None
    learned, kept_back = held_out_split(table.iloc[chosen], _KEPT_BACK, seed=seed)
    return chosen[learned], chosen[kept_back]


def _start_elsewhere(encoder: StagedNetwork, settings: TrainingSettings) -> None:
    """From the file that ``pretrain.weights`` names, where it names one."""
    if settings.pretrain.weights:
        load_outside(encoder, Path(settings.pretrain.weights))


def age_encoder(
    settings: TrainingSettings, head: AgeHead, *, first_stage: bool = False
) -> tuple[str, dict[str, object]]:
    """Name and arguments, for ``networks.registry.build_network``, of the encoder that answers with this head."""
    arguments = age_arguments(settings.network, head.outputs)
    if settings.pretrain.head != TWO_STAGE or first_stage:
        return settings.network.name, arguments
    given = {"in_channels": arguments.pop("in_channels"), "outputs": arguments.pop("outputs")}
    ages = {"mean_years": head.mean, "sd_years": head.sd}
    return TWO_STAGE, {**given, "trunk": settings.network.name, "trunk_arguments": arguments, **ages}


def _learner(settings: TrainingSettings, seed: int) -> Learner:
    options = settings.pretrain
    return Learner(epochs=options.epochs, batch_size=options.batch_size, weight_decay=WEIGHT_DECAY, seed=seed)


def pretext_module(
    settings: TrainingSettings, cohort: PreparedCohort, lesson: Lesson
) -> tuple[PretextNetwork, PretextModule]:
    """The same for one of the tasks beside age; InputError where the scans do not say what it learns."""
    chosen, _ = held_out_split(cohort.table, settings.ages.held_out, seed=settings.run.seed)
    ages = cohort.table["age_years"].to_numpy(float)
    male = male_of(cohort.table)
    classes, count = (None, 0)
    if lesson.kind == SEGMENTATION:
        classes, count = known_classes(cohort.labels, chosen)
    if lesson.kind in (SEX, AGE_AND_SEX) and len(np.unique(male[chosen][~np.isnan(male[chosen])])) < 2:
        raise InputError(
            f"The arm '{lesson.kind}' learns sex, and participants.tsv has no column 'sex' with both F and M. Add it, "
            "or take the arm out of evaluate.arms."
        )
    seed = lesson.key(settings.run.seed)
    encoder = new_age_network(settings.network, seed=seed)
    _start_elsewhere(encoder, settings)
    network = PretextNetwork(encoder, lesson.kind, count)
    standard = (ages - ages[chosen].mean()) / ages[chosen].std()
    known = Lessons(chosen, standard, male, classes, count)
    rate = settings.pretrain.learning_rate
    module = PretextModule(
        network, cohort.volumes, known, _learner(settings, seed), task=lesson.kind, learning_rate=rate
    )
    return network, module


def known_classes(labels: np.ndarray | None, chosen: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels as 0..count-1, those of the chosen scans in order, 0 outside and for labels that only others have.

    Raises:
        InputError: there is no segmentation, or it has no structure.
    """
    if labels is None:
        raise InputError(
            "The arm 'segmentation' learns labels, and not every T1 scan has a file _dseg beside it. Add them, or take "
            "the arm out of evaluate.arms."
        )
    values = np.unique(labels[chosen])
    values = values[values > 0]
    if len(values) == 0:
        raise InputError("The segmentations of the T1 scans are empty. Give labels above 0 inside the brain.")
    table = np.zeros(256, dtype=np.uint8)
    table[values] = np.arange(1, len(values) + 1)
    return table[np.asarray(labels)], len(values) + 1


def male_of(table: pd.DataFrame) -> np.ndarray:
    """``(N,)`` 1, 0, or NaN where the sex is not known."""
    if "sex" not in table:
        return np.full(len(table), np.nan)
    return table["sex"].map({"M": 1.0, "F": 0.0}).to_numpy(float)


def held_out_split(table: pd.DataFrame, share: float, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(indices to learn from, indices held out): of every few subjects that are neighbours in age one is held out.

    All scans of a subject are on one side.
    """
    first_age = table.groupby("subject")["age_years"].min().sort_values(kind="stable")
    subjects = first_age.index.to_numpy()
    rng = np.random.default_rng([seed, 40])
    blocks = np.array_split(subjects, max(2, round(share * len(subjects))))
    held = {str(rng.choice(block)) for block in blocks}
    out = table["subject"].isin(held).to_numpy()
    return np.flatnonzero(~out), np.flatnonzero(out)


def shuffle_ages(ages: np.ndarray, chosen: np.ndarray, *, seed: int, deal: int = 0) -> np.ndarray:
    """The ages with those of the chosen subjects dealt out anew, otherwise for each ``deal``."""
    mixed = ages.copy()
    mixed[chosen] = np.random.default_rng([seed, 41, deal] if deal else [seed, 41]).permutation(ages[chosen])
    return mixed


def _head(settings: TrainingSettings, ages: np.ndarray, brain_ml: np.ndarray) -> AgeHead:
    learns = settings.pretrain.learns
    kind = "soft" if learns == "year-bins" else "huber"
    plain = AgeHead(kind, 0.0, 1.0, float(np.log(brain_ml).mean()), target="log" if learns == "log-years" else YEARS)
    learned = standardise(torch.from_numpy(ages), plain).numpy()
    return replace(plain, mean=float(learned.mean()), sd=float(learned.std()))
