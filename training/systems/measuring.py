"""One row of the comparison: learns, exports, explains, and keeps its figures; what is done is not done again."""

from __future__ import annotations

from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from training.evaluating import evaluate
from training.evaluation.age import BANDS
from training.evaluation.intervals import percentile_interval
from training.evaluation.summary import whole_protocols
from training.files import read_row, sha256_of, store_row
from training.finetuning import LOGITS, PRETRAINING_OF, planned_fits
from training.learning.fitting import WEIGHTS
from training.lessons import TRUE, lessons
from training.preparing.store import is_prepared, load_prepared
from training.pretraining import PRETRAINED
from training.probes import UNTRAINED
from training.run_folder import RunFolder, open_run
from training.settings import TrainingSettings
from training.steps import export_step, finetune_step, needs_ages, prepare_ages, prepare_hie, pretrain_step
from training.systems.controls import age_controls, outcome_controls
from training.systems.cost import measured, read_cost
from training.systems.pictures import picture_age, picture_outcome
from training.systems.system import System

# raise them when the same row, or its controls, would be measured otherwise; 2: covariance networks read their regions
VERSION, CONTROLS_VERSION = 2, 1
OUTCOME_MAP, AGE_MAP = "map_outcome.png", "map_age.png"
# of the same networks without training
UNTRAINED_OUTCOME_MAP, UNTRAINED_AGE_MAP = "map_outcome_untrained.png", "map_age_untrained.png"
_ROW, _CONTROLS, _COST, _LOG = "row.json", "controls.json", "cost.json", "log.txt"
_RESAMPLES = 2000


@dataclass(frozen=True)
class RowTask:
    """A system with its settings, and where it works: ``root`` of the comparison, which has cohorts and infant.

    Attributes:
        command: that asked for it.
    """

    system: System
    settings: TrainingSettings
    root: Path
    infant: Path
    command: str

    @property
    def folder(self) -> Path:
        return self.root / "rows" / self.system.name

    @property
    def bundle(self) -> Path:
        return self.folder / "model"

    @property
    def run(self) -> RunFolder:
        return RunFolder(self.folder, self.settings, self.root)


def prepare_row(task: RowTask, jobs: int) -> None:
    """The cohorts on the grid of this system, where no other one has prepared them yet, by ``jobs`` processes."""
    run = open_run(task.folder, task.settings, task.command, shared=task.root)
    several = task.settings.run.model_copy(update={"jobs": jobs})
    run = replace(run, settings=task.settings.model_copy(update={"run": several}))  # which change no result
    if needs_ages(run) and not is_prepared(run.prepared_ages):
        prepare_ages(run)
    if task.system.learns_outcome and not is_prepared(run.prepared_hie):
        prepare_hie(run)


def finished_row(task: RowTask) -> dict[str, Any] | None:
    """The figures that are kept; None where any is missing, or of other cohorts or settings."""
    run = task.run
    needed = [run.prepared_ages] * needs_ages(run) + [run.prepared_hie] * task.system.learns_outcome
    if not all(map(is_prepared, needed)):
        return None
    figures, controls = read_row(task.folder / _ROW, _key(task)), read_row(task.folder / _CONTROLS, _control_key(task))
    return None if figures is None or controls is None else {**figures, **controls}


def row_parts(task: RowTask) -> list[Path]:
    """The files that are there once the row is done, for the time left; its cohorts are prepared."""
    run = task.run
    arm = task.settings.export.arm
    kinds = [PRETRAINING_OF[arm]] if arm in PRETRAINING_OF else []
    files = [run.pretraining(one.kind, one.seed) / PRETRAINED for one in lessons(task.settings, tuple(kinds))]
    if task.system.learns_outcome and is_prepared(run.prepared_hie):
        fits = planned_fits(task.settings, load_prepared(run.prepared_hie).table)
        files += [run.fits / one.name / LOGITS for one in fits]
    return [*files, task.folder / _ROW, task.folder / _CONTROLS]


def measure_row(task: RowTask) -> None:
    """Learn, evaluate, export and explain, where it is not done; bars and notes of the steps go into the row's log."""
    with (task.folder / _LOG).open("a", encoding="utf-8") as log, redirect_stderr(log):
        if read_row(task.folder / _ROW, _key(task)) is None:
            store_row(task.folder / _ROW, _key(task), _figures(task))
        if read_row(task.folder / _CONTROLS, _control_key(task)) is None:
            store_row(task.folder / _CONTROLS, _control_key(task), _controls(task))


