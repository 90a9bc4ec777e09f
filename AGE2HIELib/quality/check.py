"""Checks of the quality gate: their names, which of them can warn, and how a number is compared with its limit."""

from __future__ import annotations

import math
from collections.abc import Collection

from AGE2HIELib.errors import InputError
from AGE2HIELib.result.verdicts import Check, Quality, Severity

__all__ = ["OVERRIDABLE", "Check", "Quality", "Severity", "at_least", "at_most", "between", "check_overrides"]
STRIPES, STEP, DROPOUT, LEVEL, AGE, GIVEN_MASK, FOUND_ALONE, FLUID, DISTANCE = (
    "striping between slices",
    "step between slices",
    "signal lost in a slice of one volume",
    "signal of one volume beside its shell",
    "postnatal age",
    "brain mask beside the one found",
    "brain found in the ADC map alone",
    "ADC of fluid",
    "distance from the training cases",
)
OVERRIDABLE = (STRIPES, STEP, DROPOUT, LEVEL, AGE, GIVEN_MASK, FOUND_ALONE, FLUID, DISTANCE)  # the checks that can warn


def check_overrides(names: Collection[str]) -> None:
    """Raises InputError for a name that no warning has."""
    for name in names:
        if name not in OVERRIDABLE:
            raise InputError(
                f"--override '{name}' names no warning; only these can be overridden: {', '.join(OVERRIDABLE)}. "
                "Leave it out: what the gate refuses stays refused."
            )


def between(
    name: str,
    value: float,
    limits: tuple[float, float],
    unit: str,
    *,
    remedy: str,
    basis: str,
    severity: Severity = "refuse",
) -> Check:
    """``value`` NaN is not passed."""
    low, high = limits
    words = f"{low:g} to {high:g} {unit}"
    return Check(name, finite_or_none(value), words, bool(low <= value <= high), remedy, basis, severity)


def at_most(name: str, value: float, limit: float, *, remedy: str, basis: str, severity: Severity = "refuse") -> Check:
    """``value`` NaN is not passed."""
    return Check(name, finite_or_none(value), f"at most {limit:g}", bool(value <= limit), remedy, basis, severity)


def at_least(name: str, value: float, limit: float, *, remedy: str, basis: str, severity: Severity = "refuse") -> Check:
    """``value`` NaN is not passed."""
    return Check(name, finite_or_none(value), f"at least {limit:g}", bool(value >= limit), remedy, basis, severity)


def finite_or_none(value: float) -> float | None:
    """JSON knows no NaN."""
    return float(value) if math.isfinite(value) else None
