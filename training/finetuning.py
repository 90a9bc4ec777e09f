"""All the fits of the comparison: every arm on every split, one network for each inner fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.tables.problems import Problem, refuse
from training.evaluation.splits import Split, calibrating, calibration_problem, make_splits, whole_cohort
from training.files import write_tsv
from training.leakage import leaked_subjects
from training.learning.fitting import WEIGHTS, FitPlace, fit
from training.learning.keyed import Learner
from training.learning.outcomes import LOAD_FLOOR, Infants, OutcomeModule, logits
from training.learning.pretext import PRETEXTS
from training.learning.randomness import key
from training.learning.transfer import Start, from_ages, from_scratch, untrained_frozen
from training.lessons import SHUFFLED, TRUE
from training.preparing.inputs import fed_kinds, has_input
from training.preparing.store import PreparedCohort, load_prepared
from training.pretraining import PRETRAINED, load_pretrained, uses_one_process
from training.run_folder import RunFolder
from training.settings import FINETUNE_BATCH, WEIGHT_DECAY, TrainingSettings

PRETRAINING_OF = {"transfer": TRUE, "shuffled-age": SHUFFLED, **{kind: kind for kind in PRETEXTS}}
LOGITS = "logits.tsv"


@dataclass(frozen=True)
class Fit:
    """One network of one arm: trained on all but one inner fold of a split's training cases."""

    arm: str
    split: Split
    inner: int

    @property
    def name(self) -> str:
        setting = self.split.setting.replace("->", "-to-")
        return (
            f"{self.arm}/{self.split.protocol}_{setting}/repeat{self.split.repeat}_fold{self.split.fold}/{self.inner}"
        )

    @property
    def is_exported(self) -> bool:
        return not self.split.test


def finetune(run: RunFolder, make: Callable[[Sequence[Fit]], None] | None = None) -> None:
    """Make every fit that is not there yet.

    Args:
        run: whose infants are prepared, and whose trunks are pretrained.
        make: makes the fits, as ``cluster_fits`` does; on this computer unless given.

    Raises:
        InputError: an infant was seen in pretraining, or the folds cannot be made.
    """
    cohort = load_prepared(run.prepared_hie)
    for arm in run.settings.evaluate.arms:
        if arm in PRETRAINING_OF:
            refuse(_seen_in_pretraining(run, cohort, arm))
    missing = [one for one in planned_fits(run.settings, cohort.table) if not (run.fits / one.name / LOGITS).exists()]
    if missing:
        (make or partial(_make_here, run))(missing)


def _make_here(run: RunFolder, fits: Sequence[Fit]) -> None:
    if uses_one_process(run.settings):
        for one in tqdm(fits, desc="fine-tuning"):
            make_fit(one, run=run)
    else:
        run_all(partial(make_fit, run=run), fits, jobs=run.settings.run.jobs, description="fine-tuning")


def planned_fits(settings: TrainingSettings, table: pd.DataFrame) -> list[Fit]:
    """Every network that the evaluation and the export need; the latter is calibrated on some of the former."""
    calibration_splits(settings, table)
    every = [(arm, split) for split in splits_of(settings, table) for arm in settings.evaluate.arms]
    every.append((settings.export.arm, export_split(settings, table)))
    return [Fit(arm, split, inner) for arm, split in every for inner in range(len(split.inner))]


def splits_of(settings: TrainingSettings, table: pd.DataFrame) -> list[Split]:
    """The splits that all arms share."""
    evaluate = settings.evaluate
    return make_splits(
        table,
        folds=evaluate.folds,
        repeats=evaluate.repeats,
        inner_folds=evaluate.inner_folds,
        seed=settings.run.seed,
        protocols=evaluate.protocols,
    )


def export_split(settings: TrainingSettings, table: pd.DataFrame) -> Split:
    """What the exported networks learn from: each leaves out another part of all cases."""
    return whole_cohort(table, inner_folds=settings.export.members, seed=settings.run.seed)


def calibration_splits(settings: TrainingSettings, table: pd.DataFrame) -> list[Split]:
    """Those whose test cases calibrate the exported model: every case once, by networks that never saw it.

    Raises:
        InputError: the settings ask for no such protocol.
    """
    lacking = calibration_problem(table, settings.evaluate.protocols)
    if lacking:
        raise InputError(lacking)
    return calibrating(splits_of(settings, table))


