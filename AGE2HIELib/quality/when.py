"""Whether low ADC may have returned to normal already, so that an injured brain looks sound."""

from __future__ import annotations

from AGE2HIELib.quality.check import AGE, Check
from AGE2HIELib.timing import Timing, pseudonormal_day


def age_check(age_days: float, timing: Timing) -> Check:
    """The check holds no number of the child's own: with the date of the scan it would be the date of birth."""
    day = pseudonormal_day(timing.cooled)
    treated = {True: "cooled", False: "not cooled", None: "cooled or not is not known"}[timing.cooled]
    early = age_days < day
    return Check(
        AGE,
        f"{'before' if early else 'not before'} day {day:g}; {treated}",
        f"before day {day:g}",
        early,
        "Low ADC may have returned to normal, so that injury is missed. Use an earlier scan, or other sequences.",
        "PMC3345786: ADC returns to normal after day 10 with cooling and from days 6-8 without.",
        "warn",
    )