def _figures(task: RowTask) -> dict[str, Any]:
    run, cost = task.run, task.folder / _COST
    figures: dict[str, Any] = {}
    if needs_ages(run):
        with measured(cost, "pretraining"):
            pretrain_step(run)
    if task.system.learns_age:
        with measured(cost, "maps"):
            said = picture_age(run, task.folder / AGE_MAP)
        figures |= {**age_figures(run), "age_map": said}
    if task.system.learns_outcome:
        with measured(cost, "fine-tuning"):
            finetune_step(run)
        figures |= {**outcome_figures(run), **probe_figures(run)}
        with measured(cost, "export"):
            export_step(run, task.bundle)
        with measured(cost, "maps"):
            method = task.settings.explain.method
            said = picture_outcome(task.bundle, task.infant, task.folder / OUTCOME_MAP, method=method)
        figures["outcome_map"] = said
    spent = read_cost(cost)
    return {**figures, "seconds": spent.total_seconds, "peak_mb": spent.peak_mb, "seconds_by_step": spent.seconds}


def _controls(task: RowTask) -> dict[str, Any]:
    """Of the row's maps; they are no cost of the system."""
    run = task.run
    found: dict[str, Any] = {}
    if task.system.learns_age:
        found |= age_controls(run, task.folder / UNTRAINED_AGE_MAP)
    if task.system.learns_outcome:
        found |= outcome_controls(run, task.bundle, task.infant, task.folder / UNTRAINED_OUTCOME_MAP)
    return found


def age_figures(run: RunFolder) -> dict[str, Any]:
    """Mean absolute error in held-out subjects with a bootstrap interval over them, and by band of age."""
    table = pd.read_csv(run.age_predictions, sep="\t")
    mine = table[(table["pretraining"] == TRUE) & (table["seed"] == 0)]
    age, error = mine["age_years"].to_numpy(float), (mine["predicted_years"] - mine["age_years"]).abs().to_numpy(float)
    drawn = np.random.default_rng([run.settings.run.seed, 60]).integers(0, len(error), (_RESAMPLES, len(error)))
    low, high = percentile_interval(error[drawn].mean(axis=1))
    bands = {
        band.name: {"mae": float(error[here].mean()), "n": int(here.sum())}
        for band in BANDS
        if (here := (age >= band.low) & (age < band.high)).any()
    }
    figures = {"age_mae": float(error.mean()), "age_low": low, "age_high": high, "age_n": len(error)}
    return {**figures, "age_bands": bands, "age_parameters": _parameters(run.pretraining(TRUE) / WEIGHTS)}


def outcome_figures(run: RunFolder) -> dict[str, Any]:
    """Area under the curve of the pooled protocol with its bootstrap interval over children."""
    shown = whole_protocols(evaluate(run).summary)
    one = shown[(shown["arm"] == run.settings.export.arm) & (shown["metric"] == "auc")].iloc[0]
    weights = next((run.fits / run.settings.export.arm / "export_all").rglob(WEIGHTS))
    figures = {"auc": float(one["value"]), "auc_low": float(one["low"]), "auc_high": float(one["high"])}
    return {**figures, "auc_n": int(one["n"]), "outcome_parameters": _parameters(weights)}


def probe_figures(run: RunFolder) -> dict[str, Any]:
    """What linear readings of the frozen trunk give, by what is read; the untrained one's beside."""
    if not run.probes.exists():
        return {}
    table = pd.read_csv(run.probes, sep="\t")
    named = table["target"] + " " + table["metric"]
    mine = table["trunk"] != UNTRAINED
    parts = {"probes": mine, "probes_untrained": ~mine}
    return {
        name: dict(zip(named[part], table["value"][part].astype(float), strict=True)) for name, part in parts.items()
    }


def _parameters(weights: Path) -> int:
    """Numbers in a state dictionary; statistics of batch norms among them."""
    return sum(value.numel() for value in torch.load(weights, weights_only=True).values())


def _key(task: RowTask) -> str:
    run = task.run
    cohorts = [load_prepared(folder).sha256 for folder in (run.prepared_ages, run.prepared_hie) if is_prepared(folder)]
    settings = task.settings.model_dump(mode="json")
    return sha256_of([], VERSION, task.system.targets, settings, cohorts)


def _control_key(task: RowTask) -> str:
    return sha256_of([], CONTROLS_VERSION, _key(task))
