"""From the logits of all fits to predictions of every case, tables and comparisons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from AGE2HIELib.bundle.model_facts import z_and_sequences
from AGE2HIELib.bundle.training_cases import Scores
from AGE2HIELib.errors import InputError
from training.evaluation.baselines import baseline_rows, prediction_rows
from training.evaluation.clinical import SplitLogits, clinical_rows
from training.evaluation.decide import LEAST, Decision, apply, decide
from training.evaluation.ensemble_spread import as_of_ensemble
from training.evaluation.splits import Split
from training.evaluation.summary import compare, further_outcomes, summarise
from training.files import write_tsv
from training.finetuning import LOGITS, Fit, calibration_splits, splits_of
from training.preparing.infants import known_outcomes
from training.preparing.inputs import logits_of_kind
from training.preparing.store import load_prepared
from training.run_folder import RunFolder


@dataclass(frozen=True)
class Evaluation:
    """Out-of-fold predictions of every case, each metric with its interval, and arms against each other.

    Attributes:
        further: of ``further_outcomes``; empty where the cohort has none.
    """

    predictions: pd.DataFrame
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    further: pd.DataFrame


def evaluate(run: RunFolder) -> Evaluation:
    """Calibrate on inner folds, predict the test cases by the mean of a split's networks, add the rows, compare."""
    settings = run.settings
    table = load_prepared(run.prepared_hie).table
    splits = splits_of(settings, table)
    rows = [arm_rows(run, table, arm, split) for split in splits for arm in settings.evaluate.arms]
    beside = [clinical_rows(table, split, split_logits(run, table, settings.export.arm, split)) for split in splits]
    rows += [part for part in beside if part is not None]
    predictions = pd.concat([*rows, baseline_rows(table, splits)], ignore_index=True)
    options = {"resamples": settings.evaluate.resamples, "seed": settings.run.seed}
    made = Evaluation(
        predictions=predictions,
        summary=summarise(predictions, **options),
        comparisons=compare(predictions, **options),
        further=further_outcomes(predictions, known_outcomes(table), **options),
    )
    write_tsv(run.predictions, made.predictions)
    write_tsv(run.root / "summary.tsv", made.summary)
    write_tsv(run.root / "comparisons.tsv", made.comparisons)
    if len(made.further):
        write_tsv(run.root / "further_outcomes.tsv", made.further)
    return made


def arm_rows(run: RunFolder, table: pd.DataFrame, arm: str, split: Split) -> pd.DataFrame:
    """Predictions of one arm for the test cases of one split, with the z-maps that ``hie.z_maps`` names."""
    found = split_logits(run, table, arm, split)
    cases = table.set_index("case").loc[list(split.test)].reset_index()
    probability, called = apply(found.decision, found.test)
    return prediction_rows(arm, split, cases, found.test, (probability, found.decision.threshold, called))


def split_logits(run: RunFolder, table: pd.DataFrame, arm: str, split: Split) -> SplitLogits:
    """What the networks of one arm answered in one split, and how it is read."""
    found = logits_of_kind(_logits(run, arm, split), run.settings.hie.z_maps)
    inner, test = (found[found["role"] == role] for role in ("inner", "test"))
    members = test.pivot(index="case", columns="network", values="logit").loc[list(split.test)].to_numpy(float)
    adverse = table.set_index("case")["adverse"].loc[inner["case"]].to_numpy(bool)
    logits = as_of_ensemble(inner["logit"].to_numpy(float), adverse, members)
    of_inner = pd.DataFrame({"case": inner["case"].to_numpy(), "logit": logits})
    return SplitLogits(of_inner, members.mean(axis=1), decide(logits, adverse))


def ensemble_logits(run: RunFolder, table: pd.DataFrame) -> pd.DataFrame:
    """What the exported model is calibrated on, and its scores are ranked among: columns ``case z logit adverse``.

    Every case once for each kind of input that it has (``readable`` says which are kept): the mean logit of
    ``evaluate.inner_folds`` networks of the exported arm, none of which ever saw the case. Such means scatter as the
    exported mean does. Single networks' logits, which the exported ones have for the cases that each of them left out,
    scatter more, and a calibration on them would be too flat for the mean (slope 1.9 of the calibrated mean instead of
    1 where the members' own noise has an sd of 1.0: ``benchmark/member_noise.py``). Two differences remain: these
    ensembles learned from fewer cases than the exported networks, and they are of another size where
    ``export.members`` is not ``evaluate.inner_folds``.
    """
    arm, splits = run.settings.export.arm, calibration_splits(run.settings, table)
    found = pd.concat([_logits(run, arm, split) for split in splits])
    means = found[found["role"] == "test"].groupby(["case", "z"], as_index=False)["logit"].mean()
    return readable(means.merge(table[["case", "adverse"]].astype({"adverse": bool}), on="case"))


def readable(logits: pd.DataFrame) -> pd.DataFrame:
    """Without kinds that name the sequences of fewer than ``LEAST`` infants of either outcome: these are read as all
    infants with such a z-map are.
    """
    adverse = logits.groupby("z")["adverse"].agg(["sum", "count"])
    few = np.minimum(adverse["sum"], adverse["count"] - adverse["sum"]) < LEAST
    named = np.array([z_and_sequences(str(kind))[1] is not None for kind in adverse.index])
    return logits[~logits["z"].isin(adverse.index[np.asarray(few) & named])]


def export_decisions(logits: pd.DataFrame) -> dict[str, Decision]:
    """Calibration and threshold of the exported model, by kind of input; ``logits`` from ``ensemble_logits``."""
    return {
        str(kind): decide(part["logit"].to_numpy(float), part["adverse"].to_numpy(bool))
        for kind, part in logits.groupby("z")
    }


def export_scores(logits: pd.DataFrame) -> dict[str, Scores]:
    """The same logits sorted, by kind of input and outcome."""
    return {
        str(kind): Scores(*(np.sort(part["logit"][part["adverse"] == outcome]) for outcome in (False, True)))
        for kind, part in logits.groupby("z")
    }


def _logits(run: RunFolder, arm: str, split: Split) -> pd.DataFrame:
    parts = []
    for inner in range(len(split.inner)):
        path = run.fits / Fit(arm, split, inner).name / LOGITS
        if not path.exists():
            raise InputError(f"The fit {path.parent.relative_to(run.root)} is not there. Run 'finetune' first.")
        parts.append(pd.read_csv(path, sep="\t", dtype={"case": str}).assign(network=inner))
    return pd.concat(parts)
