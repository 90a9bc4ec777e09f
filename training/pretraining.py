"""Brain age from T1: true ages, and shuffled ones that teach everything but age."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.age import AgeNetwork, standardise
from AGE2HIELib.networks.age_head import YEARS, AgeHead
from AGE2HIELib.networks.parts import PartsNetwork
from AGE2HIELib.system.parallel import run_all
from training.files import write_tsv, write_whole
from training.leakage import subject_hashes
from training.learning.ages import AgeModule, Subjects, predicted_years
from training.learning.batches import Images
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.randomness import key
from training.learning.transfer import network_arguments, new_network
from training.preparing.store import PreparedCohort, load_prepared
from training.run_folder import RunFolder
from training.settings import WEIGHT_DECAY, TrainingSettings

TRUE, SHUFFLED = KINDS = ("age", "shuffled-age")
PRETRAINED = "pretrained.pt"
_KEPT_BACK = 0.2  # share of the subjects to learn from, to which a network of patches fits the parts' weights


@dataclass(frozen=True)
class Pretrained:
    """A trunk that knows age. ``seen``: hashes of the subjects and images that it learned from or was judged on."""

    trunk: Mapping[str, torch.Tensor]
    seen: tuple[str, ...]


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


def pretrain(run: RunFolder, kinds: tuple[str, ...] = KINDS) -> None:
    """Train on the prepared scans, judge on the held-out subjects, and keep trunks and predictions."""
    every = lessons(run.settings, kinds)
    missing = [one for one in every if not (run.pretraining(one.kind, one.seed) / PRETRAINED).exists()]
    if uses_one_process(run.settings) or len(every) == 1:
        for one in missing:
            pretrain_one(one, run=run)
    else:  # side by side, one thread each: small networks gain little from a second core
        run_all(partial(pretrain_one, run=run), missing, jobs=run.settings.run.jobs, description="pretraining")
    if int(os.environ.get("RANK", "0")) == 0:
        write_tsv(run.age_predictions, age_predictions(run, kinds))


def uses_one_process(settings: TrainingSettings) -> bool:
    """Whether fits follow one another in this process: they share a GPU, or each is itself spread over processes."""
    hardware = settings.hardware
    spread = "WORLD_SIZE" in os.environ
    return spread or hardware.accelerator == "gpu" or (hardware.accelerator == "auto" and torch.cuda.is_available())


def pretrain_one(lesson: Lesson, *, run: RunFolder) -> None:
    """From its last checkpoint where there is one."""
    settings, cohort = run.settings, load_prepared(run.prepared_ages)
    network, module = age_module(settings, cohort, lesson)
    folder = run.pretraining(lesson.kind, lesson.seed)
    fit(module, FitPlace(folder, settings.hardware, bar=lessons(settings, KINDS).index(lesson) + 1))
    if module.global_rank == 0:
        arguments = network_arguments(settings.network, in_channels=1, outputs=1)
        content = {
            "trunk": {name: value.cpu() for name, value in network.encoder.state_dict().items()},
            "network": {"name": settings.network.name, **arguments},
            "seen": subject_hashes(cohort.table),
        }
        write_whole(folder / PRETRAINED, lambda part: torch.save(content, part))


def load_pretrained(path: Path, settings: TrainingSettings) -> Pretrained:
    """A kept trunk; InputError when there is none or it belongs to another network."""
    if not path.exists():
        raise InputError(f"There is no {path.name} in {path.parent.name}. Run 'python training/run.py pretrain' first.")
    content = torch.load(path, weights_only=True)
    wanted = {"name": settings.network.name, **network_arguments(settings.network, in_channels=1, outputs=1)}
    if content["network"] != wanted:
        raise InputError(f"{path.name} holds the network {content['network']}, and the settings ask for {wanted}.")
    return Pretrained(content["trunk"], tuple(content["seen"]))


def age_module(settings: TrainingSettings, cohort: PreparedCohort, lesson: Lesson) -> tuple[AgeNetwork, AgeModule]:
    """The network with its first weights, and what trains it."""
    chosen, _ = held_out_split(cohort.table, settings.ages.held_out, seed=settings.run.seed)
    ages = cohort.table["age_years"].to_numpy(float)
    brain_ml = cohort.table["brain_ml"].to_numpy(float)
    taught = ages if lesson.kind == TRUE else shuffle_ages(ages, chosen, seed=settings.run.seed, deal=lesson.seed)
    seed = lesson.key(settings.run.seed)
    head = _head(settings, taught[chosen], brain_ml[chosen])
    network = AgeNetwork(new_network(settings.network, in_channels=1, outputs=head.outputs, seed=seed), head)
    network.encoder.measure(Images(cohort.volumes, chosen))
    kept_back = None
    if isinstance(network.encoder, PartsNetwork) and network.encoder.stacked:
        learn, back = held_out_split(cohort.table.iloc[chosen], _KEPT_BACK, seed=settings.run.seed)
        chosen, kept_back = chosen[learn], chosen[back]
    options = settings.pretrain
    learner = Learner(
        epochs=options.epochs,
        batch_size=options.batch_size,
        weight_decay=WEIGHT_DECAY,
        seed=seed,
    )
    subjects = Subjects(chosen, taught, brain_ml, kept_back)
    return network, AgeModule(network, cohort.volumes, subjects, learner, learning_rate=options.learning_rate)


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


def age_predictions(run: RunFolder, kinds: tuple[str, ...]) -> pd.DataFrame:
    """Years that each network gives the held-out subjects, beside the mean age and the brain volume alone.

    Returns:
        Columns ``subject site age_years brain_ml split pretraining seed predicted_years``.
    """
    cohort = load_prepared(run.prepared_ages)
    chosen, held = held_out_split(cohort.table, run.settings.ages.held_out, seed=run.settings.run.seed)
    ages, brain_ml = (cohort.table[column].to_numpy(float) for column in ("age_years", "brain_ml"))
    found = {Lesson("mean"): np.full(len(held), ages[chosen].mean())}
    line = np.polyfit(np.log(brain_ml[chosen]), ages[chosen], 1)
    found[Lesson("brain-volume")] = np.polyval(line, np.log(brain_ml[held]))
    for lesson in lessons(run.settings, kinds):
        network = trained_age_network(run, cohort, lesson)
        found[lesson] = predicted_years(network, cohort.volumes[held], brain_ml[held])
    known = cohort.table.iloc[held]
    facts = known[["subject", "age_years", "brain_ml"]].assign(split="held-out", site=known.get("site", ""))
    return pd.concat(
        [facts.assign(pretraining=one.kind, seed=one.seed, predicted_years=years) for one, years in found.items()]
    )


def trained_age_network(run: RunFolder, cohort: PreparedCohort, lesson: Lesson) -> AgeNetwork:
    """The network of a pretraining that has ended, with its weights."""
    network, module = age_module(run.settings, cohort, lesson)
    fit(module, FitPlace(run.pretraining(lesson.kind, lesson.seed), run.settings.hardware))  # its weights are read
    return network


def _head(settings: TrainingSettings, ages: np.ndarray, brain_ml: np.ndarray) -> AgeHead:
    learns = settings.pretrain.learns
    kind = "soft" if learns == "year-bins" else "huber"
    plain = AgeHead(kind, 0.0, 1.0, float(np.log(brain_ml).mean()), target="log" if learns == "log-years" else YEARS)
    learned = standardise(torch.from_numpy(ages), plain).numpy()
    return replace(plain, mean=float(learned.mean()), sd=float(learned.std()))
