"""How well age is read from T1 scans, by age band: a year-scale error hides what happens in infants."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import pearsonr, spearmanr

DAYS_PER_YEAR = 365.25
_INFANT_YEARS = 1.0  # below it errors are read in days


@dataclass(frozen=True)
class Band:
    """Ages from ``low`` up to, not including, ``high``, in years."""

    name: str
    low: float
    high: float


BANDS = (
    Band("0-3 months", 0.0, 0.25),
    Band("3-12 months", 0.25, 1.0),
    Band("1-3 years", 1.0, 3.0),
    Band("3-6 years", 3.0, 6.0),
    Band("6-18 years", 6.0, 18.0),
    Band("18-40 years", 18.0, 40.0),
    Band("40-60 years", 40.0, 60.0),
    Band("60-97 years", 60.0, 98.0),
)
EVERYONE = "all ages"


def age_summary(predictions: pd.DataFrame) -> pd.DataFrame:
    """Error and correlations of held-out subjects, for every pretraining and band.

    Args:
        predictions: columns ``pretraining subject split age_years predicted_years``.

    Returns:
        Columns ``pretraining band n mae_years mae_days mae_of_band_mean_years spearman pearson``, the band "all ages"
        first. ``mae_of_band_mean_years``: what answering the band's own mean would give, a reference that knows the
        band. Correlations are NaN for fewer than three subjects or where the predictions are all equal.
    """
    held_out = predictions[predictions["split"] == "held-out"]
    rows = []
    for pretraining in held_out["pretraining"].unique():
        mine = held_out[held_out["pretraining"] == pretraining]
        rows.append({"pretraining": pretraining, "band": EVERYONE, **_figures(mine)})
        for band in BANDS:
            part = mine[(mine["age_years"] >= band.low) & (mine["age_years"] < band.high)]
            if len(part):
                rows.append({"pretraining": pretraining, "band": band.name, **_figures(part)})
    return pd.DataFrame(rows)


def error_text(band: str, mae_years: float) -> str:
    """Years; days for bands below one year, where the error is below one too."""
    infant = {each.name for each in BANDS if each.high <= _INFANT_YEARS}
    return (
        f"{mae_years * DAYS_PER_YEAR:.0f} days"
        if band in infant and mae_years < _INFANT_YEARS
        else f"{mae_years:.2f} years"
    )


def _figures(part: pd.DataFrame) -> dict[str, float]:
    age, predicted = part["age_years"].to_numpy(float), part["predicted_years"].to_numpy(float)
    mae = float(np.abs(predicted - age).mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant input has no correlation: NaN says it
        enough = len(part) > 2
        spearman = float(spearmanr(age, predicted).statistic) if enough else float("nan")
        pearson = float(pearsonr(age, predicted).statistic) if enough else float("nan")
    return {
        "n": len(part),
        "mae_years": mae,
        "mae_days": mae * DAYS_PER_YEAR,
        "mae_of_band_mean_years": float(np.abs(age - age.mean()).mean()),
        "spearman": spearman,
        "pearson": pearson,
    }
