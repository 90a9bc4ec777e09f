"""From the logits of all fits to predictions of every case, tables and comparisons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from AGE2HIELib.errors import InputError
from training.evaluation.baselines import baseline_rows, prediction_rows
from training.evaluation.decide import Decision, apply, decide
from training.evaluation.splits import Split
from training.evaluation.summary import compare, summarise
from training.files import write_tsv
from training.finetuning import LOGITS, Fit, export_split, splits_of
from training.preparing.store import load_prepared
from training.run_folder import RunFolder


@dataclass(frozen=True)
class Evaluation:
    """Out-of-fold predictions of every case, each metric with its interval, and arms against each other."""

    predictions: pd.DataFrame
    summary: pd.DataFrame
    comparisons: pd.DataFrame


def evaluate(run: RunFolder) -> Evaluation:
    """Calibrate on inner folds, predict the test cases by the mean of a split's networks, add the rows, compare."""
    settings = run.settings
    table = load_prepared(run.prepared_hie).table
    splits = splits_of(settings, table)
    rows = [arm_rows(run, table, arm, split) for split in splits for arm in settings.evaluate.arms]
    predictions = pd.concat([*rows, baseline_rows(table, splits)], ignore_index=True)
    made = Evaluation(
        predictions=predictions,
        summary=summarise(predictions, resamples=settings.evaluate.resamples, seed=settings.run.seed),
        comparisons=compare(predictions, resamples=settings.evaluate.resamples, seed=settings.run.seed),
    )
    write_tsv(run.predictions, made.predictions)
    write_tsv(run.root / "summary.tsv", made.summary)
    write_tsv(run.root / "comparisons.tsv", made.comparisons)
    return made


def arm_rows(run: RunFolder, table: pd.DataFrame, arm: str, split: Split) -> pd.DataFrame:
    """Predictions of one arm for the test cases of one split."""
    found = _logits(run, arm, split)
    decision = _decision(table, found)
    test = found[found["role"] == "test"].groupby("case")["logit"].mean()
    cases = table.set_index("case").loc[list(split.test)].reset_index()
    logits = test.loc[list(split.test)].to_numpy(float)
    probability, called = apply(decision, logits)
    return prediction_rows(arm, split, cases, logits, (probability, decision.threshold, called))


def export_decision(run: RunFolder, table: pd.DataFrame) -> Decision:
    """Calibration and threshold of the exported networks, from the cases that each of them left out."""
    return _decision(table, export_logits(run, table))


def export_logits(run: RunFolder, table: pd.DataFrame) -> pd.DataFrame:
    """Of the exported networks, member by member, for the cases that each of them left out."""
    return _logits(run, run.settings.export.arm, export_split(run.settings, table))


def _logits(run: RunFolder, arm: str, split: Split) -> pd.DataFrame:
    parts = []
    for inner in range(len(split.inner)):
        path = run.fits / Fit(arm, split, inner).name / LOGITS
        if not path.exists():
            raise InputError(f"The fit {path.parent.relative_to(run.root)} is not there. Run 'finetune' first.")
        parts.append(pd.read_csv(path, sep="\t", dtype={"case": str}))
    return pd.concat(parts)


def _decision(table: pd.DataFrame, found: pd.DataFrame) -> Decision:
    inner = found[found["role"] == "inner"]
    adverse = table.set_index("case")["adverse"].loc[inner["case"]].to_numpy(bool)
    return decide(inner["logit"].to_numpy(float), np.asarray(adverse))
