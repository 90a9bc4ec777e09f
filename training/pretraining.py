"""What trunks learn from T1: true ages, shuffled ones that teach everything but age, and the tasks beside age."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.networks.two_stage import TwoStage
from AGE2HIELib.system.parallel import run_all
from training.evaluation.age import unlearned
from training.files import write_tsv, write_whole
from training.leakage import subject_hashes
from training.learning.ages import predicted_years
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import KeyedModule
from training.learning.pretext import PretextNetwork
from training.learning.transfer import age_arguments, load_blocks, new_age_network
from training.lessons import KINDS, OF_AGE, TRUE, Lesson, age_module, held_out_split, lessons, pretext_module
from training.preparing.store import PreparedCohort, load_prepared
from training.probes import UNTRAINED, probe_trunks
from training.run_folder import RunFolder
from training.settings import TrainingSettings

_FIRST_STAGE = "first-stage"
PRETRAINED = "pretrained.pt"


@dataclass(frozen=True)
class Pretrained:
    """A trunk that knows age. ``seen``: hashes of the subjects and images that it learned from or was judged on."""

    trunk: Mapping[str, torch.Tensor]
    seen: tuple[str, ...]


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
        of_age = tuple(kind for kind in kinds if kind in OF_AGE)
        predictions = age_predictions(run, of_age)
        write_tsv(run.age_predictions, predictions)
        if said := unlearned(predictions):
            print(said, file=sys.stderr)
        write_tsv(run.probes, probe_trunks(run.settings, load_prepared(run.prepared_ages), _trunks(run, kinds)))


def _trunks(run: RunFolder, kinds: tuple[str, ...]) -> dict[str, StagedNetwork]:
    """The first trunk of each kind by its name, and one that has learned nothing."""
    settings = run.settings
    found = {UNTRAINED: new_age_network(settings.network, seed=Lesson(TRUE).key(settings.run.seed))}
    for kind in kinds:
        trunk = load_pretrained(run.pretraining(kind) / PRETRAINED, settings).trunk
        found[kind] = new_age_network(settings.network, seed=0)
        load_blocks(found[kind], trunk)
    return found


def uses_one_process(settings: TrainingSettings) -> bool:
    """Whether fits follow one another in this process: they share a GPU, or each is itself spread over processes."""
    hardware = settings.hardware
    spread = "WORLD_SIZE" in os.environ
    return spread or hardware.accelerator == "gpu" or (hardware.accelerator == "auto" and torch.cuda.is_available())


def pretrain_one(lesson: Lesson, *, run: RunFolder) -> None:
    """From its last checkpoint where there is one."""
    settings, cohort = run.settings, load_prepared(run.prepared_ages)
    folder = run.pretraining(lesson.kind, lesson.seed)
    place = FitPlace(folder, settings.hardware, bar=lessons(settings, KINDS).index(lesson) + 1)
    network: AgeNetwork | PretextNetwork
    module: KeyedModule
    if lesson.kind in OF_AGE:
        network, module = age_module(settings, cohort, lesson)
        if isinstance(network.encoder, TwoStage):
            _, first = age_module(settings, cohort, lesson, first_stage=True)
            fit(first, replace(place, folder=folder / _FIRST_STAGE))
            network.encoder.first.load_state_dict(first.network.encoder.state_dict())
    else:
        network, module = pretext_module(settings, cohort, lesson)
    fit(module, place)
    if module.global_rank == 0:
        arguments = age_arguments(settings.network)
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
    wanted = {"name": settings.network.name, **age_arguments(settings.network)}
    if content["network"] != wanted:
        raise InputError(f"{path.name} holds the network {content['network']}, and the settings ask for {wanted}.")
    return Pretrained(content["trunk"], tuple(content["seen"]))


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