def make_fit(one: Fit, *, run: RunFolder) -> None:
    """Train one network and keep its logits for the cases it left out and for the test cases, by kind of input."""
    cohort = _cohort(run.prepared_hie)
    _, validated = one.split.inner[one.inner]
    module = outcome_module(one, run, cohort)
    folder = run.fits / one.name
    fit(module, FitPlace(folder, run.settings.hardware))
    parts = []
    for role, names in (("inner", validated), ("test", one.split.test)):
        for kind in fed_kinds(run.settings, cohort.table):
            rows = cohort.rows("case", names)
            rows = rows[has_input(kind, cohort.table)[rows]]
            cases = cohort.table["case"].iloc[rows].tolist()
            found = logits(module.network, cohort.volumes[rows], kind) if len(rows) else np.zeros(0)
            parts.append(pd.DataFrame({"case": cases, "role": role, "z": kind, "logit": found}))
    write_tsv(folder / LOGITS, pd.concat(parts))
    if not one.is_exported:
        (folder / WEIGHTS).unlink()  # hundreds of them; the predictions are what is compared


def outcome_module(one: Fit, run: RunFolder, cohort: PreparedCohort) -> OutcomeModule:
    """The network where its arm starts, and what trains it; arms share order and augmentation of a split."""
    settings, options = run.settings, run.settings.finetune
    chosen = cohort.rows("case", one.split.inner[one.inner][0])
    seed = key(settings.run.seed, one.split.protocol, one.split.setting, one.split.repeat, one.split.fold, one.inner)
    lesions = cohort.lesions if options.auxiliary else None
    infants = Infants(
        chosen=chosen,
        adverse=cohort.table["adverse"].to_numpy(bool),
        healthy=healthy_infants(cohort.table),
        z_maps=settings.hie.z_maps,
        lesions=lesions,
        load=cohort.table["lesion_load"].to_numpy(float) if lesions is not None else None,
    )
    learner = Learner(
        epochs=options.epochs,
        batch_size=FINETUNE_BATCH,
        weight_decay=WEIGHT_DECAY,
        seed=seed,
        augment=options.augment,
    )
    module = OutcomeModule(_start(one, run, cohort.volumes[chosen], seed), cohort.volumes, infants, learner)
    module.network.measure(module.healthy_images())
    return module


def healthy_infants(table: pd.DataFrame) -> np.ndarray:
    """``(N,)`` bool: a favourable outcome and, where an expert has drawn lesions, less than 0.1 % of the brain."""
    healthy = ~table["adverse"].to_numpy(bool)
    if "lesion_load" in table:
        load = table["lesion_load"].to_numpy(float)
        healthy &= np.isnan(load) | (load < LOAD_FLOOR)
    return healthy


def exported_network(one: Fit, run: RunFolder, cohort: PreparedCohort) -> StagedNetwork:
    """A network that was trained for the export, with its weights."""
    network = outcome_module(one, run, cohort).network
    network.load_state_dict(torch.load(run.fits / one.name / WEIGHTS, weights_only=True))
    return network.eval()


def _start(one: Fit, run: RunFolder, volumes: np.ndarray, seed: int) -> Start:
    settings, arm, network = run.settings, one.arm, run.settings.network
    if arm == "scratch":
        return from_scratch(network, settings.finetune, seed=seed)
    z_maps = settings.hie.z_maps
    if arm == "untrained-frozen":
        return untrained_frozen(network, settings.finetune, seed=seed, volumes=volumes, z_maps=z_maps)
    trunk = load_pretrained(pretrained_file(run, arm, pretraining_seed(one, settings)), settings).trunk
    return from_ages(network, settings.finetune, trunk, seed=seed, volumes=volumes, z_maps=z_maps)


def pretraining_seed(one: Fit, settings: TrainingSettings) -> int:
    """Which of the pretrained networks a fit starts from: repeats take them in turn, so that their spread holds the
    luck of pretraining; with one repeat, and in the export, the networks of a split do.
    """
    by_repeat = settings.evaluate.repeats > 1 and not one.is_exported
    return (one.split.repeat if by_repeat else one.inner) % settings.pretrain.seeds


def pretrained_file(run: RunFolder, arm: str, seed: int = 0) -> Path:
    return run.pretraining(PRETRAINING_OF[arm], seed) / PRETRAINED


def _seen_in_pretraining(run: RunFolder, cohort: PreparedCohort, arm: str) -> Sequence[Problem]:
    seen = load_pretrained(pretrained_file(run, arm), run.settings).seen
    return leaked_subjects(list(cohort.table["subject"]), seen, cohort.table["image_sha256"])


_cohort = cache(load_prepared)
