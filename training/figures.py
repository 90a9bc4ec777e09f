"""How well a demonstration model does on held-out phantoms, and its calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as statsmodels
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from AGE2HIELib.inference.facts import Calibration
from training.phantom_cohort import Cohort

SOURCES = ("atlas", "released", "none")
INJURED_LOAD = 0.01  # of the brain
_NO_SLOPE = 1e-3


@dataclass(frozen=True)
class SourceFigures:
    """Figures with the z-map from one source: areas under the ROC curve, and rank correlation with the lesion load."""

    source: str
    auc_outcome: float
    auc_injured: float
    spearman_load: float


@dataclass(frozen=True)
class Figures:
    rows: tuple[SourceFigures, ...]
    cases: int

    def markdown(self) -> str:
        load = f"{100 * INJURED_LOAD:.0f} %"
        head = f"| z-map | AUC of the simulated outcome | AUC of a load over {load} | Spearman with load |"
        names = {"atlas": "bundled atlas", "released": "as of another atlas", "none": "none"}
        body = [
            f"| {names[row.source]} | {row.auc_outcome:.3f} | {row.auc_injured:.3f} | {row.spearman_load:.2f} |"
            for row in self.rows
        ]
        return "\n".join([head, "| --- | --- | --- | --- |", *body])


def measure(by_source: dict[str, np.ndarray], cohort: Cohort) -> Figures:
    """``by_source``: mean logit of the members for each case, by the source of its z-map."""
    rows = [
        SourceFigures(
            source,
            float(roc_auc_score(cohort.adverse, logit)),
            float(roc_auc_score(cohort.load > INJURED_LOAD, logit)),
            float(spearmanr(logit, cohort.load).statistic),
        )
        for source, logit in by_source.items()
    ]
    return Figures(tuple(rows), len(cohort.adverse))


def platt(logit: np.ndarray, adverse: np.ndarray) -> Calibration:
    """Logistic regression of the outcome on the mean logit, with Platt's smoothed targets against separation."""
    positives, negatives = adverse.sum(), (~adverse).sum()
    target = np.where(adverse, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    fitted = statsmodels.GLM(target, statsmodels.add_constant(logit), family=statsmodels.families.Binomial()).fit()
    covariance = fitted.cov_params()
    intercept, slope = (float(value) for value in fitted.params)
    if slope <= 0:  # the logits order cases wrongly: all that can be said is the prevalence
        slope, intercept = _NO_SLOPE, float(np.log(target.mean() / (1 - target.mean())))
    return Calibration(
        slope=slope,
        intercept=intercept,
        prevalence=float(adverse.mean()),
        slope_sd=float(np.sqrt(covariance[1, 1])),
        intercept_sd=float(np.sqrt(covariance[0, 0])),
        covariance=float(covariance[0, 1]),
    )
