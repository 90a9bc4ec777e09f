"""What a rule without a network reaches: the rows that any network has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.evaluation.decide import apply, decide
from training.evaluation.splits import Split

MAJORITY, SITE_ONLY, MEAN_ADC, LESION_VOLUME = ROWS = ("majority", "site-only", "mean-adc", "lesion-volume")
CLINICAL_ALONE, IMAGE_ALONE, IMAGE_AND_CLINICAL = CLINICAL_ROWS = ("clinical-alone", "image-alone", "image+clinical")
COLUMNS = (
    *("arm", "protocol", "setting", "repeat", "fold", "case", "subject", "site", "adverse"),
    *("logit", "probability", "threshold", "predicted"),
)
_EVEN = 0.5


def baseline_rows(cases: pd.DataFrame, splits: Sequence[Split]) -> pd.DataFrame:
    """Predictions of the four rows in every split, fitted on its training cases alone.

    Args:
        cases: columns ``case subject site adverse mean_adc low_z_ml``.
    """
    table = cases.set_index("case", drop=False)
    tables = []
    for split in splits:
        train, test = table.loc[list(split.train)], table.loc[list(split.test)]
        for by_site, arm in ((False, MAJORITY), (True, SITE_ONLY)):
            probability = prevalence(train, test, by_site=by_site)
            called = (probability >= _EVEN).astype(int)
            tables.append(prediction_rows(arm, split, test, logit(probability), (probability, _EVEN, called)))
        for arm in (MEAN_ADC, LESION_VOLUME):
            inner = [(baseline_scores(table.loc[list(a)], table.loc[list(b)], arm), list(b)) for a, b in split.inner]
            adverse = np.concatenate([table.loc[b, "adverse"].to_numpy(bool) for _, b in inner])
            decision = decide(np.concatenate([scores for scores, _ in inner]), adverse)
            scores = baseline_scores(train, test, arm)
            probability, called = apply(decision, scores)
            tables.append(prediction_rows(arm, split, test, scores, (probability, decision.threshold, called)))
    return pd.concat(tables, ignore_index=True)


def prediction_rows(
    arm: str,
    split: Split,
    test: pd.DataFrame,
    logits: np.ndarray,
    decided: tuple[np.ndarray, float, np.ndarray],
) -> pd.DataFrame:
    """The rows of ``predictions.tsv`` for one arm in one split; ``decided``: probability, threshold, 0 or 1."""
    probability, threshold, called = decided
    rows = test[["case", "subject", "site", "adverse"]].reset_index(drop=True)
    for column in ("protocol", "setting", "repeat", "fold"):
        rows[column] = getattr(split, column)
    rows["arm"], rows["threshold"] = arm, threshold
    rows["logit"], rows["probability"], rows["predicted"] = logits, probability, called
    return rows[list(COLUMNS)]


def prevalence(train: pd.DataFrame, test: pd.DataFrame, *, by_site: bool) -> np.ndarray:
    """Share of adverse training cases, of the same site if asked; of all of them for a site never seen."""
    overall = np.full(len(test), _share(train["adverse"]))
    if not by_site:
        return overall
    shares = train.groupby("site")["adverse"].apply(_share)
    return test["site"].map(shares).fillna(overall[0]).to_numpy(float)


def baseline_scores(train: pd.DataFrame, test: pd.DataFrame, arm: str) -> np.ndarray:
    """Logits of a logistic regression on one measurement, standardised; scikit-learn's default ridge penalty."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(_feature(train, arm), train["adverse"].to_numpy(bool))
    scores: np.ndarray = model.decision_function(_feature(test, arm))
    return scores


def _feature(table: pd.DataFrame, arm: str) -> np.ndarray:
    """``(N, 1)``; lesion volumes span four decades with zeros, hence log(1 + ml)."""
    values = table["mean_adc"].to_numpy(float) if arm == MEAN_ADC else np.log1p(table["low_z_ml"].to_numpy(float))
    return values[:, None]


def _share(adverse: pd.Series) -> float:
    """Laplace's rule keeps it inside 0..1 without moving it over one half."""
    return float((adverse.sum() + 1) / (len(adverse) + 2))
