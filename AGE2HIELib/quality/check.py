"""A question that the gate asks, and the verdict of all of them: pass, warn or refuse."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from AGE2HIELib.errors import InputError

Severity = Literal["refuse", "warn"]
STRIPES, STEP, DROPOUT, LEVEL, AGE, GIVEN_MASK, FOUND_ALONE, DISTANCE = (
    "striping between slices",
    "step between slices",
    "signal lost in a slice of one volume",
    "signal of one volume beside its shell",
    "postnatal age",
    "brain mask beside the one found",
    "brain found in the ADC map alone",
    "distance from the training cases",
)
OVERRIDABLE = (STRIPES, STEP, DROPOUT, LEVEL, AGE, GIVEN_MASK, FOUND_ALONE, DISTANCE)  # the checks that can warn


@dataclass(frozen=True)
class Check:
    """One question: the value seen, the limit in words, and what to do where it is not met.

    Attributes:
        basis: where the limit comes from.
        severity: of a check that is not passed: "refuse", or "warn", which the user can override.
        overridden: the user wanted the number all the same.
    """

    name: str
    value: float | str | None
    limit: str
    passed: bool
    remedy: str
    basis: str = ""
    severity: Severity = "refuse"
    overridden: bool = False

    @property
    def stops(self) -> bool:
        """Whether no number is given because of it."""
        return not (self.passed or self.overridden)


@dataclass(frozen=True)
class Quality:
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether a number may be given; of the warnings, those that were overridden do not count."""
        return not self.stopping

    @property
    def stopping(self) -> tuple[Check, ...]:
        """What keeps the number back, refusals first."""
        found = [check for check in self.checks if check.stops]
        return tuple(sorted(found, key=lambda check: check.severity != "refuse"))

    @property
    def withheld(self) -> bool:
        """Whether nothing but warnings keeps the number back: the user decides."""
        return bool(self.stopping) and all(check.severity == "warn" for check in self.stopping)

    @property
    def overridden(self) -> tuple[str, ...]:
        return tuple(check.name for check in self.checks if check.overridden)

    @property
    def to_override(self) -> tuple[str, ...]:
        """Everything that has to be overridden for a number, what is so already included."""
        return (*self.overridden, *(check.name for check in self.stopping))

    def overriding(self, names: Collection[str]) -> Quality:
        """Failed warnings of these names do not stop any more; a refusal of such a name stays one."""
        return Quality(tuple(_overridden(check, names) for check in self.checks))

    def with_(self, *later: Check) -> Quality:
        """With more questions, asked later."""
        return Quality((*self.checks, *later))


def check_overrides(names: Collection[str]) -> None:
    """Raises InputError for a name that no warning has."""
    for name in names:
        if name not in OVERRIDABLE:
            raise InputError(
                f"--override '{name}' names no warning; only these can be overridden: {', '.join(OVERRIDABLE)}. "
                "Leave it out: what the gate refuses stays refused."
            )


def between(name: str, value: float, limits: tuple[float, float], unit: str, *, remedy: str, basis: str) -> Check:
    low, high = limits
    words = f"{low:g} to {high:g} {unit}"
    return Check(name, finite_or_none(value), words, bool(low <= value <= high), remedy, basis)


def at_most(name: str, value: float, limit: float, *, remedy: str, basis: str, severity: Severity = "refuse") -> Check:
    """``value`` NaN is not passed."""
    return Check(name, finite_or_none(value), f"at most {limit:g}", bool(value <= limit), remedy, basis, severity)


def at_least(name: str, value: float, limit: float, *, remedy: str, basis: str, severity: Severity = "refuse") -> Check:
    """``value`` NaN is not passed."""
    return Check(name, finite_or_none(value), f"at least {limit:g}", bool(value >= limit), remedy, basis, severity)


def finite_or_none(value: float) -> float | None:
    """JSON knows no NaN."""
    return float(value) if np.isfinite(value) else None


def _overridden(check: Check, names: Collection[str]) -> Check:
    wanted = check.name in names and check.severity == "warn" and not check.passed
    return replace(check, overridden=wanted)
