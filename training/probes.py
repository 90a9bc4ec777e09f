"""Linear probes: what a frozen trunk knows that nobody asked it for, beside one that has learned nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.phantom.structures import VALUE
from training.learning.batches import at_once
from training.lessons import held_out_split, male_of
from training.preparing.store import PreparedCohort
from training.settings import SYNTHETIC, TrainingSettings

UNTRAINED = "untrained"
_PENALTIES = np.logspace(-2, 5, 15)
_BATCH = 16
_FEWEST = 4  # held-out subjects


@dataclass(frozen=True)
class Target:
    """``values``: ``(N,)`` for the cohort, NaN where unknown; ``metric``: "R2" or "AUC" (of 0 and 1)."""

    name: str
    metric: str
    values: np.ndarray


def probe_trunks(
    settings: TrainingSettings, cohort: PreparedCohort, trunks: Mapping[str, StagedNetwork]
) -> pd.DataFrame:
    """Ridge regression on the mean features of the last block, fitted to the subjects that trunks learn from.

    Returns:
        Columns ``trunk target metric value n``, a row for each trunk and for what is known of the subjects: age, sex,
        and in the synthetic cohort the share of the lateral ventricles. Of held-out subjects; R2 may be below 0.
    """
    chosen, held = held_out_split(cohort.table, settings.ages.held_out, seed=settings.run.seed)
    rows = []
    for name, trunk in trunks.items():
        features = mean_features(trunk, cohort.volumes)
        for target in _targets(settings, cohort):
            known = ~np.isnan(target.values)
            learned, judged = (np.array([row for row in part if known[row]]) for part in (chosen, held))
            if len(judged) >= _FEWEST and all(np.ptp(target.values[part]) > 0 for part in (learned, judged)):
                value = probe(features, target, learned, judged)
                of = {"trunk": name, "target": target.name, "metric": target.metric}
                rows.append({**of, "value": value, "n": len(judged)})
    return pd.DataFrame(rows, columns=["trunk", "target", "metric", "value", "n"])


def probe(features: np.ndarray, target: Target, learned: np.ndarray, judged: np.ndarray) -> float:
    """How well a linear reading of ``(N, F)`` features, fitted to the rows ``learned``, gives the rows ``judged``."""
    line = make_pipeline(StandardScaler(), RidgeCV(_PENALTIES)).fit(features[learned], target.values[learned])
    found, true = line.predict(features[judged]), target.values[judged]
    return float(r2_score(true, found) if target.metric == "R2" else roc_auc_score(true, found))


def mean_features(trunk: StagedNetwork, volumes: np.ndarray) -> np.ndarray:
    """``(N, F)`` mean over the cells of the last block."""
    trunk.eval()
    found, count = [], at_once(volumes, _BATCH)
    with torch.inference_mode():
        for start in range(0, len(volumes), count):
            images = torch.from_numpy(np.asarray(volumes[start : start + count])).float()
            found.append(trunk.below(images, trunk.layers[-1]).mean((2, 3, 4)).numpy())
    return np.concatenate(found)


def _targets(settings: TrainingSettings, cohort: PreparedCohort) -> Iterator[Target]:
    yield Target("age", "R2", cohort.table["age_years"].to_numpy(float))
    yield Target("sex", "AUC", male_of(cohort.table))
    if settings.ages.source == SYNTHETIC and cohort.labels is not None:
        yield Target("ventricles", "R2", share_of(cohort.labels, VALUE["lateral ventricle"]))


def share_of(labels: np.ndarray, value: int) -> np.ndarray:
    """``(N,)`` share of the labelled voxels of ``(N, D, H, W)`` that are of one structure."""
    flat = labels.reshape(len(labels), -1)
    return np.asarray((flat == value).sum(axis=1) / np.maximum((flat > 0).sum(axis=1), 1))
