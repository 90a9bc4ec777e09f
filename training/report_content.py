"""The content of a finished run's report, and the figures on the model's card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.cohorts.synthetic_clinical import ASSUMPTION
from training.cohorts.synthetic_hie import STATEMENT
from training.evaluating import Evaluation
from training.evaluation.age import age_summary
from training.evaluation.splits import Split
from training.evaluation.table import main_table_text
from training.finetuning import PRETRAINING_OF, Fit, calibration_splits, export_split
from training.lessons import KINDS, lessons
from training.preparing.infants import clinical_values
from training.preparing.store import load_prepared
from training.reporting.content import ExplanationTables, ReportContent
from training.run_folder import RunFolder, read_record
from training.settings import TrainingSettings


def report_content(run: RunFolder, found: Evaluation) -> ReportContent:
    """Everything the page is made of."""
    record = read_record(run.root)
    cohort = load_prepared(run.prepared_hie)
    return ReportContent(
        title="Two-year outcome of newborns with HIE: does pretraining on brain age help?",
        synthetic=run.settings.synthetic,
        command=str(record["command"]),
        settings=_without_folders(run.settings.model_dump(mode="json")),
        provenance=_provenance(record),
        cases=cohort.table,
        predictions=found.predictions,
        age_predictions=_ages(run),
        summary=found.summary,
        comparisons=found.comparisons,
        further=found.further,
        curves=dict(_curves(run, cohort.table)),
        notes=tuple(_notes(run)),
        explained=_explained(run),
    )


def results_text(run: RunFolder, found: Evaluation) -> str:
    """The part of the model card that only training knows."""
    record = read_record(run.root)
    settings = run.settings
    head = f"**{STATEMENT}**\n\n" if settings.synthetic else ""
    options = "\n".join(f"- {name}: {value}" for name, value in settings.finetune.model_dump().items())
    return f"""## How it was made

{head}Arm `{settings.export.arm}`, {settings.export.members} networks{_trunks(settings)}, each trained on all cases but
another part of them. {calibration_words(settings, load_prepared(run.prepared_hie).table)}
Seed {settings.run.seed}, source revision {record["commit"]}.

{options}

## Figures

Out-of-fold predictions of networks made in the same way, each fold calibrated on its own training cases; 95 % bootstrap
intervals over children.

```
{main_table_text(found.summary)}
```
{_age_text(run)}
"""


def calibration_words(settings: TrainingSettings, table: pd.DataFrame) -> str:
    """What calibration, threshold and sets of the exported model were fitted on, and how that differs from it."""
    fitted, shipped = calibration_splits(settings, table), export_split(settings, table)
    inner, members = settings.evaluate.inner_folds, settings.export.members
    share, exported = (_learned(splits) / len(table) for splits in (fitted, [shipped]))
    size = "" if inner == members else f", and are means of {inner} networks, not of {members}"
    return (
        "Calibration, threshold and sets of outcomes rest, for each kind of z-map by itself, on the test cases of the "
        f"{fitted[0].protocol} protocol: every case once, by the mean logit of {inner} networks that never saw it. "
        f"Those networks learned from {share:.0%} of the cases, the exported ones from {exported:.0%}{size}."
    )


def _learned(splits: Sequence[Split]) -> float:
    """Mean number of cases that a network of these splits learned from."""
    return float(np.mean([len(learned) for split in splits for learned, _ in split.inner]))


def _trunks(settings: TrainingSettings) -> str:
    pretrained = settings.pretrain.seeds if settings.export.arm in PRETRAINING_OF else 1
    return f", from {min(pretrained, settings.export.members)} pretrained trunks in turn" if pretrained > 1 else ""


def _without_folders(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with the last name of each path: a page travels, and where data lies is nobody's business."""
    paths = (("ages", "source"), ("hie", "source"), ("hie", "outcomes"), ("pretrain", "weights"))
    for section, key in paths:
        settings[section][key] = Path(settings[section][key]).name
    return settings


def _provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    hashes = {name: record[name] for name in ("ages_sha256", "hie_sha256") if name in record}
    return {
        "versions": record["versions"],
        "data_hash": hashes,
        "commit": record["commit"],
        "started": record["started"],
    }


def _ages(run: RunFolder) -> pd.DataFrame | None:
    if not run.age_predictions.exists():
        return None
    return pd.read_csv(run.age_predictions, sep="\t", dtype={"subject": str})


def _explained(run: RunFolder) -> ExplanationTables:
    figures = run.examination_figures
    return ExplanationTables(
        examinations=_table(run.examinations),
        figures=json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {},
        age_maps=_table(run.age_map_table),
        picture=run.age_map_picture.read_bytes() if run.age_map_picture.exists() else None,
    )


def _table(path: Path) -> pd.DataFrame | None:
    return pd.read_csv(path, sep="\t") if path.exists() else None


def _age_text(run: RunFolder) -> str:
    ages = _ages(run)
    if ages is None:
        return ""
    table = age_summary(ages)
    whole = table[table["band"] == "all ages"].set_index("pretraining")["mae_years"]
    parts = [f"{name} {value:.1f}" for name, value in whole.items()]
    return f"\nBrain age on held-out subjects, mean absolute error in years: {', '.join(parts)}.\n"


def _curves(run: RunFolder, table: pd.DataFrame) -> Iterator[tuple[str, Path]]:
    for one in lessons(run.settings, KINDS):
        named = f"Pretraining, {one.kind}" + (f", network {one.seed + 1}" if run.settings.pretrain.seeds > 1 else "")
        yield from _existing(named, run.pretraining(one.kind, one.seed) / "metrics.csv")
    split = export_split(run.settings, table)
    for inner in range(len(split.inner)):
        name = Fit(run.settings.export.arm, split, inner).name
        yield from _existing(f"Fine-tuning, exported network {inner + 1}", run.fits / name / "metrics.csv")


def _existing(heading: str, path: Path) -> Iterator[tuple[str, Path]]:
    if path.exists():
        yield heading, path


def _notes(run: RunFolder) -> Iterator[str]:
    settings = run.settings
    if settings.synthetic:
        yield STATEMENT
        yield "The simulated outcome follows the lesion, with chance: whether pretraining helps is as it comes."
        yield ASSUMPTION
    if settings.pretrain.seeds > 1:
        taken = "repeats of the folds" if settings.evaluate.repeats > 1 else "networks of a split"
        yield f"{settings.pretrain.seeds} networks were pretrained for each arm; the {taken} start from them in turn."
    if settings.evaluate.repeats == 1:
        yield "The folds were drawn once; another draw gives other figures."
    yield (
        f"Each prediction is the mean of {settings.evaluate.inner_folds} networks, each trained without another part "
        "of the training cases; those parts set threshold and calibration, after as much of their spread was taken out "
        "as the mean has less than single networks."
    )
    table = load_prepared(run.prepared_hie).table
    if clinical_values(table) is not None:
        yield (
            f"The row image-alone is the exported arm, {settings.export.arm}; clinical-alone and image+clinical are "
            "ridge logistic regressions with multiple imputation, fitted inside the training cases of each split."
        )
    yield f"The exported model is calibrated otherwise. {calibration_words(settings, table)}"
