"""How well age is read from T1 scans, by age band: a year-scale error hides what happens in infants."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
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
# mae_of_band_mean_years: what answering the band's own mean would give, a reference that knows the band. error_slope:
# of predicted less true age on true age, 0 without regression to the mean. mae_corrected_years: of ``bias_corrected``.
FIGURES = (
    *("mae_years", "mae_days", "mae_of_band_mean_years", "rmse_years", "r2", "error_slope", "mae_corrected_years"),
    *("spearman", "pearson"),
)
# Of the error of answering the mean: trainings that learned age left 0.2 to 0.7 of it in synthetic subjects, those that
# had not begun 0.83 to 1.01.
LEAST_LEARNED = 0.8
_PARTS, _LEAST_SUBJECTS, _LEAST_SLOPE = 5, 10, 0.1


def age_summary(predictions: pd.DataFrame) -> pd.DataFrame:
    """Errors and correlations of held-out subjects, for every pretraining and band; means over its networks.

    Args:
        predictions: columns ``pretraining subject split age_years predicted_years``, and where there are several
            networks or sites ``seed`` and ``site``.

    Returns:
        Columns ``pretraining band networks n`` and ``FIGURES``, the band "all ages" first.
    """
    rows = []
    for pretraining, mine in _held_out(predictions):
        rows.append({"pretraining": pretraining, "band": EVERYONE, **_figures(mine)})
        for band in BANDS:
            part = mine[(mine["age_years"] >= band.low) & (mine["age_years"] < band.high)]
            if len(part):
                rows.append({"pretraining": pretraining, "band": band.name, **_figures(part)})
    return pd.DataFrame(rows)


def unlearned(predictions: pd.DataFrame) -> str:
    """A warning where pretraining on age has taught almost none, so that its trunk can pass nothing on; else empty.

    Args:
        predictions: as for ``age_summary``, with the rows "age" and "mean".
    """
    known = predictions[predictions["split"] == "held-out"].dropna(subset=["age_years", "predicted_years"])
    away = (known["predicted_years"] - known["age_years"]).abs()
    error = away.groupby(known["pretraining"]).mean()
    if not {"age", "mean"} <= set(error.index) or not error["age"] > LEAST_LEARNED * error["mean"]:
        return ""
    return (
        f"The networks pretrained on age are {error['age']:.1f} years off in held-out subjects, and the mean age is "
        f"{error['mean']:.1f}: they have learned almost no age, and the arm transfer has nothing to pass on. Set "
        "network.norm=batch, or give more subjects and epochs."
    )


def age_by_site(predictions: pd.DataFrame) -> pd.DataFrame:
    """The same over all ages, a row for each known site (columns ``pretraining site``); empty without several."""
    rows = []
    for pretraining, mine in _held_out(predictions):
        sites = dict(list(mine[mine["site"] != ""].groupby("site")))
        if len(sites) > 1:
            rows += [{"pretraining": pretraining, "site": name, **_figures(part)} for name, part in sites.items()]
    return pd.DataFrame(rows)


def _held_out(predictions: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each pretraining's rows with ``corrected_years``."""
    table = predictions[predictions["split"] == "held-out"]
    site = table["site"].astype(object).fillna("") if "site" in table else ""
    known = table.assign(seed=table.get("seed", 0), site=site)
    for pretraining in known["pretraining"].unique():
        mine = known[known["pretraining"] == pretraining]
        networks = [part.assign(corrected_years=bias_corrected(part)) for _, part in mine.groupby("seed")]
        yield str(pretraining), pd.concat(networks)


def bias_corrected(rows: pd.DataFrame) -> np.ndarray:
    """``(N,)`` predicted years of one network without their regression to the mean.

    (predicted - b) / a, where predicted = a age + b was fitted to other subjects: those of the other four fifths of
    these held-out subjects, dealt out in the order of age. The age of the subject itself is not used: taking a age + b
    off the error instead makes every network look good, one that answers the mean perfect (Butler et al. 2021,
    doi:10.1002/hbm.25533). NaN for all where there are fewer than ten subjects, or a falls under 0.1: nothing is left
    to correct then.
    """
    age, predicted = rows["age_years"].to_numpy(float), rows["predicted_years"].to_numpy(float)
    first_age = rows.groupby("subject")["age_years"].min().sort_values(kind="stable")
    part = rows["subject"].map(dict(zip(first_age.index, np.arange(len(first_age)) % _PARTS, strict=True))).to_numpy()
    corrected = np.full(len(rows), np.nan)
    if len(first_age) < _LEAST_SUBJECTS:
        return corrected
    for left_out in range(_PARTS):
        here = part == left_out
        slope, intercept = np.polyfit(age[~here], predicted[~here], 1)
        if slope < _LEAST_SLOPE:
            return np.full(len(rows), np.nan)
        corrected[here] = (predicted[here] - intercept) / slope
    return corrected


def error_text(band: str, mae_years: float) -> str:
    """Years; days for bands below one year, where the error is below one too."""
    infant = {each.name for each in BANDS if each.high <= _INFANT_YEARS}
    return (
        f"{mae_years * DAYS_PER_YEAR:.0f} days"
        if band in infant and mae_years < _INFANT_YEARS
        else f"{mae_years:.2f} years"
    )


def _figures(part: pd.DataFrame) -> dict[str, float]:
    found = [_figures_of_one(rows) for _, rows in part.groupby("seed")]
    mean = {name: float(np.mean([one[name] for one in found])) for name in FIGURES}
    return {"networks": len(found), "n": int(len(part) / len(found)), **mean}


def _figures_of_one(part: pd.DataFrame) -> dict[str, float]:
    """Of one network; NaN where it is not defined: fewer than three subjects, or predictions that are all equal."""
    age, predicted = part["age_years"].to_numpy(float), part["predicted_years"].to_numpy(float)
    error, spread = predicted - age, float(((age - age.mean()) ** 2).sum())
    mae = float(np.abs(error).mean())
    enough = len(part) > 2 and spread > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant input has no correlation: NaN says it
        spearman = float(spearmanr(age, predicted).statistic) if enough else float("nan")
        pearson = float(pearsonr(age, predicted).statistic) if enough else float("nan")
    return {
        "mae_years": mae,
        "mae_days": mae * DAYS_PER_YEAR,
        "mae_of_band_mean_years": float(np.abs(age - age.mean()).mean()),
        "rmse_years": float(np.sqrt((error**2).mean())),
        "r2": 1 - float((error**2).sum()) / spread if enough else float("nan"),
        "error_slope": float((error - error.mean()) @ (age - age.mean())) / spread if enough else float("nan"),
        "mae_corrected_years": float(np.abs(part["corrected_years"].to_numpy(float) - age).mean()),
        "spearman": spearman,
        "pearson": pearson,
    }
