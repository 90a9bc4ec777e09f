"""What the infant's age and treatment mean for reading an ADC map."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from AGE2HIELib.errors import InputError

LAST_DAY = 14.0  # days after birth: the scans of BONBID-HIE, which the method was made for, are of days 0-14
FIRST_SAFE_DAY = 1.0  # ADC falls on days 2-3 (PMC3345786); before, it may still look normal
PSEUDONORMAL_DAY_COOLED = 10.0  # PMC3345786: low ADC returns to normal after day 10 with cooling,
PSEUDONORMAL_DAY = 6.0  # and from days 6-8 without
TERM_WEEKS = 36.0  # youngest gestation in the trials of cooling, and the atlas is of term newborns
_WEEKS_POSSIBLE = (22.0, 45.0)
_DAYS_POSSIBLE = (0.0, 36_525.0)


@dataclass(frozen=True)
class InfantFacts:
    """What is known of the infant; raises InputError for an age that cannot be.

    Attributes:
        age_days: after birth, at the scan.
        gestation_weeks: at birth.
        cooled: None where it is not known.
    """

    age_days: float | None = None
    gestation_weeks: float | None = None
    cooled: bool | None = None

    def __post_init__(self) -> None:
        _check("--age-days", self.age_days, _DAYS_POSSIBLE, "days")
        _check("--gestation-weeks", self.gestation_weeks, _WEEKS_POSSIBLE, "weeks")


def with_age(infant: InfantFacts, age_days: float | None) -> InfantFacts:
    """The caller's own age where there is one, else this."""
    return infant if infant.age_days is not None else replace(infant, age_days=age_days)


def pseudonormal_day(cooled: bool | None) -> float:
    """From which day on low ADC may have returned to normal for certain; where cooling is not known, the later one."""
    return PSEUDONORMAL_DAY if cooled is False else PSEUDONORMAL_DAY_COOLED


def infant_warnings(infant: InfantFacts) -> tuple[str, ...]:
    """What the quality gate does not ask, in words that hold no number of the child's own."""
    warnings = []
    if infant.gestation_weeks is not None and infant.gestation_weeks < TERM_WEEKS:
        warnings.append(f"Born before {TERM_WEEKS:g} weeks: the atlas and the model are of newborns at term.")
    age_days = infant.age_days
    if age_days is None:
        return tuple(warnings)
    if age_days < FIRST_SAFE_DAY:
        warnings.append("Scanned within the first day: ADC falls on days 2-3, so injury may not show yet (PMC3345786).")
    if age_days > LAST_DAY:
        warnings.append(f"Scanned after day {LAST_DAY:g}: the method was made for days 0-14.")
    if infant.cooled is None and PSEUDONORMAL_DAY <= age_days < PSEUDONORMAL_DAY_COOLED:
        warnings.append(
            f"Scanned on or after day {PSEUDONORMAL_DAY:g}: low ADC may have returned to normal where there was no "
            "cooling (PMC3345786)."
        )
    return tuple(warnings)


def _check(option: str, value: float | None, possible: tuple[float, float], unit: str) -> None:
    low, high = possible
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{option} is {value:g}, which is no age in {unit} ({low:g}-{high:g}). Check the number.")
