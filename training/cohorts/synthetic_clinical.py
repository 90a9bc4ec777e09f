"""Clinical variables of synthetic infants, drawn beside their images from a stream of random numbers of their own.

The margins are those of the released cohort (n = 237, organisers' slides of 2024): age at the scan 3.47 +- 2.40 days,
gestation 39.08 +- 1.94 weeks, weight 3294 +- 604 g, head 34.28 +- 1.70 cm, mean Apgar scores 1.89, 3.98 and 5.03, pH
6.99 +- 0.22, 171 cooled, 115 with seizures. Everything else is this program's own assumption, and no finding about
children: spreads of the Apgar scores, base deficit, Sarnat grades, sex, how the variables hang together, and above all
how they hang together with injury and outcome. One hidden severity of the first hours is behind them. It rises with
the lesion load and with the outcome, so that the variables tell something of the outcome that the scan does not show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from AGE2HIELib.clinical.variables import FEMALE, MALE, VARIABLES, ClinicalData

ASSUMPTION = (
    "Clinical variables of synthetic infants have the margins of the released cohort; how they depend on injury and "
    "outcome is an assumption of this program."
)
_STREAM = 30  # of a case's seed; 10 draws its injury and its scanner
# severity = 0.35 (outcome) + 0.20 (log10 of the load) + noise, each in standard deviations; its own sd is 1
_OF_OUTCOME, _OF_LOAD = 0.35, 0.20
_OUTCOME_MEAN, _LOAD_FLOOR_PERCENT = 73 / 156, 0.03
_LOAD_MEAN, _LOAD_SD = -0.24, 1.03  # of log10(100 load + 0.03) among 640 infants
_OUTCOME_AND_LOAD = 0.77  # their correlation there
_NOISE = np.sqrt(1 - _OF_OUTCOME**2 - _OF_LOAD**2 - 2 * _OF_OUTCOME * _OF_LOAD * _OUTCOME_AND_LOAD)
_APGAR_SHARED, _ACID_SHARED = 0.6, 0.6  # part of the rest's variance that Apgar scores, or pH and base deficit, share
_AGE_DAYS = (3.47, 2.40)
_GESTATION_WEEKS, _WEIGHT_G, _HEAD_CM = (39.08, 1.94), (3294.0, 604.0), (34.28, 1.70)
_WEIGHT_BY_GESTATION, _HEAD_BY_WEIGHT = 0.55, 0.60  # correlations
_PH, _BASE_DEFICIT = (6.99, 0.22), (15.0, 6.0)
# mean and sd before scores are rounded and cut to 0..10: their means then are 1.89, 3.98 and 5.03
_APGAR = {"apgar_1": (1.594, 2.2), "apgar_5": (3.925, 2.5), "apgar_10": (5.031, 2.4)}
_ENDS = {"cord_ph": (6.4, 7.5), "base_deficit_mmol_l": (0.0, 36.0), "gestation_weeks": (33.0, 43.0)}
_COOLED, _SEIZURES, _BOYS = 171 / 237, 115 / 237, 0.55
_SARNAT = (0.05, 0.25, 0.75)  # cumulative shares: none 5 %, mild 20 %, moderate 50 %, severe 25 %


@dataclass(frozen=True)
class _Weights:
    """Correlation of each variable with the severity."""

    apgar_1: float = 0.30
    apgar_5: float = 0.45
    apgar_10: float = 0.60
    acid: float = 0.45
    sarnat: float = 0.70
    seizures: float = 0.60
    cooled: float = 0.30


_W = _Weights()
# share of infants in whom a variable was not written down, by chance alone
MISSING_SHARE = {"cord_ph": 0.15, "base_deficit_mmol_l": 0.25, "apgar_10": 0.15, "sarnat_grade": 0.10, "head_cm": 0.10}
_ELSE_MISSING = 0.03


def draw_clinical(seed: int, *, adverse: bool, load: float) -> ClinicalData:
    """The variables of one infant; the same seed, outcome and load give the same.

    Args:
        seed: of the infant.
        load: share of the brain that is injured, 0..1.
    """
    rng = np.random.default_rng([seed, _STREAM])
    outcome = (adverse - _OUTCOME_MEAN) / np.sqrt(_OUTCOME_MEAN * (1 - _OUTCOME_MEAN))
    of_load = (np.log10(100 * load + _LOAD_FLOOR_PERCENT) - _LOAD_MEAN) / _LOAD_SD
    severity = _OF_OUTCOME * outcome + _OF_LOAD * of_load + _NOISE * rng.normal()

    def with_severity(weight: float, rest: float) -> float:
        return float(weight * severity + np.sqrt(1 - weight**2) * rest)

    def sharing(shared: float, part: float) -> float:
        return float(np.sqrt(part) * shared + np.sqrt(1 - part) * rng.normal())

    condition, acid = rng.normal(), rng.normal()
    apgar = {
        name: float(
            np.clip(np.round(mean - sd * with_severity(getattr(_W, name), sharing(condition, _APGAR_SHARED))), 0, 10)
        )
        for name, (mean, sd) in _APGAR.items()
    }
    gestation, weight = rng.normal(), rng.normal()
    weight = _correlated(_WEIGHT_BY_GESTATION, gestation, weight)
    head = _correlated(_HEAD_BY_WEIGHT, weight, rng.normal())
    shape = (_AGE_DAYS[0] / _AGE_DAYS[1]) ** 2
    values = {
        "gestation_weeks": round(_scaled(_GESTATION_WEEKS, gestation), 1),
        "sex": MALE if rng.uniform() < _BOYS else FEMALE,
        **apgar,
        "cord_ph": round(_scaled(_PH, -with_severity(_W.acid, sharing(acid, _ACID_SHARED))), 2),
        "base_deficit_mmol_l": round(_scaled(_BASE_DEFICIT, with_severity(_W.acid, sharing(acid, _ACID_SHARED))), 1),
        "sarnat_grade": float(np.searchsorted(norm.ppf(_SARNAT), with_severity(_W.sarnat, rng.normal()))),
        "seizures": with_severity(_W.seizures, rng.normal()) > norm.ppf(1 - _SEIZURES),
        "cooled": with_severity(_W.cooled, rng.normal()) > norm.ppf(1 - _COOLED),
        "age_days": round(float(min(rng.gamma(shape, _AGE_DAYS[0] / shape), 14.0)), 1),
        "weight_g": round(_scaled(_WEIGHT_G, weight), -1),
        "head_cm": round(_scaled(_HEAD_CM, head), 1),
    }
    values |= {name: bool(values[name]) for name in ("seizures", "cooled")}
    values |= {name: float(np.clip(values[name], *ends)) for name, ends in _ENDS.items()}
    lost = {one.name for one in VARIABLES if rng.uniform() < MISSING_SHARE.get(one.name, _ELSE_MISSING)}
    return ClinicalData(**{name: value for name, value in values.items() if name not in lost})


def _scaled(margin: tuple[float, float], standard: float) -> float:
    mean, sd = margin
    return float(mean + sd * standard)


def _correlated(correlation: float, first: float, rest: float) -> float:
    return float(correlation * first + np.sqrt(1 - correlation**2) * rest)
